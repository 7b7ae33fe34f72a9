"""Which bars of a market are events of a rule."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.model import ALL, Metric, Unit
from signals.occurrences import occurrences, within
from signals.panel import Panel, from_ms
from signals.registry import BY_NAME, SIGNALS
from signals.rules.model import Compare, Condition, Crossing, Draft
from signals.study import Observed
from tests.signals.panels import HOUR, panel

NAN, LEVEL = float("nan"), timedelta(0)
NEGATIVE = Condition("funding", LEVEL, Compare.BELOW, 0.0, 0.00002, Unit.RATE_8H)
PRICE = 100.0


def draft(*conditions: Condition, hold: timedelta = LEVEL) -> Draft:
    return Draft(("BTC",), ALL, conditions, hold, HOUR, once=False)


def events_of(rule: Draft, of: Panel) -> list[int]:
    return np.flatnonzero(seen_of(rule, of).events[:, 0]).tolist()


def seen_of(rule: Draft, of: Panel) -> Observed:
    return occurrences(rule, ("BTC",), of, BY_NAME)


def rates(*values: float) -> Panel:
    return panel({Metric.FUNDING: values, Metric.PRICE: [PRICE + n for n in range(len(values))]})


def test_each_bar_at_which_a_condition_holds_is_one_also_the_first_of_all() -> None:
    assert events_of(draft(NEGATIVE), rates(-1e-4, -1e-4, 1e-4, 0.0, -1e-4)) == [0, 1, 4]


def test_a_hold_shorter_than_a_bar_is_met_by_its_close_and_a_longer_one_by_every_close_in_it() -> None:
    of = rates(1e-4, -1e-4, -1e-4, -1e-4, 1e-4, -1e-4, -1e-4, NAN, -1e-4, -1e-4)

    assert events_of(draft(NEGATIVE, hold=timedelta(minutes=15)), of) == [1, 2, 3, 5, 6, 8, 9]
    assert events_of(draft(NEGATIVE, hold=HOUR), of) == [2, 3, 6, 9]
    assert events_of(draft(NEGATIVE, hold=2 * HOUR), of) == [3]
    assert events_of(draft(NEGATIVE, hold=timedelta(minutes=90)), of) == [3]


def test_a_crossing_is_one_when_it_crosses() -> None:
    down = Condition("funding", LEVEL, Compare.BELOW, 0.0, 0.00002, Unit.RATE_8H, crossing=Crossing.DOWN)
    either = Condition("funding", LEVEL, Compare.ABOVE, 0.0, -0.00002, Unit.RATE_8H, crossing=Crossing.EITHER)
    of = rates(-1e-4, 1e-4, -1e-4, -1e-4, 1e-4, -1e-4)

    assert events_of(draft(down), of) == [2, 5]
    assert events_of(draft(either), of) == [1, 2, 4, 5]


def test_all_conditions_must_hold_and_all_be_known() -> None:
    dear = Condition("price", LEVEL, Compare.ABOVE, 102.5, 102.0, Unit.USD)
    seen = seen_of(draft(NEGATIVE, dear), rates(-1e-4, -1e-4, -1e-4, -1e-4, NAN, -1e-4))

    assert np.flatnonzero(seen.events).tolist() == [3, 5]
    assert seen.known[:, 0].tolist() == [True, True, True, True, False, True]
    assert seen.closes[:, 0].tolist() == [PRICE + n for n in range(6)]


def test_a_coin_that_the_market_has_never_seen_is_unknown_all_along() -> None:
    seen = occurrences(draft(NEGATIVE), ("BTC", "ETH"), rates(-1e-4, 1e-4), BY_NAME)

    assert seen.known.tolist() == [[True, False], [True, False]]
    assert not seen.events[:, 1].any()


def test_bars_from_before_the_start_only_warm_up() -> None:
    whole = seen_of(draft(NEGATIVE, hold=HOUR), rates(-1e-4, -1e-4, -1e-4, 1e-4))
    part = within(whole, from_ms(int(whole.ends[1])))

    assert (len(part.ends), part.events[:, 0].tolist()) == (3, [True, True, False])
    assert within(whole, None).events.tolist() == whole.events.tolist()


def test_a_market_without_bars_has_no_events() -> None:
    assert not seen_of(draft(NEGATIVE), rates().until(0)).events.size


MARKET = {
    Metric.PRICE: lambda chance, rows: 100 * np.exp(np.cumsum(chance.normal(0, 0.02, rows))),
    Metric.OI_LEVEL: lambda chance, rows: 1e5 * np.exp(np.cumsum(chance.normal(0, 0.02, rows))),
    Metric.FUNDING: lambda chance, rows: chance.normal(0, 1e-4, rows),
    Metric.LIQ_LONG: lambda chance, rows: np.exp(chance.normal(10, 2, rows)),
    Metric.LIQ_SHORT: lambda chance, rows: np.exp(chance.normal(10, 2, rows)),
}
MOVES = (
    Condition("price", 4 * HOUR, Compare.AT_LEAST, 0.01, 0.008, Unit.FRACTION),
    Condition("oi", 4 * HOUR, Compare.AT_MOST, -0.01, -0.008, Unit.FRACTION),
)
RULES = [
    *(draft(Condition(s.name, s.windows[0], s.compare, s.fire, s.clear, s.unit), hold=s.hold) for s in SIGNALS),
    draft(*MOVES),
    draft(NEGATIVE, hold=3 * HOUR),
    draft(Condition("funding", LEVEL, Compare.BELOW, 0.0, 0.00002, Unit.RATE_8H, crossing=Crossing.DOWN)),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.condition.name)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), row=st.integers(850, 999))
def test_what_comes_later_changes_no_event(rule: Draft, seed: int, row: int) -> None:
    chance = np.random.default_rng(seed)
    columns = {metric: make(chance, 1_000) for metric, make in MARKET.items()}
    other = {
        metric: np.concatenate([own[:row], make(chance, 1_000 - row)])
        for (metric, make), own in zip(MARKET.items(), columns.values(), strict=True)
    }
    now, then = seen_of(rule, panel(columns)), seen_of(rule, panel(other))

    assert now.events[:row].tolist() == then.events[:row].tolist()
    assert now.known[:row].tolist() == then.known[:row].tolist()
