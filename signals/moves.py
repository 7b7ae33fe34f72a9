"""What the engine gives out: who moved, with what is told of it, and how large the engine is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from signals.event import Event
from signals.judge import Track
from signals.rules.lifecycle import AlertState, Transition
from signals.rules.model import Rule
from signals.vigil import Kept

A_FEW = 200
"""How many are gone through or given out at most before whoever judges may do something else."""


class Moved(NamedTuple):
    """One rule on one coin after one more moment. `moved` = the state did more than see one more bar.

    At rest the verdict alone says the state: nothing need be kept of it.
    """

    rule: Rule
    coin: str
    track: Track
    state: AlertState
    told: Transition | None
    moved: bool
    at_rest: bool

    @property
    def subject(self) -> tuple[str, str]:
        """What its state is stored under: the rule's id, and the coin with the way of a crossing."""
        return self.rule.id, self.coin + self.track.mark


def moved_of(one: Kept, told: Transition | None = None, *, moved: bool = True, at_rest: bool = False) -> Moved:
    """That move of one that is kept, or was."""
    return Moved(one.rule, one.coin, one.track, one.state, told, moved, at_rest)


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule on a coin that was looked at, with the event where there is one."""

    rule: Rule
    coin: str
    subject: tuple[str, str]
    state: AlertState
    event: Event | None
    moved: bool
    at_rest: bool


def by_a_few(moving: Iterable[Moved | None]) -> Iterator[Sequence[Moved]]:
    """The same, up to A_FEW together, fewer where much was done meanwhile."""
    some = list[Moved]()
    for moved in moving:
        if moved is not None:
            some.append(moved)
        if moved is None or len(some) == A_FEW:
            yield some
            some = []
    yield some
