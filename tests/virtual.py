"""An event loop on which waiting costs nothing: time jumps to the next timer, and a deadlock is found at once."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

T = TypeVar("T")


class _Jump(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("deadlock: nothing is scheduled")
        if not ready and timeout and timeout > 0:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Real sockets have no place on it: time would run past them. What is for a thread is done at once."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)
        self._clock_resolution = 1e-9
        numbers = count()
        self.set_task_factory(lambda loop, work, **more: Numbered(next(numbers), work, loop=loop, **more))

    def time(self) -> float:
        return self._jump.now

    def stand_still(self, seconds: float) -> None:
        """The process does nothing for so long, and time goes on."""
        self._jump.now += seconds

    def run_in_executor(  # type: ignore[override] # the future of what is done
        self, executor: object, func: Callable[..., T], *said: object
    ) -> "asyncio.Future[T]":
        done = self.create_future()
        try:
            done.set_result(func(*said))
        except Exception as error:  # noqa: BLE001 - it belongs to who asked
            done.set_exception(error)
        return done


class Numbered(asyncio.Task[object]):
    """A task whose place in a set is the same on every run, so that the same things happen in the same order."""

    def __init__(self, number: int, work: object, **more: object) -> None:
        self._number = number
        super().__init__(work, **more)  # type: ignore[arg-type] # as the loop gives them

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


def run(main: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:

        async def entry() -> T:
            return await main()

        return runner.run(entry())


def in_virtual_time(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """The test, which fails at once where it would wait for ever."""

    def timed() -> None:
        run(test)

    return timed
