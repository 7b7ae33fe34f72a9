"""Streams of forced closes: alive means data, holes are told, and nothing is counted twice.

A connection that shook hands, acknowledged and answers pings may still say nothing: only a heartbeat subscription
that delivers proves that it lives. Connections are changed with an overlap, so that a planned change is no hole.
"""

import asyncio
import random
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from adapters.venues.base import Unavailable, VenueError
from adapters.venues.repeats import Repeats
from adapters.venues.transport import Socket, Transport
from adapters.venues.wire import Known, ParsedLiquidations, Reason
from signals.model import Gap, Liquidation, Pulse

log = structlog.get_logger()

SILENT = timedelta(seconds=15)
"""Without a heartbeat for so long a connection is dead."""

EACH_PULSE = timedelta(seconds=1)
"""Hearts may beat ten times a second: so far apart are the beats that are passed on."""

MALFORMED = 20
"""Unreadable frames in a row after which a connection is changed."""

SOON, LOOK = 0.5, 5.0
"""Seconds between looks at a connection, and at the symbols that should be subscribed to."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a new try, doubled with each in a row; drawn from zero up to that."""

CALM_AFTER = timedelta(minutes=5)
"""How long data must have come until the next trouble counts as the first."""

OVERLAP = 10.0
"""Seconds that the old connection is kept beside the new one."""

LATEST = timedelta(minutes=10)
"""How old a close may be when it comes."""
AHEAD = timedelta(seconds=5)

TOLD_WITHIN = timedelta(seconds=5)
"""How long after a close its frame comes: one that cannot be used leaves so long a time unknown."""

AGAIN = frozenset({"repeated", "replayed"})
"""Reasons of what is no loss: it was counted already, or it was before us."""

BUFFER = 20_000
"""Items that may wait to be read; more are a hole."""

BURST = 200
"""Frames after which others get their turn."""

MENDS = timedelta(seconds=5)
"""How long it takes at the most until what is subscribed to after a refusal is heard."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A subscription that was refused: which symbols are to blame, and what to send instead for the others."""

    symbols: frozenset[str] = frozenset()
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """What a venue's stream is like; declared as data in each venue's file.

    `subscribe` gives for symbols the messages of each connection that is needed. `beats` is true for heartbeat data
    alone, `going` for an announced restart, `refused` reads a refusal of one of the sent messages (None: it is no
    refusal). `replays` says that first frames repeat the past. `key` is the venue's identity of a close. `stamp`
    writes the time of sending into a message, where the venue wants it there.
    """

    venue: str
    subscribe: Callable[[Sequence[str]], Sequence[Sequence[str]]]
    parse: Callable[[bytes, datetime, Known], ParsedLiquidations]
    beats: Callable[[bytes], bool]
    key: Callable[[Liquidation], Hashable]
    refused: Callable[[bytes, Sequence[str]], Refusal | None] = lambda _frame, _sent: None
    going: Callable[[bytes], bool] = lambda _: False
    headers: Mapping[str, str] = field(default_factory=dict)
    ping: str | None = None
    ping_every: timedelta = timedelta(seconds=20)
    replays: bool = False
    lasts: timedelta = timedelta(hours=23)
    stamp: Callable[[str, datetime], str] = lambda message, _: message


@dataclass
class _Connection:
    """One connection: its messages, when it was opened, and what it has shown so far."""

    messages: Sequence[str]
    opened: datetime
    before: datetime | None = None
    """The last heartbeat of its line before it was opened; of a new line, how far all was told."""
    beside: "_Connection | None" = None
    """The one that it shall replace."""
    beat: datetime | None = None
    going: bool = False
    deaf: bool = False
    """Its heart beats, but its closes are not believed to come."""
    gone: bool = False
    malformed: int = 0
    again: list[str] = field(default_factory=list)
    """What was sent instead of refused messages, and how much of it is sent already."""
    resent: int = 0

    @property
    def is_covered(self) -> bool:
        """Whether the one before still hears what this one does not yet."""
        return self.beside is not None and not self.beside.gone and not self.beside.deaf


