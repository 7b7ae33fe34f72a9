"""The history law: whatever happens, what people are told is what a slow reading of the whole history says."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from signals.rules.lifecycle import AlertState, Change, Phase, Policy, Seen, Transition, Verdict, advance

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZERO = timedelta(0)
KNOWN = (Verdict.MET, Verdict.BETWEEN, Verdict.CALM)


class History:
    """All bars of one rule, read from the beginning each time that something is asked."""

    def __init__(self, given: Sequence[Seen], policy: Policy) -> None:
        self.policy = policy
        self.bars: list[Seen] = []
        for bar in given:
            if not self.bars or bar.at > self.bars[-1].at:
                self.bars.append(bar)
        let_go = (i for i, bar in enumerate(self.bars) if bar.verdict in (Verdict.BETWEEN, Verdict.CALM))
        self.released = next(let_go, len(self.bars))
        self.first_known = next((i for i in range(len(self.bars)) if self.known(i)), len(self.bars))

    def known(self, i: int) -> bool:
        return self.bars[i].verdict in KNOWN

    def lapsed(self, i: int) -> bool:
        """True for a known bar that is the first for longer than the gap."""
        last = next((j for j in range(i - 1, -1, -1) if self.known(j)), None)
        return last is None or self.bars[i].at - self.bars[last].at > self.policy.gap

    def dark(self, i: int) -> bool:
        """True where the bar itself shows that nothing is known any more."""
        if self.known(i):
            return False
        last = next((j for j in range(i - 1, -1, -1) if self.known(j) or self.dark(j)), None)
        return last is None or self.dark(last) or self.bars[i].at - self.bars[last].at >= self.policy.gap

    def arms(self, i: int) -> bool:
        """True for a known bar that only records."""
        return self.known(i) and (i == self.first_known or self.lapsed(i) or self.dark(i - 1))

    def waits(self, i: int) -> bool:
        """True as long as a rule that was true at its first known bar has not let go."""
        return i < self.released

    def recovers(self, i: int, after: int) -> bool:
        """True where the last judged bar before it, but for those between the levels, was calm."""
        for j in range(i - 1, after, -1):
            if self.dark(j) or self.arms(j):
                return False
            if self.bars[j].verdict in (Verdict.CALM, Verdict.MET):
                return self.bars[j].verdict is Verdict.CALM
        return False

    def run_start(self, i: int, after: int) -> int:
        """The first bar of the unbroken run of one verdict that ends at the bar; it lies behind `after`."""
        start = j = i
        while j > after and not self.arms(j):
            if self.known(j):
                if self.bars[j].verdict is not self.bars[i].verdict or self.waits(j):
                    break
                start = j
            elif self.dark(j):
                break
            j -= 1
        return start

    def lit(self, start: int, end: int) -> timedelta:
        """The time between two bars, without the spans that touch an unknown one."""
        spans = (
            self.bars[j].at - self.bars[j - 1].at
            for j in range(start + 1, end + 1)
            if self.known(j) and self.known(j - 1)
        )
        return sum(spans, ZERO)

    def told(self) -> list[Transition]:
        """Everything that people must have been told."""
        said: list[Transition] = []
        edge, worst = -1, 0.0
        for i, bar in enumerate(self.bars):
            if not self.known(i) or self.arms(i) or self.waits(i):
                continue
            firing = bool(said) and said[-1].change is not Change.RESOLVED
            if not firing and self.policy.once and said:
                break
            start = self.run_start(i, edge)
            lasted = self.lit(start, i)
            if not firing and bar.verdict is Verdict.MET and lasted >= self.policy.hold:
                said.append(Transition(Change.FIRED, bar.at, self.bars[start].at, bar.at))
                edge, worst = i, bar.excess
            elif firing and bar.verdict is Verdict.CALM and lasted >= self.policy.calm:
                said.append(Transition(Change.RESOLVED, bar.at, said[-1].since, said[-1].fired_at))
                edge = i
            elif firing and bar.verdict is Verdict.MET and not self.recovers(i, edge) and self._due(said, worst, bar):
                said.append(Transition(Change.REMINDED, bar.at, said[-1].since, said[-1].fired_at))
                worst = bar.excess
        return said

    def _due(self, said: Sequence[Transition], worst: float, bar: Seen) -> bool:
        repeat = self.policy.repeat
        due = repeat is not None and bar.at - said[-1].at >= repeat
        return due and not self.policy.once and bar.excess - worst >= 1


SPANS = st.integers(0, 4).map(lambda n: MINUTE * n)
POLICIES = st.builds(
    Policy, SPANS, SPANS, st.none() | st.integers(1, 4).map(lambda n: MINUTE * n), st.just(MINUTE * 2), st.booleans()
)
VERDICTS = st.sampled_from([*[Verdict.MET] * 4, *[Verdict.CALM] * 4, Verdict.BETWEEN, Verdict.UNKNOWN])
EXCESS = st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5])


class Life(RuleBasedStateMachine):
    """One rule on one coin, and its bars as they come."""

    @initialize(policy=POLICIES)
    def begin(self, policy: Policy) -> None:
        self.policy = policy
        self.state = AlertState()
        self.given: list[Seen] = []
        self.told: list[Transition] = []
        self.now = START

    @rule(verdict=VERDICTS, excess=EXCESS, times=st.integers(1, 4))
    def bars_come(self, verdict: Verdict, excess: float, times: int) -> None:
        for _ in range(times):
            self._see(self.now + MINUTE, verdict, excess)

    @rule(verdict=VERDICTS, excess=EXCESS, minutes=st.integers(2, 4))
    def a_bar_comes_after_a_silence(self, verdict: Verdict, excess: float, minutes: int) -> None:
        self._see(self.now + MINUTE * minutes, verdict, excess)

    @rule(verdict=VERDICTS, minutes=st.integers(0, 3))
    def an_old_bar_changes_nothing(self, verdict: Verdict, minutes: int) -> None:
        if self.state.at is None:
            return
        before = self.state

        self._see(self.now - MINUTE * minutes, verdict, 9.0)

        assert self.state == before

    def _see(self, at: datetime, verdict: Verdict, excess: float) -> None:
        known = [bar.at for bar in self.given if bar.verdict in KNOWN and bar.at < at]
        lapsed = verdict in KNOWN and (not known or at - known[-1] > self.policy.gap)
        seen = Seen(at, verdict, excess, self.given[-1].at if self.given else None, lapsed)
        before = self.state
        self.state, told = advance(before, seen, self.policy)
        if at > self.now or not self.given:
            self.given.append(seen)
        self.now = max(self.now, at)
        if told is None:
            return
        assert told.at == at
        assert verdict in (Verdict.MET, Verdict.CALM), "an unknown bar never speaks"
        assert before.phase is not Phase.NO_DATA, "nothing speaks from beneath no data"
        self.told.append(told)

    @invariant()
    def fired_and_resolved_alternate_and_times_only_grow(self) -> None:
        ends = [told.change for told in self.told if told.change is not Change.REMINDED]
        assert ends == [Change.FIRED if i % 2 == 0 else Change.RESOLVED for i in range(len(ends))]
        assert all(before.at < after.at for before, after in zip(self.told, self.told[1:], strict=False))
        for before, after in zip(self.told, self.told[1:], strict=False):
            if after.change is Change.REMINDED:
                assert before.change is not Change.RESOLVED
                assert after.fired_at == before.fired_at

    @invariant()
    def the_phase_agrees_with_what_was_told(self) -> None:
        open_episode = bool(self.told) and self.told[-1].change is not Change.RESOLVED
        shown = self.state.beneath if self.state.phase is Phase.NO_DATA else self.state.phase
        assert (shown in (Phase.FIRING, Phase.RECOVERING)) is open_episode

    def teardown(self) -> None:
        """What was told is what the history says."""
        assert self.told == History(self.given, self.policy).told()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=300, stateful_step_count=25, deadline=None)
