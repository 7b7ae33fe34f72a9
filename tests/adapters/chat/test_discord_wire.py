"""The Discord front over real sockets: connections that break, limits, doubles, deadlines, and what is for good."""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product

import pytest

from adapters.chat.base import (
    Barred,
    Button,
    Delivery,
    Document,
    Form,
    Gone,
    Invocation,
    Limited,
    Message,
    Picture,
    Place,
    Retry,
    Sent,
    Who,
)
from adapters.chat.discord.front import Discord
from adapters.chat.discord.settings import DiscordSettings
from adapters.chat.discord.tree import aims
from bot.commands.registry import COMMANDS, may
from tests.fake_discord import payloads
from tests.fake_discord.faults import HTML, Fault, limited
from tests.fake_discord.hearing import MENU, Heard, Remembered, Vocabulary, Wall, message
from tests.fake_discord.online import ANN, BOB, NOW, Online, online
from tests.fake_discord.world import TOKEN, Body, Interaction, Json
from tests.fake_discord.world import Message as Taken

MESSAGES = "/channels/*/messages"
GUILDS_ONLY = 1
EPHEMERAL = 1 << 6


async def acknowledged(interaction: Interaction) -> float:
    await asyncio.wait_for(interaction.tried.wait(), 5)
    return interaction.acknowledged or 0.0


async def title(line: Online, interaction: Interaction) -> str:
    answer = await line.fake.answered(interaction)
    embeds = answer["embeds"]
    assert isinstance(embeds, list)
    assert isinstance(embeds[0], dict)
    return str(embeds[0]["title"])


async def test_a_command_is_answered_and_an_alert_sent_and_commands_are_set_once() -> None:
    async with online() as line:
        asked = await line.fake.command(line.channel, BOB, "funding", coin="ETH")
        said = await title(line, asked)
        sent = [await line.send(message("alert"), key) for key in "ab"]
        private = await line.send(message("alert"), "c", line.heard.asked[0].place)
        await line.fake.gateway.ask_to_reconnect()
        again = await title(line, await line.fake.command(line.channel, BOB, "funding", coin="BTC"))

        log = line.fake.world.log
        assert sent == [Sent(str(of.id)) for of in log[:2]]
        assert isinstance(private, Sent)
        assert log[2].channel == line.fake.world.room(BOB)
        assert (line.fake.world.syncs, len(line.fake.world.commands)) == (1, len(MENU))
    assert (said, again) == ("📊 funding ETH", "📊 funding BTC")
    assert [of["intents"] for of in line.fake.gateway.identified] == [GUILDS_ONLY]
    assert len({of.seen for of in line.heard.asked}) == 2


async def test_a_broken_connection_resumes_and_what_was_missed_is_answered_once() -> None:
    async with online() as line:
        session = line.fake.gateway.current
        await line.fake.gateway.drop()
        missed = await line.fake.command(line.channel, BOB, "funding", coin="ETH")
        said = await title(line, missed)

        assert session is not None
        assert line.fake.gateway.resumed == [session.id]
        assert len(line.fake.gateway.identified) == 1
    assert said == "📊 funding ETH"
    assert len(line.heard.asked) == 1


async def test_a_session_that_is_not_known_any_more_is_begun_anew() -> None:
    async with online() as line:
        line.fake.gateway.forgets = True
        line.fake.gateway.ready.clear()
        await line.fake.gateway.drop()
        await line.ready()
        said = await title(line, await line.fake.command(line.channel, BOB, "funding"))

        assert len(line.fake.gateway.identified) == 2
    assert said == "📊 funding"


async def test_an_event_that_breaks_the_client_does_not_end_the_front() -> None:
    async with online() as line:
        line.fake.gateway.ready.clear()
        await line.fake.gateway.tell("INTERACTION_CREATE", {"id": "1", "type": 2})
        away = await while_away(line)
        await line.ready()
        said = await title(line, await line.fake.command(line.channel, BOB, "funding"))

    assert said == "📊 funding"
    assert away.certain
    assert [of["event"] for of in line.logs if of["log_level"] == "error"] == ["connection to Discord ended"]


