"""What rests in the store as bytes, and back: msgpack of our own types, bars as packed float32 matrices."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta

import msgspec
import numpy as np

from adapters.chat.base import Place
from adapters.store.alert_port import Effort, Kept, Mark, Subject
from adapters.store.place_settings import PLAIN, PlaceSettings, usual
from adapters.store.record_port import Made
from adapters.venues.base import Health
from signals.aggregate import Cycle, Reading
from signals.event import Event
from signals.glance import Glance, Row
from signals.model import Metric, Observation, Unit, Yardstick
from signals.notice import Notice
from signals.panel import Matrix, Panel, Series
from signals.remembered import Remembered
from signals.rules.lifecycle import AlertState

_FLOATS = np.dtype("<f4")
_EXACT = np.dtype("<f8")


class _Bars(msgspec.Struct, array_like=True, frozen=True):
    """A panel at one resolution, its matrices row by row."""

    step: timedelta
    times: list[int]
    coins: tuple[str, ...]
    matrices: dict[Metric, bytes]
    legs: dict[Metric, dict[str, bytes]]


class _Moment(msgspec.Struct, array_like=True, frozen=True):
    """A closed moment without its bars."""

    at: datetime
    label: str
    readings: dict[str, dict[Metric, Reading]]
    known: tuple[Observation, ...]


class _Glance(msgspec.Struct, array_like=True, frozen=True):
    """A glance, each row with its name, window, bar and packed values, and where sums lack bars."""

    at: datetime
    coins: tuple[str, ...]
    rows: list[tuple[str, timedelta, datetime, timedelta, bytes | None]]
    holes: list[tuple[str, timedelta, bytes]]
    ratio: bytes
    rank: bytes


class _Kept(msgspec.Struct, array_like=True, frozen=True):
    """A state behind what the scripts compare."""

    revision: int
    version: int
    at: int
    event: str
    state: AlertState


class _Remembered(msgspec.Struct, array_like=True, frozen=True):
    """A remembered alert without the names of its fields: there are ever more of them."""

    episode: str
    rule_number: int
    revision: int
    sentence: str
    coin: str
    at: datetime
    value: float
    unit: Unit
    yardstick: Yardstick
    label: str
    step: timedelta
    prices: tuple[float | None, ...]


encode = msgspec.msgpack.Encoder().encode
_bars = msgspec.msgpack.Decoder(list[_Bars])
_moment = msgspec.msgpack.Decoder(_Moment)
_glance = msgspec.msgpack.Decoder(_Glance)
_event = msgspec.msgpack.Decoder(Event)
_notice = msgspec.msgpack.Decoder(Notice)
_kept = msgspec.msgpack.Decoder(_Kept)
_remembered = msgspec.msgpack.Decoder(_Remembered)
_made = msgspec.msgpack.Decoder(Made)
_mark = msgspec.msgpack.Decoder(Mark)
_effort = msgspec.msgpack.Decoder(Effort)
_settings = msgspec.msgpack.Decoder(PlaceSettings)
_health = msgspec.msgpack.Decoder(tuple[Health, ...])

Unreadable = msgspec.MsgspecError
"""Raised by everything that reads: the bytes were not written by this version."""


def moment(cycle: Cycle) -> bytes:
    """A closed moment without its bars."""
    return encode((cycle.at, cycle.label, cycle.readings, cycle.known))


def read_moment(stored: bytes, bars: tuple[Panel, ...] = ()) -> Cycle:
    """The closed moment, with these bars."""
    of = _moment.decode(stored)
    return Cycle(of.at, of.label, of.readings, of.known, bars)


def bars(panels: "tuple[Panel, ...] | list[Panel]") -> bytes:
    """Panels, each at its resolution."""
    return encode([_packed(panel) for panel in panels])


def read_bars(stored: bytes) -> tuple[Panel, ...]:
    """The panels, read only."""
    return tuple(_unpacked(of) for of in _bars.decode(stored))


def glance(of: Glance) -> bytes:
    """What was seen at a moment."""
    rows = [
        (*over, row.end, row.step, None if row.values is None else _exact(row.values)) for over, row in of.rows.items()
    ]
    holes = [(*over, marks.tobytes()) for over, marks in of.holes.items()]
    return encode((of.at, of.coins, rows, holes, _exact(of.ratio), _exact(of.rank)))


def read_glance(stored: bytes) -> Glance | None:
    """What was seen; None of another version's, which is seen anew at the next moment."""
    try:
        of = _glance.decode(stored)
    except Unreadable:
        return None
    rows = {
        (name, window): Row(of.at, end, step, None if values is None else _numbers(values).tolist())
        for name, window, end, step, values in of.rows
    }
    holes = {(name, window): np.frombuffer(marks, np.bool_) for name, window, marks in of.holes}
    return Glance(of.at, of.coins, rows, holes, _numbers(of.ratio), _numbers(of.rank))


