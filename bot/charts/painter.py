"""Pictures of charts within a second: drawn by processes of their own, at most two at a time, and kept."""

import asyncio
import contextlib
import hashlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import structlog

from adapters.chat.base import Picture
from adapters.chat.chart import Chart
from bot.charts.frames import ANSWER, SIZE

log = structlog.get_logger()

DEADLINE = 1.0
"""Seconds that a message waits for its picture."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long is waited and how much is held.

    `deadline` is how many seconds a message waits, `at_a_time` how many pictures are drawn at once, `waiting` beyond
    how many nobody waits as they would be late, `kept` how many bytes of pictures are kept, and `stuck` after how
    many seconds a process that has not answered is ended.
    """

    deadline: float = DEADLINE
    at_a_time: int = 2
    waiting: int = 64
    kept: int = 8 * 2**20
    stuck: float = 20.0


WORKER = (sys.executable, "-P", "-m", "bot.charts.worker")
"""What draws, in a process whose memory is not ours."""

_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "XDG_CACHE_HOME", "MPLCONFIGDIR")
"""What a worker learns of our environment: no keys, no tokens."""

_ROOT = Path(__file__).parents[2]


class Painter:
    """Paints charts; as a context it leaves no process behind. Processes are started when first needed."""

    def __init__(self, bounds: Bounds = Bounds(), command: Sequence[str] = WORKER) -> None:
        self._bounds = bounds
        self._command = command
        self._slots = asyncio.Semaphore(bounds.at_a_time)
        self._idle: list[_Worker] = []
        self._workers: set[_Worker] = set()
        self._jobs: dict[bytes, asyncio.Task[bytes | None]] = {}
        self._wanted = Counter[bytes]()
        self._kept = OrderedDict[bytes, bytes]()
        self._warming: asyncio.Task[None] | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        while self._workers or self._jobs:
            await asyncio.gather(*(worker.end() for worker in self._workers))
            self._workers.clear()
            await asyncio.gather(*self._jobs.values())
        if self._warming is not None:
            await self._warming

    @property
    def processes(self) -> Sequence[int]:
        """The numbers of the processes that draw."""
        return [worker.number for worker in self._workers]

    def warm(self) -> None:
        """A picture may be asked for soon: let the first process be ready by then."""
        self._have(1)

    def _have(self, many: int) -> None:
        """Let another process get ready beside what is asked now, if there are fewer."""
        if not self._closed and len(self._workers) < many and (self._warming is None or self._warming.done()):
            self._warming = asyncio.create_task(self._warmed(many))

    async def paint(self, chart: Chart) -> Picture | None:
        """The picture; None where it is not there in time or cannot be drawn, which the log then says."""
        body = msgspec.msgpack.encode(replace(chart, name="", alt=""))  # neither is drawn
        key = hashlib.sha256(body).digest()
        png = self._kept.get(key)
        if png is None:
            png = await self._in_time(key, body)
        else:
            self._kept.move_to_end(key)
        return None if png is None else Picture(png, f"{chart.name}.png", chart.alt)

    async def _in_time(self, key: bytes, body: bytes) -> bytes | None:
        """The picture of those bytes; whoever asks for the same one waits for the same drawing."""
        job = self._jobs.get(key)
        if job is None:
            if self._closed or len(self._jobs) >= self._bounds.waiting:
                return None
            job = self._jobs[key] = asyncio.create_task(self._drawn(key, body))
            job.add_done_callback(lambda _: self._jobs.pop(key))
            self._have(self._bounds.at_a_time)  # one who asks is seldom the only one
        self._wanted[key] += 1
        try:
            async with asyncio.timeout(self._bounds.deadline):
                return await asyncio.shield(job)
        except TimeoutError:
            return None
        finally:
            self._wanted[key] -= 1
            if not self._wanted[key]:
                del self._wanted[key]

    async def _drawn(self, key: bytes, body: bytes) -> bytes | None:
        async with self._slots:
            if self._closed or key not in self._wanted:
                return None
            try:
                async with asyncio.timeout(self._bounds.stuck):
                    png = await self._by_worker(body)
            except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
                if not self._closed:
                    log.warning("a picture was not drawn: its process ended or is stuck", error=repr(error))
                return None
        if png is not None:
            self._keep(key, png)
        return png

    async def _by_worker(self, body: bytes) -> bytes | None:
        worker = await self._ready()
        try:
            drawn, said = await worker.ask(body)
        except BaseException:  # whatever it was, half an answer may be left in the pipe
            self._workers.discard(worker)
            await worker.end()
            raise
        self._idle.append(worker)
        if not drawn:
            log.error("a chart cannot be drawn", traceback=said.decode(errors="replace"))
        return said if drawn else None

    async def _ready(self) -> "_Worker":
        """A process that lives: one that waits, else a new one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.lives:
                return worker
            self._workers.discard(worker)
        return await self._started()

    async def _started(self) -> "_Worker":
        known = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        worker = _Worker(
            await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=None,
                env=known | {"PYTHONPATH": str(_ROOT)},
                start_new_session=True,  # the Ctrl-C that stops us lets it finish
            )
        )
        if self._closed:
            await worker.end()
            raise OSError("the service ends")
        self._workers.add(worker)
        return worker

    async def _warmed(self, many: int) -> None:
        async with self._slots:
            if not self._closed and len(self._workers) < many:
                with contextlib.suppress(OSError):  # the first picture meets it again and says so
                    self._idle.insert(0, await self._started())  # who has drawn already is taken before it

    def _keep(self, key: bytes, png: bytes) -> None:
        self._kept[key] = png
        while sum(map(len, self._kept.values())) > self._bounds.kept:
            self._kept.popitem(last=False)


class _Worker:
    """A process that draws one chart at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._ended = False

    @property
    def number(self) -> int:
        """That of the process."""
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    async def ask(self, body: bytes) -> tuple[bool, bytes]:
        """The picture, or why there is none. Raises OSError or IncompleteReadError where the process ends."""
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise AssertionError("it was started with pipes")
        process.stdin.write(SIZE.pack(len(body)) + body)
        await process.stdin.drain()
        drawn, size = ANSWER.unpack(await process.stdout.readexactly(ANSWER.size))
        return bool(drawn), await process.stdout.readexactly(size)

    async def end(self) -> None:
        """It is over, at once. Only the first call kills: who asks a dead process again takes its end from the loop."""
        if self.lives and not self._ended:
            self._ended = True
            with contextlib.suppress(ProcessLookupError):  # it was over already
                self._process.kill()
        await self._process.wait()
