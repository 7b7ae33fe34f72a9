"""What every live venue keeps to, from the moment it is registered."""

import importlib
import math
from datetime import timedelta

import pytest

from adapters.store.memory import MemoryStore
from adapters.venues.base import Quality, Scope, Span
from adapters.venues.client import LiveVenue
from adapters.venues.manners import Manners
from adapters.venues.registry import VENUES
from signals.model import Metric, Observation
from tests.adapters.venues.wired import AT, overheard, wiring
from tests.fake_venues.everyone import everyone
from tests.fake_venues.golden import golden

EVERY = pytest.mark.parametrize("name", sorted(VENUES))
STREAMED = frozenset({Metric.LIQ_LONG, Metric.LIQ_SHORT})
KEY = "a key"


def opened(name: str, store: MemoryStore | None = None) -> LiveVenue:
    opening = VENUES[name]
    transport = overheard(everyone(golden())[name])
    return opening.open(wiring(opening.endpoints, transport, store=store, key=KEY if opening.needs_key else ""))


def manners_of(venue: LiveVenue) -> Manners:
    """Each client's module declares them by that name."""
    found = importlib.import_module(type(venue).__module__).MANNERS
    assert isinstance(found, Manners)
    return found


async def observed(venue: LiveVenue) -> list[Observation]:
    instruments = await venue.instruments()
    batches = [await venue.snapshot(feed, instruments[:1]) for feed in venue.feeds if feed.scope is Scope.EACH]
    batches += [await venue.snapshot(feed, instruments) for feed in venue.feeds if feed.scope is Scope.BULK]
    return [seen for batch in batches for seen in batch.observations]


@EVERY
async def test_what_instruments_offer_is_in_a_feed_or_in_the_stream(name: str) -> None:
    venue = opened(name)
    offered = {metric for of in await venue.instruments() for metric in of.metrics}
    assert offered <= {metric for feed in venue.feeds for metric in feed.metrics} | STREAMED
    assert offered


@EVERY
def test_feeds_have_names_of_their_own_and_spend_from_declared_budgets(name: str) -> None:
    venue = opened(name)
    buckets = {bucket.name for bucket in manners_of(venue).buckets}
    assert {feed.cost.bucket for feed in venue.feeds} <= buckets
    assert len({feed.name for feed in venue.feeds}) == len(venue.feeds)
    assert venue.quality in Quality
    assert venue.name == name


@EVERY
def test_only_declared_budgets_are_told_to_be_used(name: str) -> None:
    manners = manners_of(opened(name))
    headers = {"x-mbx-used-weight-1m": "5", "x-bapi-limit-status": "5", "api-key-use-limit": "5"}
    buckets = {bucket.name for bucket in manners.buckets}
    assert all(set(manners.used(bucket, headers)) <= buckets for bucket in buckets)


@EVERY
async def test_observations_are_sound(name: str) -> None:
    venue = opened(name)
    seen = await observed(venue)
    assert seen
    for one in seen:
        assert math.isfinite(one.value)
        assert one.value > 0 or one.metric in {Metric.FUNDING, Metric.FUNDING_SETTLED}
        assert one.at <= one.received + timedelta(seconds=5)
        assert one.fresh_for > timedelta(0)
        assert abs(one.value) < 0.01 or one.metric not in {Metric.FUNDING, Metric.FUNDING_SETTLED}


@EVERY
async def test_a_past_that_nobody_keeps_ends_at_once(name: str) -> None:
    venue = opened(name)
    [first, *_] = await venue.instruments()
    before = venue.client.api.requests
    odd = timedelta(minutes=7)
    assert [seen async for seen in venue.history(first, Metric.LIQ_LONG, Span(AT - odd, AT), odd)] == []
    assert [seen async for seen in venue.history(first, Metric.PRICE, Span(AT - odd, AT), odd)] == []
    assert venue.client.api.requests == before


@EVERY
async def test_instruments_are_known_again_after_a_restart(name: str) -> None:
    store = MemoryStore()
    listed = await opened(name, store).instruments()
    assert tuple(await opened(name, store).client.restore()) == tuple(listed)


@EVERY
def test_a_key_is_in_no_representation(name: str) -> None:
    opening = VENUES[name]
    given = wiring(opening.endpoints, overheard(everyone(golden())[name]), key=KEY)
    assert KEY not in repr(given) + repr(opening.open(given)) + repr(opening.open(given).client)
