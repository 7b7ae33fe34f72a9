"""A rule: a person's sentence on a place, as data."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from signals.model import Unit, Yardstick

EVERY_COIN = "*"
WATCHLIST = "watchlist"
"""Stands alone among a draft's coins for the coins that its place watches."""

LANGUAGE = 1
"""Version of the language: what a stored rule was read by."""


class Compare(StrEnum):
    """How a value is held against the line."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="

    @property
    def downward(self) -> bool:
        """True where smaller values are worse."""
        return self in _DOWNWARD


_DOWNWARD = (Compare.BELOW, Compare.AT_MOST)


class Crossing(StrEnum):
    """Which way a value must cross the line."""

    UP = "up"
    DOWN = "down"
    EITHER = "either"


class Loudness(StrEnum):
    """What quiet hours and budgets do to a rule's messages."""

    USUAL = ""
    LOUD = "loud"
    """Passes quiet hours and budget."""
    QUIET = "quiet"
    """Never heard."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: `name` is a metric of the rule language or a signal, `line` and `clear` are in `unit`.

    `window` is zero for a level. `yardstick` says whether the value itself, its rank, its spreads or its multiple
    is compared; `unit` is then that of the yardstick. `side` is a signal's. `absolute` compares the size of a move.
    `stock` marks a bare signal, which stands for the signal's own levels; `own_clear` a clear level that a person
    chose. `crossing` makes it a moment instead of a state; `compare` is then the far side (above for EITHER).
    """

    name: str
    window: timedelta
    compare: Compare
    line: float
    clear: float
    unit: Unit
    yardstick: Yardstick = Yardstick.VALUE
    side: str = ""
    absolute: bool = False
    stock: bool = False
    own_clear: bool = False
    crossing: Crossing | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule that is not saved; `canonical` says it in words.

    `coins` holds EVERY_COIN or WATCHLIST alone for those. `conditions` are one to four that must hold together.
    `until` is UTC. `shadow` is for how long it is judged and not sent. `ungated` marks low trust instead of ranking
    it down. `filled` names the times that the sentence left out.
    """

    coins: tuple[str, ...]
    venue: str
    conditions: tuple[Condition, ...]
    hold: timedelta
    every: timedelta | None
    once: bool
    until: datetime | None = None
    shadow: timedelta | None = None
    loudness: Loudness = Loudness.USUAL
    ungated: bool = False
    note: str = ""
    filled: tuple[str, ...] = field(default=(), compare=False)

    @property
    def condition(self) -> Condition:
        """The first condition."""
        return self.conditions[0]


@dataclass(frozen=True, slots=True)
class Rule:
    """A saved rule: `number` is how its place calls it, `id` is opaque, `revision` counts edits from 1.

    `created` is when this revision was saved: `shadow` counts from it. A `paused` rule is kept and not judged.
    """

    id: str
    place: str
    number: int
    revision: int
    draft: Draft
    created: datetime
    change: int
    """Number of the change that made this revision: fan-out waits for it."""
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence that is no rule: a code, where in the text, and repaired lines that parse."""

    code: str
    span: tuple[int, int]
    word: str = ""
    repairs: tuple[str, ...] = ()
    detail: tuple[str, ...] = ()
    both: str = ""
    """The line with this and a second mistake mended, where no line with this one mended is a rule: if one alone is."""

    @property
    def offers(self) -> tuple[str, ...]:
        """The lines that may be meant."""
        return self.repairs or ((self.both,) if self.both else ())
