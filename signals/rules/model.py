"""A rule: a person's sentence on a place, as data."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from signals.model import Unit

EVERY_COIN = "*"


class Compare(StrEnum):
    """How a value is held against the line."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="

    @property
    def downward(self) -> bool:
        """True where smaller values are worse."""
        return self in (Compare.BELOW, Compare.AT_MOST)


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: `name` is a metric of the rule language or a signal, `line` and `clear` are in `unit`.

    `window` is zero for a level. `absolute` compares the size of a move. `stock` marks a bare signal, which
    stands for the signal's own levels; `own_clear` a clear level that a person chose.
    """

    name: str
    window: timedelta
    compare: Compare
    line: float
    clear: float
    unit: Unit
    absolute: bool = False
    stock: bool = False
    own_clear: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule that is not saved. `coins` holds EVERY_COIN alone for all coins; `text` is the canonical sentence.

    `filled` names the times that the sentence left out, as the text now says them.
    """

    coins: tuple[str, ...]
    venue: str
    conditions: tuple[Condition, ...]
    hold: timedelta
    every: timedelta | None
    once: bool
    text: str
    filled: tuple[str, ...] = field(default=(), compare=False)

    @property
    def condition(self) -> Condition:
        """The first condition."""
        return self.conditions[0]


@dataclass(frozen=True, slots=True)
class Rule:
    """A saved rule: `number` is how its place calls it, `id` is opaque, `revision` counts edits from 1."""

    id: str
    place: str
    number: int
    revision: int
    draft: Draft
    created: datetime
    change: int
    """Number of the change that made this revision: fan-out waits for it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence that is no rule: a code, where in the text, and repaired lines that parse."""

    code: str
    span: tuple[int, int]
    word: str = ""
    repairs: tuple[str, ...] = ()
    detail: tuple[str, ...] = ()
