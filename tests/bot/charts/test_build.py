"""Charts hold what the store holds: equal values, unknown stays unknown, lines and firings as rules are judged."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from adapters.chat.chart import Chart, Shape
from adapters.venues.base import Label
from bot.charts.build import TOPICS, Source, of_draft, of_topic, sums_over
from bot.charts.reading import draft_chart, market_of, topic_chart
from bot.commands.base import Desk
from bot.commands.market import latest
from signals.model import Metric
from signals.panel import STORED, Matrix, Panel, from_ms, to_ms
from signals.registry import BY_NAME
from signals.rehearsal import WEEK, Course, course, rehearse
from signals.rules.lifecycle import Change, Transition
from signals.rules.model import Draft
from tests.bot.commands.desks import HERE, NOW, STEP, desk, desk_with_past
from tests.signals.rules.vocabulary import rule

LIVE = Source(Label.LIVE, ("binance", "okx"))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def bars(step: timedelta = HOUR, rows: int = 30, seed: int = 7, holes: Sequence[int] = ()) -> Panel:
    """One coin on bars that end at NOW, with rows of which nothing is known."""
    rng = np.random.default_rng(seed)
    times = np.array([to_ms(NOW - step * back) for back in range(rows - 1, -1, -1)], np.int64)

    def matrix() -> Matrix:
        made = rng.uniform(0.5, 1.5, (rows, 1)).astype(np.float32)
        made[list(holes)] = np.nan
        return made

    return Panel(times, ("ETH",), step, {metric: matrix() for metric in STORED}, {})


def shortest(value: np.float32) -> float | None:
    return None if np.isnan(value) else float(str(value))


@pytest.mark.parametrize("topic", ["funding", "oi", "ls"])
def test_levels_are_those_of_the_bars_and_unknown_ones_stay_unknown(topic: str) -> None:
    panel = bars(holes=[12, 13, 20])

    chart = of_topic(topic, "ETH", panel, 24 * HOUR, LIVE)

    metrics = list(TOPICS[topic].parts.values())[: len(chart.panels[1].curves)]
    assert chart.times == tuple(from_ms(int(time)) for time in panel.times[6:])
    for curve, metric in zip(
        (chart.panels[0].curves[0], *chart.panels[1].curves), (Metric.PRICE, *metrics), strict=True
    ):
        assert curve.values == tuple(shortest(row[0]) for row in panel[metric][6:])
        assert [at for at, value in enumerate(curve.values) if value is None] == [6, 7, 14]


def test_a_metric_that_was_never_known_leaves_its_place_to_the_next() -> None:
    panel = bars()
    settled = replace(panel, matrices={m: x for m, x in panel.matrices.items() if m is not Metric.FUNDING})
    two = replace(panel, matrices={m: x for m, x in panel.matrices.items() if m is not Metric.LS_TOP})

    assert of_topic("funding", "ETH", settled, DAY, LIVE).title == "ETH settled funding"
    assert of_topic("funding", "ETH", panel, DAY, LIVE).title == "ETH funding"
    assert [curve.name.rsplit(" ", 1)[0] for curve in of_topic("ls", "ETH", two, DAY, LIVE).panels[1].curves] == [
        "accounts",
        "top positions",
    ]


def test_several_curves_whose_last_value_is_unknown_have_room_for_their_names() -> None:
    chart = of_topic("ls", "ETH", bars(rows=30, holes=[29]), DAY, LIVE)

    assert [curve.name for curve in chart.panels[1].curves] == ["accounts –", "top accounts –", "top positions –"]
    assert "unknown" in chart.alt


def test_a_chart_begins_with_the_first_bar_of_which_anything_is_known() -> None:
    chart = of_topic("oi", "ETH", bars(rows=30, holes=range(20)), DAY, LIVE)

    assert len(chart.times) == 10
    assert chart.about.startswith("10h to 5 Jan 2026 12:00 UTC · bars of 1h")


def test_liquidations_are_summed_over_whole_bars_longs_below_and_an_unknown_sum_is_none() -> None:
    panel = bars(5 * MINUTE, 24 * 12 + 2, holes=[-7, -8])

    chart = of_topic("liq", "ETH", panel, DAY, LIVE)

    shorts, longs = chart.panels[1].curves
    assert (shorts.shape, shorts.below, longs.below) == (Shape.BARS, False, True)
    assert chart.step == sums_over(DAY, 5 * MINUTE) == 15 * MINUTE
    assert all(to_ms(at) % to_ms(from_ms(0) + chart.step) == 0 for at in chart.times)
    for curve, metric in ((shorts, Metric.LIQ_SHORT), (longs, Metric.LIQ_LONG)):
        for at, value in zip(chart.times, curve.values, strict=True):
            last = int(np.searchsorted(panel.times, to_ms(at)))
            three = panel[metric][last - 2 : last + 1, 0].astype(np.float64)
            assert value == (pytest.approx(three.sum()) if np.isfinite(three).all() else None)
    assert shorts.values[-3:].count(None) == 1


@pytest.mark.parametrize(
    ("span", "step", "over"),
    [(HOUR, MINUTE, MINUTE), (DAY, MINUTE, 15 * MINUTE), (7 * DAY, HOUR, 2 * HOUR), (30 * DAY, HOUR, 8 * HOUR)],
)
def test_sums_are_few_enough_to_be_told_apart(span: timedelta, step: timedelta, over: timedelta) -> None:
    assert sums_over(span, step) == over


def test_the_ratio_is_that_of_whole_days_and_unknown_where_too_little_of_one_is_there() -> None:
    panel = bars(rows=60)
    panel = replace(panel, matrices={m: x for m, x in panel.matrices.items() if not m.endswith("24h")})

    chart = of_topic("ratio", "ETH", panel, 48 * HOUR, LIVE)

    spot, futures = (panel[m][:, 0].astype(np.float64) for m in (Metric.VOLUME_SPOT, Metric.VOLUME_PAIRED))
    for row, value in zip(range(12, 60), chart.panels[1].curves[0].values, strict=True):
        day = slice(row - 23, row + 1)
        if row >= 23:
            assert value == pytest.approx(spot[day].sum() / futures[day].sum(), rel=1e-5)
        assert row >= 21 or value is None


def test_a_coin_without_bars_has_a_chart_without_times() -> None:
    assert of_topic("oi", "NONE", bars(rows=0), DAY, LIVE).times == ()
    assert set(of_topic("oi", "NONE", bars(), DAY, LIVE).panels[0].curves[0].values) == {None}


def went(values: Sequence[float | None], told: Sequence[Transition] = ()) -> Course:
    times = tuple(NOW - HOUR * back for back in range(len(values) - 1, -1, -1))
    return Course(HOUR, times, tuple(values), tuple(told))


def drawn(sentence: str, course_: Course, told: Sequence[Transition] = ()) -> Chart:
    return of_draft(rule(sentence), "ETH", course_, bars(), LIVE, told)


def test_a_rule_shows_its_value_below_the_price_with_its_line_and_where_that_ends() -> None:
    chart = drawn("ETH funding < -0.01% for 15m", went([0.0001, None, -0.00013]))

    price, value = chart.panels
    assert (price.is_price, value.is_price) == (True, False)
    assert value.curves[0].values == (0.0001, None, -0.00013)
    assert price.curves[0].values == tuple(shortest(row[0]) for row in bars()[Metric.PRICE][-3:])
    (limit,) = value.limits
    assert (limit.line, limit.clear, limit.downward) == (-0.0001, -0.00008, True)
    assert (limit.said, limit.clear_said) == ("fires below −0.01% per 8h", "ends above −0.008% per 8h")
    assert value.now == "−0.0130% per 8h"
    assert chart.notes[0] == "ETH funding < -0.01% for 15m every 1h"


def test_a_price_is_shown_once_with_its_line() -> None:
    chart = drawn("ETH price > 4000", went([3_900.0, 4_001.5]))

    assert [(panel.is_price, panel.now, len(panel.limits)) for panel in chart.panels] == [(True, "$4,002", 1)]


def test_a_move_either_way_has_a_line_on_both_sides_of_zero() -> None:
    up, down = drawn("ETH price 1h moves by 2%", went([0.01])).panels[1].limits

    assert (up.line, up.clear, up.downward) == (0.02, 0.016, False)
    assert (down.line, down.clear, down.downward) == (-0.02, -0.016, True)
    assert down.said == down.clear_said == ""


def test_where_bars_are_longer_than_values_the_price_is_known_at_their_ends_alone() -> None:
    course_ = replace(went([1.0] * 3), times=(NOW - HOUR, NOW - HOUR / 2, NOW))

    chart = of_draft(rule("ETH ls > 2"), "ETH", course_, bars(), LIVE, ())

    assert [value is None for value in chart.panels[0].curves[0].values] == [False, True, False]


def told(change: Change, at: datetime, fired: datetime) -> Transition:
    return Transition(change, at, fired, fired)


def test_an_episode_is_shaded_from_its_firing_to_its_end_or_to_now_and_marked_once() -> None:
    old, first, last = NOW - 20 * HOUR, NOW - 6 * HOUR, NOW - HOUR
    events = [
        told(Change.RESOLVED, NOW - 8 * HOUR, old),
        told(Change.FIRED, first, first),
        told(Change.REMINDED, first + HOUR, first),
        told(Change.RESOLVED, first + 3 * HOUR, first),
        told(Change.FIRED, last, last),
    ]

    chart = drawn("ETH funding < -0.01%", went([0.0] * 10), events[::-1])

    assert chart.marks == (first, last)
    assert chart.zones == ((old, NOW - 8 * HOUR), (first, first + 3 * HOUR), (last, NOW))
    assert chart.alt.endswith("2 firings, at 06:00 UTC, 11:00 UTC.")


def test_a_crossing_is_a_moment_and_has_no_side_and_no_end() -> None:
    chart = drawn("ETH funding crosses down 0%", went([0.0] * 3), [told(Change.FIRED, NOW, NOW)])

    assert (chart.marks, chart.zones) == ((NOW,), ())
    assert [(limit.downward, limit.clear) for limit in chart.panels[1].limits] == [(None, None)]


@pytest.mark.parametrize(
    "sentence", ["ETH funding < -0.01% for 15m", "ETH funding < p5", "ETH funding crosses down 0%"]
)
async def test_a_course_tells_what_a_dry_run_counts(sentence: str) -> None:
    market, draft = await desk_with_past(), rule(sentence)
    panel = await market.store.panel(STEP, list(STORED), 10_000, ("ETH",))

    run = rehearse(draft, ["ETH"], panel, BY_NAME, NOW)
    of = course(draft, "ETH", panel, BY_NAME, NOW, WEEK)
    long = course(draft, "ETH", panel, BY_NAME, NOW, 30 * DAY)

    for span, judged in ((WEEK, of), (30 * DAY, long)):
        counted = run.spans[span]
        if counted is not None:
            fired = [one for one in judged.told if one.change is Change.FIRED]
            assert len(fired) == counted.fires.get("ETH", 0)
            assert (judged.step, judged.times[0], judged.times[-1]) == (counted.step, counted.first, counted.last)
    assert any(one.change is Change.FIRED for one in long.told) is ("p5" not in sentence)


async def test_a_course_of_the_past_knows_nothing_of_what_came_later() -> None:
    market, draft, then = await desk_with_past(), rule("ETH funding < -0.01% for 15m"), NOW - 5 * HOUR
    panel = await market.store.panel(STEP, list(STORED), 10_000, ("ETH",))

    of = course(draft, "ETH", panel, BY_NAME, then, WEEK)

    assert of.times[-1] == then
    assert of == course(draft, "ETH", panel.known_by(to_ms(then)), BY_NAME, then, WEEK)


async def test_a_chart_of_the_store_has_the_values_of_its_bars_and_names_their_venues(market: Desk) -> None:
    chart = await topic_chart(market, await latest(market), "oi", "ETH", DAY)

    kept = await market.store.panel(STEP, [Metric.OI_LEVEL], 24, ("ETH",))
    assert chart.panels[1].curves[0].values == tuple(shortest(row[0]) for row in kept[Metric.OI_LEVEL])
    assert chart.notes == ("Binance, Bybit, Hyperliquid · perpwatch",)
    assert not chart.simulated


async def drawn_from(market: Desk, draft: Draft) -> Chart:
    return await draft_chart(market, draft, "ETH", await market_of(market, draft, "ETH", HERE, DAY), DAY)


async def test_a_sum_that_misses_something_is_told_as_a_floor_and_a_venue_of_a_rule_alone(market: Desk) -> None:
    sampled = await topic_chart(market, await latest(market), "liq", "ETH", DAY)
    alone = await drawn_from(market, rule("ETH@okx oi.level > 1M coins"))

    assert sampled.panels[1].curves[1].name == "longs ≥$72M together"
    assert "≥ misses some" in sampled.notes[0]
    assert alone.title == "ETH open interest on OKX"
    assert alone.notes[1] == "OKX · perpwatch"
    assert set(alone.panels[1].curves[0].values) == {None}


async def test_the_words_of_a_chart_say_every_number_with_its_unit() -> None:
    market = await desk(label=Label.SIMULATED)

    chart = await drawn_from(market, rule("ETH funding < -0.01% for 15m"))

    assert chart.simulated
    assert chart.alt == (
        "SIMULATED. ETH funding, 24h to 5 Jan 2026 12:00 UTC · bars of 1h. "
        "Funding: last −0.0140% per 8h, lowest −0.0140% per 8h at 4 Jan 2026 13:00 UTC, "
        "highest −0.0140% per 8h at 12:00 UTC. It fires below −0.01% per 8h, ends above −0.008% per 8h. "
        "Price: last $3,091, lowest $3,021 at 4 Jan 2026 13:00 UTC, highest $3,091 at 12:00 UTC. "
        "No firing in this time."
    )


@pytest.mark.parametrize("coin", ["$ETH", "../../x", "币安", "A B\n/C"])
def test_a_file_of_a_chart_has_a_harmless_name(coin: str) -> None:
    panel = replace(bars(), coins=(coin,))

    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", of_topic("oi", coin, panel, DAY, LIVE).name)


@pytest.fixture(scope="module")
def market() -> Desk:
    return asyncio.run(desk())
