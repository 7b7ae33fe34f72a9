"""Bars of the past feed windows and are no news: they fire nothing, end nothing, and nothing begins with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import numpy as np
import pytest

from adapters.store.base import Store
from adapters.store.memory import MemoryStore
from bot.clock import Clock
from bot.services.evaluator import Evaluator
from bot.services.poller import Poller
from signals.event import Event
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import Panel, Series
from signals.registry import SIGNALS
from signals.rules.lifecycle import Change
from signals.rules.model import Compare
from tests import virtual
from tests.bot.services.markets import asked, running, told, until
from tests.bot.services.moves import MINUTE, Moves

START = datetime.fromisoformat("2026-01-05T12:10Z")
HOUR = timedelta(hours=1)
END = START + 5 * HOUR
"""The last moment that is judged: a fall within the first hour has left the window by then."""

FALLS = "BTC price 4h falls by 5%"


def steps(*levels: tuple[datetime, float]) -> Callable[[datetime], float]:
    """The level of the last of these times that has come, 100 before."""
    return lambda at: next((level for since, level in reversed(levels) if at >= since), 100.0)


@dataclass(frozen=True, slots=True)
class Halved:
    """How many times the price of two hours ago is today's, in bars of an hour."""

    name: str = "halved"
    title: str = "price far below that of two hours ago"
    family: Family = Family.POSITIONING
    claim: Direction | None = None
    unit: Unit = Unit.MULTIPLE
    sides: frozenset[str] = frozenset()
    windows: tuple[timedelta, ...] = (HOUR,)
    needs: frozenset[Metric] = frozenset({Metric.PRICE})
    basis: Metric = Metric.PRICE
    lookback: timedelta = 2 * HOUR
    compare: Compare = Compare.ABOVE
    fire: float = 1.8
    clear: float = 1.5
    hold: timedelta = timedelta(0)

    def step(self, window: timedelta) -> timedelta:
        return window

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        prices = panel.at(window)[Metric.PRICE].astype(np.float64)
        before = np.vstack([np.full((2, prices.shape[1]), np.nan), prices])[: len(prices)]
        return (before / prices)[-(rows or len(prices)) :]

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        return ()


ALL_SIGNALS = (*SIGNALS, Halved())


@dataclass
class Life:
    """A service with that market: `until` runs it to a moment, `fill` fills in the last so many hours."""

    market: Moves
    store: Store

    async def until(self, at: datetime) -> None:
        latest = await self.store.latest()
        poller = Poller(self.market, self.store, Clock(latest.at if latest else START, 600.0))

        async def judged() -> bool:
            last = await self.store.judged()
            return last is not None and last >= at

        async with running(poller.run, Evaluator(self.store, ALL_SIGNALS, MINUTE).run):
            await until(judged)

    async def fill(self, hours: int) -> None:
        latest = await self.store.latest()
        assert latest is not None
        await self.store.extend(self.market.lived(latest.at - hours * HOUR, latest.at))


async def lived(
    market: Moves, sentence: str, *, fill_at: datetime, asked_at: datetime | None = None, hours: int = 6
) -> Sequence[Event]:
    """What is told up to the end where the past is filled in at that time while the service runs."""
    life = Life(market, MemoryStore())
    rule = None if asked_at else await asked(life.store, sentence, signals=ALL_SIGNALS)
    poller = Poller(market, life.store, Clock(START, 600.0))

    async def reached(at: datetime) -> bool:
        last = await life.store.judged()
        return last is not None and last >= at

    async with running(poller.run, Evaluator(life.store, ALL_SIGNALS, MINUTE).run):
        await until(lambda: reached(fill_at))
        await life.fill(hours)
        if asked_at is not None:
            await until(lambda: reached(asked_at))
            rule = await asked(life.store, sentence, signals=ALL_SIGNALS)
        await until(lambda: reached(END))
    assert rule is not None
    return await told(life.store, rule)


FILLED = START + 20 * MINUTE


def events(
    market: Moves, sentence: str, *, fill_at: datetime = FILLED, hours: int = 6
) -> list[tuple[Change, datetime]]:
    async def live() -> Sequence[Event]:
        return await lived(market, sentence, fill_at=fill_at, hours=hours)

    return [(event.change, event.at) for event in virtual.run(live)]


