"""`/alert` tells what a rule would have done; only a button saves it, once, in its own place."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat.base import Place
from adapters.chat.rendering import render
from adapters.store.memory import MemoryStore
from bot.commands.base import Desk
from bot.commands.dryrun import told
from signals.model import Metric
from signals.rehearsal import Neighbour, Rehearsal, Span
from signals.rules.canonical import canonical
from signals.rules.model import Draft
from tests.bot.commands.desks import HERE, NOW, STEP, VENUES, ask, command_of, desk, desk_with_past, press, said, save
from tests.signals.rules.vocabulary import rule

SENTENCE = "/alert eth funding < -0.01%"


async def rules(market: Desk) -> list[str]:
    return [canonical(one.draft) for one in await market.store.of(HERE)]


async def test_a_sentence_is_tried_on_the_past_and_nothing_is_saved() -> None:
    market = await desk_with_past()

    assert (
        await said(market, SENTENCE)
        == """\
🧪 Dry run · nothing is saved yet
ETH funding < -0.01% for 15m every 1h
I filled in: for 15m, every 1h.
Fires below −0.01% per 8h, ends above −0.008% per 8h.
Now: ETH: −0.0140% per 8h, past the line. What is past the line already is told the next time it comes there.
True already since 4 Jan 2026 06:00 UTC.
7 days: fired 2 times, longest silence 5d
30 days: fired 6 times, longest silence 5d
That is 1.4 times a week.
Over 30 days, without “for 15m”: 1.4 times a week · at −0.0075% per 8h: 1.4 times a week · \
at −0.0125% per 8h: 0.7 times a week.
Data that could be judged: 100% of 7 and 30 days on bars of 1h. \
A bar longer than 15m counts as held at its close.
36 days: 1 past case and 8 of unknown outcome; 24h later up 1 of 1 (100%, likely 21–100%), any moment 100%: too few
[1] Save  [2] Adjust  [3] Cancel  [4] Chart
"""
    )
    assert await rules(market) == []


DATA = (
    "Data that could be judged: 100% of 7 days on bars of 5m · 100% of 30 days on bars of 1h. "
    "A bar longer than 15m counts as held at its close."
)


async def test_longer_bars_that_show_less_say_so() -> None:
    draft = rule("ETH funding < -0.01%")
    week, month = (
        Span(timedelta(days=days), step, NOW, NOW, fires, 2, timedelta(days=1), 1.0)
        for days, step, fires in ((7, timedelta(minutes=5), {"ETH": 1}), (30, timedelta(hours=1), {}))
    )
    spans = {week.span: week, month.span: month}
    run = Rehearsal(NOW, 1, ("ETH",), spans, month.span, 0.0, 0.0, Neighbour(draft, 0.0), (), {})

    lines = ["".join(span.text for span in line) for line in told(run, draft, await desk())]

    assert lines == [
        "7 days: fired once, longest silence 1d",
        "30 days: it never fired (what comes and goes within a bar of 1h is not seen)",
        "Over 30 days, without “for 15m”: never.",
        DATA,
    ]


async def test_the_past_that_is_too_short_is_said_and_the_rule_can_be_saved() -> None:
    market = await desk()

    assert "Too little history for a dry run" in await said(market, SENTENCE)
    assert (await save(market, "eth funding < -0.01%")).headline[0].text == "Rule #1 saved"


async def test_save_makes_the_rule_and_says_how_it_stands() -> None:
    market = await desk()
    proposed = await ask(market, SENTENCE)

    assert (
        await said(market, command_of(proposed, "Save"))
        == """\
