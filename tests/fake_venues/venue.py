"""What all fake venues share: a request is counted, limited, answered from the market, and spoiled by faults."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, TypeAlias

from tests.fake_venues import spoiling
from tests.fake_venues.contracts import Contract
from tests.fake_venues.faults import Fault, Kind, holding
from tests.fake_venues.limits import Limit, Meters, Use
from tests.fake_venues.market import Market
from tests.fake_venues.record import Record, Served, what_is_asked
from tests.fake_venues.shapes import Asked, Json, Moment, Told, Wrong, encoded, ms, when
from tests.fake_venues.sockets import Frame, Socket, Stays
from tests.fake_venues.values import Pair, Quote

Row: TypeAlias = tuple[Contract, Quote]
Handler: TypeAlias = Callable[[Asked, Moment], Json]

FORBIDDEN_TEXT = "The venue is not offered in your region."
PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser.</body></html>"
OVERALL = "overall"
"""The bucket of all requests together, where a venue has one beside those of its endpoints."""

CONNECT = "connect"
"""The bucket of new connections, where a venue limits them."""


class FakeVenue(ABC):
    """One venue as it is documented. It asks no clock: `at` is an argument everywhere."""

    name: ClassVar[str]
    hosts: ClassVar[frozenset[str]]
    limits: ClassVar[Mapping[str, Limit]]
    banned_for: ClassVar[timedelta] = timedelta(0)
    """How long the venue bans who goes on asking over a limit."""
    patience: ClassVar[int] = 0
    """How many requests over a limit it takes until the ban."""
    stays: ClassVar[Stays] = Stays()

    def __init__(self, market: Market, faults: Sequence[Fault] = (), record: Record | None = None) -> None:
        self.market = market
        self.faults = tuple(each for each in faults if each.venue in {self.name, "*"})
        self.record = record or Record()
        self._meters = Meters(self.limits)
        self._excess = 0
        self._banned_until: datetime | None = None

    def answer(self, asked: Asked, at: datetime) -> Told:
        """The answer at that instant, with the faults that hold then."""
        bucket, weight = self.cost(asked)
        use = self._use(bucket, weight, at)
        told = self._spoiled(self._refusal(asked, use, at) or self._respond(asked, at), asked, use, at)
        more = self.surcharge(asked, told)
        if more:
            self._meters.take(bucket, more, at)
        served = Served(
            self.name,
            asked.method,
            asked.path,
            what_is_asked(asked, self.body_of(asked)),
            at,
            bucket,
            weight + more,
            0 if told.never else told.status,
        )
        self.record.request(served)
        return told

    def connect(self, asked: Asked, at: datetime) -> Socket | Told:
        """An open socket, or the refusal of the handshake."""
        broken = self._fault_refusal(replace(asked, path=""), at)
        if broken is not None or not self.is_stream(asked.path):
            return broken or Told(404, {}, b"")
        if CONNECT in self.limits and self._meters.take(CONNECT, 1, at).over:
            return Told(429, {}, b"")
        self.record.connections[self.name] += 1
        return Socket(self, asked, at)

    @property
    @abstractmethod
    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """What is answered by whom."""

    @abstractmethod
    def cost(self, asked: Asked) -> tuple[str, int]:
        """The bucket and the weight of a request."""

    @abstractmethod
    def limited(self, use: Use | None, retry_after: int | None) -> Told:
        """The venue's words for too many requests."""

    @abstractmethod
    def is_stream(self, path: str) -> bool:
        """Whether a socket opens there."""

    @abstractmethod
    def hear(self, socket: Socket, text: str, at: datetime) -> Sequence[Json]:
        """What the venue says at once to a message; a string is a text frame that is no JSON."""

    @abstractmethod
    def pushes(self, socket: Socket, since_ms: int, until_ms: int) -> Sequence[Frame]:
        """What it pushes on its own after `since_ms`, up to and including `until_ms`, in that order."""

    def surcharge(self, asked: Asked, told: Told) -> int:
        """What the answer weighs beside, by its length."""
        return 0

    def banned(self, until: datetime, at: datetime) -> Told:
        """The venue's words for a ban."""
        return self.limited(None, int((until - at).total_seconds()))

    def usage(self, use: Use) -> Mapping[str, str]:
        """Headers that tell what is used."""
        return {}

    def unknown_path(self, asked: Asked) -> Told:
        """The venue's words for a path that there is not."""
        return self.told(404, {"error": f"no such path: {asked.path}"})

    def body_of(self, asked: Asked) -> Mapping[str, Json]:
        """The fields of a POST; none where the body is no object."""
        try:
            read = json.loads(asked.body) if asked.body else {}
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}

    def told(self, status: int, data: Json, headers: Mapping[str, str] | None = None) -> Told:
        """An answer in JSON."""
        return Told(status, {"content-type": "application/json", **(headers or {})}, encoded(data))

    def rows(self, moment: Moment, path: str = "") -> Sequence[Row]:
        """What the venue lists at that moment and how it stands, with the faults of the world in it."""
        at = when(moment.ms)
        held = holding(self.faults, (Kind.MAINTENANCE,), self.name, at)
        seen_ms = ms(held[0].since) if held else moment.ms
        quotes = self.market.quotes(self.name, seen_ms)
        rows = [(of, quotes[of.symbol]) for of in self.market.contracts(self.name)]
        return spoiling.world(rows, [each for each in self.faults if each.on(self.name, at, path)], moment.ms)

    def living(self, moment: Moment) -> Sequence[Row]:
        """The living perpetuals among them."""
        return [row for row in self.rows(moment) if row[0].alive]

    def row(self, moment: Moment, symbol: str, path: str = "") -> Row | None:
        """The row of that symbol."""
        return next((row for row in self.rows(moment, path) if row[0].symbol == symbol), None)

    def glance(self, symbol: str, at_ms: int) -> Row | None:
        """One row for a heartbeat; cut lists are no matter of streams."""
        at = when(at_ms)
        of = next((each for each in self.market.contracts(self.name) if each.symbol == symbol), None)
        if of is None:
            return None
        held = holding(self.faults, (Kind.MAINTENANCE,), self.name, at)
        quote = self.market.quote(of, ms(held[0].since) if held else at_ms)
        changes = [each for each in holding(self.faults, spoiling.LASTING, self.name, at) if not each.path]
        return next(iter(spoiling.world([(of, quote)], changes, at_ms)), None)

    def spot(self, moment: Moment, path: str = "") -> Sequence[Pair]:
        """The spot pairs, with the faults of the world in them."""
        at = when(moment.ms)
        held = holding(self.faults, (Kind.MAINTENANCE,), self.name, at)
        pairs = self.market.spot(self.name, ms(held[0].since) if held else moment.ms)
        return spoiling.some(pairs, [each for each in self.faults if each.on(self.name, at, path)])

    def past(self, of: Contract, instants: Sequence[int]) -> Sequence[Quote]:
        """How a contract stood at those instants."""
        return [row[0] for row in self.market.history(self.name, (of,), instants)] if instants else []

    def lists_late(self, of: Contract, moment: Moment) -> bool:
        """Whether a changed interval is not told yet."""
        late = holding(self.faults, (Kind.LATE_INFO,), self.name, when(moment.ms))
        return any(each.touches(of.coin, of.symbol) for each in late)

    def nearly_used(self, asked: Asked, at: datetime) -> bool:
        """Whether headers say that 95 % are used, whatever is true."""
        return bool(holding(self.faults, (Kind.NEARLY_USED,), self.name, at, asked.path))

    def _use(self, bucket: str, weight: int, at: datetime) -> Use:
        use = self._meters.take(bucket, weight, at)
        if OVERALL not in self.limits:
            return use
        overall = self._meters.take(OVERALL, 1, at)
        return overall if overall.over else use

    def _refusal(self, asked: Asked, use: Use, at: datetime) -> Told | None:
        by_fault = self._fault_refusal(asked, at)
        if by_fault is not None:
            return by_fault
        if self._banned_until is not None and at < self._banned_until:
            return self.banned(self._banned_until, at)
        if not use.over:
            return None
        self._excess += 1
        if self.banned_for and self._excess > self.patience:
            self._banned_until, self._excess = at + self.banned_for, 0
            return self.banned(self._banned_until, at)
        return self.limited(use, use.waits(at))

    def _fault_refusal(self, asked: Asked, at: datetime) -> Told | None:
        for fault in holding(self.faults, Kind, self.name, at, asked.path):
            match fault.kind:
                case Kind.TOO_MANY:
                    return self.limited(None, None if fault.value is None else int(fault.value))
                case Kind.BANNED | Kind.FREQUENT:
                    return self.banned(fault.until, at)
                case Kind.REGION:
                    return self.told(451, {"code": 0, "msg": "Service unavailable from a restricted location."})
                case Kind.FORBIDDEN:
                    return Told(403, {"content-type": "text/plain"}, FORBIDDEN_TEXT.encode())
                case Kind.BROKEN:
                    return Told(int(fault.value or 503), {"content-type": "text/html"}, b"<html>Bad gateway</html>")
                case Kind.TIMEOUT:
                    return Told(200, {}, b"", never=True)
                case Kind.HTML:
                    return Told(int(fault.value or 200), {"content-type": "text/html"}, PAGE)
                case _:
                    continue
        return None

    def _respond(self, asked: Asked, at: datetime) -> Told:
        handler = self.routes.get((asked.method, asked.path))
        if handler is None:
            return self.unknown_path(asked)
        faults = [each for each in self.faults if each.on(self.name, at, asked.path)]
        try:
            data = handler(asked, spoiling.moment(at, faults))
        except Wrong as wrong:
            return self.told(wrong.status, wrong.body, wrong.headers)
        return self.told(200, spoiling.values(data, faults))

    def _spoiled(self, told: Told, asked: Asked, use: Use, at: datetime) -> Told:
        body, drip, delay = told.body, told.drip, told.delay
        for fault in holding(self.faults, (Kind.TRUNCATED, Kind.LATE, Kind.DRIP), self.name, at, asked.path):
            if fault.kind is Kind.TRUNCATED:
                body = body[: len(body) // 2]
            elif fault.kind is Kind.LATE:
                delay = timedelta(seconds=fault.value or 5)
            else:
                drip = int(fault.value or 100)
        if self.nearly_used(asked, at):
            use = replace(use, used=max(use.used, use.most * 95 // 100))
        return replace(told, body=body, drip=drip, delay=delay, headers={**self.usage(use), **told.headers})
