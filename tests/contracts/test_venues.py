"""Every venue of every market that can be played keeps the promises of the contract."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path

import pytest

from adapters.venues.base import Batch, Label, MarketSource, Span, Unavailable, Venue
from adapters.venues.recording import open_recording
from adapters.venues.simulated import DEMO, SimulatedMarket
from signals.aggregate import is_fresh
from signals.model import OBSERVED, Instrument, Kind, Metric, Observation, Unit
from signals.units import canonical, eight_hourly
from tests.recordings import START, Row, funding_story, write

HOUR = timedelta(hours=1)
RATES = (Metric.FUNDING, Metric.FUNDING_SETTLED)


def mixed() -> Iterator[Row]:
    """A vendor's sum beside a venue, a unit of a thousand, an hour without rows, and a rate without interval."""
    for hour in (8, 9, 11, 16):
        rate = {"funding_rate": 0.0001, "funding_interval_hours": 8.0}
        when = {"time": START + hour * HOUR}
        yield when | {"venue": "binance", "symbol": "1000PEPE", "price": 0.006, "open_interest": 1e9}
        yield when | {"venue": "binance", "symbol": "BTC", "price": 9e4, "liquidated_long_usd": 0.0} | rate
        yield when | {"venue": "coinglass", "symbol": "BTC", "open_interest": 3e5, "taker_buy_usd": 1e8} | rate
        yield when | {"venue": "htx", "symbol": "BTC", "price": 9e4, "funding_rate": 0.0003}


OPEN: Mapping[str, Callable[[Path], MarketSource]] = {
    "simulated": lambda _: SimulatedMarket(7, datetime(2026, 1, 5, tzinfo=UTC), DEMO),
    "simulated, off the hour": lambda _: SimulatedMarket(8, datetime(2026, 1, 5, 3, 17, tzinfo=UTC), ()),
    "settled funding": lambda path: open_recording(funding_story(path)),
    "mixed rows": lambda path: open_recording(write(path, list(mixed()))),
    "running funding": lambda path: open_recording(write(path, list(mixed()), funding="running")),
}


