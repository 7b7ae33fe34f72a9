"""Every trap of the acceptance list is proven by tests that exist."""

from pathlib import Path

import pytest

from tests.live.traps import TRAPS

ROOT = Path(__file__).parents[2]


def test_all_traps_of_the_list_are_there() -> None:
    assert list(TRAPS) == [f"V{number}" for number in range(1, 50)]


@pytest.mark.parametrize("test", sorted({test for tests in TRAPS.values() for test in tests}))
def test_each_named_test_exists(test: str) -> None:
    file, _, name = test.partition("::")
    assert name in (ROOT / file).read_text(encoding="utf-8")
