"""Small true things to put into stores."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np

from adapters.chat.base import Place
from adapters.store.base import Claim, Epoch, Fanned, Quota, RuleChange, Saved, Store
from signals.aggregate import Cycle, Reading, Weighing
from signals.event import Event
from signals.model import ALL, Fact, Metric, Observation, Unit
from signals.panel import Panel, to_ms
from signals.rules.canonical import canonical
from signals.rules.lifecycle import AlertState, Change, Phase
from signals.rules.model import EVERY_COIN, Compare, Condition, Draft, Rule

T = TypeVar("T")
SOON = 10.0
"""Seconds within which a store has to give what it was asked for."""

T0 = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOME = Place("terminal", "local")
TTL = timedelta(seconds=10)
LEASE = timedelta(seconds=90)
MANY = Quota(50)


def draft(note: str = "") -> Draft:
    condition = Condition("funding", timedelta(0), Compare.BELOW, -0.0001, -0.00008, Unit.RATE_8H)
    return Draft(("ETH",), ALL, (condition,), timedelta(minutes=15), timedelta(hours=1), once=False, note=note)


async def subscribed(store: Store, place: Place = HOME, seen: str = "1") -> Rule:
    """A rule of that place that its platform knows of."""
    saved = await store.add(place, draft(), seen, T0, MANY)
    assert isinstance(saved, Saved)
    await store.subscribe(place.platform, RuleChange(saved.rule.change, saved.rule.id, saved.rule))
    return saved.rule


def event(rule: Rule, id_: str = "AAAA", at: datetime = T0, change: Change = Change.FIRED) -> Event:
    return Event(
        id=id_,
        episode="AAAA",
        rule_id=rule.id,
        rule_number=rule.number,
        revision=1,
        sentence=canonical(rule.draft),
        change_number=rule.change,
        coin="ETH",
        venue=ALL,
        name="funding",
        window=timedelta(0),
        change=change,
        at=at,
        since=at - 15 * MINUTE,
        fired_at=at,
        value=-0.000121,
        line=-0.0001,
        clear=-0.00008,
        compare=Compare.BELOW,
        absolute=False,
        unit=Unit.RATE_8H,
        hold=timedelta(minutes=15),
        venues=("binance", "okx"),
        missing=("gate",),
        coverage=0.93,
        weighing=Weighing.OI,
        floor=False,
        trust="normal",
        facts=(Fact("open interest", 2.74e6, Unit.COINS), Fact("spot", None, Unit.USD, "unknown")),
        label="SIMULATED",
    )


def firing(at: datetime = T0) -> AlertState:
    return AlertState(phase=Phase.FIRING, at=at, armed=True, met_since=at - 15 * MINUTE, fired_at=at, told_at=at)


PENDING = AlertState(phase=Phase.PENDING, at=T0, armed=True, since=T0)


def bar(at: datetime, value: float, step: timedelta = MINUTE, coins: tuple[str, ...] = ("BTC", "ETH")) -> Panel:
    """One row with a known price, an unknown funding, and the price of one venue."""
    prices = np.full((1, len(coins)), value, np.float32)
    unknown = np.full((1, len(coins)), np.nan, np.float32)
    matrices = {Metric.PRICE: prices, Metric.FUNDING: unknown}
    return Panel(np.array([to_ms(at)], np.int64), coins, step, matrices, {Metric.PRICE: {"okx": prices}})


def cycle(at: datetime = T0, value: float = 65_000.1, *, with_hour: bool = False) -> Cycle:
    seen = Observation(
        Metric.FUNDING, "okx", "BTC-USDT-SWAP", "BTC", -0.0001, at, at, 2 * MINUTE, MINUTE * 0, 8.0, at, -0.0001
    )
    readings = {
        "BTC": {
            Metric.PRICE: Reading(value, at, ("okx",), ("gate",), 0.9, Weighing.MEDIAN, span=MINUTE, held=value + 1)
        },
        "ETH": {Metric.PRICE: Reading(None, at, (), ("okx",), 0.0, Weighing.ONE, floor=True)},
    }
    hours = (bar(at, value, timedelta(hours=1)),) if with_hour else ()
    return Cycle(at, "SIMULATED", readings, (seen,), (bar(at, value), *hours))


async def lead(store: Store, owner: str = "main", platform: str = "terminal") -> Epoch:
    led = await store.lead(platform, owner, T0, TTL)
    assert isinstance(led, Epoch)
    return led


async def claimed(store: Store, epoch: Epoch, minutes: float = 0) -> Claim:
    claim = await store.claim(epoch, T0 + minutes * MINUTE, LEASE)
    assert isinstance(claim, Claim)
    return claim


async def queued(store: Store, *ids: str) -> None:
    rule = await subscribed(store)
    for id_ in ids:
        assert await store.fan_out("terminal", event(rule, id_), 10, T0) is Fanned.DONE


async def first(source: AsyncIterator[T], count: int) -> list[T]:
    """The first so many of a source that never ends."""
    found: list[T] = []
    async with asyncio.timeout(SOON), aclosing(source) as items:  # type: ignore[type-var] # they are generators
        async for item in items:
            found.append(item)
            if len(found) == count:
                break
    return found


async def everything_of(pages: AsyncIterator[Sequence[T]]) -> Sequence[T]:
    """All that the pages hold."""
    return [one async for page in pages for one in page]


async def saved(store: Store, what: Draft | None = None, seen: str = "1", place: Place = HOME) -> Rule:
    """A rule of the place, stored."""
    added = await store.add(place, what or draft(), seen, T0, MANY)
    assert isinstance(added, Saved)
    return added.rule


def everywhere(note: str = "") -> Draft:
    """A draft on every coin."""
    return replace(draft(note), coins=(EVERY_COIN,))