async def while_away(line: Online) -> Retry:
    """What a send says while there is no connection."""
    async with asyncio.timeout(2):
        while True:
            outcome = await line.send(message("x"))
            if isinstance(outcome, Retry) and "not connected" in outcome.reason:
                return outcome
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("what", ["401", "4014", "4004", "4013"])
async def test_what_a_person_must_mend_ends_this_front_with_a_sentence(what: str) -> None:
    async with online(waits=False) as line:
        line.fake.rest.valid = what != "401"
        line.fake.gateway.closes = [int(what)] if what != "401" else []

        with pytest.raises(Barred) as barred:
            await asyncio.wait_for(line.serving, 5)

    assert (what if what != "401" else "DISCORD_TOKEN") in str(barred.value)
    assert TOKEN not in str(barred.value)


async def test_a_token_that_is_withdrawn_is_found_out_by_the_next_send() -> None:
    async with online() as line:
        line.fake.rest.valid = False
        outcome = await line.send(message("x"))

        with pytest.raises(Barred):
            await asyncio.wait_for(line.serving, 5)
    after = timedelta(minutes=1)
    assert outcome == Retry(after, certain=True, reason="the token is not valid", limited=Limited.TOKEN)


async def test_commands_that_discord_does_not_take_leave_those_before_and_alerts_go_on() -> None:
    async with online(waits=False) as line:
        too_many = Fault(400, code=30034, body={"message": "Max number of daily application command creates reached"})
        line.fake.faults.put("PUT", "/applications/*/commands", too_many)
        await line.ready()
        said = await title(line, await line.fake.command(line.channel, BOB, "funding"))
        sent = await line.send(message("alert"))

        assert line.fake.faults.met == 1
        assert line.fake.world.syncs == 0
    assert said == "📊 funding"
    assert isinstance(sent, Sent)
    assert [of["event"] for of in line.logs if of["log_level"] == "error"] == [
        "commands refused; those set before stay"
    ]


async def test_a_login_that_fails_is_tried_again() -> None:
    async with online(waits=False) as line:
        line.fake.faults.put("GET", "/users/@me", Fault(503), Fault(503, body=HTML))
        await line.ready()

        assert line.fake.faults.met == 2


async def test_before_the_connection_nothing_is_sent_and_that_is_certain() -> None:
    front = Discord(DiscordSettings(TOKEN), Remembered(), Vocabulary(), Wall(NOW), Wall(NOW))
    async with online() as line:
        outcome = await front.send(delivery_of(line))

    assert isinstance(outcome, Retry)
    assert outcome.certain


def delivery_of(line: Online) -> Delivery:
    return Delivery("key", line.place, message("x"), NOW + timedelta(seconds=30))


@pytest.mark.parametrize("status", [500, 502, 504, 524])
async def test_an_error_that_hid_a_success_does_not_double_the_alert(status: int) -> None:
    async with online() as line:
        line.fake.faults.put("POST", MESSAGES, Fault(status, body=HTML, taken=True))
        outcome = await line.send(message("x"))

        (taken,) = line.fake.world.log
        assert outcome == Sent(str(taken.id))
        assert line.fake.faults.met == 1


@pytest.mark.parametrize("fault", [Fault(cut=True, taken=True), Fault(503, taken=True), Fault(503, body=HTML)])
async def test_a_send_that_may_have_been_taken_is_ambiguous_and_its_repeat_shows_once(fault: Fault) -> None:
    async with online() as line:
        line.fake.faults.put("POST", MESSAGES, fault)
        first = await line.send(message("x"))
        second = await line.send(message("x"))

        (taken,) = line.fake.world.log
    assert isinstance(first, Retry)
    assert not first.certain
    assert second == Sent(str(taken.id))


async def test_a_deadline_that_passes_is_ambiguous() -> None:
    async with online() as line:
        line.fake.faults.put("POST", MESSAGES, Fault(slow=1.0))
        first = await line.send(message("x"), seconds=0.2)
        second = await line.send(message("x"))

        assert len(line.fake.world.log) == 1
    assert first == Retry(timedelta(seconds=5), certain=False, reason="Discord did not answer (TimeoutError)")
    assert isinstance(second, Sent)


async def test_nobody_listening_is_certain() -> None:
    async with online() as line:
        await line.send(message("x"), "a")
        from discord.http import Route  # noqa: PLC0415 - the address is one of the client's class

        Route.BASE = "http://127.0.0.1:9/api"
        outcome = await line.send(message("x"), "b")

    assert outcome == Retry(timedelta(seconds=5), certain=True, reason="no connection to Discord")


