"""Whole services in memory: a market played through the real loops on virtual time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from adapters.chat.base import Place
from adapters.store.base import Quota, Saved, Store
from adapters.store.memory import MemoryStore
from adapters.venues.base import MarketSource
from adapters.venues.recording import Recording, open_recording
from bot.clock import Clock
from bot.services.evaluator import Evaluator
from bot.services.judging import Judging
from bot.services.poller import Poller
from signals.base import Signal
from signals.event import Event
from signals.part import Part
from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Problem, Rule
from tests.recordings import funding_story

HOME = Place("terminal", "local")
SENTENCE = "ETH funding.settled < -0.01%"


def story(folder: Path) -> Recording:
    """Four days of hours in which ETH's settled funding falls far below zero and comes back."""
    return open_recording(funding_story(folder / "story.parquet"))


async def asked(
    store: Store, sentence: str = SENTENCE, place: Place = HOME, signals: Sequence[Signal] = SIGNALS
) -> Rule:
    """That rule, saved by that place."""
    at = datetime.fromisoformat("2026-01-05T00:00Z")
    draft = parse(sentence, Vocabulary(("BTC", "ETH", "SOL"), ("binance", "okx"), signals, at, UTC))
    assert not isinstance(draft, Problem)
    saved = await store.add(place, draft, f"{place} {sentence}", at, Quota(50))
    assert isinstance(saved, Saved)
    return saved.rule


@asynccontextmanager
async def running(*loops: Callable[[], Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """The loops at work while the block runs; a loop that fails fails the test."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop()) for loop in loops]
        yield
        for task in tasks:
            task.cancel()


async def until(met: Callable[[], Coroutine[None, None, bool]]) -> None:
    """Wait in virtual time until that is so."""
    async with asyncio.timeout(3600):
        while not await met():  # noqa: ASYNC110 - it costs nothing in virtual time
            await asyncio.sleep(0.01)


@asynccontextmanager
async def playing(
    source: MarketSource,
    store: MemoryStore,
    signals: Sequence[Signal] = SIGNALS,
    judges: int = 1,
) -> AsyncIterator[Callable[[datetime], Awaitable[None]]]:
    """Poll and judge, ten bars a second of virtual time; gives what waits until a moment is judged by all of them."""
    latest = await store.latest()
    poller = Poller(source, store, Clock(latest.at if latest else source.start, 10 * source.step.total_seconds()))

    async def judged(end: datetime) -> None:
        async def done() -> bool:
            at = await store.judged()
            return at is not None and at >= end

        await until(done)

    def evaluator(part: Part) -> Evaluator:
        return Evaluator(store, signals, source.step, part)

    wall = Clock(source.start)
    evaluators = [Judging(store, judges, f"evaluator {n}", wall, evaluator).run for n in range(judges)]
    async with running(poller.run, *evaluators):
        yield judged


async def played(
    source: MarketSource,
    store: MemoryStore,
    end: datetime,
    signals: Sequence[Signal] = SIGNALS,
    judges: int = 1,
) -> None:
    """Poll and judge until just that moment is judged."""
    async with playing(source, store, signals, judges) as judged:
        await judged(end)


async def told(store: Store, rule: Rule) -> Sequence[Event]:
    """What was ever told of a rule, oldest first."""
    return (await store.recent([rule.id], 1000))[::-1]
