from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.aggregate import Cycle, Ledger
from signals.bars import Bars
from signals.book import Rules
from signals.cells import Cells, Vectors
from signals.engine import Engine
from signals.event import Event
from signals.judge import policy, said, together, verdict
from signals.model import ALL, Cell, Instrument, Metric, Observation, Unit
from signals.panel import KEEP
from signals.registry import BY_NAME, SIGNALS
from signals.rules.lifecycle import Change, Verdict
from signals.rules.model import EVERY_COIN, Compare, Condition, Draft, Rule
from signals.trust import Grade
from tests.signals.panels import START

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
VENUES = ("binance", "okx")
METRICS = frozenset(
    {
        Metric.PRICE,
        Metric.INDEX,
        Metric.FUNDING,
        Metric.OI_LEVEL,
        Metric.LIQ_LONG,
        Metric.LIQ_SHORT,
        Metric.TAKER_BUY,
        Metric.TAKER_SELL,
        Metric.VOLUME,
        Metric.VOLUME_SPOT,
    }
)


def condition(
    compare: Compare = Compare.BELOW, line: float = -0.0001, clear: float = -0.00008, *, absolute: bool = False
) -> Condition:
    return Condition("funding", timedelta(0), compare, line, clear, Unit.RATE_8H, absolute=absolute)


@pytest.mark.parametrize(
    ("compare", "line", "clear", "value", "said"),
    [
        (Compare.BELOW, -1.0, -0.5, -1.5, Verdict.MET),
        (Compare.BELOW, -1.0, -0.5, -1.0, Verdict.BETWEEN),
        (Compare.AT_MOST, -1.0, -0.5, -1.0, Verdict.MET),
        (Compare.BELOW, -1.0, -0.5, -0.5, Verdict.BETWEEN),
        (Compare.BELOW, -1.0, -0.5, -0.4, Verdict.CALM),
        (Compare.ABOVE, 20.0, 5.0, 20.0, Verdict.BETWEEN),
        (Compare.ABOVE, 20.0, 5.0, 20.1, Verdict.MET),
        (Compare.AT_LEAST, 20.0, 5.0, 20.0, Verdict.MET),
        (Compare.ABOVE, 20.0, 5.0, 5.0, Verdict.BETWEEN),
        (Compare.ABOVE, 20.0, 5.0, 4.9, Verdict.CALM),
        (Compare.ABOVE, 1.0, 1.0, 1.0, Verdict.CALM),
        (Compare.ABOVE, 0.0, -0.1, -0.0, Verdict.BETWEEN),
    ],
)
def test_the_line_follows_its_operator_and_calm_lies_beyond_the_clear_level(
    compare: Compare, line: float, clear: float, value: float, said: Verdict
) -> None:
    assert verdict(condition(compare, line, clear), value)[0] is said


def test_unknown_is_neither_met_nor_calm() -> None:
    assert verdict(condition(), None) == (Verdict.UNKNOWN, 0.0)


def test_the_size_of_a_move_is_judged_without_its_sign() -> None:
    either_way = condition(Compare.AT_LEAST, 0.05, 0.04, absolute=True)

    assert verdict(either_way, -0.06)[0] is Verdict.MET
    assert verdict(either_way, 0.06)[0] is Verdict.MET
    assert verdict(either_way, -0.01)[0] is Verdict.CALM


def test_excess_is_counted_in_bands() -> None:
    assert verdict(condition(), -0.00014)[1] == pytest.approx(2.0)


@given(st.floats(-1, 1), st.sampled_from(Compare))
def test_every_value_gets_exactly_one_verdict(value: float, compare: Compare) -> None:
    clear = 0.1 if compare.downward else -0.1

    said, excess = verdict(condition(compare, 0.0, clear), value)

    assert said in (Verdict.MET, Verdict.BETWEEN, Verdict.CALM)
    assert (excess > 0) <= (said is Verdict.MET)


@pytest.mark.parametrize(
    ("value", "held", "verdict_then"),
    [
        (-0.0002, None, Verdict.MET),
        (-0.0002, -0.0003, Verdict.MET),
        (-0.0002, -0.00009, Verdict.UNKNOWN),
        (-0.00009, -0.0002, Verdict.UNKNOWN),
        (0.0, -0.0002, Verdict.UNKNOWN),
        (0.0, -0.00009, Verdict.BETWEEN),
        (-0.00009, 0.0, Verdict.BETWEEN),
        (0.0, 0.0001, Verdict.CALM),
        (None, None, Verdict.UNKNOWN),
    ],
)
def test_nobodys_leaving_crosses_the_line_or_makes_calm(
    value: float | None, held: float | None, verdict_then: Verdict
) -> None:
    assert said(condition(), value, held)[0] is verdict_then