def test_the_first_true_move_after_a_window_was_filled_in_fires_at_its_own_moment() -> None:
    falls = START + 40 * MINUTE
    market = Moves(steps((falls, 90.0)), START)

    assert events(market, FALLS)[:1] == [(Change.FIRED, falls)]


def test_without_the_past_the_same_move_is_not_seen() -> None:
    market = Moves(steps((START + 40 * MINUTE, 90.0)), START)

    assert events(market, FALLS, hours=0) == []


def test_a_past_that_would_have_fired_is_not_told() -> None:
    market = Moves(steps((START - 2 * HOUR, 90.0)), START)

    assert events(market, FALLS) == []


def test_a_move_while_the_past_was_unknown_is_not_told_when_it_becomes_known() -> None:
    market = Moves(steps((START + 10 * MINUTE, 90.0)), START)

    assert events(market, FALLS) == []


def test_a_hold_begins_with_what_is_live() -> None:
    falls = START + 40 * MINUTE
    market = Moves(steps((falls, 90.0)), START)

    assert events(market, f"{FALLS} for 30m")[:1] == [(Change.FIRED, falls + 30 * MINUTE)]


def test_a_hold_that_had_begun_in_the_past_is_not_counted() -> None:
    market = Moves(steps((START - 10 * MINUTE, 90.0)), START)

    assert events(market, f"{FALLS} for 15m") == []


def test_an_alert_is_not_ended_by_a_calm_past() -> None:
    """It fires on what is live; that the past is filled in while it is on changes nothing."""
    falls = START + 10 * MINUTE
    market = Moves(steps((falls, 90.0)), START)
    sentence = "BTC price 5m falls by 5% for 1m"

    plain = events(market, sentence, hours=0)

    assert [change for change, _ in plain] == [Change.FIRED, Change.RESOLVED]
    for minutes in (11, 13, 16, 18):
        assert events(market, sentence, fill_at=START + minutes * MINUTE) == plain


MOVED = START + 40 * MINUTE


def hourly(asked_at: datetime, *levels: tuple[datetime, float]) -> list[datetime]:
    """When a rule on bars of an hour fires that was made at that time."""

    async def live() -> list[datetime]:
        market = Moves(steps(*levels), START)
        found = await lived(market, "BTC halved", fill_at=FILLED, asked_at=asked_at, hours=60)
        return [event.at for event in found if event.change is Change.FIRED]

    return virtual.run(live)


def test_a_rule_that_is_made_after_the_filling_in_does_not_begin_with_a_filled_in_bar() -> None:
    """The hour before it was made is calm and filled in, the next one is met: the first that is news only arms."""
    assert hourly(START + 25 * MINUTE, (MOVED, 50.0)) == []


def test_a_rule_on_bars_that_were_filled_in_fires_at_the_first_move_after_the_first_of_its_own() -> None:
    assert hourly(START + 25 * MINUTE, (MOVED + HOUR, 50.0)) == [datetime.fromisoformat("2026-01-05T14:00Z")]


def fallen(since: int) -> Moves:
    """A market whose price falls for good at that minute."""
    return Moves(steps((START + since * MINUTE, 90.0)), START)


@cache
def unbroken(since: int) -> list[tuple[Change, datetime]]:
    """What is told of that fall where the service lives through it."""
    return events(fallen(since), FALLS)


@pytest.mark.parametrize("minutes", [15, 25, 45, 70])
@pytest.mark.parametrize("since", [-120, 10, 40])
def test_a_restart_before_or_after_the_filling_in_changes_nothing_of_what_is_told(minutes: int, since: int) -> None:
    async def live() -> Sequence[Event]:
        life = Life(fallen(since), MemoryStore())
        rule = await asked(life.store, FALLS)
        for stop in sorted((minutes, 20)):
            await life.until(START + stop * MINUTE)
            if stop == 20:
                await life.fill(6)
        await life.until(END)
        return await told(life.store, rule)

    assert [(event.change, event.at) for event in virtual.run(live)] == unbroken(since)
