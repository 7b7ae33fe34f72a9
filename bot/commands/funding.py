"""`/funding`: what each venue's contract pays, and who pays whom."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from adapters.chat.base import CommandSpec, Invocation, Json, Line, Message, Parameter, Table, Who
from bot.charts.pictures import with_button
from bot.commands.arguments import one_coin
from bot.commands.base import Command, Desk
from bot.commands.market import (
    age_of,
    ends,
    facts,
    instruments,
    latest,
    observed,
    offered,
    silent,
    weighed,
)
from bot.commands.report import report
from bot.phrases import NEUTRAL, bold, clock, count, instant, iso, line, ranked, share, venue, venues, who_pays
from signals.aggregate import Cycle, Reading, Weighing, is_fresh
from signals.features import share_below
from signals.model import Metric, Observation
from signals.units import DASH, UNKNOWN, duration, money, rate, rate_year, yearly

EXAMPLE_USD = 10_000
ENDS = 5
"""Coins shown at each end."""

_HISTORY = timedelta(days=90)
_HOUR = timedelta(hours=1)
_KINDS = {Metric.FUNDING: "running", Metric.FUNDING_SETTLED: "settled"}
_HEADER = ("venue", "rate", "per", "8h", "a year", "next", "age")


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """The rates of one coin by venue, or the coins at both ends."""
    cycle = await latest(desk)
    coin = one_coin(invocation, cycle.readings)
    if coin is None:
        return _extremes(cycle, desk, ENDS)
    kinds = [kind for kind in _KINDS if offered(cycle, coin, kind) is not None]
    if not kinds:
        return report(f"{coin} funding", cycle, desk.zone, lines=(line(f"No venue here offers funding for {coin}."),))
    metric = kinds[0]
    reading = cycle.readings[coin][metric]
    seen = observed(cycle, coin, metric, desk.settings.venue)
    rank = await _rank(desk, coin, metric, reading.value)
    answered = report(
        f"{coin} {_KINDS[metric]} funding",
        cycle,
        desk.zone,
        table=Table(_HEADER, (*_rows(seen, reading, cycle, desk), _whole(reading))),
        after=(*_meaning(reading.value), *_settled(coin, metric, cycle, desk), *_place(reading.value, rank)),
        small=_small(metric, reading, cycle, coin),
        data=_data(coin, metric, reading, cycle, rank),
    )
    return with_button(answered, f"funding {coin}", desk.settings)


def _rows(seen: Sequence[Observation], reading: Reading, cycle: Cycle, desk: Desk) -> Sequence[tuple[str, ...]]:
    names = instruments(seen)
    rows = [_row(names[o.venue, o.symbol], o, cycle, desk) for o in seen]
    return [*rows, *((venue(name), "silent", *[DASH] * 4, "never") for name in silent(reading, seen))]


def _row(name: str, seen: Observation, cycle: Cycle, desk: Desk) -> tuple[str, ...]:
    old = age_of(seen, cycle, desk)
    if not is_fresh(seen, cycle.at):
        return (name, "silent", DASH, DASH, DASH, DASH, old)
    own = rate(seen.rate) if seen.rate is not None else DASH
    per = f"{seen.interval_h:g}h" if seen.interval_h is not None else DASH
    upcoming = duration(seen.next_at - desk.now) if seen.next_at is not None and seen.next_at > desk.now else DASH
    return (name, own, per, rate(seen.value), rate_year(yearly(seen.value)), upcoming, old)


def _whole(reading: Reading) -> tuple[str, ...]:
    name = {Weighing.OI: "by OI", Weighing.MEAN: "mean", Weighing.ONE: "all"}.get(reading.weighing, "all")
    if reading.value is None:
        return (name, UNKNOWN, DASH, UNKNOWN, UNKNOWN, DASH, DASH)
    return (name, DASH, DASH, rate(reading.value), rate_year(yearly(reading.value)), DASH, DASH)


def _meaning(value: float | None) -> Sequence[Line]:
    if value is None:
        return (line("Too few venues answer to give one number for all of them."),)
    sign = "Zero" if value == 0 else "Negative" if value < 0 else "Positive"
    side = "short" if value < 0 else "long"
    pays = f" A {money(EXAMPLE_USD)} {side} pays about {money(EXAMPLE_USD * abs(value))} each 8h." if value else ""
    away = value - NEUTRAL
    from_neutral = f"{rate(abs(away))} {'below' if away < 0 else 'above'} it" if away else "exactly there"
    return (
        line(f"{sign}: ", bold(who_pays(value).lower()), f".{pays}"),
        line(f"Neutral is about {rate(NEUTRAL, signed=True)} per 8h; this is {from_neutral}."),
    )


def _settled(coin: str, shown: Metric, cycle: Cycle, desk: Desk) -> Sequence[Line]:
    """What was really paid last, beside a running rate; else that only settled rates are known here."""
    if shown is Metric.FUNDING_SETTLED:
        return (line("Only settled rates are known here: what was paid last, not what runs now."),)
    reading = offered(cycle, coin, Metric.FUNDING_SETTLED)
    if reading is None:
        return ()
    if reading.value is None:
        return (line("Last settled: unknown."),)
    at = instant(reading.at, clock(reading.at, desk.zone))
    return (line("Last settled ", at, f": {rate(reading.value, signed=True)} per 8h."),)


def _place(value: float | None, rank: float | None) -> Sequence[Line]:
    if value is None:
        return ()
    if rank is None:
        return (line("Too little history to place it in its own 90 days."),)
    return (line(f"{ranked(rank).capitalize()} of its own last 90 days."),)


async def _rank(desk: Desk, coin: str, metric: Metric, value: float | None) -> float | None:
    """The share of 90 days of hours that lies below; None where that is unknown."""
    if value is None:
        return None
    step = max(_HOUR, desk.step)
    hours = await desk.store.at_hand(step, [metric], _HISTORY // step, (coin,))
    column = hours.column(coin)
    if column is None:
        return None
    past = hours[metric][:, column].astype(np.float64)
    rank = share_below(past, value, _HISTORY // step)
    return rank if np.isfinite(rank) else None


def _small(metric: Metric, reading: Reading, cycle: Cycle, coin: str) -> str:
    missing = (
        f" Silent: {venues(reading.missing)}; {share(reading.coverage)} of open interest present."
        if (reading.missing)
        else ""
    )
    kind = "Running rates drift until settlement." if metric is Metric.FUNDING else "Settled rates are final."
    return f"{count(len(reading.venues), 'venue')}, {weighed(reading, cycle, coin)}. {kind}{missing}"


def _data(
    coin: str, metric: Metric, reading: Reading, cycle: Cycle, rank: float | None
) -> tuple[tuple[str, Json], ...]:
    settled = offered(cycle, coin, Metric.FUNDING_SETTLED)
    rows: list[Json] = [
        {
            "venue": o.venue,
            "symbol": o.symbol,
            "rate": o.rate,
            "interval_h": o.interval_h,
            "rate_8h": o.value,
            "rate_year": yearly(o.value),
            "next_at": iso(o.next_at),
            "at": iso(o.at),
            "fresh": is_fresh(o, cycle.at),
        }
        for o in observed(cycle, coin, metric)
    ]
    return (
        ("coin", coin),
        ("metric", str(metric)),
        ("unit", str(metric.unit)),
        ("all", facts(reading)),
        ("rate_year", None if reading.value is None else yearly(reading.value)),
        ("rank_90d", rank),
        ("settled", facts(settled)),
        ("venues", rows),
    )


async def top(desk: Desk, each: int) -> Message:
    """The coins at both ends, so many at each. Raises Mistake before there is a market."""
    return _extremes(await latest(desk), desk, each)


def _extremes(cycle: Cycle, desk: Desk, each: int) -> Message:
    """The coins that pay most on each side, all in one kind of rate."""
    running = any(Metric.FUNDING in readings for readings in cycle.readings.values())
    metric = Metric.FUNDING if running else Metric.FUNDING_SETTLED
    readings = {coin: of[metric] for coin, of in cycle.readings.items() if metric in of}
    rates = [(of.value, coin, of) for coin, of in readings.items() if of.value is not None]
    unknown = len(readings) - len(rates)
    rates.sort(key=lambda row: (row[0], row[1]))
    shown = ends(rates, each)
    table = Table(
        ("coin", "8h", "a year", "venues"),
        tuple((coin, rate(v), rate_year(yearly(v)), str(len(r.venues))) for v, coin, r in shown),
    )
    rows: list[Json] = [{"coin": coin, "rate_8h": v, "rate_year": yearly(v), "all": facts(r)} for v, coin, r in shown]
    return report(
        f"Lowest and highest {_KINDS[metric]} funding",
        cycle,
        desk.zone,
        table=table,
        after=(line("Below zero shorts pay longs, above it longs pay shorts. One coin: /funding ETH."),),
        small=f"{count(len(rates), 'coin')} known, {unknown} unknown.",
        data=(("metric", str(metric)), ("unit", str(metric.unit)), ("unknown", unknown), ("coins", rows)),
    )


FUNDING = Command(
    CommandSpec(
        "funding",
        "Funding of a coin by venue, or the coins at both ends",
        (Parameter("coin", "Coin, such as ETH", choices="coin"),),
        "/funding ETH",
    ),
    Who.ANY,
    answer,
    private=False,
)