@pytest.mark.parametrize(
    ("leaves", "joint"),
    [
        ("MM", (Verdict.MET, 1.0)),
        ("MB", (Verdict.BETWEEN, 0.0)),
        ("MC", (Verdict.CALM, 0.0)),
        ("BC", (Verdict.CALM, 0.0)),
        ("CU", (Verdict.UNKNOWN, 0.0)),
        ("MU", (Verdict.UNKNOWN, 0.0)),
    ],
)
def test_conditions_hold_together_or_wait_together(leaves: str, joint: tuple[Verdict, float]) -> None:
    of = {"M": Verdict.MET, "B": Verdict.BETWEEN, "C": Verdict.CALM, "U": Verdict.UNKNOWN}

    assert together((of[leaf], excess) for leaf, excess in zip(leaves, (1.0, 2.0), strict=True)) == joint


def draft(one: Condition, *, coins: tuple[str, ...] = ("BTC",), venue: str = ALL, hold: timedelta = MINUTE) -> Draft:
    return Draft(coins, venue, (one,), hold, HOUR, once=False)


def test_what_is_shorter_than_a_bar_is_met_by_the_bars_own_close() -> None:
    long, short = policy(draft(condition(), hold=15 * MINUTE), 4 * HOUR), policy(draft(condition()), MINUTE)

    assert (long.hold, long.calm, long.gap) == (timedelta(0), timedelta(0), 8 * HOUR)
    assert (short.hold, short.calm, short.gap) == (MINUTE, 5 * MINUTE, 2 * MINUTE)


