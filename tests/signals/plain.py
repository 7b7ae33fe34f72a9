"""The oracle of the engine: every rule on every coin at every moment, one after the other, with `advance` alone."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from signals.aggregate import Reading, Weighing
from signals.cells import Seen as CellSeen
from signals.judge import MISSED_BARS, Track, cell_of, policy, said, together, tracks
from signals.model import Cell
from signals.registry import BY_NAME
from signals.rules.lifecycle import AlertState, Seen, Transition, Verdict, advance
from signals.rules.model import EVERY_COIN, WATCHLIST, Rule


@dataclass
class Moment:
    """What cells say at one moment; those of which nothing is said are unknown."""

    at: datetime
    said: Mapping[Cell, tuple[float | None, float | None]]
    steps: Mapping[str, timedelta]
    ends: Mapping[Cell, datetime] = field(default_factory=dict)
    """Where a cell stands on an older bar: the end of that."""

    def read(self, cell: Cell) -> CellSeen:
        step = self.steps[cell.name]
        value, held = self.said.get(cell, (None, None))
        return CellSeen(Reading(value, self.ends.get(cell, self.at), (), (), 1.0, Weighing.ONE, held=held), step)


@dataclass
class Past:
    """What is remembered of a cell."""

    value: tuple[float | None, float | None] = (None, None)
    moment: datetime | None = None
    before: datetime | None = None
    lit: datetime | None = None
    end: datetime | None = None
    new: bool = False
    lapsed: bool = False


@dataclass
class Plain:
    """Judges everything."""

    states: dict[tuple[str, str], AlertState] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    watched: dict[str, tuple[str, ...]] = field(default_factory=dict)
    coins: set[str] = field(default_factory=set)
    cells: dict[Cell, Past] = field(default_factory=dict)
    everywhere: list[Rule] = field(default_factory=list)
    """Rules on every coin, gone ones too: what they read is followed on."""
    last: Moment | None = None

    def put(self, rule: Rule) -> None:
        self.drop(rule.id)
        if not rule.paused:
            self.rules[rule.id] = rule
            self.everywhere += [rule] if rule.draft.coins == (EVERY_COIN,) else []
        self.begin()

    def drop(self, rule_id: str) -> None:
        self.rules.pop(rule_id, None)
        self.states = {subject: state for subject, state in self.states.items() if subject[0] != rule_id}

    def watch(self, place: str, coins: tuple[str, ...]) -> None:
        self.watched[place] = coins
        for rule in self.rules.values():
            if rule.place == place and rule.draft.coins == (WATCHLIST,):
                for subject in [s for s in self.states if s[0] == rule.id and s[1].rstrip("+-") not in coins]:
                    del self.states[subject]
        self.begin()

    def begin(self) -> None:
        """The last judged moment is asked of cells that nobody read then."""
        for cell in self._read() if self.last is not None else ():
            if cell not in self.cells:
                self.cells[cell] = _stood(self.last.read(cell), self.last.at)

    def restart(self, rules: Iterable[Rule], watched: Mapping[str, tuple[str, ...]], present: Collection[str]) -> None:
        """A cell that none of these rules reads is not remembered, nor an absent coin without any cell."""
        self.coins &= {*present, *(cell.coin for cell in self.cells)}
        read = {
            cell_of(rule.draft, condition, coin)
            for rule in rules
            for coin in self._coins(rule, watched)
            for condition in rule.draft.conditions
        }
        self.cells = {cell: past for cell, past in self.cells.items() if cell in read}
        self.everywhere = [rule for rule in rules if rule.draft.coins == (EVERY_COIN,)]

    def judge(self, moment: Moment, coins: Iterable[str]) -> list[tuple[str, str, Transition]]:
        self.coins.update(coins)
        about = [
            (rule, track, coin)
            for rule in self.rules.values()
            for coin in self._coins(rule, self.watched)
            for track in tracks(rule.draft, BY_NAME)
        ]
        for cell in self._read():
            self.cells.setdefault(cell, Past())
        for rule, track, coin in about:
            self._arm(rule, track, coin, moment.at)
        for cell, past in self.cells.items():
            _hear(past, moment.read(cell), moment.at)
        told = []
        for rule, track, coin in about:
            transition = self._judge(rule, track, coin, moment) if rule.created < moment.at else None
            told += [(rule.id, coin + track.mark, transition)] if transition else []
        self.last = moment
        return sorted(told, key=lambda of: (of[0], of[1]))

    def _read(self) -> set[Cell]:
        """All cells that rules read, and those that rules on every coin read once."""
        now = [(rule, coin) for rule in self.rules.values() for coin in self._coins(rule, self.watched)]
        followed = [(rule, coin) for rule in self.everywhere for coin in self.coins]
        return {cell_of(rule.draft, each, coin) for rule, coin in now + followed for each in rule.draft.conditions}

    def _arm(self, rule: Rule, track: Track, coin: str, at: datetime) -> None:
        """Before a rule's first moment: the one before it arms it, where all was known."""
        subject = rule.id, coin + track.mark
        if subject in self.states or rule.created >= at or self.last is None:
            return
        pasts = [self.cells[cell_of(rule.draft, each, coin)] for each in track.conditions]
        if all(past.value[0] is not None for past in pasts):
            verdict, _ = together(said(c, *past.value) for c, past in zip(track.conditions, pasts, strict=True))
            self.states[subject] = AlertState(at=self.last.at, armed=True, waiting=verdict is Verdict.MET)

    def _judge(self, rule: Rule, track: Track, coin: str, moment: Moment) -> Transition | None:
        pasts = [self.cells[cell_of(rule.draft, condition, coin)] for condition in track.conditions]
        if not any(past.new for past in pasts):
            return None
        if rule.draft.until is not None and moment.at >= rule.draft.until:
            return None
        verdict, excess = together(said(c, *past.value) for c, past in zip(track.conditions, pasts, strict=True))
        before = max((past.before for past in pasts if past.before is not None), default=None)
        step = min(moment.steps[condition.name] for condition in track.conditions)
        seen = Seen(moment.at, verdict, excess, before, any(past.lapsed for past in pasts))
        subject = rule.id, coin + track.mark
        self.states[subject], told = advance(self.states.get(subject, AlertState()), seen, policy(rule.draft, step))
        assert told is None or verdict in (Verdict.MET, Verdict.CALM)
        return told

    def _coins(self, rule: Rule, watched: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
        if rule.draft.coins == (EVERY_COIN,):
            return sorted(self.coins)
        return watched.get(rule.place, ()) if rule.draft.coins == (WATCHLIST,) else rule.draft.coins


def _stood(seen: CellSeen, at: datetime) -> Past:
    """What is remembered of a cell that only that moment was asked of: its bar was news when it ended."""
    end = min(at, seen.reading.at)
    is_known = seen.reading.value is not None and at - end <= MISSED_BARS * seen.step
    value = (seen.reading.value, seen.reading.held) if is_known else (None, None)
    return Past(value, end, None, end if is_known else None, seen.reading.at)


def _hear(past: Past, seen: CellSeen, at: datetime) -> None:
    gap = MISSED_BARS * seen.step
    past.new = seen.reading.at > past.end if past.end else seen.reading.at == at
    past.end = seen.reading.at
    past.before = past.moment
    past.lapsed = False
    if past.new:
        past.moment = at
    unheard = past.moment is None or at - past.moment > gap
    past.value = (None, None) if unheard or seen.reading.value is None else (seen.reading.value, seen.reading.held)
    if past.new and past.value[0] is not None:
        past.lapsed = past.lit is None or at - past.lit > gap
        past.lit = at
