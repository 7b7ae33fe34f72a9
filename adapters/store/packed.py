"""A rule as bytes: its fields, not its sentence.

A usual rule of one condition takes at most 64 bytes, up to which a server keeps a place's rules in one small block.
The store's scripts read and write what comes before the draft: change, revision, created, marks.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import msgspec

from adapters.store.base import KeptDraft
from signals.drafts import drafted
from signals.index import keys_of
from signals.loading import Plain
from signals.model import ALL, Unit, Yardstick
from signals.rules.model import EVERY_COIN, LANGUAGE, WATCHLIST, Compare, Condition, Crossing, Draft, Loudness, Rule

PAUSED = 1
ON_EVERY_COIN = 2
"""Marks of a rule."""

# what is written is a place in these; new ones are added at the end
COMPARES = (Compare.BELOW, Compare.AT_MOST, Compare.ABOVE, Compare.AT_LEAST)
UNITS = (
    Unit.USD,
    Unit.COINS,
    Unit.RATE_8H,
    Unit.RATE_YEAR,
    Unit.FRACTION,
    Unit.RATIO,
    Unit.MULTIPLE,
    Unit.SPREADS,
    Unit.VOTES,
    Unit.RANK,
    Unit.HOURS,
    Unit.STATE,
)
YARDSTICKS = (Yardstick.VALUE, Yardstick.RANK, Yardstick.SPREADS, Yardstick.MULTIPLE)
CROSSINGS = (None, Crossing.UP, Crossing.DOWN, Crossing.EITHER)
_EITHER = CROSSINGS.index(Crossing.EITHER)
LOUDNESSES = (Loudness.USUAL, Loudness.LOUD, Loudness.QUIET)

_ABSOLUTE, _STOCK, _OWN_CLEAR, _CROSSING = 1, 2, 4, 8
_ONCE, _UNGATED, _LOUDNESS = 1, 2, 4


class _Condition(msgspec.Struct, array_like=True, frozen=True, gc=False):
    name: str
    compare: int
    line: float
    clear: float
    unit: int
    window: int
    marks: int = 0
    yardstick: int = 0
    side: str = ""


class _Draft(msgspec.Struct, array_like=True, frozen=True, gc=False):
    language: int
    coins: tuple[str, ...]
    venue: str
    """Empty for all of them."""
    conditions: tuple[_Condition, ...]
    hold: int
    every: int | None
    marks: int = 0
    until: int | None = None
    shadow: int | None = None
    note: str = ""
    filled: tuple[str, ...] = ()


class _Rule(msgspec.Struct, array_like=True, frozen=True, gc=False):
    change: int
    revision: int
    created: int
    marks: int
    draft: _Draft


class _Kept(msgspec.Struct, array_like=True, frozen=True, gc=False):
    rule_id: str | None
    revision: int
    draft: _Draft
    lines: str = ""


_encode = msgspec.msgpack.Encoder().encode
_rule = msgspec.msgpack.Decoder(_Rule).decode
_kept = msgspec.msgpack.Decoder(_Kept).decode
_a_rule, _a_draft, _a_condition = drafted(Rule), drafted(Draft), drafted(Condition)


def pack(rule: Rule) -> bytes:
    """The rule as the store keeps it; id, place and number are its address."""
    draft = rule.draft
    head = (rule.change, rule.revision, seconds_at(rule.created), marks(draft, paused=rule.paused))
    return _encode((*head, _written(draft)))


def pack_draft(draft: Draft) -> bytes:
    """The end of `pack`; a script puts what comes before it. What was filled in is told once, when it is saved."""
    return _encode(_written(draft))


def marks(draft: Draft, *, paused: bool) -> int:
    """The marks of a rule with that draft."""
    return PAUSED * paused | every_coin(draft)


def every_coin(draft: Draft) -> int:
    """The mark of a draft on every coin."""
    return ON_EVERY_COIN * (draft.coins == (EVERY_COIN,))


def unpack(rule_id: str, place: str, number: int, stored: bytes) -> Rule:
    """The rule that was packed, at that address."""
    of = _rule(stored)
    return _a_rule(
        rule_id,
        place,
        number,
        of.revision,
        _read(of.draft),
        datetime.fromtimestamp(of.created, UTC),
        of.change,
        bool(of.marks & PAUSED),
    )


class Packed(NamedTuple):
    """A rule as the store keeps it, with its address."""

    id: str
    place: str
    number: int
    packed: bytes

    def plain(self) -> Plain | None:
        """What it comes to where it is plain."""
        of = _rule(self.packed)
        draft = of.draft
        if of.marks or len(draft.coins) != 1 or len(draft.conditions) != 1 or draft.coins[0] == WATCHLIST:
            return None
        (coin,), (only,) = draft.coins, draft.conditions
        if only.marks & _STOCK or only.marks // _CROSSING == _EITHER:
            return None
        reads = coin, draft.venue or ALL, only.name, _span(only.window), YARDSTICKS[only.yardstick], only.side
        keys = keys_of(COMPARES[only.compare], only.line, sized=bool(only.marks & _ABSOLUTE))
        return Plain(reads, keys, datetime.fromtimestamp(of.created, UTC), ends=draft.until is not None)

    def rule(self) -> Rule:
        """The rule, whole."""
        return unpack(*self)


def pack_kept(kept: KeptDraft) -> bytes:
    """A draft that waits for its button, with what was filled in."""
    return _encode((kept.rule_id, kept.revision, _written(kept.draft, kept.draft.filled), kept.lines))


def unpack_kept(stored: bytes) -> KeptDraft:
    """The draft as it was kept."""
    of = _kept(stored)
    return KeptDraft(_read(of.draft), of.rule_id, of.revision, of.lines)


def seconds_at(at: datetime) -> int:
    """The whole second of a moment: a rule's times are kept to the second."""
    return int(at.timestamp())