class Market:
    """Two venues, one coin, a moment a minute; a metric set to None is not said by okx."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.ledger.expect(Instrument(v, "BTCUSDT", "BTC", 1.0, METRICS) for v in VENUES)
        self.bars = Bars({step: reach // step for step, reach in KEEP.items()})
        self.at = START

    def close(self, okx: dict[Metric, float] | None = None, **values: float) -> Cells:
        self.at += MINUTE
        said = {Metric[name.upper()]: value for name, value in values.items()}
        for venue in VENUES:
            own = said if venue == "binance" else (said if okx is None else okx)
            self.ledger.take(self._seen(venue, metric, value) for metric, value in own.items())
        cycle = self.ledger.read(self.at, "TEST")
        cycle = replace(cycle, bars=self.bars.close(cycle))
        return self.cells(cycle)

    def cells(self, cycle: Cycle) -> Cells:
        return Cells(cycle, Vectors(self.bars.panel(), SIGNALS, rows=1), MINUTE)

    def _seen(self, venue: str, metric: Metric, value: float) -> Observation:
        rate = value if metric is Metric.FUNDING else None
        hours = 8.0 if metric is Metric.FUNDING else None
        span = MINUTE if metric.value.startswith(("liq", "volume", "taker")) else timedelta(0)
        return Observation(
            metric,
            venue,
            "BTCUSDT",
            "BTC",
            value,
            self.at,
            self.at,
            MINUTE / 2,
            span,
            interval_h=hours,
            rate=rate,
            floor=metric is Metric.LIQ_LONG,
        )


def read(cells: Cells, name: str, window: timedelta = timedelta(0), venue: str = ALL) -> float | None:
    return cells.read(Cell("BTC", venue, name, window)).reading.value


def test_every_metric_of_the_language_can_be_read() -> None:
    market = Market()
    for minute in range(6):
        cells = market.close(
            price=100 + minute,
            index=100,
            funding=-0.0002,
            oi_level=1000 - minute,
            liq_long=1e6,
            liq_short=5e5,
            taker_buy=400,
            taker_sell=500,
            volume=100,
            volume_spot=20,
        )

    assert read(cells, "price") == 105
    assert read(cells, "price", 5 * MINUTE) == pytest.approx(0.05)
    assert read(cells, "basis") == pytest.approx(0.05)
    assert read(cells, "funding") == -0.0002
    assert read(cells, "funding.apr") == pytest.approx(-0.219)
    assert read(cells, "funding.spread") == 0
    assert read(cells, "oi", 5 * MINUTE) == pytest.approx(-0.005)
    assert read(cells, "oi.level") == 2 * 995
    assert read(cells, "oi.usd") == 2 * 995 * 105
    assert read(cells, "liq", 5 * MINUTE) == pytest.approx(2 * 1.5e6 * 5)
    assert read(cells, "liq.short", MINUTE) == pytest.approx(1e6)
    assert read(cells, "taker", 5 * MINUTE) == pytest.approx(0.8)
    assert read(cells, "ratio", MINUTE) == pytest.approx(0.2)
    assert read(cells, "volume", 5 * MINUTE) == pytest.approx(1000)
    assert read(cells, "funding.settled") is None
    assert read(cells, "negfunding") == -0.0002


def test_one_venue_can_be_read_alone() -> None:
    market = Market()
    for minute in range(6):
        cells = market.close(
            okx={Metric.FUNDING: 0.0003, Metric.OI_LEVEL: 100.0 + minute, Metric.PRICE: 95.0},
            funding=-0.0002,
            oi_level=1000,
            price=100,
        )

    assert read(cells, "funding", venue="okx") == 0.0003
    assert read(cells, "funding.apr", venue="okx") == pytest.approx(0.3285)
    assert read(cells, "oi", 5 * MINUTE, "okx") == pytest.approx(0.05)
    assert read(cells, "price", 5 * MINUTE, "okx") == 0
    assert read(cells, "funding", venue="gate") is None


def test_a_silent_venue_is_unknown_for_its_own_rules() -> None:
    market = Market()
    market.close(funding=-0.0002, oi_level=1000)

    cells = market.close(okx={}, funding=-0.0002, oi_level=1000)

    assert read(cells, "funding", venue="okx") is None
    assert cells.read(Cell("BTC", "okx", "funding", timedelta(0))).reading.missing == ("okx",)


def run(rule: Rule, values: Sequence[float | None]) -> list[Event]:
    market, engine, told = Market(), Engine(BY_NAME, Rules()), []
    engine.put(rule)
    for value in values:
        cells = market.close(**({} if value is None else {"funding": value, "oi_level": 1000.0}))
        told += [judged.event for judged in chain.from_iterable(engine.judge(cells)) if judged.event]
    return told


def rule(one: Condition, hold: timedelta = 2 * MINUTE, coins: tuple[str, ...] = ("BTC",)) -> Rule:
    return Rule("r1", "terminal:local", 3, 1, draft(one, hold=hold, coins=coins), START, 7)


def minute(number: int) -> datetime:
    return START + number * MINUTE


def test_a_rule_fires_after_its_hold_and_resolves_after_its_calm() -> None:
    told = run(rule(condition()), [0.0001, -0.0002, -0.0002, -0.0002, -0.0003, *[0.0001] * 6])

    fired, resolved = told
    assert (fired.change, fired.at, fired.since, fired.value) == (Change.FIRED, minute(4), minute(2), -0.0002)
    assert (resolved.change, resolved.at, resolved.fired_at) == (Change.RESOLVED, minute(11), minute(4))
    assert resolved.episode == fired.episode == fired.id != resolved.id


def test_an_event_carries_what_it_rests_on() -> None:
    told = run(rule(condition(), coins=(EVERY_COIN,)), [0.0001, *[-0.0002] * 3])[0]

    assert told.venues == VENUES
    assert told.coverage == 1.0
    assert told.trust == Grade.UNKNOWN
    assert told.rule_number == 3
    assert told.change_number == 7
    assert told.label == "TEST"
    assert [(f.label, f.value, f.text) for f in told.facts] == [
        ("venue binance", -0.0002, "per 8h"),
        ("venue okx", -0.0002, "per 8h"),
    ]


def test_missing_data_neither_fires_nor_resolves() -> None:
    firing = [0.0001, *[-0.0002] * 3]

    assert len(run(rule(condition()), [*firing, *[None] * 30])) == 1
    assert run(rule(condition()), [0.0001, *[None] * 30]) == []


def test_a_rule_that_is_true_from_the_start_waits_until_it_was_not() -> None:
    assert run(rule(condition()), [-0.0002] * 20) == []
    assert len(run(rule(condition()), [*[-0.0002] * 5, 0.0001, *[-0.0002] * 5])) == 1


def test_the_same_data_gives_the_same_ids() -> None:
    values = [0.0001, *[-0.0002] * 3, *[0.0001] * 6]

    assert [e.id for e in run(rule(condition()), values)] == [e.id for e in run(rule(condition()), values)]
