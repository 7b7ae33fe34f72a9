"""Leap seconds: a clock that repeats a second, or leaves one out, at the end of every bar."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests import virtual
from tests.days.check import checked
from tests.days.market import STEP
from tests.days.schedule import DAY, QUIET, START, Fault, Kind, Schedule
from tests.days.service import Service
from tests.days.truth import drawn

DAYS, SEED = 0.25, 3
AROUND = (-0.9, -0.5, 0.0, 0.1, 0.5, 1.0)
"""Seconds from the end of a bar at which the clock leaps."""


def leaps(first: str, then: str) -> Sequence[Fault]:
    """One at the end of every bar, in turns."""
    bars = range(QUIET // STEP, (DAYS * DAY - QUIET) // STEP)
    ends = [(START + n * STEP + timedelta(seconds=AROUND[n % len(AROUND)]), (first, then)[n % 2]) for n in bars]
    return [Fault(Kind.LEAP, at, at, whom, 0.0) for at, whom in ends]


def told(faults: Sequence[Fault]) -> dict[str, str]:
    """What the rules that stay told, each alert with its words; nothing of it wrong."""
    service = Service(SEED, Schedule(SEED, DAYS, 0.0, faults), drawn(SEED, DAYS))
    virtual.run(service.run)
    assert checked(service).wrong == {}
    return {id_: str(event) for id_, event in service.store.written.items() if event.rule_id in service.rules}


@pytest.fixture(scope="module")
def without() -> dict[str, str]:
    return told(())


def test_leap_seconds_fire_nothing_and_nothing_is_missed(without: dict[str, str]) -> None:
    with_them = told(leaps("behind", "ahead"))

    assert len(without) > 5
    assert with_them == without


def test_seconds_that_were_repeated_one_after_the_other_change_nothing(without: dict[str, str]) -> None:
    assert told(leaps("behind", "behind")[::5]) == without
