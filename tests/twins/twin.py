"""Twins as a table: the name of a trap, its rule, the fault and the true move."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from signals.rules.lifecycle import Change
from tests.twins.world import AS_EVER, Stage, Story, play

SEEDS = range(2)

ONCE = (Change.FIRED,)
ENDED = (Change.FIRED, Change.RESOLVED)


@dataclass(frozen=True, slots=True)
class Twin:
    """A trap by its number and name. `told` is all that the fault tells, `true` what the true move tells first."""

    trap: str
    sentence: str
    fault: Story
    truth: Story
    told: tuple[Change, ...] = ()
    true: tuple[Change, ...] = ONCE
    fault_on: Stage = AS_EVER
    truth_on: Stage = AS_EVER


@dataclass(frozen=True, slots=True)
class Half:
    """One story of a twin, with what must be told of it: of a fault in all, of a true move at first."""

    name: str
    sentence: str
    story: Story
    stage: Stage
    wanted: tuple[Change, ...]
    is_fault: bool

    def told(self, seed: int) -> tuple[Change, ...]:
        """What is told of it, as far as it matters."""
        told = play(self.sentence, self.story, seed, self.stage)
        return told if self.is_fault else told[: len(self.wanted)]


def each(twins: Sequence[Twin], seeds: Sequence[int] = SEEDS) -> pytest.MarkDecorator:
    """Both halves of every twin as cases of their own, named by the trap, with each seed."""
    halves = [*_halves(twins)]
    cases = [pytest.param(half, seed, id=f"{half.name}-{seed}") for half in halves for seed in seeds]
    return pytest.mark.parametrize(("half", "seed"), cases)


def _halves(twins: Iterable[Twin]) -> Iterator[Half]:
    for twin in twins:
        yield Half(f"{twin.trap}: fault", twin.sentence, twin.fault, twin.fault_on, twin.told, is_fault=True)
        yield Half(f"{twin.trap}: true", twin.sentence, twin.truth, twin.truth_on, twin.true, is_fault=False)
