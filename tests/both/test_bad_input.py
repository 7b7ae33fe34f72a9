"""Whatever people type or press, on either platform: words that name a cure, and nothing that happens by itself."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from adapters.chat.base import Place
from tests.bot.test_mistakes import TABLE
from tests.both.house import DAN, DORA, GROUP, TINA, TOM, House, house
from tests.both.shown import choices, on_discord, on_the_terminal
from tests.fake_discord.world import Body
from tests.fake_telegram.world import Taken

EMOJIS = "\U0001f680" * 4_096
RIGHT_TO_LEFT = "\u202eHTE\u202c \u200ffunding < 0%"
JOINED = "\u2060"
"""What keeps a name from being a link."""

PLACES = (Place("telegram", str(TINA)), Place("discord", str(DAN)), Place("terminal", "local"))
LINES: Sequence[tuple[str, str, str]] = (
    ("fundng", "", "ETH"),
    ("helo", "", ""),
    ("funding", "coin", EMOJIS),
    ("funding", "coin", "\u202eHTE"),
    ("funding", "coin", "\u0405OL"),
    ("funding", "coin", "   "),
    ("alert", "rule", EMOJIS),
    ("alert", "rule", RIGHT_TO_LEFT),
    ("alert", "rule", " "),
    ("alert", "rule", "<b>ETH</b> **funding** @everyone < -0.01%"),
    ("delete", "number", "ETH"),
    ("delete", "number", "#\u0661"),
    ("delete", "number", "#999999999999999999999"),
    ("edit", "number", "#1"),
    ("mute", "", ""),
    ("why", "alert", "A-ZZZZ"),
    ("settings", "", "timezone Berlin"),
    ("settings", "", "quiet 25:00-26:00"),
    ("forget", "", ""),
    ("use", "", "@nobody_there"),
    ("import", "rules", "; ; ;"),
)
"""Commands that are none, options that are empty or of no use, signs that cannot be seen, too much of everything."""

TRADERS = Place("telegram", str(GROUP))

Words: TypeAlias = tuple[str, tuple[str, ...]]
"""What is said, and what its buttons say."""

Answers: TypeAlias = Mapping[tuple[str, str, str], tuple[Words, Words, Words]]


async def everywhere(home: House, name: str, option: str, text: str) -> tuple[Words, Words, Words]:
    """The answers on Telegram, on Discord and at the terminal."""
    await home.later(seconds=6)
    line = f"/{name} {text}".rstrip()
    taken = await home.says(line)
    body = await home.asks(name, **({option or "text": text} if text else {}))
    printed = await home.types(line)
    headline = on_the_terminal(printed).partition("\n")[0]
    return (
        (taken.text.replace(JOINED, ""), tuple(taken.labels)),
        (on_discord(body).replace(JOINED, ""), tuple(choices(body))),
        (headline, tuple(button.label for button in printed.buttons)),
    )


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """All of them, on one service; nothing of it is saved."""

    async def all_(folder: Path) -> Answers:
        async with house(folder) as home:
            typed = [("alert", "rule", sentence) for sentence, _, _ in TABLE] + list(LINES)
            found = {each: await everywhere(home, *each) for each in typed}
            assert [await home.store.of(place) for place in PLACES] == [[], [], []]
            return found

    return asyncio.run(all_(tmp_path_factory.mktemp("house")))


@pytest.mark.parametrize(("typed", "said"), [(typed, said) for typed, said, _ in TABLE])
def test_a_mistake_in_a_rule_is_answered_alike_with_the_same_lines_to_press(
    typed: str, said: str, answers: Answers
) -> None:
    telegram, discord, terminal = answers["alert", "rule", typed]

    assert telegram[0].startswith(terminal[0])
    assert discord[0].startswith(terminal[0])
    assert telegram[1] == discord[1] == terminal[1]
    if not any(word in typed for word in ("binanse", "okx", "cascade")):  # this market has other venues and signals
        assert said in telegram[0]


@pytest.mark.parametrize("typed", LINES, ids=lambda typed: f"{typed[0]} {ascii(typed[2])[:20]}")
def test_what_is_no_command_or_says_too_much_or_nothing_is_answered_alike_and_briefly(
    typed: tuple[str, str, str], answers: Answers
) -> None:
    telegram, discord, terminal = answers[typed]

    assert telegram[0].startswith(terminal[0])
    assert discord[0].startswith(terminal[0])
    assert telegram[1] == discord[1] == terminal[1]
    for text in (telegram[0], discord[0]):
        assert len(text) < 1_000
        assert not set(text) & set("\u202e\u202c\u200f")
        assert "my side" not in text


SENTENCE = "ETH funding < -0.01%"


async def saved_by(home: House, person: int, chat: int | None = None) -> Taken:
    """A rule of a Telegram chat; the answer, with its buttons."""
    return await home.presses(await home.says(f"/alert {SENTENCE}", person, chat), "Save", person)


@asynccontextmanager
async def with_rules(folder: Path) -> AsyncIterator[tuple[House, Taken, Body, Taken]]:
    """Tina, Dan and the group have a rule each; what was said of each."""
    async with house(folder) as home:
        tinas, groups = await saved_by(home, TINA), await saved_by(home, TOM, GROUP)
        dans = await home.clicks(await home.asks("alert", rule=SENTENCE), "Save")
        yield home, tinas, dans, groups


async def test_buttons_of_rules_that_are_gone_say_so(tmp_path: Path) -> None:
    async with with_rules(tmp_path) as (home, tinas, dans, _):
        await home.says("/delete 1")
        await home.asks("delete", number="1")
        pressed = await home.presses(tinas, "Delete")
        clicked = await home.clicks(dans, "Delete")

    assert pressed.text == on_discord(clicked)
    assert "There is no rule #1 here now" in pressed.text


@pytest.mark.parametrize("travelled", ["a/nosuch 1", "n~AAAAAAAAAAAAAAAA", "1:mute:3", "", "\u202e", "x" * 64])
async def test_what_an_old_or_invented_button_says_is_answered_and_does_nothing(travelled: str, tmp_path: Path) -> None:
    async with with_rules(tmp_path) as (home, tinas, dans, _):
        before = len(home.telegram.popups), len(home.telegram.taken)
        home.telegram.press_data(TINA, tinas, travelled)
        await home.until(lambda: len(home.telegram.popups) > before[0], "the press is acknowledged")
        said = home.telegram.popups[-1][1] or (await _last(home, before[1]))
        clicked = on_discord(await home.clicks_id(travelled, under=dans))
        kept = [len(await home.store.of(place)) for place in (*PLACES[:2], TRADERS)]

    assert kept == [1, 1, 1]
    for text in (said, clicked):
        assert "too old" in text or "There is no /" in text


async def _last(home: House, before: int) -> str:
    await home.until(lambda: len(home.telegram.taken) > before, "the answer to a press")
    return home.telegram.taken[before].text


async def test_an_edited_command_does_not_act_a_second_time(tmp_path: Path) -> None:
    async with with_rules(tmp_path) as (home, _, _, _):
        said = home.telegram.say(TINA, "/pause #1")
        home.telegram.allowed = None  # even where Telegram sends what nobody asked for
        before = len(home.telegram.taken)
        edited = {"message_id": said, "date": 1, "edit_date": 2, "from": home.telegram.user(TINA)}
        edited |= {"chat": home.telegram.chats[TINA].as_json(), "text": "/delete 1"}
        home.telegram.tell("edited_message", edited)
        await home.says("/alerts")
        await home.until(lambda: len(home.telegram.taken) == before + 2, "both answers")
        (kept,) = await home.store.of(PLACES[0])

    assert kept.paused


async def test_other_peoples_buttons_act_on_ones_own_place_or_are_refused(tmp_path: Path) -> None:
    async with with_rules(tmp_path) as (home, _, _, groups):
        shown = await home.popup(lambda: home.telegram.press(TINA, groups, "Delete"))
        drafted = await home.asks("alert", DORA, rule="SOL price > $9000")
        foreign = on_discord(await home.clicks(drafted, "Save", DAN))
        kept = [len(await home.store.of(place)) for place in (*PLACES[:2], TRADERS)]

    assert "Only those who look after this place" in shown
    assert "That draft is not here any more" in foreign
    assert kept == [1, 1, 1]


async def test_a_command_for_another_bot_is_none_of_ours(tmp_path: Path) -> None:
    async with with_rules(tmp_path) as (home, _, _, _):
        before = len(home.telegram.taken)
        home.telegram.say(TOM, "/delete@OtherBot 1", GROUP)
        home.telegram.say(TOM, "/delete 1 please, somebody", GROUP)
        await home.until(lambda: len(home.telegram.taken) > before, "the answer to the second")
        kept = await home.store.of(TRADERS)

    assert len(home.telegram.taken) == before + 1
    assert [of.number for of in kept] == [1]


async def test_a_line_that_is_almost_a_rule_is_mended_in_private_and_small_talk_is_left_alone(tmp_path: Path) -> None:
    nearly = "ETH funding < -0.01"
    async with house(tmp_path) as home:
        told = await home.says(nearly)
        asked = await home.asks("alert", rule=nearly)
        typed = await home.types(nearly)
        before = len(home.telegram.taken)
        for said in ("ETH is 5% up", "I <3 ETH", "see you at 5"):
            home.telegram.say(TINA, said)
        for said in (nearly, f"/{nearly}", "/eth@otherbot funding < -0.01", "/funding@otherbot ETH"):
            home.telegram.say(TOM, said, GROUP)
        await home.says("/help")

    labels = ["ETH funding < -0.01%", "ETH funding < -1%"]
    assert told.labels == choices(asked) == [button.label for button in typed.buttons] == labels
    assert told.text == on_discord(asked)
    assert len(home.telegram.taken) == before + 1
