"""The record of a question is its study on the longest bars that can judge it; live alerts are counted apart."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from signals.model import Direction, Metric, Unit, Yardstick
from signals.occurrences import occurrences
from signals.panel import Panel, to_ms
from signals.record import Finding
from signals.recorded import ALL_COINS, joined, lived, metrics_of, observed, recorded, records, tells, told_of
from signals.registry import BY_NAME
from signals.remembered import Remembered
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Draft
from signals.study import study

T0 = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
COINS = ("BTC", "ETH", "SOL")


def asked(sentence: str) -> Draft:
    draft = parse(sentence, Vocabulary(COINS, ("binance",), list(BY_NAME.values()), T0, UTC))
    assert isinstance(draft, Draft)
    return draft


def bars(step: timedelta, rows: int, seed: int = 3) -> Panel:
    """Prices and funding at random; what ends later is further from T0."""
    chance = np.random.default_rng(seed)
    prices = 100 * np.exp(np.cumsum(chance.normal(0, 0.01, (rows, len(COINS))), axis=0))
    rates = chance.normal(0.0001, 0.0001, (rows, len(COINS)))
    times = np.array([to_ms(T0 + step * row) for row in range(1, rows + 1)], np.int64)
    both = {Metric.PRICE: prices.astype(np.float32), Metric.FUNDING: rates.astype(np.float32)}
    return Panel(times, COINS, step, both, {Metric.PRICE: {"binance": both[Metric.PRICE]}})


MARKET = replace(bars(5 * MINUTE, 2_000), others={HOUR: bars(HOUR, 1_500)})


@pytest.mark.parametrize(
    ("sentence", "step"),
    [
        ("* funding < 0%", HOUR),
        ("* price 4h falls by 1%", HOUR),
        ("* price 15m falls by 1%", 5 * MINUTE),
        ("* funding < 0% and price 30m falls by 1%", 5 * MINUTE),
    ],
)
def test_it_is_judged_on_the_longest_bars_that_can_judge_it(sentence: str, step: timedelta) -> None:
    seen = observed(asked(sentence), COINS, MARKET, BY_NAME)

    assert seen is not None
    assert seen.step == step
    alone = occurrences(asked(sentence), COINS, MARKET.without_finer(step), BY_NAME)
    assert recorded(seen, Direction.UP) == recorded(alone, Direction.UP)


def test_what_no_bar_tells_has_no_record() -> None:
    assert observed(asked("* ls > 2"), COINS, MARKET, BY_NAME) is None
    assert observed(asked("* funding < 0%"), COINS, replace(bars(HOUR, 0), others={}), BY_NAME) is None


def test_the_shortest_bars_there_are_may_be_longer_than_a_sum() -> None:
    draft = asked("* liq 1h > $10M")

    assert [tells(draft, step, HOUR) for step in (HOUR, DAY)] == [True, False]
    assert tells(draft, DAY, DAY)
    assert {Metric.PRICE, Metric.LIQ_LONG} <= metrics_of(draft, BY_NAME)


def test_each_coin_and_all_together_have_the_studies_of_their_bars() -> None:
    seen = occurrences(asked("* funding < 0%"), COINS, bars(HOUR, 1_500), BY_NAME)

    found = records(seen, Direction.DOWN)

    assert found.keys() == {ALL_COINS, *COINS}
    assert found["ETH"] == tuple(study(seen.of("ETH"), Direction.DOWN, h) for h in (HOUR, 4 * HOUR, DAY))
    assert found[ALL_COINS][2] == study(seen, Direction.DOWN, DAY)
    assert told_of(found["ETH"]) == found["ETH"][2]
    assert told_of(found["ETH"][:2]) == found["ETH"][1]
    assert told_of(()) is None


def test_groups_of_coins_are_one_market_again_on_the_bars_that_all_have() -> None:
    whole = occurrences(asked("* funding < 0%"), COINS, bars(HOUR, 300), BY_NAME)
    later = replace(
        whole.of("SOL"),
        ends=whole.ends[1:],
        **{name: getattr(whole.of("SOL"), name)[1:] for name in ("closes", "known", "events")},
    )

    both = joined([occurrences(asked("* funding < 0%"), COINS[:2], bars(HOUR, 300).of(COINS[:2]), BY_NAME), later])

    assert both.coins == COINS
    assert both.ends.tolist() == whole.ends[1:].tolist()
    assert np.array_equal(both.closes, whole.closes[1:])
    assert np.array_equal(both.events, whole.events[1:])


def case(hours: float, *prices: float | None, coin: str = "ETH") -> Remembered:
    """An alert so many hours after T0, with the prices at once, a bar later, and both of them each horizon later."""
    at = T0 + timedelta(hours=hours)
    return Remembered(
        "", 0, 0, "negfunding for 15m", coin, at, 0.0, Unit.RATE_8H, Yardstick.VALUE, "LIVE", HOUR, prices
    )


def moved(day: float) -> Sequence[float]:
    """Nothing for four hours, and then that much at once, and as much the other way a bar later."""
    return (100.0, 100.0, 100.0, 100.0, 100.0, 100.0, 100.0 * (1 + day), 100.0 * (1 - day))


def test_live_alerts_on_a_coin_count_once_a_horizon_and_open_and_unknown_ones_are_no_outcomes() -> None:
    alerts = [
        case(0, *moved(0.02)),
        case(5, *moved(-0.5)),
        case(5, *moved(0.01), coin="BTC"),
        case(24, *moved(-0.03)),
        case(48, 100.0, *[None] * 7),
        case(90),
        case(80, 100.0, *[None] * 7, coin="BTC"),
        case(75.5, 100.0, *[None] * 7, coin="SOL"),
    ]

    found = lived(alerts, Direction.UP, DAY, T0 + timedelta(hours=100))

    assert (found.entry.events, found.entry.hits, found.unknown, found.open) == (3, 2, 1, 3)
    assert (found.cases, found.first) == (7, T0)
    assert found.entry.worst == pytest.approx(-0.03)
    assert found.later.hits == 1
    assert found.finding(0.5) is Finding.TOO_FEW


def test_an_edge_that_lives_in_the_first_bar_is_none_live_either() -> None:
    alerts = [case(24 * day, *moved(0.01)) for day in range(30)]
    steady = [replace(of, prices=(*of.prices[:7], 101.0)) for of in alerts]
    now = T0 + 90 * DAY

    assert lived(alerts, Direction.UP, DAY, now).finding(0.5) is Finding.NO_EDGE
    assert lived(steady, Direction.UP, DAY, now).finding(0.5) is Finding.EDGE
    assert lived(steady, Direction.UP, DAY, now).finding(None) is Finding.NO_EDGE
