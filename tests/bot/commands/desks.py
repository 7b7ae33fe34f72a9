"""A small market on three venues and a desk on it, for tests of commands."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from adapters.chat.base import Invocation, Message, Place
from adapters.chat.rendering import render
from adapters.store.alert_port import Commit
from adapters.store.base import Quota, Store
from adapters.store.memory import MemoryStore
from adapters.venues.base import Label
from bot.commands.base import Desk
from bot.commands.registry import answer
from signals.aggregate import Cycle, Ledger
from signals.bars import Bars
from signals.cells import Vectors
from signals.event import Event
from signals.glance import Glance
from signals.model import Instrument, Kind, Metric, Observation
from signals.panel import STORED, Panel, resolutions, to_ms
from signals.registry import SIGNALS
from signals.rules.lifecycle import AlertState
from signals.rules.model import Rule
from signals.shown import look, shown

STEP = timedelta(hours=1)
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOURS = 30
HERE = Place("terminal", "local")
VENUES = {"binance": 8.0, "bybit": 8.0, "hyperliquid": 1.0}
"""Each venue with the hours that one of its rates covers."""

OI = {"binance": 60_000.0, "bybit": 30_000.0, "hyperliquid": 10_000.0}
"""Open interest of every coin, in coins."""

RATES = {"binance": -0.0002, "bybit": -0.0001, "hyperliquid": 0.0001}
"""Funding of ETH per 8 hours; that of the other coins has the other sign."""

PRICES = {"BTC": 60_000.0, "ETH": 3_000.0, "SOL": 150.0}


async def desk(
    *,
    label: Label = Label.LIVE,
    silent: Collection[str] = (),
    without_oi: Collection[str] = (),
    sampled: Collection[str] = ("binance",),
    limit: int = 50,
    store: Store | None = None,
) -> Desk:
    """A desk on the market's last moment; a silent venue last spoke three hours ago, a sampled one shows floors."""
    store = store or MemoryStore()
    for cycle in cycles(label, silent, without_oi, sampled):
        await store.close(cycle)
    return Desk(store, SIGNALS, NOW, "0.1.0", NOW - timedelta(hours=3), Quota(limit), STEP, timedelta(minutes=1))


def cycles(
    label: Label, silent: Collection[str] = (), without_oi: Collection[str] = (), sampled: Collection[str] = ()
) -> Iterator[Cycle]:
    """The hours up to NOW."""
    ledger, bars = Ledger(), Bars(resolutions(STEP))
    ledger.expect(_instrument(venue, coin, without_oi) for venue in VENUES for coin in PRICES)
    for back in range(HOURS, -1, -1):
        at = NOW - STEP * back
        for venue in VENUES:
            if venue not in silent or back >= 3:
                ledger.take(o for coin in PRICES for o in _observations(venue, coin, at, HOURS - back, sampled))
        cycle = ledger.read(at, label)
        yield replace(cycle, bars=bars.close(cycle))


