"""What an answer says about one instrument, in words that both sides share, and where two readings differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isclose
from typing import TypeAlias

Value: TypeAlias = float | str | None
Facts: TypeAlias = Mapping[tuple[str, "Field"], Value]
"""By instrument, or by `instrument #n` for its nth forced close, or by coin for spot."""


class Field(StrEnum):
    """What is compared. Rates are of one interval, times are Unix milliseconds."""

    COIN = "coin"
    PRICE = "mark price"
    INDEX = "index price"
    RATE = "funding rate"
    INTERVAL = "hours of funding"
    NEXT = "next funding"
    PAID = "paid rate"
    PAID_AT = "time of the paid rate"
    OI = "open interest"
    VOLUME = "volume of futures"
    SPOT = "volume of spot"
    RATIO = "long/short"
    SIDE = "side of a close"
    CLOSED = "size of a close"
    CLOSED_AT = "price of a close"
    USD = "dollars of a close"


@dataclass(frozen=True, slots=True)
class Counted:
    """How an instrument counts: coins of one unit of its name, and of one contract its coins, or dollars if inverse."""

    many: float = 1.0
    contract: float = 1.0
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Odd:
    """One value that the two sides read differently; None is for a side that read nothing."""

    venue: str
    field: Field
    symbol: str
    theirs: Value
    ours: Value
    of: Counted | None
    """The instrument, where it is a listed one."""


def odds(venue: str, ours: Facts, theirs: Facts, known: Mapping[str, Counted]) -> Iterator[Odd]:
    """Each value that is not the same on both sides; numbers are the same to nine digits.

    A coin is compared where both sides read something of the instrument.
    """
    for symbol, field in sorted({**ours, **theirs}):
        mine, other = ours.get((symbol, field)), theirs.get((symbol, field))
        joined = field is not Field.COIN or None not in (mine, other)
        if joined and not _same(mine, other):
            yield Odd(venue, field, symbol, other, mine, known.get(symbol.partition(" ")[0]))


def _same(one: Value, other: Value) -> bool:
    return near(one, other) if isinstance(one, float) and isinstance(other, float) else one == other


def near(one: float, other: float) -> bool:
    """The same number but for how it was computed."""
    return isclose(one, other, rel_tol=1e-9, abs_tol=1e-15)
