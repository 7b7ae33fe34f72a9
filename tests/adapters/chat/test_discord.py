"""The Discord front with the real discord.py on a simulated Discord: what people type and press, and what they see."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
import simcord

from adapters.chat.base import (
    Button,
    Delivery,
    Document,
    Form,
    Gone,
    Invocation,
    MenuEntry,
    Message,
    Outcome,
    Picture,
    Place,
    Refusal,
    Retry,
    Sent,
    Text,
    Tone,
)
from adapters.chat.discord.front import Discord
from adapters.chat.discord.invitation import NEEDED, invitation
from adapters.chat.discord.settings import DiscordSettings
from adapters.chat.presses import note_of, token_of
from bot.commands.base import Desk
from bot.commands.registry import COMMANDS, answer
from tests.bot.commands.desks import desk_with_past
from tests.fake_discord.hearing import MENU, Heard, Remembered, Vocabulary, Wall, message

NOW = datetime(2026, 1, 5, tzinfo=UTC)
LONG = "/alert ETH funding < -0.01% for 15m every 1h note " + "x" * 80


@dataclass
class Sim:
    """A simulated Discord with our front on it: a server with two channels, a manager and a member."""

    env: Any
    front: Discord
    heard: Heard
    notes: Remembered
    words: Vocabulary
    guild: Any
    room: Any
    other: Any
    ann: Any
    bob: Any

    async def send(self, to: Place, of: Message, **more: str) -> Outcome:
        return await self.front.send(Delivery("key", to, of, NOW + timedelta(minutes=1), **more))

    @property
    def shared(self) -> Place:
        return Place("discord", f"-{self.room.id}")

    def sent(self, at: int = -1) -> dict[str, Any]:
        """The body of a message that was created through REST."""
        return [of.json for of in self.env.http_requests if of.method == "POST" and of.path.endswith("/messages")][at]


def front_of(notes: Remembered, words: Vocabulary) -> Discord:
    return Discord(DiscordSettings("token"), notes, words, Wall(NOW), Wall(NOW))


@asynccontextmanager
async def simulated(heard: Heard | None = None, menu: Sequence[MenuEntry] = MENU) -> AsyncIterator[Sim]:
    heard, notes, words = heard or Heard(), Remembered(), Vocabulary()
    front = front_of(notes, words)
    async with simcord.run(front.connect(menu, heard)) as env:
        guild = env.create_guild()
        managers = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
        ann = guild.add_member(env.create_user("ann"), roles=[managers])
        bob = guild.add_member(env.create_user("bob"))
        room, other = guild.create_text_channel("alerts"), guild.create_text_channel("talk")
        heard.told.clear()
        yield Sim(env, front, heard, notes, words, guild, room, other, ann, bob)


def title(result: simcord.InteractionResult) -> str:
    assert result.response is not None
    return result.response.embeds[0].title or ""


async def test_a_question_in_a_server_is_answered_for_all_and_ones_own_rules_for_oneself_alone() -> None:
    async with simulated() as sim:
        public = await sim.bob.slash(sim.room, "funding", coin="ETH")
        private = await sim.bob.slash(sim.room, "alert", rule="ETH funding < -0.01%")

    assert (title(public), public.ephemeral) == ("📊 funding ETH", False)
    assert (title(private), private.ephemeral) == ("📊 alert ETH funding \\< -0.01%", True)
    assert {str(of.place) for of in sim.heard.asked} == {f"discord:{sim.bob.id}"}
    assert all(of.owner and not of.pressed and not of.operator for of in sim.heard.asked)
    assert len({of.seen for of in sim.heard.asked}) == 2


async def test_an_operator_is_known_by_the_id() -> None:
    async with simulated() as sim:
        sim.env.bot.answering.operators = frozenset({str(sim.bob.id)})
        await sim.bob.slash(sim.room, "funding", coin="ETH")
        await sim.ann.slash(sim.room, "funding", coin="ETH")

    assert [of.operator for of in sim.heard.asked] == [True, False]


@pytest.mark.parametrize(("who", "owner"), [("ann", True), ("bob", False)])
async def test_a_channel_is_acted_on_by_those_who_manage_the_server(who: str, owner: bool) -> None:
    async with simulated() as sim:
        result = await getattr(sim, who).slash(sim.other, "alert", rule="ETH oi > 1%", channel=sim.room)

    (asked,) = sim.heard.asked
    assert (asked.place, asked.arguments, asked.owner) == (sim.shared, "ETH oi > 1%", owner)
    assert asked.person == str(getattr(sim, who).id)
    assert result.ephemeral


async def test_the_buttons_of_an_answer_about_a_channel_act_on_the_channel_with_the_rights_of_who_presses() -> None:
    heard = Heard({"alert": message("dry run", buttons=(Button("Save", "/save ABC"),))})
    async with simulated(heard) as sim:
        shown = await sim.ann.slash(sim.other, "alert", rule="ETH oi > 1%", channel=sim.room)
        pressed = await sim.ann.click(shown.response, label="Save")

    save = heard.asked[-1]
    assert (save.place, save.name, save.arguments) == (sim.shared, "save", "ABC")
    assert (save.owner, save.pressed) == (True, True)
    assert pressed.response.id == shown.response.id
    assert title(pressed) == "📊 save ABC"


async def test_in_private_everything_is_said_openly_and_edited_in_place() -> None:
    heard = Heard({"alert": message("dry run", buttons=(Button("Save", "/save ABC"),))})
    async with simulated(heard) as sim:
        user = sim.env.create_user("carl")
        shown = await user.slash("alert", rule="ETH oi > 1%")
        pressed = await user.click(shown.response, label="Save")

    assert not shown.ephemeral
    assert pressed.response.id == shown.response.id
    assert {str(of.place) for of in heard.asked} == {f"discord:{user.id}"}


async def test_a_private_press_on_what_all_see_is_answered_to_that_person_alone() -> None:
    buttons = (Button("Watch", "/watch ETH"), Button("BTC", "/funding BTC"))
    heard = Heard({"funding": message("rates", buttons=buttons)})
    async with simulated(heard) as sim:
        shown = await sim.bob.slash(sim.room, "funding", coin="ETH")
        watched = await sim.ann.click(shown.response, label="Watch")
        own = await sim.bob.click(shown.response, label="BTC")
        foreign = await sim.ann.click(shown.response, label="BTC")

    assert (watched.ephemeral, watched.response.id == shown.response.id) == (True, False)
    assert own.response.id == shown.response.id
    assert (foreign.ephemeral, foreign.response.id == shown.response.id) == (True, False)
    assert [str(of.place) for of in heard.asked[1:]] == [f"discord:{who.id}" for who in (sim.ann, sim.bob, sim.ann)]


async def test_an_alert_stays_and_its_buttons_survive_a_restart() -> None:
    buttons = (Button("Mute 2h", "/mute #3 2h"), Button("Long", LONG), Button("Mine", "/alerts", alone=True))
    async with simulated() as sim:
        await sim.send(sim.shared, message("alert", buttons=buttons))
        again = front_of(sim.notes, sim.words)
        await sim.env.restart_bot(again.connect(MENU, sim.heard))
        muted = await sim.ann.click(sim.room.last_message, label="Mute 2h")
        long = await sim.bob.click(sim.room.last_message, label="Long")
        mine = await sim.bob.click(sim.room.last_message, label="Mine")

        assert len(sim.room.history()) == 1
    assert [of.ephemeral for of in (muted, long, mine)] == [True, True, True]
    assert [(str(of.place), of.owner) for of in sim.heard.asked] == [
        (str(sim.shared), True),
        (str(sim.shared), False),
        (f"discord:{sim.bob.id}", True),
    ]
    assert [f"/{of.name} {of.arguments}".strip() for of in sim.heard.asked] == ["/mute #3 2h", LONG, "/alerts"]


async def test_what_an_alerts_button_says_goes_on_acting_on_the_channel() -> None:
    heard = Heard({"mute": message("muted", buttons=(Button("Unmute", "/unmute #3"),))})
    async with simulated(heard) as sim:
        await sim.send(sim.shared, message("alert", buttons=(Button("Mute 2h", "/mute #3 2h"),)))
        muted = await sim.ann.click(sim.room.last_message, label="Mute 2h")
        await sim.ann.click(muted.response, label="Unmute")

    assert [(of.name, of.place) for of in heard.asked] == [("mute", sim.shared), ("unmute", sim.shared)]


async def test_many_buttons_are_a_menu_of_which_each_option_is_a_line() -> None:
    many = tuple(Button(f"signal {n}", f"/subscribe s{n}") for n in range(30))
    async with simulated(Heard({"alerts": message("which", buttons=many)})) as sim:
        shown = await sim.bob.slash(sim.room, "alerts")
        await sim.bob.select(shown.response, ["a/subscribe s27"], custom_id="s1")

    assert (sim.heard.asked[-1].name, sim.heard.asked[-1].arguments) == ("subscribe", "s27")


@pytest.mark.parametrize("trouble", ["forgotten", "broken"])
async def test_a_press_whose_line_is_not_known_any_more_is_answered(trouble: str) -> None:
    async with simulated(Heard({"alert": message("x", buttons=(Button("Again", LONG),))})) as sim:
        shown = await sim.bob.slash(sim.room, "alert", rule="x")
        sim.notes.kept.clear()
        sim.notes.broken = trouble == "broken"
        await sim.bob.click(shown.response, label="Again")

    assert (sim.heard.asked[-1].name, sim.heard.asked[-1].arguments) == ("old", "")


@pytest.mark.parametrize("text", ["ETH funding < -0.02%", "ETH funding < -0.02% note " + "n" * 200])
async def test_a_form_opens_with_the_rule_in_it_and_says_the_changed_line(text: str) -> None:
    buttons = (Button("Adjust", "/adjust ABC", form=Form("/edit #3", text)),)
    async with simulated(Heard({"alert": message("dry run", buttons=buttons)})) as sim:
        shown = await sim.ann.slash(sim.other, "alert", rule="x", channel=sim.room)
        form = await sim.ann.click(shown.response, label="Adjust")
        assert form.modal is not None
        field = form.modal["components"][0]["components"][0]
        sent = await sim.ann.submit_modal(form, {"text": "ETH funding < -0.03%"})

    assert (form.modal["title"], field["value"]) == ("/edit #3", text)
    said = sim.heard.asked[-1]
    assert (said.name, said.arguments, said.place) == ("edit", "#3 ETH funding < -0.03%", sim.shared)
    assert sent.response.id == shown.response.id


async def test_a_form_whose_line_is_lost_is_an_old_press() -> None:
    buttons = (Button("Adjust", "/adjust ABC", form=Form("/alert", "x" * 200)),)
    async with simulated(Heard({"alert": message("dry run", buttons=buttons)})) as sim:
        shown = await sim.bob.slash(sim.room, "alert", rule="x")
        sim.notes.kept.clear()
        await sim.bob.click(shown.response, label="Adjust")

    assert sim.heard.asked[-1].name == "old"


@pytest.mark.parametrize(
    ("command", "option", "typed", "found"),
    [
        ("funding", "coin", "et", ["ETH", "ETHW"]),
        ("funding", "coin", "ETH@by", ["ETH@bybit"]),
        ("funding", "coin", "BTC,e", ["BTC,ETH", "BTC,ETHW"]),
        ("alert", "rule", "ETH funding", ["ETH funding < -0.01%", "ETH oi > 1%"]),
        ("edit", "rule", "x", []),
        ("edit", "number", "#1", ["own"]),
    ],
)
async def test_options_complete(command: str, option: str, typed: str, found: Sequence[str]) -> None:
    async with simulated() as sim:
        if command == "edit" and option == "rule":
            with pytest.raises(simcord.SetupError, match="does not enable autocomplete"):
                await sim.bob.autocomplete(sim.room, command, option, typed)
            return
        choices = await sim.bob.autocomplete(sim.room, command, option, typed)

    expected = [f"#1 of discord:{sim.bob.id}"] if found == ["own"] else found
    assert [choice["value"] for choice in choices] == expected


async def test_completion_is_empty_on_trouble_and_late_words_are_there_for_the_next() -> None:
    async with simulated() as sim:
        sim.words.takes = 0.5
        late = await sim.bob.autocomplete(sim.room, "funding", "coin", "E")
        sim.words.broken = True
        known = await sim.bob.autocomplete(sim.room, "funding", "coin", "E")
        none = await sim.bob.autocomplete(sim.room, "alert", "rule", "E")

    assert late == []
    assert [choice["value"] for choice in known] == ["ETH", "ETHW"]
    assert none == []


async def test_a_person_is_written_to_directly_and_a_channel_by_its_id_and_nobody_is_mentioned() -> None:
    alert = Message(
        Tone.FIRING,
        "🔻",
        (Text("ETH @everyone <@&1>"),),
        lines=((Text("@here"),),),
        picture=Picture(b"png", "A-7F3K.png", "Funding fell"),
        document=Document(b"{}", "x.json"),
    )
    async with simulated() as sim:
        user = sim.env.create_user("carl")
        private = await sim.send(Place("discord", str(user.id)), alert)
        shared = await sim.send(sim.shared, alert, mention="77")
        plain = await sim.send(sim.shared, alert)

        direct, in_channel = user.dm_channel.last_message, sim.room.history()
    assert isinstance(private, Sent)
    assert private.id == str(direct.id)
    assert [shared, plain] == [Sent(str(of.id)) for of in in_channel]
    assert in_channel[0].content == "<@&77>"
    assert in_channel[1].content == ""
    assert direct.embeds[0].colour == discord.Colour(0xE69F00)
    assert direct.embeds[0].image.url is not None
    assert [(file.filename, file.description) for file in direct.attachments] == [
        ("A-7F3K.png", "Funding fell"),
        ("x.json", None),
    ]
    nobody = {"parse": [], "users": [], "roles": [], "replied_user": False}
    mentions = [sim.sent(at)["allowed_mentions"] for at in (-3, -2, -1)]
    assert [{**nobody, **of} for of in mentions] == [nobody, {**nobody, "roles": [77]}, nobody]


async def test_one_delivery_has_one_nonce_and_another_place_or_alert_has_another() -> None:
    async with simulated() as sim:
        other = Place("discord", f"-{sim.other.id}")
        for to, key in ((sim.shared, "a"), (sim.shared, "a"), (other, "a"), (sim.shared, "b")):
            await sim.front.send(Delivery(key, to, message("x"), NOW + timedelta(minutes=1)))
        bodies = [sim.sent(at) for at in (-4, -3, -2, -1)]

    nonces = [body["nonce"] for body in bodies]
    assert all(body["enforce_nonce"] for body in bodies)
    assert nonces[0] == nonces[1]
    assert len(set(nonces)) == 3
    assert {len(nonce) for nonce in nonces} == {25}


async def test_a_reply_an_edit_and_what_is_silent() -> None:
    async with simulated() as sim:
        first = await sim.send(sim.shared, message("first"))
        assert isinstance(first, Sent)
        over = Message(Tone.OVER, "✅", (Text("over"),), silent=True)
        second = await sim.send(sim.shared, over, replies_to=first.id)
        edited = await sim.send(sim.shared, message("changed"), edits=first.id)
        lost = await sim.send(sim.shared, message("x"), replies_to="1")
        gone = await sim.send(sim.shared, message("x"), edits="1")

        shown = sim.room.history()
    assert edited == first
    assert [of.embeds[0].title for of in shown[:2]] == ["📊 changed", "✅ over"]
    assert shown[1].reference is not None
    assert shown[1].reference.message_id == int(first.id)
    assert shown[1].flags.suppress_notifications
    assert not shown[0].flags.suppress_notifications
    assert isinstance(second, Sent)
    assert isinstance(lost, Sent)
    assert isinstance(gone, Refusal)


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (404, 10003, Gone),
        (403, 50001, Gone),
        (403, 50013, Gone),
        (403, 50007, Gone),
        (403, 50278, Gone),
        (400, 50035, Refusal),
        (404, 10008, Refusal),
        (500, 0, Retry),
        (503, 0, Retry),
    ],
)
async def test_a_refusal_is_a_value(status: int, code: int, outcome: type) -> None:
    async with simulated() as sim:
        sim.env.inject_error("POST", "/channels/*/messages", status=status, code=code)
        said = await sim.send(sim.shared, message("x"))

    assert isinstance(said, outcome)
    assert not isinstance(said, Retry) or not said.certain


async def test_a_missing_permission_is_named() -> None:
    async with simulated() as sim:
        mute = discord.PermissionOverwrite(send_messages=False, embed_links=False)
        closed = sim.guild.create_text_channel("closed", overwrites={sim.guild.default_role: mute})
        said = await sim.send(Place("discord", f"-{closed.id}"), message("x"))

    assert said == Gone("the bot may not write in the channel: it lacks send messages, embed links, attach files")


async def test_what_is_no_place_is_refused() -> None:
    async with simulated() as sim:
        assert isinstance(await sim.send(Place("discord", "local"), message("x")), Refusal)


@pytest.mark.parametrize("code", [10062, 40060])
async def test_an_answer_that_nobody_waits_for_is_counted_and_its_command_was_done(code: int) -> None:
    async with simulated(Heard(takes=0.9)) as sim:
        sim.env.inject_error("POST", "/interactions/*/*/callback", status=404, code=code)
        await sim.bob.slash(sim.room, "funding", coin="ETH")

        assert sim.env.bot.answering.late == 1
    assert sim.heard.finished == 1


async def test_a_slow_answer_is_announced_first_and_stays_hidden() -> None:
    heard = Heard({"alert": message("dry run", buttons=(Button("Save", "/save ABC"),))}, takes=0.9)
    async with simulated(heard) as sim:
        shown = await sim.bob.slash(sim.room, "alert", rule="ETH oi > 1%")
        hidden, first = shown.ephemeral, title(shown)
        pressed = await sim.bob.click(shown.response, label="Save")
        callbacks = [of.json for of in sim.env.http_requests if of.path.endswith("/callback")]

    assert (hidden, first, title(pressed)) == (True, "📊 dry run", "📊 save ABC")
    assert pressed.response.id == shown.response.id
    assert [(of["type"], of.get("data", {}).get("flags")) for of in callbacks] == [(5, 64), (6, None)]


async def test_commands_are_set_when_they_differ_and_not_at_every_start() -> None:
    async with simulated() as sim:
        for menu in (MENU, MENU[1:]):
            again = front_of(sim.notes, sim.words)
            await sim.env.restart_bot(again.connect(menu, sim.heard))
        puts = [of for of in sim.env.http_requests if of.method == "PUT" and of.path.endswith("/commands")]

    assert [len(put.json) for put in puts] == [len(MENU), len(MENU) - 1]


async def test_members_see_what_they_may_use_and_only_managers_what_is_for_operators() -> None:
    async with simulated() as sim:
        seen = sim.bob.available_commands(sim.room), sim.ann.available_commands(sim.room)

    assert [set(of) for of in seen] == [
        {"funding", "alert", "alerts", "edit"},
        {"funding", "alert", "alerts", "edit", "admin"},
    ]


async def test_a_command_that_is_gone_is_answered() -> None:
    async with simulated() as sim:
        sim.env.bot.answering.menu = {}
        result = await sim.bob.slash(sim.room, "funding", coin="ETH")

    assert (title(result), result.ephemeral) == ("📊 funding ETH", True)


async def test_who_owns_a_place() -> None:
    async with simulated() as sim:
        rights = [
            await sim.front.owns(str(sim.bob.id), Place("discord", str(sim.bob.id))),
            await sim.front.owns(str(sim.bob.id), Place("discord", str(sim.ann.id))),
            await sim.front.owns(str(sim.ann.id), sim.shared),
            await sim.front.owns(str(sim.bob.id), sim.shared),
            await sim.front.owns(str(sim.ann.id), Place("discord", "-1")),
            await sim.front.owns("local", sim.shared),
            await sim.front.owns("123456789012345678", sim.shared),
        ]

    assert rights == [True, False, True, False, False, False, False]


async def test_a_channel_is_found_by_mention_id_and_unique_name() -> None:
    async with simulated() as sim:
        sim.env.create_guild().create_text_channel("talk")
        found = [
            await sim.front.find(named)
            for named in (f"<#{sim.room.id}>", str(sim.room.id), "#alerts", "alerts", "#talk", "nowhere", "<#1>")
        ]

    assert found == [sim.shared] * 4 + [None] * 3


async def test_a_server_that_adds_or_removes_the_bot_opens_or_closes_its_channels() -> None:
    async with simulated() as sim:
        connection = sim.env.bot
        guild = connection.get_guild(sim.guild.id)
        connection.dispatch("guild_join", guild)
        connection.dispatch("guild_channel_delete", guild.get_channel(sim.other.id))
        connection.dispatch("guild_remove", guild)
        await sim.env.settle()

    rooms = [f"discord:-{of.id}" for of in guild.text_channels]
    assert str(sim.shared) in rooms
    assert sim.heard.told == [
        *(("came", room) for room in rooms),
        ("left", f"discord:-{sim.other.id}", "the channel was deleted"),
        *(("left", room, "the bot was removed from the server") for room in rooms),
    ]


async def test_the_bot_reads_no_messages() -> None:
    async with simulated() as sim:
        intents = sim.env.bot.intents

    assert intents == discord.Intents(guilds=True)


def test_the_invitation_names_permissions_as_discord_counts_them() -> None:
    granted = discord.Permissions(**dict.fromkeys(NEEDED, True))

    assert f"permissions={granted.value}" in invitation(1)


def test_a_line_has_the_same_token_on_every_platform() -> None:
    assert note_of(token_of(LONG)).startswith("press:")


@dataclass
class Desked(Heard):
    """The commands as they are, on a small market."""

    desk: Desk = field(kw_only=True)

    async def answer(self, invocation: Invocation) -> Message:
        return await answer(invocation, self.desk)


@asynccontextmanager
async def at_work() -> AsyncIterator[Sim]:
    async with simulated(Desked(desk=await desk_with_past()), list(COMMANDS.values())) as sim:
        yield sim


async def test_a_rule_is_tried_changed_in_a_form_and_saved_for_a_channel() -> None:
    async with at_work() as sim:
        tried = await sim.ann.slash(sim.other, "alert", rule="ETH funding < -0.01% for 15m", channel=sim.room)
        form = await sim.ann.click(tried.response, label="Adjust")
        changed = await sim.ann.submit_modal(form, {"text": "ETH funding < -0.02% for 30m"})
        shown = title(tried), title(changed)
        await sim.ann.click(changed.response, label="Save")
        listed = await sim.bob.slash(sim.other, "alerts", channel=sim.room)
        refused = await sim.bob.slash(sim.other, "delete", number="#1", channel=sim.room)
        own = await sim.bob.slash(sim.other, "alerts")

    assert shown == ("🧪 Dry run · nothing is saved yet",) * 2
    assert "ETH funding < -0.02% for 30m" in str(listed.response.embeds[0].description)
    assert "Only those who look after this place" in title(refused)
    assert "ETH funding < -0.02% for 30m" not in str(own.response.embeds[0].description)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("funding", {"coin": "@everyone"}),
        ("funding", {"coin": "\u202eHTE"}),
        ("alert", {"rule": "😀" * 2_048}),
        ("alert", {"rule": "`" * 300}),
        ("alert", {"rule": "ETH fundin < -0.01% [x](http://evil.example)"}),
        ("alert", {"rule": "ETH funding < -0.01"}),
        ("edit", {"number": "#9", "rule": "x" * 4_000}),
        ("mute", {}),
        ("why", {"alert": "<@&1>"}),
    ],
)
async def test_bad_input_is_answered(command: str, options: dict[str, str]) -> None:
    async with at_work() as sim:
        result = await sim.bob.slash(sim.room, command, **options)

    (embed,) = result.response.embeds
    assert title(result)
    assert not re.search(r"@everyone|(?<!\\)<@|(?<!\\)\[x\]", f"{embed.title}{embed.description}")


async def test_the_button_of_a_rule_that_is_gone_says_so() -> None:
    async with at_work() as sim:
        user = sim.env.create_user("carl")
        await sim.send(Place("discord", str(user.id)), message("alert", buttons=(Button("Mute 2h", "/mute #9 2h"),)))
        pressed = await user.click(user.dm_channel.last_message, label="Mute 2h")

    assert title(pressed) == "❔ There is no rule #9 here now; see /alerts."
