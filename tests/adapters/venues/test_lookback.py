"""Looking back waits as long as it is told to, tells each value once, and gives up where nothing comes any more."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from adapters.venues.base import Banned, RateLimited, Refused, Span, Unavailable, VenueError
from adapters.venues.lookback import PAUSES, Patience
from bot.clock import Clock
from signals.model import Metric, Observation
from tests import virtual
from tests.pasts import HOUR, Past, of

NOW = datetime(2026, 3, 10, 7, 40, tzinfo=UTC)
SPAN = Span(NOW.replace(minute=0) - 24 * HOUR, NOW.replace(minute=0))
BTC = of("okx", "BTC-USDT-SWAP", "BTC")


def looked_back(*troubles: VenueError, after: int = 0) -> tuple[list[Observation], float]:
    """What was found, and after how many seconds."""

    async def live() -> tuple[list[Observation], float]:
        past = Past("okx", [BTC], troubles=list(troubles), after=after)
        found = await Patience(Clock(NOW).now).look_back(past, BTC, Metric.PRICE, SPAN, HOUR)
        return found, asyncio.get_running_loop().time()

    return virtual.run(live)


@pytest.mark.parametrize(
    ("trouble", "seconds"),
    [
        (RateLimited(timedelta(seconds=90)), 90.0),
        (RateLimited(timedelta(0)), 1.0),
        (Banned(NOW + 2 * HOUR), 7200.0),
        (Banned(NOW - HOUR), 1.0),
        (Unavailable("no answer"), 0.0),
    ],
)
@pytest.mark.parametrize("after", [0, 1, 23])
def test_each_value_is_told_once_in_order_whatever_comes_between(
    trouble: VenueError, seconds: float, after: int
) -> None:
    found, took = looked_back(trouble, after=after)

    assert [seen.at for seen in found] == [SPAN.start + n * HOUR for n in range(1, 25)]
    assert took == pytest.approx(seconds if seconds or after else PAUSES[0].total_seconds())


def test_it_gives_up_after_some_answers_in_a_row_that_did_not_come() -> None:
    with pytest.raises(Unavailable):
        looked_back(*[Unavailable("no answer")] * (len(PAUSES) + 1))

    found, _ = looked_back(*[Unavailable("no answer")] * len(PAUSES))
    assert len(found) == 24


def test_progress_renews_the_patience() -> None:
    found, _ = looked_back(*[Unavailable("no answer")] * 12, after=2)

    assert len(found) == 24


def test_a_refusal_is_final() -> None:
    with pytest.raises(Refused):
        looked_back(Refused("region"))
