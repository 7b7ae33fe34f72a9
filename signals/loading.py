"""Stored rules on their way into an engine: of a plain one only what must be known before something touches it."""

from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeAlias

from signals.model import Yardstick
from signals.rules.model import Rule

Reads: TypeAlias = tuple[str, str, str, timedelta, Yardstick, str]
"""What a condition reads on a coin, as a cell has it: coin, venue, name, window, yardstick, side."""


class Plain(NamedTuple):
    """A rule that is judged, of one condition with its own levels on one named coin, followed as one track."""

    reads: Reads
    keys: tuple[float, ...]
    """`line_keys` of the condition."""
    created: datetime
    ends: bool
    """Whether it is judged up to a time only."""


class Stored(Protocol):
    """A rule as a store keeps it: `packed` is read by whoever packed it."""

    @property
    def id(self) -> str:
        """The rule's id."""
        ...

    @property
    def place(self) -> str:
        """The rule's place."""
        ...

    @property
    def number(self) -> int:
        """How its place calls it."""
        ...

    @property
    def packed(self) -> bytes:
        """All else of it."""
        ...

    def plain(self) -> Plain | None:
        """What it comes to where it is plain."""
        ...

    def rule(self) -> Rule:
        """The rule, whole."""
        ...