🔔 Rule #1 saved
ETH funding < -0.01% for 15m every 1h
Fires below −0.01% per 8h, ends above −0.008% per 8h.
Now: ETH: −0.0140% per 8h, past the line. What is past the line already is told the next time it comes there.
Change: /edit #1 every 4h · stop: /mute #1 2h · /delete 1
Times here are UTC. Which clock is yours? Any other: /settings timezone Europe/Paris
[1] Delete  [2] Rules  [3] London 12:00  [4] Singapore 20:00  [5] Berlin 13:00  [6] Kolkata 17:30
"""
    )
    assert await rules(market) == ["ETH funding < -0.01% for 15m every 1h"]


async def test_what_is_over_and_was_not_read_yet_when_a_rule_is_saved_is_said_to_count_as_past() -> None:
    market = await desk()
    unread = "Read up to 12:00 UTC: a line passed between then and now counts as past."

    for late, sentence in ((STEP / 2, "eth funding < -0.02%"), (STEP, "eth funding < -0.03%")):
        saved = await save(replace(market, now=market.now + late), sentence)
        assert any(unread in "".join(piece.text for piece in of) for of in saved.lines) is (late == STEP)


async def test_a_button_that_is_pressed_twice_saves_one_rule() -> None:
    market = await desk()
    proposed = await ask(market, SENTENCE)

    await press(market, proposed, "Save", seen="first")
    again = await press(market, proposed, "Save", seen="second")

    assert "not here any more" in again.headline[0].text
    assert len(await rules(market)) == 1


async def test_an_update_that_comes_twice_makes_one_draft() -> None:
    market = await desk()

    first, again = [await ask(market, SENTENCE, seen="update 7") for _ in range(2)]

    assert command_of(first, "Save") == command_of(again, "Save")
    assert len(command_of(first, "Save").removeprefix("/save ")) == 16


async def test_a_draft_can_only_be_used_in_its_own_place() -> None:
    market = await desk()
    token = command_of(await ask(market, SENTENCE), "Save").removeprefix("/save ")
    kept = await market.store.draft(HERE, token, NOW)

    assert kept is not None
    assert await market.store.draft(Place("terminal", "elsewhere"), token, NOW) is None
    for verb in ("save", "adjust", "cancel", "undo"):
        foreign = await ask(market, f"/{verb} {'A' * 16}")
        assert "was never made here" in foreign.headline[0].text
    assert "no such draft" in (await ask(market, "/save rubbish")).headline[0].text


async def test_adjust_gives_the_line_back_and_keeps_the_draft() -> None:
    market = await desk()
    proposed = await ask(market, SENTENCE)

    adjusted = await press(market, proposed, "Adjust")

    assert dict(adjusted.data)["line"] == "/alert ETH funding < -0.01% for 15m every 1h"
    await press(market, proposed, "Save")
    assert len(await rules(market)) == 1


async def test_cancel_drops_the_draft() -> None:
    market = await desk()
    proposed = await ask(market, SENTENCE)

    cancelled = await press(market, proposed, "Cancel")
    await press(market, proposed, "Save")

    assert "nothing was saved" in cancelled.headline[0].text
    assert await rules(market) == []


@pytest.mark.parametrize(
    ("sentence", "asks"),
    [
        ("* funding < -0.01%", "every coin"),
        ("BTC price > 700000", "BTC is at $61,826 now, far from $700,000."),
        ("BTC price < 6000", "far from $6,000"),
        ("ETH funding < -6%", "is −6,570% a year: is a yearly rate meant?"),
    ],
)
async def test_what_may_be_a_slip_is_asked_a_second_time(sentence: str, asks: str) -> None:
    market = await desk()
    proposed = await ask(market, f"/alert {sentence}")

    asked = await press(market, proposed, "Save")

    assert any(asks in span.text for line in asked.lines for span in line)
    assert await rules(market) == []
    await press(market, asked, "Save it")
    assert len(await rules(market)) == 1


async def test_a_funding_that_looks_yearly_offers_the_yearly_rate() -> None:
    market = await desk()
    asked = await press(market, await ask(market, "/alert ETH funding < -6%"), "Save")

    assert command_of(asked, "As a yearly rate") == "/alert ETH funding.apr < -6% for 15m every 1h"


async def test_a_line_that_never_fired_is_offered_an_easier_one_that_did() -> None:
    market = await desk_with_past()

    proposed = await ask(market, "/alert ETH funding < -0.016%")

    assert "it never fired" in await said(market, "/alert ETH funding < -0.016%")
    better = [button for button in proposed.buttons if button.label.startswith("Try")]
    assert [button.command for button in better] == ["/alert ETH funding < -0.012% for 15m every 1h"]


async def test_a_dry_run_that_takes_too_long_is_not_waited_for() -> None:
    hurried = replace(await desk_with_past(), patience=timedelta(0))

    assert "The dry run takes longer than 0s." in await said(hurried, SENTENCE)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert (await save(hurried, "eth funding < -0.01%")).headline[0].text == "Rule #1 saved"


async def test_a_dry_run_that_came_too_late_is_shown_by_its_button_and_its_draft_can_still_be_saved() -> None:
    market = await desk_with_past()
    hurried = replace(market, patience=timedelta(0))
    fast, late = await ask(market, SENTENCE), await ask(hurried, SENTENCE)

    waited = await press(hurried, late, "Dry run")

    assert waited == fast
    assert "Dry run" not in [button.label for button in waited.buttons]
    await press(hurried, waited, "Save")
    change = await press(hurried, await ask(hurried, "/edit #1 for 30m"), "Dry run")
    assert change == await ask(market, "/edit #1 for 30m")
    assert "longest silence 5d" in render(change, colour=False)


async def test_several_pasted_rules_have_no_dry_run_of_their_own() -> None:
    market = await desk()
    token = command_of(await ask(market, "/import ETH price > 4000; BTC price > 70000"), "Save").split()[1]

    assert "These are several rules." in await said(market, f"/dryrun {token}")


@pytest.mark.parametrize(
    ("missing", "sentence", "offered"),
    [
        (Metric.FUNDING, "ETH funding < p5", ["/alert ETH funding.settled < p5 for 15m every 1h"]),
        (Metric.FUNDING, "ETH funding.settled < p5", []),
        (Metric.FUNDING, "ETH price > 4000", []),
        (Metric.FUNDING_SETTLED, "ETH basis > 1%", []),
        (Metric.LS, "ETH funding < p5", []),
    ],
)
async def test_where_only_settled_funding_is_told_the_line_is_offered_on_that(
    missing: Metric, sentence: str, offered: list[str]
) -> None:
    market = await desk()
    cycle = await market.store.latest()
    assert cycle is not None
    there = {coin: {m: r for m, r in of.items() if m is not missing} for coin, of in cycle.readings.items()}
    store = MemoryStore()
    await store.close(replace(cycle, readings=there))

    message = await ask(replace(market, store=store), f"/alert {sentence}")

    assert [b.command for b in message.buttons if b.label == "On settled funding"] == offered


async def test_the_same_rule_in_other_words_is_not_saved_again() -> None:
    market = await desk()
    await save(market, "eth funding < -0.01%")

    text = await said(market, "/alert ETHUSDT funding below -1bp for 15m every 60m")

    assert "Rule #1 says this already" in text
    assert len(await rules(market)) == 1


async def test_a_mistake_saves_nothing_and_offers_what_would_work() -> None:
    market = await desk()

    message = await ask(market, "/alert ETH funding < -0.01")

    assert [button.command for button in message.buttons] == ["/alert ETH funding < -0.01%", "/alert ETH funding < -1%"]
    assert await rules(market) == []


async def test_a_full_place_says_how_much_it_uses_and_what_to_delete() -> None:
    market = await desk(limit=2)
    await save(market, "eth funding < -0.01%")
    await save(market, "eth funding < -0.02%")
    await ask(market, "/pause #2")

    message = await save(market, "BTC price > 70000")

    assert message.headline[0].text == "No room: this place uses 2 of its 2 rules. Delete what you need least:"
    assert [button.command for button in message.buttons] == ["/delete 2", "/delete 1", "/alerts"]
    assert len(await rules(market)) == 2


async def test_a_place_full_of_drafts_says_so() -> None:
    market = await desk()
    few = replace(market, quota=replace(market.quota, drafts=1))
    await ask(few, SENTENCE)

    assert "1 drafts wait for a button here" in await said(few, "/alert BTC price > 70000")


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("ETH basis > 1%", "Now: ETH: nothing here to judge basis by, so the rule waits."),
        ("BTC,ETH,SOL funding < -0.01%", "BTC: 0.0140% per 8h, not past the line."),
        ("ETH@binance funding < -0.01%", "Now: ETH: −0.0200% per 8h, past the line."),
        ("ETH@hyperliquid funding < -0.01%", "ETH: 0.0100% per 8h, not past the line."),
        ("ETH liq 15m > $5M", "Now: ETH: ≥$3.75M in 1h, not past the line."),
        ("watchlist funding < -0.01%", "nothing is watched yet"),
        ("ETH oi 4h falls by 5% and price 4h rises by 2%", "Fires when all hold together: open interest change in 4h"),
        ("ETH funding < p5", "below p5, that is lower than 95% of its last 90 days"),
        ("ETH funding > z3", "z3 (own spreads from its own middle)"),
        ("ETH liq 1h > 3x", "3x its usual sum"),
        ("ETH price crosses down 3000", "when it crosses below $3,000; a crossing is a moment"),
    ],
)
async def test_each_kind_of_condition_is_said_with_its_line_and_its_value(sentence: str, says: str) -> None:
    assert says in await said(await desk(), f"/alert {sentence}")


async def test_a_value_that_is_withheld_is_told_as_unknown() -> None:
    assert "Now: ETH: unknown." in await said(await desk(silent=["bybit"]), SENTENCE)


async def test_a_venue_is_known_by_its_readings() -> None:
    message = await ask(await desk(), "/alert ETH@mtgox funding < 0%")

    assert all(name in message.headline[0].text for name in VENUES)


async def test_in_a_stopped_place_a_saved_rule_says_that_nothing_is_sent() -> None:
    market = await desk()
    await ask(market, "/stop")

    message = await save(market, "eth funding < -0.01%")

    assert any("No alerts are sent here until" in span.text for line in message.lines for span in line)


async def test_without_a_sentence_it_shows_one() -> None:
    assert "/alert ETH funding < -0.01% for 15m" in await said(await desk(), "/alert")


async def test_a_very_long_sentence_is_refused_with_its_length() -> None:
    assert "A rule has at most 300 characters; this one has 10000." in await said(
        await desk(), "/alert " + "x" * 10_000
    )


def test_a_note_is_kept_word_for_word() -> None:
    draft: Draft = rule("ETH price > 4000 note watch the 4h close")

    assert canonical(draft).endswith('note "watch the 4h close"')
