"""`/export` gives lines that `/import` takes: the same rules in another place, all of them or none."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat.base import Invocation, Message, Place
from bot.commands.base import Desk
from bot.commands.registry import answer
from signals.rules.canonical import canonical
from tests.bot.commands.desks import HERE, NOW, ask, command_of, desk, press, said, save

ELSEWHERE = Place("terminal", "elsewhere")
LINES = """watch ETH SOL
BTC liq 1h > $10M
paused ETH price > 4000 note one; two
eth funding < 0%"""


async def sentences(market: Desk, place: Place = HERE) -> list[str]:
    return [canonical(rule.draft) for rule in await market.store.of(place)]


async def there(market: Desk, line: str) -> Message:
    """The answer to a line typed in another place."""
    name, _, arguments = line.removeprefix("/").partition(" ")
    return await answer(Invocation(ELSEWHERE, "other", name, arguments, line, NOW, operator=True), market)


async def test_lines_are_shown_and_saved_by_a_button() -> None:
    market = await desk()

    shown = await ask(market, f"/import {LINES}")
    assert await sentences(market) == []
    await press(market, shown, "Save")

    assert await sentences(market) == [
        "BTC liq 1h > $10M for 0s every 1h",
        'ETH price > $4000 for 0s every 1h note "one; two"',
        "ETH funding < 0% for 15m every 1h",
    ]
    assert [rule.paused for rule in await market.store.of(HERE)] == [False, True, False]
    assert await market.store.watchlist(HERE) == ("ETH", "SOL")


async def test_one_typed_line_holds_several_between_semicolons() -> None:
    market = await desk()

    shown = await ask(market, '/import ETH price > 4000 note "a; b"; BTC price > 70000')

    assert dict(shown.data)["sentences"] == [
        'ETH price > $4000 for 0s every 1h note "a; b"',
        "BTC price > $70000 for 0s every 1h",
    ]


async def test_what_was_exported_is_the_same_when_it_is_imported_elsewhere_and_then_known() -> None:
    market = await desk()
    await press(market, await ask(market, f"/import {LINES}"), "Save")
    exported = dict((await ask(market, "/export")).data)["lines"]

    pasted = "\n".join(exported)
    await there(market, command_of(await there(market, f"/import {pasted}"), "Save"))

    assert await sentences(market, ELSEWHERE) == await sentences(market)
    assert dict((await there(market, "/export")).data)["lines"] == exported
    assert "0 rules to save · 3 of them here already" in await said(market, f"/import {pasted}")


async def test_one_line_that_cannot_be_read_saves_none_and_says_what_would_work() -> None:
    market = await desk()

    text = await said(market, "/import BTC price > 70000\nETH funding < -0.01\nwatch ETHH")

    assert "2 of 3 lines cannot be read: nothing was saved" in text
    assert "line 2: ETH funding < -0.01" in text
    assert "would work: ETH funding < -0.01%" in text
    assert "line 3: watch ETHH" in text
    assert await sentences(market) == []


@pytest.mark.parametrize("rules", [1, 2])
async def test_lines_without_room_for_all_save_none(rules: int) -> None:
    market = await desk(limit=2)
    shown = await ask(market, "/import BTC price > 70000; ETH price > 4000")
    for number in range(rules):
        await save(market, f"SOL price > {200 + number}")

    late = await press(market, shown, "Save")

    assert dict(late.data)["code"] == "full"
    assert len(await sentences(market)) == rules


async def test_an_export_of_many_rules_comes_in_pages_and_whole_as_data() -> None:
    market = await desk()
    many = replace(market, quota=replace(market.quota, rules=100))
    note = "x" * 60
    await press(
        many, await ask(many, "/import " + "\n".join(f"ETH price > {n} note {note}" for n in range(2700, 2760))), "Save"
    )

    message, lines = await ask(many, "/export"), 0
    whole = dict(message.data)["lines"]
    while message:
        lines += len(message.lines)
        message = await ask(many, message.buttons[0].command) if message.buttons else None

    assert lines == len(whole) == 60


async def test_an_export_shows_the_mutes_that_hold_as_remarks_which_an_import_skips() -> None:
    market = await desk()
    await save(market, "ETH price > 4000")
    await ask(market, "/mute ETH 2h")
    await ask(market, "/mute BTC 1h")
    later = replace(market, now=NOW + timedelta(hours=1))

    shown = [line[0].text for line in (await ask(later, "/export")).lines]
    assert shown == ["ETH price > $4000 for 0s every 1h", "// muted: ETH until 14:00 UTC"]
    pasted = "\n".join(shown)
    await there(market, command_of(await there(market, f"/import {pasted}"), "Save"))

    assert await sentences(market, ELSEWHERE) == shown[:1]
    assert (await market.store.settings(ELSEWHERE)).mutes == ()


async def test_nothing_to_move_is_said() -> None:
    market = await desk()

    assert "Nothing to export yet" in await said(market, "/export")
    assert "Paste rules behind /import" in await said(market, "/import")
    assert "There is no rule among these lines" in await said(market, "/import watch ETH")
