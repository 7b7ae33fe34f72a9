"""Telling: one transition of a rule on a coin becomes an event with everything that is said about it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial

from signals.aggregate import is_fresh
from signals.amid import INHIBITED, Amid
from signals.base import Signal
from signals.cells import Cells
from signals.event import Event, alert_id
from signals.judge import Track, cell_of, coins_of
from signals.living import is_living
from signals.model import AGGREGATORS, Cell, Fact, Kind, Metric, Unit
from signals.moves import Judged, Moved
from signals.rules.canonical import canonical
from signals.rules.lifecycle import Change, Transition
from signals.rules.model import WATCHLIST, Rule


class Telling:
    """What is told of one moment. Many tell of the same cells: each is read once."""

    def __init__(self, cells: Cells, signals: Mapping[str, Signal]) -> None:
        self._cells = cells
        self._signals = signals
        self._amid = Amid(cells, signals)
        self._read = cache(cells.read)
        self._venue_facts = cache(partial(_venue_facts, cells))

    def judged(self, moves: Iterable[Moved]) -> Sequence[Judged]:
        """Those who moved, with their events."""
        return [
            Judged(
                of.rule,
                of.coin,
                of.subject,
                of.state,
                None if of.told is None else self._event(of.rule, of.track, of.coin, of.told),
                of.moved,
                of.at_rest,
            )
            for of in moves
        ]

    def _event(self, rule: Rule, track: Track, coin: str, told: Transition) -> Event | None:
        """The event of a transition; None where its first cell has no value to tell."""
        cells, amid, first, draft = self._cells, self._amid, track.conditions[0], rule.draft
        cell = cell_of(draft, first, coin)
        of = self._read(cell).reading
        if of.value is None:
            return None
        subject = coin + track.mark
        many = 2 if AGGREGATORS & set(of.venues) else len(of.venues)
        signal = self._signals.get(first.name)
        gone_on = told.at - told.fired_at if is_living(first.name) else timedelta(0)
        facts = cells.evidence(signal, coin, first.window + gone_on, first.side) if signal else ()
        since, of_side = _amid(first.name, coin, told, amid)
        all_coins = coins_of(draft, cells) if is_living(first.name) and draft.coins != (WATCHLIST,) else ()
        wave = amid.wave(all_coins, first.side, told.fired_at)
        if wave is not None and wave.leader == coin:
            facts = (*facts, *amid.whole(all_coins, first.side, told.at, gone_on))
        episode = alert_id(rule.id, rule.revision, subject, Change.FIRED, told.fired_at)
        is_first = told.change is Change.FIRED
        return Event(
            id=episode if is_first else alert_id(rule.id, rule.revision, subject, told.change, told.at),
            episode=episode,
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
            facts=(*facts, *self._other_legs(rule, track, coin), *self._venue_facts(cell)),
            label=cells.cycle.label,
            yardstick=first.yardstick,
            crossing=first.crossing,
            shadow=in_shadow(rule, told.at),
            loudness=draft.loudness,
            ungated=draft.ungated,
            note=draft.note,
            amid=since,
            amid_side=of_side,
            wave=wave.leader if wave is not None and coin in (wave.leader, *wave.others) else "",
        )

    def _other_legs(self, rule: Rule, track: Track, coin: str) -> Iterator[Fact]:
        """The other conditions of a rule: each one's value, and its line."""
        for condition in track.conditions[1:]:
            value = self._read(cell_of(rule.draft, condition, coin)).reading.value
            yield Fact(f"and {condition.name}", value, condition.unit)
            yield Fact(f"line of {condition.name}", condition.line, condition.unit, condition.compare.value)


def _amid(name: str, coin: str, told: Transition, amid: Amid) -> tuple[datetime | None, str]:
    """The cascade that says all that it says; an end belongs to what was said of its beginning."""
    if name not in INHIBITED:
        return None, ""
    return amid.since(coin, told.fired_at if told.change is Change.RESOLVED else told.at)


def in_shadow(rule: Rule, at: datetime) -> bool:
    """Whether what the rule says at that time is recorded and not sent."""
    return rule.draft.shadow is not None and at < rule.created + rule.draft.shadow


def _venue_facts(cells: Cells, cell: Cell) -> Sequence[Fact]:
    """Each venue's own number where the cell rests on a level: rates with their own interval."""
    metric = cells.basis_of(cell)
    if metric.kind is Kind.SUM or metric is Metric.OI_LEVEL:
        return ()
    facts = list[Fact]()
    for seen in cells.known(cell.coin, metric):
        if not is_fresh(seen, cells.cycle.at):
            continue
        own_rate = seen.rate if seen.rate is not None and seen.interval_h is not None else None
        if own_rate is not None:
            facts.append(Fact(f"venue {seen.venue}", own_rate, Unit.FRACTION, f"per {seen.interval_h:g}h"))
        else:
            facts.append(Fact(f"venue {seen.venue}", seen.value, metric.unit))
    return facts