async def desk_with_past(days: int = 35, store: Store | None = None) -> Desk:
    """The same market with a past of ETH funding: every fifth day it dips for four hours, each second time deeper."""
    known = await desk(store=store)
    first = NOW - STEP * HOURS
    hours = np.arange(days * 24)[::-1] + 1
    times = np.array([to_ms(first - STEP * int(back)) for back in hours], np.int64)
    dips = np.array([0.0001 if hour % 120 >= 4 else DIPS[hour // 120 % 2] for hour in range(len(hours))])
    rates = dips.astype(np.float32).reshape(-1, 1)
    await known.store.extend([Panel(times, ("ETH",), STEP, {Metric.FUNDING: rates}, {})])
    return known


DIPS = (-0.00011, -0.00013)


async def desk_with_prices(
    days: int = 60, coins: Sequence[str] = ("BTC", "ETH"), label: Label = Label.LIVE, store: Store | None = None
) -> Desk:
    """The same market with a past of prices at random, and of funding that dips for an hour every second day."""
    known = await desk(label=label, store=store)
    first, hours = NOW - STEP * HOURS, days * 24
    times = np.array([to_ms(first - STEP * int(back)) for back in np.arange(hours)[::-1] + 1], np.int64)
    steps = np.random.default_rng(7).normal(0, 0.004, (hours, len(coins)))
    prices = np.array([PRICES[coin] for coin in coins]) * np.exp(np.cumsum(steps, axis=0) - steps.sum(axis=0))
    rates = np.where(np.arange(hours) % 48 == 5, -0.0002, 0.0001).repeat(len(coins)).reshape(hours, -1)
    both = {Metric.PRICE: prices.astype(np.float32), Metric.FUNDING: rates.astype(np.float32)}
    legs = {Metric.PRICE: {"binance": both[Metric.PRICE]}}
    await known.store.extend([Panel(times, tuple(coins), STEP, both, legs)])
    return known


async def seen(market: Desk) -> Glance:
    """What whoever has all bars of the last moment in memory sees there."""
    latest = await market.store.latest()
    assert latest is not None
    finest, *longer = [await market.store.panel(step, STORED, rows) for step, rows in resolutions(STEP).items()]
    panel = replace(finest, others={bars.step: bars for bars in longer})
    return look(Vectors(panel, market.signals, rows=1), shown(STEP, market.signals), latest.at)


async def ask(desk: Desk, line: str, *, seen: str = "", **rights: bool) -> Message:
    """The answer to a line typed in the place, by its operator unless other rights are given."""
    name, _, arguments = line.removeprefix("/").partition(" ")
    known = rights or {"operator": True}
    return await answer(Invocation(HERE, "somebody", name, arguments.strip(), seen or line, desk.now, **known), desk)


async def said(desk: Desk, line: str) -> str:
    """The same as plain text."""
    return render(await ask(desk, line), colour=False)


async def press(desk: Desk, message: Message, label: str, *, seen: str = "") -> Message:
    """The answer to the button with that label."""
    return await ask(desk, command_of(message, label), seen=seen)


async def put(desk: Desk, rule: Rule, event: Event | None, state: AlertState, track: str = "") -> None:
    """Store where a rule stands on a coin, as the evaluator does."""
    track = track or rule.draft.coins[0]
    version, _ = await desk.store.state(rule.id, track, rule.revision)
    at = event.at if event else state.at
    new = replace(state, at=at)
    await desk.store.commit(Commit((rule.id, track), rule.revision, version, new.at, new, event))


def command_of(message: Message, label: str) -> str:
    """The line that the button with that label stands for."""
    return next(button.command for button in message.buttons if button.label == label)


async def save(desk: Desk, sentence: str) -> Message:
    """The rule of a sentence, saved by its button, and where that asks once more by the second one."""
    saved = await press(desk, await ask(desk, f"/alert {sentence}"), "Save")
    asked = any(button.label == "Save it" for button in saved.buttons)
    return await press(desk, saved, "Save it") if asked else saved


def _instrument(venue: str, coin: str, without_oi: Collection[str]) -> Instrument:
    metrics = set(_values(venue, coin, 0))
    if venue in without_oi:
        metrics -= {Metric.OI_LEVEL}
    return Instrument(venue, f"{coin}USDT", coin, 1.0, frozenset(metrics))


def _observations(venue: str, coin: str, at: datetime, hour: int, sampled: Collection[str]) -> Iterator[Observation]:
    for metric, value in _values(venue, coin, hour).items():
        rate = metric in (Metric.FUNDING, Metric.FUNDING_SETTLED)
        yield Observation(
            metric,
            venue,
            f"{coin}USDT",
            coin,
            value,
            at,
            at,
            fresh_for=timedelta(minutes=90),
            span=STEP if metric.kind is Kind.SUM else timedelta(0),
            interval_h=VENUES[venue] if rate else None,
            next_at=at + timedelta(hours=1, minutes=43) if rate else None,
            rate=value * VENUES[venue] / 8 if rate else None,
            floor=metric in (Metric.LIQ_LONG, Metric.LIQ_SHORT) and venue in sampled,
        )


def _values(venue: str, coin: str, hour: int) -> Mapping[Metric, float]:
    """Price rises and open interest falls by a thousandth an hour; volumes and liquidations stay."""
    sign = 1 if coin == "ETH" else -1
    values = {
        Metric.PRICE: PRICES[coin] * 1.001**hour,
        Metric.FUNDING: sign * RATES[venue],
        Metric.FUNDING_SETTLED: sign * RATES[venue] / 2,
        Metric.OI_LEVEL: OI[venue] * 0.999**hour,
        Metric.LS: 0.8,
        Metric.LIQ_LONG: 1_000_000.0,
        Metric.LIQ_SHORT: 250_000.0,
        Metric.VOLUME: 10_000_000.0,
    }
    if venue == "binance":
        values |= {Metric.VOLUME_SPOT: 2_000_000.0, Metric.LS_POS: 1.5}
    return values
