"""Minutes of forced closes: by event time, and unknown where they were not heard in full."""

from datetime import datetime, timedelta

import pytest

from adapters.venues.tally import LATE, Tally
from signals.model import Gap, Instrument, Liquidation, Metric, Pulse, Side

AT = datetime.fromisoformat("2026-11-23T14:00:00+00:00")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
BTC = Instrument("bybit", "BTCUSDT", "BTC", 1.0, frozenset({Metric.LIQ_LONG, Metric.LIQ_SHORT}))
OKX = Instrument("okx", "BTC-USDT-SWAP", "BTC", 1.0, frozenset({Metric.LIQ_LONG, Metric.LIQ_SHORT}))


def closed(at: datetime, usd: float, side: Side = Side.LONG, *, sampled: bool = False) -> Liquidation:
    return Liquidation("bybit", "BTCUSDT", "BTC", side, usd / 2, 2.0, at, at, sampled)


def heard(*items: Liquidation | Gap, until: datetime = AT + 10 * MINUTE) -> Tally:
    tally = Tally()
    for item in (Pulse("bybit", AT), *items, Pulse("bybit", until)):
        tally.take(item)
    return tally


def values(tally: Tally, at: datetime) -> list[float]:
    return [seen.value for seen in tally.close(at, [BTC], at)]


def test_closes_are_summed_by_side_in_the_minute_of_their_event() -> None:
    tally = heard(
        closed(AT + SECOND, 10), closed(AT + MINUTE, 5), closed(AT + 30 * SECOND, 7, Side.SHORT),
        closed(AT + MINUTE + timedelta(milliseconds=1), 100),
    )  # fmt: skip

    assert values(tally, AT + MINUTE) == [15, 7]
    assert values(tally, AT + 2 * MINUTE) == [100, 0]
    assert values(tally, AT + 3 * MINUTE) == [0, 0]


def test_a_sum_says_what_it_covers_and_whether_it_misses_something() -> None:
    tally = heard(closed(AT + SECOND, 10, sampled=True))
    one, _ = tally.close(AT + MINUTE, [BTC], AT + MINUTE + 5 * SECOND)
    assert (one.at, one.received, one.span) == (AT + MINUTE, AT + MINUTE + 5 * SECOND, MINUTE)
    assert (one.fresh_for, one.floor, one.metric) == (timedelta(0), True, Metric.LIQ_LONG)


@pytest.mark.parametrize(
    ("since", "until", "known"),
    [
        (-30, 0, [True, True]),
        (-30, 1, [False, True]),
        (59, 60, [False, True]),
        (60, 61, [True, False]),
        (30, 90, [False, False]),
        (120, 130, [True, True]),
    ],
)
def test_a_minute_that_a_hole_touches_is_unknown(since: int, until: int, known: list[bool]) -> None:
    tally = heard(Gap("bybit", AT + since * SECOND, AT + until * SECOND))
    assert [bool(values(tally, AT + n * MINUTE)) for n in (1, 2)] == known


def test_a_minute_before_the_first_pulse_or_after_the_last_is_unknown() -> None:
    tally = heard(until=AT + 2 * MINUTE - SECOND)
    assert [values(tally, AT + n * MINUTE) for n in (0, 1, 2)] == [[], [0, 0], []]


def test_a_pulse_that_is_older_takes_nothing_back() -> None:
    tally = heard()
    tally.take(Pulse("bybit", AT + SECOND))
    assert tally.complete_until("bybit") == AT + 10 * MINUTE


def test_a_venue_that_was_never_heard_has_no_sums() -> None:
    tally = heard()
    assert tally.close(AT + MINUTE, [OKX], AT) == ()
    assert tally.complete_until("okx") is None


def test_a_close_that_comes_after_its_minute_was_closed_is_dropped_and_counted() -> None:
    tally = heard()
    values(tally, AT + MINUTE)
    tally.take(closed(AT + 30 * SECOND, 10))
    tally.take(closed(AT + 90 * SECOND, 20))
    assert tally.dropped == {("bybit", LATE): 1}
    assert values(tally, AT + 2 * MINUTE) == [20, 0]


def test_instruments_get_only_the_sides_that_they_offer() -> None:
    only = Instrument("bybit", "BTCUSDT", "BTC", 1.0, frozenset({Metric.LIQ_SHORT}))
    assert [seen.metric for seen in heard().close(AT + MINUTE, [only], AT)] == [Metric.LIQ_SHORT]
