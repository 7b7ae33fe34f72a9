"""One person's many commands slow down nobody else."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.floods import A_MINUTE, HEAVY_EVERY, MINUTE, REMEMBERED, Floods

T0 = datetime(2026, 1, 5, tzinfo=UTC)


@given(st.lists(st.floats(0, 20), max_size=120))
def test_no_minute_has_more_than_its_commands_and_a_wait_is_never_longer_than_needed(gaps: list[float]) -> None:
    floods, at, taken = Floods(), T0, list[datetime]()
    for gap in gaps:
        at += timedelta(seconds=gap)
        wait = floods.wait("telegram:1", "funding", at)
        if wait is None:
            taken.append(at)
        else:
            assert len([one for one in taken if one > at - MINUTE]) == A_MINUTE
            assert taken[-A_MINUTE] + MINUTE == at + wait
    for one in taken:
        assert len([other for other in taken if one <= other < one + MINUTE]) <= A_MINUTE


def test_each_minute_lets_through_its_commands_and_no_more() -> None:
    floods = Floods()

    for minute in range(3):
        at = T0 + minute * MINUTE
        assert [floods.wait("telegram:1", "funding", at) for _ in range(A_MINUTE + 1)] == [*[None] * A_MINUTE, MINUTE]


def test_what_is_slow_waits_for_itself_alone() -> None:
    floods = Floods()

    assert floods.wait("telegram:1", "export", T0) is None
    assert floods.wait("telegram:1", "chart", T0 + timedelta(seconds=2)) == HEAVY_EVERY - timedelta(seconds=2)
    assert floods.wait("telegram:1", "funding", T0 + timedelta(seconds=2)) is None
    assert floods.wait("telegram:2", "chart", T0 + timedelta(seconds=2)) is None
    assert floods.wait("telegram:1", "chart", T0 + HEAVY_EVERY) is None


def test_who_has_not_asked_for_longest_is_forgotten_first() -> None:
    floods = Floods()
    for number in range(REMEMBERED + 1):
        floods.wait(f"telegram:{number}", "chart", T0)

    assert floods.wait("telegram:0", "chart", T0) is None
    assert floods.wait(f"telegram:{REMEMBERED}", "chart", T0) is not None