def _exact(numbers: Sequence[float] | Series) -> bytes:
    return np.asarray(numbers, _EXACT).tobytes()


def _numbers(stored: bytes) -> Series:
    found: Series = np.frombuffer(stored, _EXACT)
    return found


def read_event(stored: bytes) -> Event:
    """The event."""
    return _event.decode(stored)


def read_told(stored: bytes) -> Event | Notice:
    """What an entry tells: an event, or a notice, which has other fields."""
    try:
        return _event.decode(stored)
    except msgspec.ValidationError:
        return _notice.decode(stored)


def state(of: AlertState) -> bytes:
    """Where a rule stands, without what is as in a fresh state."""
    said = {each.name: getattr(of, each.name) for each in fields(of) if getattr(of, each.name) != each.default}
    return encode(said)


def kept(revision: int, version: int, at: int, event: str, of: AlertState) -> bytes:
    """A state as the script that commits it keeps it."""
    return b"\x95" + b"".join(encode(each) for each in (revision, version, at, event)) + state(of)


def read_kept(subject: Subject, stored: bytes) -> Kept:
    """The state of that subject with its revision and version."""
    of = _kept.decode(stored)
    return Kept(subject, of.revision, of.version, of.state)


def remembered(of: Remembered) -> bytes:
    """An alert as it is kept for ever."""
    return encode([getattr(of, each.name) for each in fields(of)])


def read_remembered(stored: bytes) -> Remembered:
    """The alert."""
    of = _remembered.decode(stored)
    return Remembered(*(getattr(of, name) for name in of.__struct_fields__))


def read_made(stored: bytes) -> Made | None:
    """What followed a question on a coin, as `encode` wrote it; None of another version's, which is made anew."""
    try:
        return _made.decode(stored)
    except Unreadable:
        return None


def read_mark(stored: bytes) -> Mark:
    """What a judged moment left."""
    return _mark.decode(stored)


def settings(of: PlaceSettings, unlike: PlaceSettings = PLAIN) -> dict[str, bytes]:
    """Those settings of a place that are not as in the others, each by itself."""
    named = ((each.name, getattr(of, each.name)) for each in fields(of))
    return {name: encode(value) for name, value in named if value != getattr(unlike, name)}


def read_settings(stored: Mapping[str, bytes], place: Place) -> PlaceSettings:
    """What a place has asked for; what it has not is as usual there."""
    known = settings(usual(place)) | dict(stored)
    return _settings.decode(b"\xde" + len(known).to_bytes(2, "big") + b"".join(map(_field, known.items())))


def _field(of: tuple[str, bytes]) -> bytes:
    name, value = of
    return encode(name) + value


def read_effort(stored: bytes) -> Effort:
    """What judging a moment took."""
    return _effort.decode(stored)


def read_health(stored: bytes) -> tuple[Health, ...]:
    """How each venue was doing."""
    return _health.decode(stored)


def _packed(panel: Panel) -> _Bars:
    return _Bars(
        panel.step,
        panel.times.tolist(),
        panel.coins,
        {metric: _bytes(x) for metric, x in panel.matrices.items()},
        {metric: {venue: _bytes(x) for venue, x in by.items()} for metric, by in panel.legs.items()},
    )


def _unpacked(of: _Bars) -> Panel:
    shape = (len(of.times), len(of.coins))
    return Panel(
        np.array(of.times, np.int64),
        of.coins,
        of.step,
        {metric: matrix(x, shape) for metric, x in of.matrices.items()},
        {metric: {venue: matrix(x, shape) for venue, x in by.items()} for metric, by in of.legs.items()},
    )


def _bytes(matrix: Matrix) -> bytes:
    return matrix.astype(_FLOATS, copy=False).tobytes()


def matrix(stored: bytes, shape: tuple[int, int]) -> Matrix:
    """Packed rows, read only."""
    found: Matrix = np.frombuffer(stored, _FLOATS).reshape(shape)
    return found