def _written(draft: Draft, filled: tuple[str, ...] = ()) -> Sequence[object]:
    marks = _ONCE * draft.once | _UNGATED * draft.ungated | _LOUDNESS * LOUDNESSES.index(draft.loudness)
    return _short(
        (
            LANGUAGE,
            draft.coins,
            "" if draft.venue == ALL else draft.venue,
            [_condition(of) for of in draft.conditions],
            _seconds(draft.hold),
            None if draft.every is None else _seconds(draft.every),
            marks,
            None if draft.until is None else seconds_at(draft.until),
            None if draft.shadow is None else _seconds(draft.shadow),
            draft.note,
            filled,
        ),
        (0, None, None, "", ()),
    )


def _condition(of: Condition) -> Sequence[object]:
    marks = _ABSOLUTE * of.absolute | _STOCK * of.stock | _OWN_CLEAR * of.own_clear
    return _short(
        (
            of.name,
            COMPARES.index(of.compare),
            of.line,
            of.clear,
            UNITS.index(of.unit),
            _seconds(of.window),
            marks | _CROSSING * CROSSINGS.index(of.crossing),
            YARDSTICKS.index(of.yardstick),
            of.side,
        ),
        (0, 0, ""),
    )


def _short(fields: tuple[object, ...], usual: tuple[object, ...]) -> tuple[object, ...]:
    """The fields without those at the end that are as usual."""
    end, ahead = len(fields), len(fields) - len(usual)
    if fields[ahead:] == usual:
        return fields[:ahead]
    while end > ahead and fields[end - 1] == usual[end - 1 - ahead]:
        end -= 1
    return fields[:end]


def _read(of: _Draft) -> Draft:
    return _a_draft(
        of.coins,
        of.venue or ALL,
        tuple([_read_condition(condition) for condition in of.conditions]),
        _span(of.hold),
        None if of.every is None else _span(of.every),
        bool(of.marks & _ONCE),
        None if of.until is None else datetime.fromtimestamp(of.until, UTC),
        None if of.shadow is None else _span(of.shadow),
        LOUDNESSES[of.marks // _LOUDNESS],
        bool(of.marks & _UNGATED),
        of.note,
        of.filled,
    )


def _read_condition(of: _Condition) -> Condition:
    marks = of.marks
    return _a_condition(
        of.name,
        _span(of.window),
        COMPARES[of.compare],
        of.line,
        of.clear,
        UNITS[of.unit],
        YARDSTICKS[of.yardstick],
        of.side,
        bool(marks & _ABSOLUTE),
        bool(marks & _STOCK),
        bool(marks & _OWN_CLEAR),
        CROSSINGS[marks // _CROSSING],
    )


@lru_cache(4096)
def _span(seconds: int) -> timedelta:
    """People ask for the same few lengths."""
    return timedelta(seconds=seconds)


@lru_cache(4096)
def _seconds(length: timedelta) -> int:
    return length // timedelta(seconds=1)