async def test_a_full_bucket_is_waited_for_and_nothing_is_lost() -> None:
    async with online() as line:
        outcomes = await asyncio.gather(*(line.send(message(str(n)), str(n)) for n in range(12)))

        assert all(isinstance(outcome, Sent) for outcome in outcomes)
        assert len(line.fake.world.log) == 12


async def test_the_wall_before_discord_pauses_everything_for_as_long_as_it_says() -> None:
    async with online() as line:
        line.fake.faults.put("POST", MESSAGES, limited(40, via=False))
        first = await line.send(message("x"))
        asked = len(line.fake.rest.requests)
        second = await line.send(message("x"), "other")
        line.wall.at += timedelta(seconds=40)
        third = await line.send(message("x"))

        assert len(line.fake.rest.requests) == asked + 1
    assert first == Retry(timedelta(seconds=40), certain=True, reason="limited", limited=Limited.EVERYBODY)
    assert second == Retry(
        timedelta(seconds=40), certain=True, reason="Discord refused too often", limited=Limited.EVERYBODY
    )
    assert isinstance(third, Sent)


async def test_a_limit_beyond_half_a_minute_comes_back_to_us() -> None:
    async with online() as line:
        line.fake.faults.put("POST", MESSAGES, limited(60))
        outcome = await line.send(message("x"))

    assert outcome == Retry(
        timedelta(seconds=60), certain=True, reason="limited for a long time", limited=Limited.PLACE
    )


async def test_a_hundred_refusals_stop_the_sends_before_discord_bans_the_address() -> None:
    async with online() as line:
        line.fake.faults.put("POST", MESSAGES, *(Fault(403, 50001) for _ in range(200)))
        outcomes = [await line.send(message("x"), str(n)) for n in range(101)]

        assert line.fake.faults.met == 100
    assert [type(outcome) for outcome in outcomes] == [Gone] * 100 + [Retry]


@pytest.mark.parametrize(("takes", "notes"), [(0.0, 0.0), (0.0, 0.5), (1.2, 0.5)])
async def test_an_interaction_is_acknowledged_within_a_second_however_slow_the_store(
    takes: float, notes: float
) -> None:
    long = Button("Again", "/alert ETH funding < -0.01% note " + "x" * 100)
    async with online(Heard({"alert": message("dry run", buttons=(long,))}, takes)) as line:
        line.notes.takes = notes
        asked = await line.fake.command(line.channel, ANN, "alert", rule="ETH funding < -0.01%")
        took = await acknowledged(asked)
        said = await title(line, asked)

    assert took < 1.0
    assert said == "📊 dry run"
    assert (asked.answer or {}).get("flags") == 64 | 1 << 12 or asked.kind == 5


async def test_a_form_whose_line_is_slow_to_find_is_an_old_press_within_a_second() -> None:
    buttons = (Button("Adjust", "/adjust ABC", form=Form("/alert", "x" * 200)),)
    async with online(Heard(takes=0.5)) as line:
        await line.send(message("dry run", buttons=buttons))
        line.notes.takes = 2.0
        pressed = await line.fake.press(line.fake.world.log[0], ANN, custom_ids(line.fake.world.log[0])[0])
        took = await acknowledged(pressed)
        await line.fake.answered(pressed)

    assert took < 1.0
    assert [of.name for of in line.heard.asked] == ["old"]


def custom_ids(of: Taken) -> list[str]:
    rows = [listed(row["components"]) for row in listed(of.body["components"])]
    return [str(leaf["custom_id"]) for row in rows for leaf in row]


async def test_an_answer_after_the_deadline_is_swallowed_and_counted() -> None:
    async with online() as line:
        line.fake.world.deadline = -1.0
        late = await line.fake.command(line.channel, BOB, "funding")
        await acknowledged(late)
        line.fake.world.deadline = 3.0
        said = await title(line, await line.fake.command(line.channel, BOB, "funding", coin="BTC"))

    assert len(late.late) == 1
    assert said == "📊 funding BTC"


async def test_a_press_is_answered_on_the_channel_of_its_alert() -> None:
    async with online() as line:
        await line.send(message("alert", buttons=(Button("Mute 2h", "/mute #3 2h"),)))
        said = await title(line, await line.fake.press(line.fake.world.log[0], ANN, "n/mute #3 2h"))

    assert said == "📊 mute #3 2h"
    assert [(of.place, of.owner) for of in line.heard.asked] == [(line.place, True)]


