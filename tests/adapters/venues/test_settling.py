"""The last estimate before a payment is what was paid, once, and only if it was made shortly before."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.venues.settling import Settling
from adapters.venues.wire import Parsed
from signals.model import Metric, Observation

DUE = datetime(2026, 11, 23, 16, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def running(seconds: float, rate: float = 0.0001, due: datetime = DUE, symbol: str = "BTCUSDT") -> Parsed:
    at = DUE + seconds * SECOND
    seen = Observation(
        Metric.FUNDING, "bitget", symbol, "BTC", rate * 2, at, at, 30 * SECOND, interval_h=4.0, next_at=due, rate=rate
    )
    return Parsed((seen,), ())


def paid(settling: Settling, parsed: Parsed) -> list[Observation]:
    return [seen for seen in settling.with_paid(parsed).observations if seen.metric is Metric.FUNDING_SETTLED]


def test_the_last_estimate_before_a_payment_is_told_as_paid_when_the_next_one_is_due() -> None:
    settling = Settling()

    first = [paid(settling, running(seconds, rate)) for seconds, rate in [(-20, 0.0003), (-10, -0.0002)]]
    told = paid(settling, running(4, 0.0005, DUE + 4 * HOUR))

    assert first == [[], []]
    assert told == [
        Observation(
            Metric.FUNDING_SETTLED,
            "bitget",
            "BTCUSDT",
            "BTC",
            -0.0004,
            DUE,
            DUE + 4 * SECOND,
            4 * HOUR,
            interval_h=4.0,
            rate=-0.0002,
        )
    ]


def test_it_is_told_once() -> None:
    settling = Settling()
    paid(settling, running(-10))
    paid(settling, running(4, due=DUE + 4 * HOUR))

    assert paid(settling, running(14, due=DUE + 4 * HOUR)) == []


@pytest.mark.parametrize(("before", "told"), [(-60, 1), (-61, 0)])
def test_an_estimate_of_more_than_a_minute_before_says_nothing(before: float, told: int) -> None:
    settling = Settling()
    paid(settling, running(before))

    assert len(paid(settling, running(4, due=DUE + 4 * HOUR))) == told


def test_what_is_said_after_a_payment_as_if_it_were_to_come_does_not_count() -> None:
    settling = Settling()
    paid(settling, running(-10, 0.0001))
    paid(settling, running(2, 0.0009))

    assert [seen.rate for seen in paid(settling, running(12, due=DUE + 4 * HOUR))] == [0.0001]


def test_a_payment_that_is_put_off_was_not_made() -> None:
    settling = Settling()
    paid(settling, running(-30))

    assert paid(settling, running(-20, due=DUE + 4 * HOUR)) == []


def test_each_instrument_has_its_own_payments() -> None:
    settling = Settling()
    paid(settling, running(-10, 0.0001))
    paid(settling, running(-10, 0.0007, symbol="ETHUSDT"))

    assert [seen.rate for seen in paid(settling, running(4, due=DUE + 4 * HOUR, symbol="ETHUSDT"))] == [0.0007]


def test_all_that_was_parsed_stays() -> None:
    parsed = running(-10)

    assert Settling().with_paid(parsed) == parsed
