"""The whole live service against the fake venues, in one process on virtual time: from bytes to transitions."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from adapters.store.base import Quota, Saved
from adapters.store.memory import MemoryStore
from adapters.venues.base import Health
from adapters.venues.client import Wiring
from adapters.venues.live import LiveMarket
from adapters.venues.registry import VENUES
from bot.clock import Clock
from bot.services.evaluator import Evaluator
from bot.services.poller import Poller
from signals.aggregate import Cycle, Reading
from signals.event import Event
from signals.model import Metric
from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.lifecycle import Change
from signals.rules.model import Problem
from tests import virtual
from tests.bot.services.markets import HOME, running
from tests.fake_venues.everyone import everyone
from tests.fake_venues.faults import Fault
from tests.fake_venues.inprocess import InProcess
from tests.fake_venues.market import Market, seeded
from tests.fake_venues.moves import Liquidated, Move
from tests.fake_venues.record import Record

START = datetime(2026, 11, 23, 14, 0, 3, tzinfo=UTC)
SIX = ("binance", "bybit", "okx", "gate", "bitget", "hyperliquid")
COINS = 6
MINUTE = timedelta(minutes=1)


def minute(number: float) -> datetime:
    """That many minutes after the service started, on the whole minute."""
    return START.replace(second=0) + number * MINUTE


@dataclass(frozen=True)
class Scene:
    """What happens: true moves of the market, faults of venues, and the rules that somebody has."""

    moves: tuple[Move | Liquidated, ...] = ()
    faults: tuple[Fault, ...] = ()
    rules: tuple[str, ...] = ()
    minutes: float = 25
    venues: tuple[str, ...] = SIX
    coins: int = COINS
    lively: float = 1.0
    restarts: tuple[float, ...] = ()
    """Minutes at which the process is killed and started anew on the same store."""
    wrong_by: timedelta = timedelta(0)
    """How far this computer's clock is ahead at first."""
    calm: float = 12.0
    """Forced closes of a calm minute on each venue."""


@dataclass
class Seen:
    """What came of it: transitions by rule, the closed moments, how the venues were, and what the fakes recorded."""

    told: Mapping[str, Sequence[Event]]
    cycles: Sequence[Cycle]
    health: Mapping[str, Health]
    record: Record
    market: LiveMarket
    store: MemoryStore
    hosts: set[str] = field(default_factory=set)

    def changes(self, sentence: str) -> tuple[Change, ...]:
        """The transitions of one rule."""
        return tuple(event.change for event in self.told[sentence])

    def reading(self, number: int, coin: str, metric: Metric) -> Reading:
        """What was known of a coin at that minute."""
        at = minute(number)
        return next(cycle for cycle in self.cycles if cycle.at == at).readings[coin][metric]


def played(scene: Scene, seed: int = 1) -> Seen:
    """Play the scene from a cold start."""
    return virtual.run(lambda: _play(scene, seed))


async def _play(scene: Scene, seed: int) -> Seen:
    true, clock = Clock(START), Clock(START + scene.wrong_by)
    store, record, cycles, hosts = MemoryStore(), Record(), list[Cycle](), set[str]()
    truth: Market = seeded(seed, scene.coins, START, scene.lively).but(*scene.moves)
    fakes = everyone(replace(truth, forced_a_minute=scene.calm), scene.faults, record)
    transport = InProcess([fakes[name] for name in scene.venues], true.now, hosts)
    for sentence in scene.rules:
        await _ask(store, sentence, truth.coins)

    async def watch() -> None:
        async for cycle in store.cycles(None):
            cycles.append(cycle)

    for end in (*scene.restarts, scene.minutes):
        market = _opened(scene, transport, store, clock, Random(seed))
        poller = Poller(market, store, clock)
        async with running(poller.run, Evaluator(store, SIGNALS, market.step).run, watch):
            await asyncio.sleep((START + end * MINUTE - true.now()).total_seconds())
    of = await store.of(HOME)
    told = {scene.rules[rule.number - 1]: await store.recent([rule.id], 1000) for rule in of}
    return Seen(
        {text: events[::-1] for text, events in told.items()},
        cycles,
        {of.venue: of for of in market.vigil.health()},
        record,
        market,
        store,
        hosts,
    )


def _opened(scene: Scene, transport: InProcess, store: MemoryStore, clock: Clock, rng: Random) -> LiveMarket:
    venues = [
        VENUES[name].open(Wiring(VENUES[name].endpoints, transport, store, clock.now, rng, "main"))
        for name in scene.venues
    ]
    return LiveMarket(venues, store, clock.now, clock.shift)


async def _ask(store: MemoryStore, sentence: str, coins: Sequence[str]) -> None:
    draft = parse(sentence, Vocabulary(coins, SIX, SIGNALS, START, UTC))
    assert not isinstance(draft, Problem), draft
    saved = await store.add(HOME, draft, sentence, START, Quota(50))
    assert isinstance(saved, Saved)
