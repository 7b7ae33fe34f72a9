"""What is delivered arrives as it should, and every error of the Bot API has its outcome."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat.base import (
    Button,
    Delivery,
    Document,
    Gone,
    Limited,
    Message,
    Migrated,
    Picture,
    Place,
    Refusal,
    Retry,
    Sent,
    Text,
    Tone,
)
from adapters.chat.telegram import posting as telegram_posting
from adapters.chat.telegram.front import Telegram
from adapters.chat.telegram.settings import TelegramSettings
from tests.fake_telegram.desk import Clock, Notes, said
from tests.fake_telegram.faults import (
    BLOCKED,
    DEACTIVATED,
    KICKED,
    NO_WRITING,
    NOT_FOUND,
    UNAUTHORISED,
    Refused,
    Trouble,
    bad,
    flooded,
)
from tests.fake_telegram.stage import Stage, staged

PNG = Picture(b"\x89PNG\r\n\x1a\n and more", "A-7F3K.png", "funding falls")
ALERT = Message(
    Tone.FIRING,
    "🔻",
    (Text("ETH · funding"),),
    alert="A-7F3K",
    lines=((Text("−0.0121%"),),),
    buttons=(Button("Chart", "/chart A-7F3K"), Button("Mute 2h", "/mute #3 2h")),
)


async def test_an_alert_is_one_message_with_its_buttons(stage: Stage) -> None:
    outcome = await stage.send(ALERT)

    (taken,) = stage.world.taken
    assert outcome == Sent(str(taken.message))
    assert taken.text == "🔻 ETH · funding  A-7F3K\n−0.0121%"
    assert taken.entities == ("code",)
    assert [[button["callback_data"] for button in row] for row in taken.buttons] == [
        ["n/chart A-7F3K", "n/mute #3 2h"]
    ]
    assert not taken.silent


async def test_a_silent_message_is_heard_by_nobody_and_previews_are_off(stage: Stage) -> None:
    await stage.send(replace(ALERT, silent=True))

    assert stage.world.taken[0].silent
    assert stage.world.calls[-1][1]["link_preview_options"] == {"is_disabled": True}


async def test_an_end_answers_its_alert_even_where_that_is_gone(stage: Stage) -> None:
    await stage.send(ALERT, replies_to="777")

    assert stage.world.taken[0].reply == 777


async def test_an_edit_stands_in_the_old_place_and_may_be_repeated(stage: Stage) -> None:
    first = await stage.send(said("before"))
    assert isinstance(first, Sent)

    edits = [await stage.send(said("after"), edits=first.id) for _ in range(2)]

    assert edits == [first, first]
    assert [taken.text for taken in stage.world.taken] == ["📊 before", "📊 after"]


async def test_an_edit_of_what_was_deleted_is_refused_and_nothing_new_is_shown(stage: Stage) -> None:
    assert isinstance(await stage.send(said("after"), edits="999"), Refusal)
    assert not stage.world.taken


async def test_an_edit_below_a_picture_changes_the_words(stage: Stage) -> None:
    first = await stage.send(replace(ALERT, picture=PNG))
    assert isinstance(first, Sent)

    await stage.send(said("after"), edits=first.id)
    await stage.send(said("new", picture=replace(PNG, png=PNG.png + b"2")), edits=first.id)

    assert [taken.method for taken in stage.world.taken] == ["sendPhoto", "editMessageCaption", "editMessageMedia"]


async def test_a_picture_has_the_alert_below_it_and_is_uploaded_once(stage: Stage) -> None:
    for _ in range(2):
        await stage.send(replace(ALERT, picture=PNG))

    first, second = stage.world.taken
    assert first.method == second.method == "sendPhoto"
    assert first.text == "🔻 ETH · funding  A-7F3K\n−0.0121%"
    assert (first.uploaded, second.uploaded) == (True, False)
    assert first.file == second.file


async def test_notes_that_cannot_be_kept_stop_no_alert(stage: Stage) -> None:
    stage.notes.are_away = True
    long = replace(ALERT, picture=PNG, buttons=(Button("Use", "/alert " + "x" * 99),))

    assert [type(await stage.send(long)) for _ in range(2)] == [Sent, Sent]


async def test_a_picture_that_telegram_forgot_is_uploaded_again(stage: Stage) -> None:
    await stage.send(replace(ALERT, picture=PNG))
    stage.world.files.clear()

    outcome = await stage.send(replace(ALERT, picture=PNG))

    assert isinstance(outcome, Sent)
    assert [taken.uploaded for taken in stage.world.taken] == [True, True]


async def test_an_alert_too_long_for_a_caption_goes_as_text_with_its_button(stage: Stage) -> None:
    await stage.send(replace(ALERT, picture=PNG, small="s" * 1100))

    (taken,) = stage.world.taken
    assert taken.method == "sendMessage"
    assert taken.labels == ["Chart", "Mute 2h"]


async def test_an_answer_too_long_for_a_caption_follows_its_picture(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_posting, "BETWEEN_PAGES", 0.0)

    await stage.send(said("chart", picture=PNG, small="s" * 1100, buttons=(Button("1h", "/chart 1h"),)))

    assert [taken.method for taken in stage.world.taken] == ["sendPhoto", "sendMessage"]
    assert [taken.labels for taken in stage.world.taken] == [[], ["1h"]]


async def test_a_group_without_pictures_has_the_text(stage: Stage) -> None:
    stage.world.troubles["sendPhoto"].append(bad("not enough rights to send photos to the chat"))

    outcome = await stage.send(replace(ALERT, picture=PNG))

    assert isinstance(outcome, Sent)
    assert [taken.method for taken in stage.world.taken] == ["sendMessage"]


async def test_a_document_carries_what_is_said_of_it(stage: Stage) -> None:
    await stage.send(said("Yours", document=Document(b'{"rules":[]}', "perpwatch.json")))

    (taken,) = stage.world.taken
    assert (taken.method, taken.text, taken.uploaded) == ("sendDocument", "📊 Yours", True)


async def test_a_long_answer_is_told_in_pages_with_the_buttons_below_the_last(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_posting, "BETWEEN_PAGES", 0.0)
    long = said("long", lines=((Text("x" * 3000),),) * 3, buttons=(Button("More", "/more"),))

    outcome = await stage.send(long, replies_to="5")

    assert outcome == Sent(str(stage.world.taken[0].message))
    assert [taken.labels for taken in stage.world.taken] == [[], [], ["More"]]
    assert [taken.reply for taken in stage.world.taken] == [5, None, None]


async def test_a_part_that_was_taken_makes_the_rest_uncertain(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_posting, "BETWEEN_PAGES", 0.0)
    stage.world.troubles["sendMessage"] += [bad("can't parse entities"), flooded(3)]

    outcome = await stage.send(said("x" * 5000))

    assert isinstance(outcome, Retry)
    assert outcome.certain  # nothing was taken yet

    stage.world.taken.clear()
    stage.world.group(-100, p1="member")
    stage.world.limits = type(stage.world)(stage.clock.seconds, limited=True).limits
    outcome = await stage.send(said("x" * 5000), to="-100")

    assert len(stage.world.taken) == 1
    assert outcome == Retry(timedelta(seconds=5), certain=False, reason="no answer from Telegram")


async def test_refused_markup_goes_once_more_as_plain_text_and_is_counted(stage: Stage) -> None:
    stage.world.troubles["sendMessage"].append(bad("can't parse entities: unsupported start tag"))

    outcome = await stage.send(said("a < b"))

    assert isinstance(outcome, Sent)
    (taken,) = stage.world.taken
    assert (taken.text, taken.entities) == ("📊 a < b", ())
    assert stage.front.refused_markup == 1


async def test_a_topic_is_part_of_the_place_and_a_deleted_one_is_gone(stage: Stage) -> None:
    stage.world.group(-100, forum=True).topics.add(45)

    outcomes = [await stage.send(ALERT, to=to) for to in ("-100.45", "-100", "-100.46", "-100.1")]

    gone = Gone("the topic is deleted or closed")
    assert outcomes[2:] == [gone, gone]
    assert [taken.topic for taken in stage.world.taken] == [45, None]


NO_TOKEN = Retry(timedelta(minutes=1), certain=True, reason="Telegram does not accept the token")

ERRORS: list[tuple[Refused | Trouble, object]] = [
    (flooded(7), Retry(timedelta(seconds=7.5), certain=True, reason="Telegram asks to wait", limited=Limited.PLACE)),
    (
        Refused(400, "Bad Request: group chat was upgraded", {"migrate_to_chat_id": -1009}),
        Migrated(Place("telegram", "-1009")),
    ),
    (BLOCKED, Gone("blocked by the person")),
    (KICKED, Gone("removed from the chat")),
    (DEACTIVATED, Gone("the account is deactivated")),
    (
        Refused(403, "Forbidden: bot can't initiate conversation with a user"),
        Gone("the person has not started the chat"),
    ),
    (Refused(403, "Forbidden: something new"), Gone("not allowed to write there")),
    (NO_WRITING, Gone("not allowed to write there")),
    (bad("chat not found"), Gone("the chat is not found")),
    (bad("user is deactivated"), Gone("the account or group is deactivated")),
    (bad("group chat was deactivated"), Gone("the account or group is deactivated")),
    (bad("not enough rights to send text messages to the chat"), Gone("not allowed to write there")),
    (bad("need administrator rights in the channel chat"), Gone("not allowed to write there")),
    (bad("message thread not found"), Gone("the topic is deleted or closed")),
    (bad("TOPIC_CLOSED"), Gone("the topic is deleted or closed")),
    (UNAUTHORISED, replace(NO_TOKEN, limited=Limited.TOKEN)),
    (NOT_FOUND, NO_TOKEN),
    (Refused(500, "Internal Server Error"), Retry(timedelta(seconds=5), certain=False, reason="a fault at Telegram")),
    (Trouble.BAD_GATEWAY, Retry(timedelta(seconds=5), certain=False, reason="a fault at Telegram")),
    (Trouble.HTML, Retry(timedelta(seconds=5), certain=False, reason="an answer that cannot be read")),
    (Trouble.CUT_AFTER, Retry(timedelta(seconds=5), certain=False, reason="no answer from Telegram")),
    (Trouble.CUT_BODY, Retry(timedelta(seconds=5), certain=False, reason="no answer from Telegram")),
    (Trouble.CUT_BEFORE, Retry(timedelta(seconds=5), certain=False, reason="no answer from Telegram")),
]


@pytest.mark.parametrize(("error", "outcome"), ERRORS, ids=lambda value: str(value)[:40])
async def test_each_error_has_its_outcome(stage: Stage, error: Refused | Trouble, outcome: object) -> None:
    stage.world.troubles["sendMessage"].append(error)

    assert await stage.send(ALERT) == outcome


async def test_what_is_refused_twice_is_refused_for_good(stage: Stage) -> None:
    stage.world.troubles["sendMessage"] += [bad("BUTTON_DATA_INVALID")] * 2

    assert await stage.send(ALERT) == Refusal("Button_data_invalid")


async def test_nobody_at_the_address_is_certain() -> None:
    clock = Clock()
    front = Telegram(TelegramSettings("1:a", "http://127.0.0.1:9"), Notes(clock), clock.now, clock.now)
    delivery = Delivery("key", Place("telegram", "42"), ALERT, clock.at + timedelta(seconds=60))

    outcome = await front.send(delivery)

    await front.aclose()
    assert isinstance(outcome, Retry)
    assert outcome.certain


async def test_a_connection_that_is_refused_after_the_first_send_is_certain(stage: Stage) -> None:
    await stage.send(ALERT)
    object.__setattr__(stage.settings, "url", "http://127.0.0.1:9")

    outcome = await stage.send(ALERT)

    assert outcome == Retry(timedelta(seconds=5), certain=True, reason="no connection to Telegram")


async def test_a_deadline_that_passes_while_telegram_is_silent_is_uncertain(stage: Stage) -> None:
    await stage.send(ALERT)
    stage.world.troubles["sendMessage"].append(Trouble.SLOW_AFTER)
    delivery = Delivery("key", Place("telegram", "42"), ALERT, stage.clock.at + timedelta(seconds=0.2))

    outcome = await stage.front.send(delivery)

    assert outcome == Retry(timedelta(seconds=5), certain=False, reason="no answer within the deadline")


async def test_a_deadline_that_has_passed_is_certain(stage: Stage) -> None:
    delivery = Delivery("key", Place("telegram", "42"), ALERT, stage.clock.at - timedelta(seconds=1))

    outcome = await stage.front.send(delivery)

    assert outcome == Retry(timedelta(seconds=5), certain=True, reason="no answer within the deadline")
    assert stage.world.taken == []


async def test_sends_beside_each_other_all_arrive(stage: Stage) -> None:
    outcomes = await asyncio.gather(*(stage.send(said(str(n))) for n in range(40)))

    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert sorted(int(taken.text.split()[1]) for taken in stage.world.taken) == list(range(40))


async def test_a_strict_server_says_how_long_to_wait() -> None:
    async with staged(limited=True) as stage:
        outcomes = [await stage.send(ALERT) for _ in range(2)]
        stage.clock.pass_(seconds=1)
        outcomes.append(await stage.send(ALERT))

    wait = Retry(timedelta(seconds=1.5), certain=True, reason="Telegram asks to wait", limited=Limited.PLACE)
    assert [outcome if isinstance(outcome, Retry) else "sent" for outcome in outcomes] == ["sent", wait, "sent"]
