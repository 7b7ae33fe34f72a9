"""Telling: one transition of a rule on a coin becomes an event with everything that is said about it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from signals.aggregate import is_fresh
from signals.base import Signal
from signals.cells import Cells
from signals.event import Event, alert_id
from signals.judge import Track, cell_of
from signals.model import AGGREGATORS, Cell, Fact, Kind, Metric, Unit
from signals.moves import Judged, Moved
from signals.rules.canonical import canonical
from signals.rules.lifecycle import Change, Transition
from signals.rules.model import Rule


def told_of(
    rule: Rule, track: Track, coin: str, told: Transition, cells: Cells, signals: Mapping[str, Signal]
) -> Event | None:
    """The event of a transition; None where its first cell has no value to tell."""
    first, draft = track.conditions[0], rule.draft
    of = cells.read(cell_of(draft, first, coin)).reading
    if of.value is None:
        return None
    subject = coin + track.mark
    many = 2 if AGGREGATORS & set(of.venues) else len(of.venues)
    signal = signals.get(first.name)
    facts = cells.evidence(signal, coin, first.window, first.side) if signal else ()
    return Event(
        id=alert_id(rule.id, rule.revision, subject, told.change, told.at),
        episode=alert_id(rule.id, rule.revision, subject, Change.FIRED, told.fired_at),
        rule_id=rule.id,
        rule_number=rule.number,
        revision=rule.revision,
        sentence=canonical(draft),
        change_number=rule.change,
        coin=coin,
        venue=draft.venue,
        name=first.name,
        window=max(first.window, of.span),
        change=told.change,
        at=told.at,
        since=told.since,
        fired_at=told.fired_at,
        value=of.value,
        line=first.line,
        clear=first.clear,
        compare=first.compare,
        absolute=first.absolute,
        unit=first.unit,
        hold=draft.hold,
        venues=of.venues,
        missing=of.missing,
        coverage=of.coverage,
        weighing=of.weighing,
        floor=of.floor,
        trust=cells.trust(coin, of.coverage, many),
        facts=(*facts, *_other_legs(rule, track, coin, cells), *_venue_facts(cells, cell_of(draft, first, coin))),
        label=cells.cycle.label,
        yardstick=first.yardstick,
        crossing=first.crossing,
        shadow=in_shadow(rule, told.at),
        loudness=draft.loudness,
        ungated=draft.ungated,
        note=draft.note,
    )


def telling(moves: Iterable[Moved], cells: Cells, signals: Mapping[str, Signal]) -> Sequence[Judged]:
    """Those who moved, with their events."""
    judged = []
    for of in moves:
        event = told_of(of.rule, of.track, of.coin, of.told, cells, signals) if of.told is not None else None
        judged.append(Judged(of.rule, of.coin, of.subject, of.state, event, of.moved, of.at_rest))
    return judged


def in_shadow(rule: Rule, at: datetime) -> bool:
    """Whether what the rule says at that time is recorded and not sent."""
    return rule.draft.shadow is not None and at < rule.created + rule.draft.shadow


def _other_legs(rule: Rule, track: Track, coin: str, cells: Cells) -> Iterator[Fact]:
    """The other conditions of a rule: each one's value, and its line."""
    for condition in track.conditions[1:]:
        value = cells.read(cell_of(rule.draft, condition, coin)).reading.value
        yield Fact(f"and {condition.name}", value, condition.unit)
        yield Fact(f"line of {condition.name}", condition.line, condition.unit, condition.compare.value)


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
