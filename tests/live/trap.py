"""Traps of live venues as a table: a fault that must be no news, and the true move of its size that must be told."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import pytest

from signals.rules.lifecycle import Change
from tests.live.service import Scene, Seen, played

SEEDS = range(1, 1 + int(os.environ.get("PERPWATCH_TWIN_SEEDS", "1")))
"""Two for every day; a hundred for the long campaign."""

ONCE = (Change.FIRED,)
ENDED = (Change.FIRED, Change.RESOLVED)


def anything(_: Seen) -> bool:
    """No effect is asked for beside what is told."""
    return True


@dataclass(frozen=True, slots=True)
class Trap:
    """A trap by its number and name. `told` is all that the fault tells, `truly` what the true move tells first.

    `effect` is what else must be seen of the fault. Without a `true` scene there is no move of that size.
    """

    name: str
    sentence: str
    fault: Scene
    true: Scene | None = None
    told: tuple[Change, ...] = ()
    truly: tuple[Change, ...] = ONCE
    effect: Callable[[Seen], bool] = anything


@dataclass(frozen=True, slots=True)
class Half:
    """One scene of a trap with all rules that are judged in it."""

    trap: Trap
    scene: Scene
    is_fault: bool

    def holds(self, seed: int) -> None:
        """Fails where something else is told than must be, or the effect is not seen."""
        seen = shared(self.scene, seed)
        told = seen.changes(self.trap.sentence)
        if self.is_fault:
            assert told == self.trap.told
            assert self.trap.effect(seen)
        else:
            assert told[: len(self.trap.truly)] == self.trap.truly


@cache
def shared(scene: Scene, seed: int) -> Seen:
    """The scene, played once for all rows that look at it."""
    return played(scene, seed)


def each(traps: Sequence[Trap]) -> pytest.MarkDecorator:
    """Both halves of every trap as cases of their own, named by the trap, with each seed."""
    halves = [*_halves(traps)]
    cases = [pytest.param(half, seed, id=f"{_named(half)}-{seed}") for half in halves for seed in SEEDS]
    return pytest.mark.parametrize(("half", "seed"), cases)


def _named(half: Half) -> str:
    return f"{half.trap.name}: {'fault' if half.is_fault else 'true'}"


def _halves(traps: Sequence[Trap]) -> Iterator[Half]:
    for trap in traps:
        yield Half(trap, _with_rules(trap.fault, traps), is_fault=True)
        if trap.true is not None:
            yield Half(trap, _with_rules(trap.true, traps), is_fault=False)


def _with_rules(scene: Scene, traps: Iterable[Trap]) -> Scene:
    """The scene with the rules of all rows that look at it, so that it is played once."""
    sentences = (trap.sentence for trap in traps if scene in (trap.fault, trap.true))
    return replace(scene, rules=tuple(dict.fromkeys(sentences)))
