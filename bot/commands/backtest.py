"""`/backtest`: what followed a rule on the bars that are kept, by the same study as `perpwatch study`."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from adapters.chat.base import Button, CommandSpec, Invocation, Json, Line, Message, Parameter, Place, Who
from adapters.store.place_settings import Charts
from bot.charts.pictures import button
from bot.commands.arguments import Mistake, rule_number
from bot.commands.base import Command, Desk
from bot.commands.change import numbered
from bot.commands.chart import draft_of
from bot.commands.market import coins_of, latest, vocabulary
from bot.commands.report import report
from bot.observing import KeptBars
from bot.phrases import bold, code, count, dated, line, share, window
from bot.records import by_horizon, numbers, reach
from bot.sentences import BadSentence, read
from bot.wording import problem, unclear
from signals.aggregate import Cycle
from signals.base import Signal
from signals.model import Direction
from signals.occurrences import within
from signals.questions import claim, direction
from signals.record import Study
from signals.recorded import ALL_COINS, records
from signals.rules.canonical import canonical
from signals.rules.model import Draft
from signals.study import Observed
from signals.units import duration

EXAMPLE = "/backtest ETH funding < -0.01%"

SHORTEST, LONGEST = timedelta(days=7), timedelta(days=90)
"""Of the time that may be named."""

MOST_NAMED = 5
"""Coins that are told one by one."""

PATIENCE = timedelta(minutes=1)
"""How long somebody waits who asks for it."""

_OVER = re.compile(r"\s+over\s+([0-9]{1,4})d$", re.IGNORECASE | re.ASCII)


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """Cases, outcomes against any moment, and the verdict for each horizon. Raises Mistake where there is nothing."""
    said, span = _span(invocation.arguments.strip())
    if not said:
        return unclear("Of which rule? Name one of yours, such as #3, or write a sentence:", [Button(EXAMPLE, EXAMPLE)])
    cycle, number = await latest(desk), rule_number(said)
    try:
        draft = await _draft(said, invocation, desk, cycle)
    except BadSentence as error:
        return problem(error.problem, "/backtest")
    seen = await _seen(draft, invocation.place, desk, cycle, span)
    signals = {signal.name: signal for signal in desk.signals}
    found = await asyncio.to_thread(records, seen, direction(draft, signals))
    by_coin = {coin: studies[-1] for coin, studies in found.items() if coin != ALL_COINS}
    busiest = max(by_coin, key=lambda coin: (by_coin[coin].entry.events, coin))
    message = report(
        "Backtest",
        cycle,
        desk.zone,
        lines=(
            line(code(canonical(draft))),
            *_about(draft, seen, found[ALL_COINS][0], signals),
            *by_horizon(found[ALL_COINS]),
            *_coins(by_coin),
            _data(seen, found[ALL_COINS][0], desk),
        ),
        small="Cases of one coin lie a horizon apart. What followed before says nothing about next time. Not advice.",
        data=(
            ("sentence", canonical(draft)),
            ("studies", [numbers(study) for study in found[ALL_COINS]]),
            ("by_coin", _facts(found)),
        ),
    )
    return await _drawn(message, draft, number, busiest, invocation, desk)


def _span(arguments: str) -> tuple[str, timedelta | None]:
    """The rule, and how far back it is asked of; None for all the bars there are. Raises Mistake."""
    found = _OVER.search(arguments)
    if found is None:
        return arguments, None
    rule, span = arguments[: found.start()], timedelta(days=int(found[1]))
    if not SHORTEST <= span <= LONGEST:
        raise Mistake(
            f"Over how long? From {window(SHORTEST)} to {window(LONGEST)}.",
            *(f"/backtest {rule} over {days}d" for days in (7, 30, 90)),
        )
    return rule, span


async def _draft(said: str, invocation: Invocation, desk: Desk, cycle: Cycle) -> Draft:
    """The rule with that number, or of that sentence; without a coin it is about all. Raises BadSentence, Mistake."""
    if rule_number(said) is not None:
        return (await numbered(said, invocation, desk)).draft
    return read(said, vocabulary(cycle, desk))


async def _seen(draft: Draft, place: Place, desk: Desk, cycle: Cycle, span: timedelta | None) -> Observed:
    """Where it was in force. Raises Mistake where that cannot be told, or takes too long."""
    coins = tuple(await coins_of(draft, place, desk, cycle))
    if not coins:
        raise Mistake("There is no coin to look at: the watchlist is empty. Put coins on it with /watch.", "/watchlist")
    signals = {signal.name: signal for signal in desk.signals}
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            seen = await KeptBars(desk.store, signals).observed(draft, coins, cycle.at)
    except TimeoutError:
        raise Mistake(f"That takes longer than {duration(PATIENCE)}. Name fewer coins.") from None
    seen = within(seen, cycle.at - span) if seen is not None and span is not None else seen
    if seen is None or not seen.known.any():
        raise Mistake("No bar that is kept can judge this rule. How sound the data is: /status", "/status")
    return seen


def _about(draft: Draft, seen: Observed, study: Study, signals: Mapping[str, Signal]) -> Sequence[Line]:
    """Over which bars, and what a hit is."""
    claimed = ", which is what the signal claims" if claim(draft, signals) is not None else ""
    way = "higher" if study.direction is Direction.UP else "lower"
    bars = f"bars of {window(seen.step)}, {count(len(seen.coins), 'coin')}"
    return [line(bold(reach(study)), f" · {bars} · a hit is a {way} price{claimed}.")]


def _coins(by_coin: Mapping[str, Study]) -> Sequence[Line]:
    """The coins with most cases, at the longest horizon."""
    some = sorted((-study.entry.events, coin) for coin, study in by_coin.items() if study.entry.events)
    if len(by_coin) == 1 or not some:
        return []
    hits = " · ".join(f"{coin} {by_coin[coin].entry.hits:,} of {-events:,}" for events, coin in some[:MOST_NAMED])
    more = f" · {count(len(some) - MOST_NAMED, 'coin')} more" if len(some) > MOST_NAMED else ""
    horizon = window(next(iter(by_coin.values())).horizon)
    return [line(f"Hits {horizon} later by coin: {hits}{more}")]


def _data(seen: Observed, study: Study, desk: Desk) -> Line:
    """How much could not be judged, and when it was in force last."""
    rows = np.flatnonzero(seen.events.any(axis=1))
    last = f" · in force last at {dated(seen.at(int(rows[-1])), desk.zone)}" if len(rows) else ""
    return line(f"Bars that could not be judged: {share(study.no_data)}{last}.")


def _facts(found: Mapping[str, Sequence[Study]]) -> Json:
    return {coin: [numbers(study) for study in studies] for coin, studies in found.items() if coin != ALL_COINS}


async def _drawn(
    message: Message, draft: Draft, number: int | None, coin: str, invocation: Invocation, desk: Desk
) -> Message:
    """With what can be done next, and with the chart of the coin with most cases where the place wants charts."""
    next_ = Button(f"Rule #{number}", f"/alerts {number}") if number else Button("Alert", f"/alert {canonical(draft)}")
    chart = [button(f"#{number} {coin}")] if number and desk.settings.charts is not Charts.OFF else []
    message = replace(message, buttons=(*chart, next_))
    if desk.settings.charts is not Charts.ON:
        return message
    return replace(message, chart=await draft_of(draft, [coin], invocation, desk))


BACKTEST = Command(
    CommandSpec(
        "backtest",
        "What followed a rule on the bars that are kept",
        (Parameter("rule", "Such as: ETH funding < -0.01% over 30d, or #3", required=True, choices="sentence"),),
        EXAMPLE,
    ),
    Who.OWNER,
    answer,
)
