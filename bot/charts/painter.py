"""Pictures of charts within a second: drawn by processes of their own, at most two at a time, and kept."""

import asyncio
import contextlib
import hashlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter, OrderedDict
from collections.abc import Sequence
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

AT_A_TIME = 2
"""Pictures that are drawn at once, each by a process of its own."""

WAITING = 64
"""Pictures beyond which nobody waits: they would be late."""

KEPT = 8 * 2**20
"""Bytes of pictures that are kept."""

STUCK = 20.0
"""Seconds after which a process that has not answered is ended."""

WORKER = (sys.executable, "-P", "-m", "bot.charts.worker")
"""What draws, in a process whose memory is not ours."""

_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "XDG_CACHE_HOME", "MPLCONFIGDIR")
"""What a worker learns of our environment: no keys, no tokens."""

_ROOT = Path(__file__).parents[2]


class Painter:
    """Paints charts; as a context it leaves no process behind. Processes are started when first needed."""

    def __init__(self, deadline: float = DEADLINE, command: Sequence[str] = WORKER) -> None:
        self._deadline = deadline
        self._command = command
        self._slots = asyncio.Semaphore(AT_A_TIME)
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

    def warm(self) -> None:
        """A picture may be asked for soon: let the first process be ready by then."""
        if not self._closed and not self._workers and (self._warming is None or self._warming.done()):
            self._warming = asyncio.create_task(self._warmed())

    async def paint(self, chart: Chart) -> Picture | None:
        """The picture; None where it is not there in time or cannot be drawn, which the log then says."""
        body = msgspec.msgpack.encode(chart)
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
            if self._closed or len(self._jobs) >= WAITING:
                return None
            job = self._jobs[key] = asyncio.create_task(self._drawn(key, body))
            job.add_done_callback(lambda _: self._jobs.pop(key))
        self._wanted[key] += 1
        try:
            async with asyncio.timeout(self._deadline):
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
                async with asyncio.timeout(STUCK):
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

    async def _warmed(self) -> None:
        async with self._slots:
            if not self._closed and not self._workers:
                with contextlib.suppress(OSError):  # the first picture meets it again and says so
                    self._idle.append(await self._started())

    def _keep(self, key: bytes, png: bytes) -> None:
        self._kept[key] = png
        while sum(map(len, self._kept.values())) > KEPT:
            self._kept.popitem(last=False)


class _Worker:
    """A process that draws one chart at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process

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
        """It is over, at once."""
        with contextlib.suppress(ProcessLookupError):  # it was over already
            self._process.kill()
        await self._process.wait()
