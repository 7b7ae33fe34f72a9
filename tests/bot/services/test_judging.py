"""Evaluators that share the coins out take what is free, stand by for each other, and never hold a part for long."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from adapters.store.base import Epoch, Store
from adapters.store.memory import MemoryStore
from adapters.venues.recording import Recording
from bot.clock import Clock
from bot.services.evaluator import Evaluator
from bot.services.judging import Judging
from bot.services.lead import LEADERSHIP, RENEW
from bot.services.runtime import GivenUp
from signals.part import Part
from signals.registry import SIGNALS
from tests import virtual
from tests.bot.services.markets import story
from tests.recordings import START

NAMES = "abc"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return story(tmp_path_factory.mktemp("story"))


class Shift:
    """Some evaluators of one store, and the parts that each of them judges now."""

    def __init__(self, market: Recording, store: Store, of: int) -> None:
        self._market = market
        self._store = store
        self._of = of
        self.judged: dict[str, list[Part]] = {name: [] for name in NAMES}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, wall: Clock | None = None) -> None:
        def evaluator(part: Part) -> Evaluator:
            self.judged[name].append(part)
            return Evaluator(self._store, SIGNALS, self._market.step, part)

        judging = Judging(self._store, self._of, name, wall or Clock(START), evaluator)
        self.tasks[name] = asyncio.create_task(judging.run())

    async def stop(self, name: str) -> None:
        self.tasks[name].cancel()
        await asyncio.wait({self.tasks[name]})

    @property
    def parts(self) -> Sequence[str]:
        """What each of them began to judge, in order."""
        return [" ".join(str(part) for part in self.judged[name]) for name in NAMES]


def test_each_takes_a_part_that_is_free_and_a_spare_one_takes_over_at_once(market: Recording) -> None:
    async def live() -> None:
        shift = Shift(market, MemoryStore(), of=2)
        for name in NAMES:
            shift.start(name)
            await asyncio.sleep(1)
        await asyncio.sleep(60)
        assert shift.parts == ["1/2", "2/2", ""]

        await shift.stop("b")
        await asyncio.sleep(RENEW.total_seconds())
        assert shift.parts == ["1/2", "2/2", "2/2"]
        for name in "ac":
            await shift.stop(name)

    virtual.run(live)


def test_whoever_hangs_longer_than_its_lease_loses_its_part_and_stands_by(market: Recording) -> None:
    """Another one has taken it meanwhile, and is gone again some time later."""

    async def live() -> None:
        store = MemoryStore()
        shift = Shift(market, store, of=2)
        shift.start("a")
        shift.start("b")
        await asyncio.sleep(1)
        until = START + timedelta(seconds=asyncio.get_running_loop().time()) + LEADERSHIP
        assert shift.parts == ["1/2", "2/2", ""]

        await store.lead("part 1/2", "c", until + RENEW, LEADERSHIP)  # who came while it hung
        await asyncio.sleep(2 * RENEW.total_seconds())
        assert shift.parts == ["1/2", "2/2", ""]
        assert sum("Evaluator.run" in repr(task.get_coro()) for task in asyncio.all_tasks()) == 1

        await asyncio.sleep(3 * LEADERSHIP.total_seconds())  # who came is gone again
        assert shift.parts == ["1/2 1/2", "2/2", ""]
        for name in "ab":
            await shift.stop(name)

    virtual.run(live)


def test_a_part_that_was_somebody_elses_for_a_moment_is_begun_anew(market: Recording) -> None:
    """What was judged meanwhile is in the store, and not with who had the part before."""

    async def live() -> None:
        store = MemoryStore()
        shift = Shift(market, store, of=2)
        shift.start("a")
        await asyncio.sleep(1)

        other = await store.lead("part 1/2", "c", START + 2 * LEADERSHIP, LEADERSHIP)  # who came while it hung
        assert isinstance(other, Epoch)
        await store.resign(other)
        await asyncio.sleep(2 * RENEW.total_seconds())
        assert shift.parts == ["1/2 1/2", "", ""]
        await shift.stop("a")

    virtual.run(live)


def test_the_whole_is_judged_by_everybody_without_waiting(market: Recording) -> None:
    async def live() -> None:
        shift = Shift(market, MemoryStore(), of=1)
        for name in "ab":
            shift.start(name)
        await asyncio.sleep(0.5)
        assert shift.parts == ["1/1", "1/1", ""]
        for name in "ab":
            await shift.stop(name)

    virtual.run(live)


def test_a_spare_one_of_a_former_number_ends_and_says_why_instead_of_sharing_out_back(market: Recording) -> None:
    async def live() -> None:
        store = MemoryStore()
        shift = Shift(market, store, of=2)
        for name in NAMES:
            shift.start(name)
        await asyncio.sleep(1)
        await store.share_out(2, 3, None, (await store.left(Part(1, 2)))[1])
        with pytest.raises(GivenUp, match="PERPWATCH_PARTS"):
            await shift.tasks["c"]
        assert await store.parts() == 3
        for name in "ab":
            await shift.stop(name)

    virtual.run(live)