@dataclass
class Gate(Heard):
    """Says of each command on which kind of place it is, and whether it may be used there."""

    async def answer(self, invocation: Invocation) -> Message:
        return message(f"{invocation.place.shared} {may(COMMANDS[invocation.name].who, invocation)}")


ROLES = {"operator": 333_333_333_333_333_333, "manager": ANN, "member": BOB}


async def test_who_may_use_which_command_where() -> None:
    async with online(Gate(), menu=list(COMMANDS.values()), operators=[ROLES["operator"]]) as line:
        for (role, person), command, where in product(
            ROLES.items(), COMMANDS.values(), ("direct", "server", "channel")
        ):
            if where == "channel" and not aims(command):
                continue
            room = line.fake.world.room(person) if where == "direct" else line.channel
            named = line.channel if where == "channel" else None
            asked = await line.fake.command(room, person, command.spec.name, channel=named)
            shared, allowed = (word == "True" for word in (await title(line, asked)).removeprefix("📊 ").split())

            hidden = bool(int(str((asked.answer or {}).get("flags") or 0)) & EPHEMERAL)
            rights = {
                Who.ANY: True,
                Who.OWNER: where != "channel" or role != "member",
                Who.OPERATOR: role == "operator",
            }
            case = (command.spec.name, role, where)
            assert (case, shared) == (case, where == "channel")
            assert (case, hidden) == (case, where != "direct" and (command.private or where == "channel"))
            assert (case, allowed) == (case, rights[command.who])


async def test_a_channel_that_the_person_cannot_see_is_none() -> None:
    async with online() as line:
        asked = await line.fake.command(line.channel, ANN, "alerts", channel=line.channel, sees=False)
        await title(line, asked)

    assert [of.place for of in line.heard.asked] == [Place("discord", str(ANN))]


async def test_what_is_no_more_is_left_and_an_outage_of_a_server_is_not_its_end() -> None:
    async with online() as line:
        (server,) = line.fake.world.servers.values()
        other = line.fake.world.new_id()
        server.channels[other] = "talk"
        await line.fake.gateway.tell("GUILD_DELETE", {"id": str(server.id), "unavailable": True})
        await line.fake.gateway.tell("GUILD_CREATE", payloads.server(server))
        await line.fake.gateway.tell("CHANNEL_DELETE", payloads.channel(server, line.channel))
        await line.fake.gateway.tell("GUILD_DELETE", {"id": str(server.id)})
        await title(line, await line.fake.command(other, BOB, "funding"))

    assert line.heard.told == [
        ("left", str(line.place), "the channel was deleted"),
        ("left", f"discord:-{other}", "the bot was removed from the server"),
    ]


def listed(value: Json) -> list[Body]:
    assert isinstance(value, list)
    return [of for of in value if isinstance(of, dict)]


async def test_a_picture_and_a_file_travel_with_their_message_and_a_repeat_of_them_shows_once() -> None:
    picture, document = Picture(b"png", "A-7F3K.png", "Funding fell"), Document(b"{}", "rules.json")
    alert = replace(message("alert"), picture=picture, document=document)
    async with online() as line:
        line.fake.faults.put("POST", MESSAGES, Fault(502, body=HTML, taken=True))
        outcome = await line.send(alert)

        (taken,) = line.fake.world.log
    assert outcome == Sent(str(taken.id))
    assert taken.files == ("A-7F3K.png", "rules.json")
    assert [of.get("description") for of in listed(taken.body["attachments"])] == ["Funding fell", None]


async def test_choices_come_in_time() -> None:
    async with online() as line:
        typed = await line.fake.types(line.channel, BOB, "funding", "coin", "e")
        took = await acknowledged(typed)

    assert took < 0.5
    assert typed.answer == {"choices": [{"name": word, "value": word} for word in ("ETH", "ETHW")]}


async def test_answers_on_their_way_arrive_before_the_connection_closes() -> None:
    async with online(Heard(takes=0.5)) as line:
        asked = await line.fake.command(line.channel, BOB, "funding", coin="ETH")
        await line.heard.begun.wait()
        line.serving.cancel()
        await asyncio.wait({line.serving})

        assert asked.acknowledged is not None
    assert line.heard.finished == 1


async def test_the_token_is_in_no_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with online() as line:
        await line.send(message("x"))
        await title(line, await line.fake.command(line.channel, BOB, "funding"))
        shown = repr(line.front) + str(vars(line.fake.gateway.current) if line.fake.gateway.current else "")

    assert caplog.records
    assert TOKEN not in caplog.text + shown
