"""Judging: cells and rules in, transitions out. Pure; live and replay run just this."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from signals.aggregate import Reading, is_fresh
from signals.base import Signal
from signals.cells import Cells
from signals.event import Event, alert_id
from signals.model import AGGREGATORS, Cell, Fact, Kind, Metric, Unit
from signals.rules.canonical import canonical
from signals.rules.lifecycle import AlertState, Change, Policy, Seen, Transition, Verdict, advance
from signals.rules.model import EVERY_COIN, Compare, Condition, Draft, Rule
from signals.trust import grade

CALM = timedelta(minutes=5)
"""How long an ended condition must stay on the calm side."""

MISSED_BARS = 2
"""Bars that may be missed in a row before the past does not count any more."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule on one coin after one more moment. `moved` = the state did more than see one more bar."""

    rule: Rule
    coin: str
    state: AlertState
    event: Event | None
    moved: bool


def judge(
    rules: Iterable[Rule], states: Mapping[tuple[str, str], AlertState], cells: Cells, signals: Mapping[str, Signal]
) -> Iterator[Judged]:
    """Every state that this moment advanced, with the event where there is one.

    `states` holds what is known per (rule id, coin); absent means new.
    """
    for rule in rules:
        for coin in coins_of(rule.draft, cells):
            old = states.get((rule.id, coin), AlertState())
            judged = _judge_one(rule, coin, old, cells, signals)
            if judged.state != old:
                yield judged


def coins_of(draft: Draft, cells: Cells) -> Sequence[str]:
    """The coins that a rule is judged on now."""
    return sorted(cells.cycle.readings) if draft.coins == (EVERY_COIN,) else draft.coins


def verdict(condition: Condition, value: float | None) -> tuple[Verdict, float]:
    """What a value says about a condition, and how far past the line it is, in bands."""
    if value is None:
        return Verdict.UNKNOWN, 0.0
    seen = abs(value) if condition.absolute else value
    line, clear = condition.line, condition.clear
    sign = -1.0 if condition.compare.downward else 1.0
    past = sign * (seen - line)
    met = past > 0 or (past == 0 and condition.compare in (Compare.AT_MOST, Compare.AT_LEAST))
    if met:
        band = abs(line - clear)
        return Verdict.MET, past / band if band else past
    calm = sign * (seen - clear) < 0 or line == clear
    return (Verdict.CALM if calm else Verdict.BETWEEN), 0.0


def policy(draft: Draft, step: timedelta) -> Policy:
    """The rule's times on bars of that length: what is shorter than a bar is met by the bar's own close."""
    return Policy(
        hold=draft.hold if draft.hold >= step else timedelta(0),
        calm=CALM if step <= CALM else timedelta(0),
        repeat=draft.every,
        gap=MISSED_BARS * step,
        once=draft.once,
    )


def cell_of(rule: Draft, condition: Condition, coin: str) -> Cell:
    """The cell that a condition reads."""
    return Cell(coin, rule.venue, condition.name, condition.window)


def _judge_one(rule: Rule, coin: str, old: AlertState, cells: Cells, signals: Mapping[str, Signal]) -> Judged:
    condition = rule.draft.condition
    seen = cells.read(cell_of(rule.draft, condition, coin))
    said, excess = _said(condition, seen.reading)
    state, told = advance(old, Seen(seen.reading.at, said, excess), policy(rule.draft, seen.step))
    event = None
    if told is not None and seen.reading.value is not None:
        event = _event(rule, coin, told, seen.reading, seen.reading.value, cells, signals.get(condition.name))
    return Judged(rule, coin, state, event, moved=replace(state, at=old.at) != old)


def _said(condition: Condition, reading: Reading) -> tuple[Verdict, float]:
    """What a reading says; unknown where that depends on who is missing, so that nobody's leaving crosses a line."""
    said = verdict(condition, reading.value)
    if reading.held is not None and said[0] is not verdict(condition, reading.held)[0]:
        return Verdict.UNKNOWN, 0.0
    return said


def _event(
    rule: Rule, coin: str, told: Transition, of: Reading, value: float, cells: Cells, signal: Signal | None
) -> Event:
    condition = rule.draft.condition
    panel = cells.panel(cells.cycle.at)
    many = 2 if AGGREGATORS & set(of.venues) else len(of.venues)
    facts = [*signal.evidence(panel, coin, condition.window)] if signal else []
    return Event(
        id=alert_id(rule.id, rule.revision, coin, told.change, told.at),
        episode=alert_id(rule.id, rule.revision, coin, Change.FIRED, told.fired_at),
        rule_id=rule.id,
        rule_number=rule.number,
        revision=rule.revision,
        sentence=canonical(rule.draft),
        change_number=rule.change,
        coin=coin,
        venue=rule.draft.venue,
        name=condition.name,
        window=max(condition.window, of.span),
        change=told.change,
        at=told.at,
        since=told.since,
        fired_at=told.fired_at,
        value=value,
        line=condition.line,
        clear=condition.clear,
        compare=condition.compare,
        absolute=condition.absolute,
        unit=condition.unit,
        hold=rule.draft.hold,
        venues=of.venues,
        missing=of.missing,
        coverage=of.coverage,
        weighing=of.weighing,
        floor=of.floor,
        trust=grade(panel, coin, of.coverage, many),
        facts=(*facts, *_venue_facts(cells, cell_of(rule.draft, condition, coin))),
        label=cells.cycle.label,
    )


def _venue_facts(cells: Cells, cell: Cell) -> Iterator[Fact]:
    """Each venue's own number where the cell rests on a level: rates with their own interval."""
    metric = cells.basis_of(cell)
    if metric.kind is Kind.SUM or metric is Metric.OI_LEVEL:
        return
    for seen in cells.known(cell.coin, metric):
        if not is_fresh(seen, cells.cycle.at):
            continue
        own_rate = seen.rate if seen.rate is not None and seen.interval_h is not None else None
        if own_rate is not None:
            yield Fact(f"venue {seen.venue}", own_rate, Unit.FRACTION, f"per {seen.interval_h:g}h")
        else:
            yield Fact(f"venue {seen.venue}", seen.value, metric.unit)
