"""The phases of a rule, cell by cell of their table."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from signals.rules.lifecycle import (
    AlertState,
    Change,
    Phase,
    Policy,
    Seen,
    Transition,
    Verdict,
    advance,
    due,
    is_plain,
    is_worse,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZERO = timedelta(0)

PATIENT = Policy(hold=MINUTE * 2, calm=MINUTE * 2, repeat=MINUTE * 3, gap=MINUTE * 2)
INSTANT = Policy(hold=ZERO, calm=ZERO, repeat=MINUTE * 3, gap=MINUTE * 2)

VERDICTS = {
    "M": Verdict.MET,
    "B": Verdict.BETWEEN,
    "C": Verdict.CALM,
    "U": Verdict.UNKNOWN,
}

IDLE, PENDING = "C", "CM"
FIRING, RECOVERING = "CMMM", "CMMMC"
PENDING_BLINK, FIRING_BLINK, RECOVERING_BLINK = "CMU", "CMMMU", "CMMMCU"
IDLE_BLINK = "CU"
DARK_OVER_IDLE, NO_DATA_OVER_FIRING = "CUU", "CMMMUU"


@dataclass(frozen=True)
class Run:
    """Where a history led: its state, all that was told, and what the last bar told."""

    state: AlertState
    told: tuple[Transition, ...]
    last: Transition | None

    @property
    def changes(self) -> list[tuple[Change, int]]:
        """What was told, and at which minute."""
        return [(told.change, (told.at - START) // MINUTE) for told in self.told]


def run(history: str, policy: Policy = PATIENT, excess: tuple[float, ...] = (), state: AlertState | None = None) -> Run:
    """One bar a minute; a dot is a minute without a bar."""
    state, told, last = state or AlertState(), [], None
    before, lit = None, None
    for minute, letter in enumerate(history):
        if letter == ".":
            continue
        at, worse = START + MINUTE * minute, excess[minute] if minute < len(excess) else 0.0
        lapsed = letter in "MBC" and (lit is None or at - lit > policy.gap)
        state, last = advance(state, Seen(at, VERDICTS[letter], worse, before, lapsed), policy)
        before, lit = at, at if letter in "MBC" else lit
        told += [last] if last else []
    return Run(state, tuple(told), last)


@pytest.mark.parametrize(
    ("history", "phase"),
    [
        (IDLE, Phase.IDLE),
        (PENDING, Phase.PENDING),
        (FIRING, Phase.FIRING),
        (RECOVERING, Phase.RECOVERING),
        (IDLE_BLINK, Phase.IDLE),
        (PENDING_BLINK, Phase.PENDING),
        (FIRING_BLINK, Phase.FIRING),
        (RECOVERING_BLINK, Phase.RECOVERING),
        (DARK_OVER_IDLE, Phase.IDLE),
        (NO_DATA_OVER_FIRING, Phase.NO_DATA),
    ],
)
def test_each_history_below_leads_to_its_phase(history: str, phase: Phase) -> None:
    assert run(history).state.phase is phase


@pytest.mark.parametrize(
    ("before", "bar", "after", "told"),
    [
        (IDLE, "M", Phase.PENDING, None),
        (IDLE, "B", Phase.IDLE, None),
        (IDLE, "C", Phase.IDLE, None),
        (IDLE, "U", Phase.IDLE, None),
        (IDLE_BLINK, "U", Phase.IDLE, None),
        (PENDING, "M", Phase.PENDING, None),
        (PENDING + "M", "M", Phase.FIRING, Change.FIRED),
        (PENDING, "B", Phase.IDLE, None),
        (PENDING, "C", Phase.IDLE, None),
        (PENDING, "U", Phase.PENDING, None),
        (PENDING_BLINK, "U", Phase.IDLE, None),
        (FIRING, "M", Phase.FIRING, None),
        (FIRING, "B", Phase.FIRING, None),
        (FIRING, "C", Phase.RECOVERING, None),
        (FIRING, "U", Phase.FIRING, None),
        (FIRING_BLINK, "U", Phase.NO_DATA, None),
        (RECOVERING, "M", Phase.FIRING, None),
        (RECOVERING, "B", Phase.RECOVERING, None),
        (RECOVERING, "C", Phase.RECOVERING, None),
        (RECOVERING + "C", "C", Phase.IDLE, Change.RESOLVED),
        (RECOVERING, "U", Phase.RECOVERING, None),
        (RECOVERING_BLINK, "U", Phase.NO_DATA, None),
        *((DARK_OVER_IDLE, known, Phase.IDLE, None) for known in "MBC"),
        *((NO_DATA_OVER_FIRING, known, Phase.FIRING, None) for known in "MBC"),
        (NO_DATA_OVER_FIRING, "U", Phase.NO_DATA, None),
    ],
)
def test_a_cell_of_the_phase_table(before: str, bar: str, after: Phase, told: Change | None) -> None:
    reached = run(before + bar)

    assert reached.state.phase is after
    assert (reached.last.change if reached.last else None) is told


@pytest.mark.parametrize(
    ("before", "bar", "after", "told"),
    [
        ("C", "M", Phase.FIRING, Change.FIRED),
        ("CM", "C", Phase.IDLE, Change.RESOLVED),
        ("CM", "B", Phase.FIRING, None),
        ("CMU", "C", Phase.IDLE, Change.RESOLVED),
    ],
)
def test_without_hold_and_calm_a_single_bar_fires_and_resolves(
    before: str, bar: str, after: Phase, told: Change | None
) -> None:
    reached = run(before + bar, INSTANT)

    assert reached.state.phase is after
    assert (reached.last.change if reached.last else None) is told


def test_an_episode_names_when_it_held_first_when_it_fired_and_when_it_ended() -> None:
    fired, resolved = run(FIRING + "CCC").told

    assert (fired.change, fired.since, fired.at) == (Change.FIRED, START + MINUTE, START + MINUTE * 3)
    assert (resolved.change, resolved.since, resolved.at) == (Change.RESOLVED, START + MINUTE, START + MINUTE * 6)
    assert fired.fired_at == resolved.fired_at == START + MINUTE * 3


class TestClocks:
    def test_a_break_in_the_condition_starts_the_hold_again(self) -> None:
        assert run("CMMBMM").changes == []
        assert run("CMMBMMM").changes == [(Change.FIRED, 6)]

    def test_the_hold_stands_still_over_one_unknown_bar(self) -> None:
        assert run("CMUMM").changes == []
        assert run("CMUMMM").changes == [(Change.FIRED, 5)]

    def test_two_unknown_bars_lose_the_hold(self) -> None:
        assert run("CMMUUMMM").changes == []
        assert run("CMMUUMMMM").changes == [(Change.FIRED, 8)]

    def test_the_calm_starts_again_between_the_levels(self) -> None:
        assert run(FIRING + "CCBCC").changes == [(Change.FIRED, 3)]
        assert run(FIRING + "CCBCCC").changes == [(Change.FIRED, 3), (Change.RESOLVED, 9)]

    def test_the_calm_stands_still_over_one_unknown_bar(self) -> None:
        assert run(FIRING + "CUCC").changes == [(Change.FIRED, 3)]
        assert run(FIRING + "CUCCC").changes == [(Change.FIRED, 3), (Change.RESOLVED, 8)]

    def test_after_no_data_over_firing_the_calm_is_served_in_full(self) -> None:
        assert run(FIRING + "CUUCCC").changes == [(Change.FIRED, 3)]
        assert run(FIRING + "CUUCCCC").changes == [(Change.FIRED, 3), (Change.RESOLVED, 10)]

    def test_every_second_bar_unknown_never_becomes_no_data(self) -> None:
        reached = run("CUMUMUCU")

        assert reached.state.phase is Phase.IDLE
        assert reached.changes == []


class TestArming:
    def test_the_first_known_bar_only_records(self) -> None:
        reached = run("C", INSTANT)

        assert reached.state.armed
        assert reached.changes == []

    @pytest.mark.parametrize("before", ["", "U", "UU", "UUU"])
    def test_a_rule_that_is_true_from_the_start_fires_only_after_it_was_not(self, before: str) -> None:
        assert run(before + "MMMMMM", INSTANT).changes == []
        assert run(before + "MMBM", INSTANT).changes == [(Change.FIRED, len(before) + 3)]

    def test_waiting_ends_with_any_known_bar_that_is_not_met_even_with_the_one_that_arms(self) -> None:
        assert run("MUUCM", INSTANT).changes == [(Change.FIRED, 4)]

    def test_an_unknown_bar_does_not_end_the_waiting(self) -> None:
        assert run("MUMUUMMM", INSTANT).changes == []

    @pytest.mark.parametrize("before", ["UU", "UUU"])
    def test_one_known_bar_brings_a_new_rule_out_of_the_dark(self, before: str) -> None:
        assert run(before + "C").state.phase is Phase.IDLE

    def test_an_unknown_bar_before_the_first_known_one_counts_no_more_after_it(self) -> None:
        assert run("UCU").state.phase is Phase.IDLE

    def test_a_rule_found_true_after_downtime_serves_its_hold_anew_and_fires(self) -> None:
        assert run("C...MMM").changes == []
        assert run("C...MMMM").changes == [(Change.FIRED, 7)]


class TestGaps:
    def test_a_silence_as_long_as_the_gap_is_none(self) -> None:
        assert run("CM.M").changes == [(Change.FIRED, 3)]

    def test_a_longer_silence_loses_the_hold(self) -> None:
        assert run("CM..M").changes == []
        assert run("CM..M").state.phase is Phase.IDLE

    def test_a_silence_while_firing_goes_on_firing_and_loses_the_calm(self) -> None:
        assert run(FIRING + "C..C").state.phase is Phase.FIRING
        assert run(FIRING + "C..CCCC").changes == [(Change.FIRED, 3), (Change.RESOLVED, 10)]

    def test_an_unknown_bar_after_a_silence_is_no_data_at_once(self) -> None:
        assert run(FIRING + "..U").state.phase is Phase.NO_DATA
        assert run("CM..U").state.phase is Phase.IDLE


class TestOldBars:
    @pytest.mark.parametrize("letter", list(VERDICTS))
    @pytest.mark.parametrize("age", [ZERO, MINUTE])
    def test_a_bar_that_is_not_newer_changes_nothing(self, letter: str, age: timedelta) -> None:
        state = run("CMM").state

        after = advance(state, Seen(START + MINUTE * 2 - age, VERDICTS[letter], 9.0), INSTANT)

        assert after == (state, None)


class TestReminders:
    def test_one_comes_when_it_is_due_and_worse_by_one_band(self) -> None:
        reached = run("CMMMM", INSTANT, excess=(0, 1.0, 1.0, 1.0, 2.0))

        assert reached.changes == [(Change.FIRED, 1), (Change.REMINDED, 4)]

    @pytest.mark.parametrize("excess", [(0, 1.0, 1.0, 1.0, 1.99), (0, 1.0, 9.0, 9.0, 1.0)])
    def test_none_comes_when_it_is_not_worse(self, excess: tuple[float, ...]) -> None:
        assert run("CMMMM", INSTANT, excess).changes == [(Change.FIRED, 1)]

    def test_none_comes_before_it_is_due(self) -> None:
        assert run("CMMM", INSTANT, excess=(0, 1.0, 9.0, 9.0)).changes == [(Change.FIRED, 1)]

    def test_the_next_one_is_measured_from_the_last_one(self) -> None:
        told = run("CMMMMMMM", INSTANT, excess=(0, 1.0, 1.0, 1.0, 5.0, 5.0, 5.0, 5.99)).changes
        worse = run("CMMMMMMM", INSTANT, excess=(0, 1.0, 1.0, 1.0, 5.0, 5.0, 5.0, 6.0)).changes

        assert told == [(Change.FIRED, 1), (Change.REMINDED, 4)]
        assert worse == [*told, (Change.REMINDED, 7)]

    def test_the_next_one_is_not_due_before_its_time_however_much_worse_it_is(self) -> None:
        told = run("CMMMMMMM", INSTANT, excess=(0, 1.0, 1.0, 1.0, 2.0, 9.0, 10.0, 11.0)).changes

        assert told == [(Change.FIRED, 1), (Change.REMINDED, 4), (Change.REMINDED, 7)]

    @pytest.mark.parametrize(
        "policy",
        [
            Policy(ZERO, ZERO, None, MINUTE * 2),
            Policy(ZERO, ZERO, MINUTE, MINUTE * 2, once=True),
        ],
    )
    def test_a_rule_without_reminders_has_none(self, policy: Policy) -> None:
        assert run("CMMMM", policy, excess=(0, 1.0, 9.0, 99.0, 999.0)).changes == [(Change.FIRED, 1)]

    def test_a_return_from_recovering_says_nothing_and_keeps_the_reminder_clock(self) -> None:
        reached = run("CMMMCMM", excess=(0, 0, 0, 1.0, 0, 3.0, 3.0))

        assert reached.changes == [(Change.FIRED, 3), (Change.REMINDED, 6)]


def test_once_ends_after_its_first_episode() -> None:
    once = Policy(ZERO, ZERO, None, MINUTE * 2, once=True)

    reached = run("CMCMCM", once)

    assert reached.changes == [(Change.FIRED, 1), (Change.RESOLVED, 2)]
    assert reached.state.done


class TestCrossings:
    CROSSING = Policy(ZERO, ZERO, None, MINUTE * 2, crossing=True)

    def test_it_is_told_once_and_its_end_is_not(self) -> None:
        assert run("CMMBMCMC", self.CROSSING).changes == [(Change.FIRED, 1), (Change.FIRED, 6)]

    def test_it_needs_a_sample_on_the_other_side(self) -> None:
        assert run("MMMBM", self.CROSSING).changes == [(Change.FIRED, 4)]

    @pytest.mark.parametrize("dark", ["UU", ".."])
    def test_what_was_crossed_in_the_dark_was_not_seen(self, dark: str) -> None:
        assert run("C" + dark + "MMMM", self.CROSSING).changes == []
        assert run("C" + dark + "MMCM", self.CROSSING).changes == [(Change.FIRED, 4 + len(dark))]

    def test_it_must_stay_across_for_its_hold(self) -> None:
        patient = Policy(MINUTE * 2, ZERO, None, MINUTE * 2, crossing=True)

        assert run("CMMCMMM", patient).changes == [(Change.FIRED, 6)]


class TestResting:
    @pytest.mark.parametrize("history", ["C", "B", "M", "CMC", "CUU", "CMMMCCC", "CUC"])
    def test_a_rule_at_rest_is_said_by_its_verdict(self, history: str) -> None:
        letter = history.rstrip("U")[-1]

        assert is_plain(run(history).state, VERDICTS[letter])

    @pytest.mark.parametrize("history", ["", "U", "CM", "CMMM", "CMMMC", "C..M", "CMMMUU"])
    def test_one_that_is_not_must_be_kept(self, history: str) -> None:
        last = VERDICTS[history[-1]] if history else Verdict.CALM

        assert not is_plain(run(history).state, last)

    @pytest.mark.parametrize("history", ["CM", "CMMM", "CMMMC", "CMMMCB", "CMU", "CMMMU"])
    def test_until_it_is_due_the_same_verdict_changes_nothing(self, history: str) -> None:
        reached = run(history)
        at, verdict = START + MINUTE * (len(history) - 1), VERDICTS[history[-1]]
        then = due(reached.state, PATIENT)
        soon = Seen((then or at + MINUTE) - timedelta(seconds=1), verdict, 0.0, at)

        assert advance(reached.state, soon, PATIENT) == (replace(reached.state, at=soon.at), None)


def test_a_clock_that_stood_still_before_the_dark_does_not_stand_still_after_it() -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    waits = AlertState(phase=Phase.PENDING, at=at, armed=True, since=at, unknown_since=at)

    after, told = advance(waits, Seen(at + timedelta(hours=1), Verdict.CALM, 0.0, at, lapsed=True), PATIENT)

    assert told is None
    assert (after.phase, after.since, after.unknown_since) == (Phase.IDLE, None, None)


@pytest.mark.parametrize("excess", [float("inf"), 1e300])
def test_what_is_boundlessly_far_past_the_line_does_not_get_worse_by_staying(excess: float) -> None:
    assert not is_worse(excess, excess)
    assert is_worse(excess, 1.0)
