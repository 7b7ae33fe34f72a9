"""What charts need of the store: as few bars as show the span, and who they come from."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.chat.base import Place
from adapters.chat.chart import Chart
from bot.charts.build import TOPICS, Source, Told, of_draft, of_topic
from bot.commands.base import Reader
from bot.commands.market import View, latest, offered, view_of
from signals.aggregate import Cycle
from signals.event import Event
from signals.judge import cell_of
from signals.model import ALL, Metric
from signals.numbers import Number, needs
from signals.panel import resolutions
from signals.rehearsal import course
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Draft, Rule

USUAL, FEWEST, MOST_POINTS = timedelta(hours=24), 48, 400
"""The span of a chart where none is named, and at least so many bars; beyond the last it takes longer bars."""

LOOKED_BACK = 200
"""Alerts of a rule that are looked through for those in a chart."""

AFTER = timedelta(hours=6)
"""What an alert of long ago is shown with."""


def usual_span(step: timedelta) -> timedelta:
    """A day, or more where the market's bars are long."""
    return max(USUAL, FEWEST * step)


async def topic_chart(desk: Reader, cycle: Cycle, topic: str, coin: str, span: timedelta) -> Chart:
    """A metric of a coin at the last closed moment."""
    what = TOPICS[topic]
    numbers = (Number(metric, what.window) for metric in what.parts.values())
    metrics = frozenset[Metric]({Metric.PRICE}).union(*(needs(number, {}) for number in numbers))
    step = _step(desk, span + what.window)
    bars = await desk.store.at_hand(step, metrics, (span + what.window) // step + 2, (coin,))
    parts = [Metric.VOLUME_SPOT, Metric.VOLUME_SPOT_24H] if topic == "ratio" else list(what.parts.values())
    return of_topic(topic, coin, bars, span, _source(cycle, coin, parts))


def _step(desk: Reader, reach: timedelta) -> timedelta:
    """The shortest bars that reach back so far and are not too many; else the longest."""
    kept = resolutions(desk.step)
    fit = [step for step, rows in kept.items() if step * rows >= reach and reach / step <= MOST_POINTS]
    return min(fit, default=max(kept))


def _source(cycle: Cycle, coin: str, metrics: Sequence[Metric]) -> Source:
    """The venues of the first of the metrics that is offered."""
    reading = next((of for metric in metrics if (of := offered(cycle, coin, metric)) is not None), None)
    if reading is None:
        return Source(cycle.label, ())
    partial = Metric.LIQ_LONG in metrics and bool(reading.missing)
    return Source(cycle.label, reading.venues, reading.floor or partial)


async def market_of(desk: Reader, draft: Draft, coin: str, place: Place, span: timedelta) -> View:
    """What a chart of the draft on that coin reads. Raises Mistake where there is no market."""
    return await view_of(desk, replace(draft, coins=(coin,)), place, span)


async def draft_chart(
    desk: Reader,
    draft: Draft,
    coin: str,
    market: View,
    span: timedelta,
    told: Sequence[Told] | None = None,
    until: datetime | None = None,
) -> Chart:
    """A draft on a coin over the span, with where it fired, or where nothing is said of that, would have fired."""
    one = replace(draft, coins=(coin,))
    at = market.cycle.at if until is None else min(until, market.cycle.at)
    signals = {signal.name: signal for signal in desk.signals}
    went = await asyncio.to_thread(course, one, coin, market.panel, signals, at, span)
    back = (market.cycle.at - at + span) // went.step + 2
    prices = await desk.store.panel(went.step, [Metric.PRICE], back, (coin,))
    cell = cell_of(one, one.condition, coin)
    basis = market.cells.basis_of(cell)
    of = _source(market.cycle, coin, [basis])
    source = of if draft.venue == ALL else replace(of, venues=(draft.venue,))
    return of_draft(draft, coin, went, prices, source, went.told if told is None else told)


async def rule_chart(desk: Reader, rule: Rule, coin: str, place: Place) -> Chart:
    """A rule on a coin with where it fired."""
    told = [event for event in await desk.store.recent([rule.id], LOOKED_BACK) if event.coin == coin]
    span = usual_span(desk.step)
    return await draft_chart(desk, rule.draft, coin, await market_of(desk, rule.draft, coin, place, span), span, told)


async def alert_chart(desk: Reader, event: Event, rule: Rule | None, place: Place, now: datetime) -> Chart | None:
    """An alert with what led to it and, asked later, what followed; None where its sentence is not read any more."""
    draft = rule.draft if rule is not None and rule.revision == event.revision else await _judged(desk, event)
    if draft is None:
        return None
    span = usual_span(desk.step)
    until = now if now - event.at < span - AFTER else event.at + AFTER
    recent = await desk.store.recent([event.rule_id], LOOKED_BACK)
    told = {one.id: one for one in (*recent, event) if one.coin == event.coin and one.revision == event.revision}
    market = await market_of(desk, draft, event.coin, place, span)
    chart = await draft_chart(desk, draft, event.coin, market, span, list(told.values()), until)
    name = f"A-{event.episode[:4]}"
    return replace(chart, name=name)


async def _judged(desk: Reader, event: Event) -> Draft | None:
    """The rule as it was when the alert was judged."""
    cycle = await latest(desk)
    draft = parse(event.sentence, Vocabulary(cycle.readings.keys(), cycle.venues, desk.signals, cycle.at, UTC))
    return draft if isinstance(draft, Draft) else None