class Stream:
    """The forced closes of one venue over as many connections as it needs."""

    def __init__(
        self,
        channel: Channel,
        url: str,
        transport: Transport,
        known: Callable[[], Known],
        clock: Callable[[], datetime],
        rng: random.Random,
    ) -> None:
        self.dropped: Counter[str] = Counter()
        """How many closes or frames were not used, by reason."""
        self._channel = channel
        self._url = url
        self._transport = transport
        self._known = known
        self._clock = clock
        self._rng = rng
        self._repeats = Repeats(channel.key, LATEST)
        self._items: deque[Liquidation | Gap | Pulse] = deque()
        self._news = asyncio.Event()
        self._lost_since: datetime | None = None
        self._wanted: Sequence[Sequence[str]] = ()
        self._symbols: Sequence[str] = ()
        self._refused: frozenset[str] = frozenset()
        self._heard: dict[str, datetime] = {}
        self._subscribed: dict[int, Sequence[str]] = {}
        self._open: list[_Connection] = []
        self._beats: dict[int, datetime] = {}
        self._pulsed: datetime | None = None

    @property
    def refused(self) -> frozenset[str]:
        """The symbols whose closes the venue does not tell."""
        return self._refused

    @property
    def lost(self) -> Counter[str]:
        """How many closes or frames should have counted and did not, by reason."""
        return Counter({reason: number for reason, number in self.dropped.items() if reason not in AGAIN})

    @property
    def heard(self) -> Mapping[str, datetime]:
        """The symbols whose closes are told now, each with the first moment from which on they were."""
        return {symbol: at for symbol, at in self._heard.items() if symbol not in self._refused}

    async def items(self) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """Closes, holes and pulses, for as long as they are wanted."""
        async with asyncio.TaskGroup() as group:
            keeper = group.create_task(self._keep_lines())
            try:
                while True:
                    while self._items or self._lost_since is not None:
                        if self._lost_since is not None:
                            since, self._lost_since = self._lost_since, None
                            yield Gap(self._channel.venue, since, self._clock())
                        else:
                            yield self._items.popleft()
                    self._news.clear()
                    await self._news.wait()
            finally:
                keeper.cancel()

    def resubscribe(self, since: datetime) -> None:
        """The channel says nothing though its heart beats: connect anew; the time since then is a hole."""
        self._put(Gap(self._channel.venue, since, self._clock()))
        for connection in self._open:
            connection.going = connection.deaf = True

    def shifted(self, by: timedelta) -> None:
        """Our clock was set by so much: what is remembered by the old one moves with it."""
        for connection in self._open:
            connection.opened += by
            connection.before = connection.before and connection.before + by
            connection.beat = connection.beat and connection.beat + by
        self._beats = {number: at + by for number, at in self._beats.items()}
        self._heard = {symbol: at + by for symbol, at in self._heard.items()}
        self._pulsed = self._pulsed and self._pulsed + by

    async def _keep_lines(self) -> None:
        """As many lines as the subscription needs; who is listed anew is subscribed to."""
        async with asyncio.TaskGroup() as group:
            lines: list[asyncio.Task[None]] = []
            while True:
                self._symbols = sorted(set(self._known()) - self._refused)
                self._wanted = self._channel.subscribe(self._symbols) if self._symbols else ()
                self._heard = {symbol: at for symbol in self._symbols if (at := self._heard.get(symbol)) is not None}
                lines += [group.create_task(self._keep(n)) for n in range(len(lines), len(self._wanted))]
                while len(lines) > len(self._wanted):
                    lines.pop().cancel()
                    self._beats.pop(len(lines), None)
                    self._subscribed.pop(len(lines), None)
                await asyncio.sleep(LOOK)

    async def _keep(self, number: int) -> None:
        """One line: a connection, and the next one before this one ends, or as soon as it has ended."""
        tries = 0
        old: asyncio.Task[None] | None = None
        beside: _Connection | None = None
        async with asyncio.TaskGroup() as group:
            while True:
                before = self._beats.get(number, self._pulsed)
                connection = _Connection(self._wanted[number], self._clock(), before, beside)
                reader = group.create_task(self._read(number, connection))
                goes_on = False
                if await self._comes_alive(connection, reader):
                    await _stop(old, OVERLAP)
                    old, beside = reader, connection
                    goes_on = await self._until_change(number, connection, reader)
                    tries = 0 if self._lasted(connection) else tries
                if not goes_on:
                    connection.gone = True
                    await _stop(reader)
                    tries += 1
                    await asyncio.sleep(self._pause(tries))

    async def _comes_alive(self, connection: _Connection, reader: asyncio.Task[None]) -> bool:
        """Whether the first heartbeat comes in time."""
        while not reader.done() and not self._is_over(connection.opened):
            if connection.beat is not None:
                return True
            await asyncio.sleep(SOON)
        return False

    async def _until_change(self, number: int, connection: _Connection, reader: asyncio.Task[None]) -> bool:
        """Wait while all is well; whether the connection still lives and should be changed for another."""
        while not reader.done() and connection.malformed < MALFORMED:
            if self._is_over(connection.beat or connection.opened):
                return False
            lasted = self._clock() - connection.opened
            wanted = self._wanted[number] if number < len(self._wanted) else connection.messages
            if connection.going or lasted > self._channel.lasts or list(wanted) != list(connection.messages):
                return True
            await asyncio.sleep(SOON)
        return False

    async def _read(self, number: int, connection: _Connection) -> None:
        """Subscribe and hear every frame, until the connection is gone."""
        self._open.append(connection)
        try:
            async with self._transport.connect(self._url, self._channel.headers) as socket:
                for message in connection.messages:
                    await self._send(socket, message)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._ping(socket))
                    frames = 0
                    while True:
                        self._hear(number, connection, await socket.receive())
                        for message in connection.again[connection.resent :]:
                            connection.resent += 1
                            await self._send(socket, message)
                        frames += 1
                        if frames % BURST == 0:
                            await asyncio.sleep(0)
        except* VenueError as gone:
            self.dropped["connection"] += 1
            log.debug("stream closed", venue=self._channel.venue, error=str(gone.exceptions[0]))
        finally:
            connection.gone = True
            self._open.remove(connection)

    async def _send(self, socket: Socket, message: str) -> None:
        await socket.send(self._channel.stamp(message, self._clock()))

    async def _ping(self, socket: Socket) -> None:
        while self._channel.ping is not None:
            await asyncio.sleep(self._channel.ping_every.total_seconds())
            await socket.send(self._channel.ping)

    def _hear(self, number: int, connection: _Connection, frame: bytes) -> None:
        now, channel = self._clock(), self._channel
        if channel.beats(frame):
            if connection.beat is None:
                self._subscribed[number] = connection.messages
                self._tell_hole(number, connection, now)
            elif self._is_over(connection.beat):
                self._put(Gap(channel.venue, connection.beat, now))
            connection.beat = now
            self._beat(number, now)
        elif channel.going(frame):
            connection.going = True
        elif (refusal := channel.refused(frame, (*connection.messages, *connection.again))) is not None:
            self._do_without(refusal, connection, now)
        else:
            self._read_frame(connection, frame, now)

    def _do_without(self, refusal: Refusal, connection: _Connection, now: datetime) -> None:
        """Subscribe to what can be: until that is done, nobody knows what happened since the connection was opened."""
        self.dropped["refused"] += 1
        self._refused |= refusal.symbols
        connection.again += refusal.instead
        self._put(Gap(self._channel.venue, connection.opened, now + MENDS))

    def _read_frame(self, connection: _Connection, frame: bytes, now: datetime) -> None:
        try:
            parsed = self._channel.parse(frame, now, self._known())
        except Unavailable:
            self.dropped["malformed"] += 1
            connection.malformed += 1
            self._put(Gap(self._channel.venue, connection.beat or connection.opened, now))
            return
        connection.malformed = 0
        self.dropped.update(row.reason for row in parsed.rejected)
        if any(row.reason is not Reason.UNKNOWN_SYMBOL for row in parsed.rejected):
            self._put(Gap(self._channel.venue, now - TOLD_WITHIN, now))
        in_time = [item for item in parsed.liquidations if self._is_in_time(item, connection, now)]
        told = list(self._repeats.fresh(in_time, now))
        self.dropped["repeated"] += len(in_time) - len(told)
        for item in told:
            self._put(item)

    def _is_in_time(self, item: Liquidation, connection: _Connection, now: datetime) -> bool:
        """Whether a close is neither of long ago nor of the time to come, nor a replay of what was before us."""
        reason = ""
        if item.at > now + AHEAD:
            reason = "future-time"
        elif item.at < now - LATEST:
            reason = "old"
        elif self._channel.replays and item.at < connection.opened:
            reason = "replayed"
        if reason:
            self.dropped[reason] += 1
        return not reason

    def _beat(self, number: int, now: datetime) -> None:
        """A heart beats: all is told up to the beat of the slowest line, and of all that every line asks for."""
        if len(self._heard) < len(self._symbols) and self._is_subscribed():
            self._heard = dict.fromkeys(self._symbols, now) | self._heard
        self._beats[number] = now
        slowest = min(self._beats.values())
        if len(self._beats) == len(self._wanted) and (self._pulsed is None or slowest - self._pulsed >= EACH_PULSE):
            self._pulsed = slowest
            self._put(Pulse(self._channel.venue, slowest))

    def _is_subscribed(self) -> bool:
        """Whether every line that lives has asked for what is wanted now."""
        return [*map(list, self._wanted)] == [list(self._subscribed.get(n, ())) for n in range(len(self._wanted))]

    def _tell_hole(self, number: int, connection: _Connection, first: datetime) -> None:
        """The time from the last beat of the line to the first one of this connection, unless another covered it.

        It is told before that first beat, so that nobody takes the time in between for heard.
        """
        before = connection.before
        if before is not None and not (connection.is_covered and first - before <= SILENT):
            log.info("stream gap", venue=self._channel.venue, line=number, since=before, until=first)
            self._put(Gap(self._channel.venue, before, first))

    def _put(self, item: Liquidation | Gap | Pulse) -> None:
        if len(self._items) >= BUFFER:
            self.dropped["overflow"] += 1
            self._lost_since = min(self._lost_since or self._clock(), item.since if isinstance(item, Gap) else item.at)
            return
        self._items.append(item)
        self._news.set()

    def _is_over(self, since: datetime) -> bool:
        return self._clock() - since > SILENT

    def _lasted(self, connection: _Connection) -> bool:
        return connection.beat is not None and connection.beat - connection.opened > CALM_AFTER

    def _pause(self, tries: int) -> float:
        return self._rng.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries, 10)))


async def _stop(task: asyncio.Task[None] | None, after: float = 0.0) -> None:
    """End a reader, perhaps after a while."""
    if task is None:
        return
    if not task.done() and not task.cancelling():
        await asyncio.sleep(after)
    task.cancel()
