"""Memory over virtual days: what a day needs is there after the first, and no moment leaves anything behind."""

from datetime import timedelta

import pytest

from tests.days.memory import LOOKED_AT, MOST, Grown, measured
from tests.days.schedule import DAY

SEED = 1


def test_after_the_first_day_memory_grows_by_less_than_a_megabyte_a_day() -> None:
    grown = measured(SEED, 1.5)

    assert grown.alerts > 40
    assert grown.a_moment(DAY) < MOST


@pytest.mark.parametrize(("leak", "is_too_much"), [(0, False), (1000, True)])
def test_what_each_moment_leaves_behind_is_seen(leak: int, is_too_much: bool) -> None:
    quarter = LOOKED_AT // timedelta(minutes=5) * leak
    grown = Grown([9_000_000, *(9_500_000 + n * quarter for n in range(8))], 1)

    assert (grown.a_moment(DAY) > MOST) is is_too_much
