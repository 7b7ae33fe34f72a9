"""What rests in the store as bytes, and back: msgpack of our own types, bars as packed float32 matrices."""

from datetime import datetime, timedelta

import msgspec
import numpy as np

from adapters.store.base import PlaceSettings
from adapters.venues.base import Health
from signals.aggregate import Cycle, Reading
from signals.event import Event
from signals.model import Metric, Observation
from signals.panel import Matrix, Panel
from signals.rules.lifecycle import AlertState
from signals.rules.model import Draft, Rule

_FLOATS = np.dtype("<f4")


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


class _Written(msgspec.Struct, array_like=True, frozen=True):
    """What of a rule is known before its number is: the store gives numbers."""

    draft: Draft
    created: datetime


encode = msgspec.msgpack.Encoder().encode
_bars = msgspec.msgpack.Decoder(list[_Bars])
_moment = msgspec.msgpack.Decoder(_Moment)
_written = msgspec.msgpack.Decoder(_Written)
_event = msgspec.msgpack.Decoder(Event)
_state = msgspec.msgpack.Decoder(AlertState)
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


def draft(of: Draft, created: datetime) -> bytes:
    """What a person wrote, and when; the store adds number and change."""
    return encode((of, created))


def read_rule(rule_id: str, place: str, number: int, change: int, stored: bytes) -> Rule:
    """The rule as stored under that number."""
    written = _written.decode(stored)
    return Rule(rule_id, place, number, 1, written.draft, written.created, change)


def read_event(stored: bytes) -> Event:
    """The event."""
    return _event.decode(stored)


def read_state(stored: bytes) -> AlertState:
    """The phase of a rule on a coin."""
    return _state.decode(stored)


def read_settings(stored: bytes) -> PlaceSettings:
    """What a place has asked for."""
    return _settings.decode(stored)


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
        {metric: _matrix(x, shape) for metric, x in of.matrices.items()},
        {metric: {venue: _matrix(x, shape) for venue, x in by.items()} for metric, by in of.legs.items()},
    )


def _bytes(matrix: Matrix) -> bytes:
    return matrix.astype(_FLOATS, copy=False).tobytes()


def _matrix(stored: bytes, shape: tuple[int, int]) -> Matrix:
    found: Matrix = np.frombuffer(stored, _FLOATS).reshape(shape)
    return found