@pytest.fixture(scope="module", params=OPEN.values(), ids=OPEN.keys())
def market(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> MarketSource:
    source: MarketSource = request.param(tmp_path_factory.mktemp("market") / "some.parquet")
    return source


@dataclass(frozen=True)
class Answer:
    """What one venue said to one feed at one moment, beside what it had listed."""

    venue: Venue
    metrics: frozenset[Metric]
    at: datetime
    listed: Sequence[Instrument]
    batch: Batch


async def answers(source: MarketSource) -> AsyncIterator[Answer]:
    """Every answer of a market's first moments; silent venues give none."""
    now = [source.start]
    venues = source.venues(lambda: now[0])
    while now[0] <= min(source.end or source.start + 155 * source.step, source.start + 155 * source.step):
        for venue in venues:
            try:
                listed = await venue.instruments()
                for feed in venue.feeds:
                    yield Answer(venue, feed.metrics, now[0], listed, await venue.snapshot(feed, listed))
            except Unavailable:
                continue
        now[0] += source.step


@pytest.fixture(scope="module")
def heard(market: MarketSource) -> Sequence[Answer]:
    async def all_of_them() -> Sequence[Answer]:
        return [answer async for answer in answers(market)]

    return asyncio.run(all_of_them())


def each(heard: Sequence[Answer]) -> Iterator[tuple[Answer, Observation]]:
    for answer in heard:
        for seen in answer.batch.observations:
            yield answer, seen


def test_it_says_something_of_everything_it_lists(heard: Sequence[Answer]) -> None:
    listed = {(i.venue, i.symbol, m) for answer in heard for i in answer.listed for m in i.metrics}

    assert listed
    assert listed == {(seen.venue, seen.symbol, seen.metric) for _, seen in each(heard)}


def test_every_value_is_finite_and_possible(heard: Sequence[Answer]) -> None:
    for _, seen in each(heard):
        assert isfinite(seen.value)
        if seen.metric.unit is Unit.RATE_8H:
            assert abs(seen.value) < 0.1
        else:
            assert seen.value >= 0
        assert seen.value > 0 or seen.metric.kind is Kind.SUM or seen.metric in RATES


def test_a_value_is_of_a_listed_instrument_and_of_the_feed(heard: Sequence[Answer]) -> None:
    for answer, seen in each(heard):
        (instrument,) = [i for i in answer.listed if i.symbol == seen.symbol]
        assert seen.venue == answer.venue.name == answer.batch.venue == instrument.venue
        assert seen.coin == instrument.coin
        assert seen.metric in instrument.metrics & answer.metrics
        assert seen.metric in OBSERVED


def test_feeds_bring_all_that_is_listed_each_once(heard: Sequence[Answer]) -> None:
    for answer in heard:
        brought = [metric for feed in answer.venue.feeds for metric in feed.metrics]
        assert len(brought) == len(set(brought))
        assert {m for i in answer.listed for m in i.metrics} <= set(brought) <= set(OBSERVED)


def test_no_batch_says_a_thing_twice(heard: Sequence[Answer]) -> None:
    for answer in heard:
        keys = [(seen.symbol, seen.metric) for seen in answer.batch.observations]
        assert len(keys) == len(set(keys))


def test_nothing_is_known_before_its_time_and_what_is_said_is_fresh(heard: Sequence[Answer]) -> None:
    for answer, seen in each(heard):
        assert seen.at <= seen.received <= answer.at
        assert is_fresh(seen, answer.at)


def test_a_sum_covers_a_span_and_counts_once_and_a_level_covers_none(
    market: MarketSource, heard: Sequence[Answer]
) -> None:
    for _, seen in each(heard):
        if seen.metric.kind is Kind.SUM:
            assert (seen.span, seen.fresh_for) == (market.step, timedelta(0))
        else:
            assert seen.span == timedelta(0)
            assert not seen.floor


def test_funding_carries_its_rate_and_interval_and_nothing_else_does(heard: Sequence[Answer]) -> None:
    for answer, seen in each(heard):
        if seen.metric not in RATES:
            assert (seen.rate, seen.interval_h, seen.next_at) == (None, None, None)
            continue
        assert seen.rate is not None
        assert seen.interval_h is not None
        assert seen.value == eight_hourly(seen.rate, seen.interval_h)
        assert seen.next_at is None or answer.at < seen.next_at <= answer.at + timedelta(hours=seen.interval_h)


def test_a_symbol_stands_for_the_coin_that_units_say(heard: Sequence[Answer]) -> None:
    for answer in heard:
        for instrument in answer.listed:
            base = instrument.symbol.replace("-", "_").split("_")[0].removesuffix("USDT")
            assert (instrument.coin, instrument.multiplier) == canonical(instrument.venue, base)


def test_everything_says_where_it_comes_from(market: MarketSource, heard: Sequence[Answer]) -> None:
    assert market.label is Label.SIMULATED
    assert {answer.venue.label for answer in heard} == {market.label}


def test_names_are_unique_sorted_and_lower_case(market: MarketSource) -> None:
    names = [venue.name for venue in market.venues(lambda: market.start)]

    assert names == sorted(set(names))
    assert all(name == name.lower() for name in names)


def test_asking_again_gives_the_same(market: MarketSource, heard: Sequence[Answer]) -> None:
    async def again() -> Sequence[Batch]:
        return [answer.batch async for answer in answers(market)]

    assert asyncio.run(again()) == [answer.batch for answer in heard]


def test_streams_and_histories_that_are_not_kept_end_at_once(market: MarketSource) -> None:
    async def all_of(venue: Venue) -> Sequence[object]:
        instrument = Instrument(venue.name, "BTC", "BTC", 1.0, frozenset({Metric.PRICE}))
        span = Span(market.start - HOUR, market.start)
        came: list[object] = [one async for one in venue.liquidations([instrument])]
        return came + [one async for one in venue.history(instrument, Metric.PRICE, span, market.step)]

    for venue in market.venues(lambda: market.start):
        assert asyncio.run(all_of(venue)) == []


def test_a_row_that_cannot_be_used_is_reported(tmp_path: Path) -> None:
    source = OPEN["mixed rows"](tmp_path / "some.parquet")
    htx = next(venue for venue in source.venues(lambda: source.start) if venue.name == "htx")

    batch = asyncio.run(htx.snapshot(htx.feeds[0], ()))

    assert [seen.metric for seen in batch.observations] == [Metric.PRICE]
    assert [(row.symbol, row.reason) for row in batch.rejected] == [("BTC", "no-interval")]
