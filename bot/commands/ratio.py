"""`/ratio`: spot against futures volume, the same venues on both legs."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from adapters.chat.base import CommandSpec, Invocation, Json, Line, Message, Parameter, Table
from bot.commands.arguments import one_coin
from bot.commands.base import Command, Desk, Who
from bot.commands.market import View, age_of, ends, facts, latest, observed, offered, view, view_of_signals, whole_bars
from bot.commands.report import report
from bot.phrases import bold, count, iso, line, ranked, share, venue, venues, window
from signals import features
from signals.aggregate import Cycle, Reading, is_fresh
from signals.model import Metric, Unit
from signals.units import DASH, UNKNOWN, money, quantity

WINDOWS = (timedelta(hours=4), timedelta(hours=24), timedelta(days=7))
DAY = timedelta(hours=24)
ENDS = 5
"""Coins shown at each end."""

_HISTORY = timedelta(days=90)
_HOUR = timedelta(hours=1)
_LEGS = (Metric.VOLUME_SPOT, Metric.VOLUME)


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """One coin's ratio with its place in its own past, or the coins at both ends."""
    cycle = await latest(desk)
    coin = one_coin(invocation, cycle.readings)
    if coin is None:
        return _extremes(await view(desk, [Metric.RATIO], DAY))
    reading = offered(cycle, coin, Metric.VOLUME_SPOT)
    if reading is None:
        said = f"No venue here offers spot volume of {coin}, so there is nothing to divide."
        return report(f"{coin} spot/futures", cycle, lines=(line(said),), data=(("coin", coin),))
    market = await view_of_signals(desk, ())
    sums = {w: market.value(coin, Metric.RATIO, w) for w in whole_bars(WINDOWS, desk.step)}
    rank = _rank(market, coin)
    silent = f" Silent: {venues(reading.missing)}." if reading.missing else ""
    return report(
        f"{coin} spot/futures volume",
        cycle,
        lines=(_now(market, coin, sums), _place(rank)),
        table=_by_venue(coin, cycle, desk),
        after=(line("Readings of a coin with little spot against futures, for itself, are marked as low trust."),),
        small=f"Both legs from {venues(reading.venues)}, {share(reading.coverage)} of open interest present.{silent}",
        data=_data(coin, reading, sums, rank),
    )


def _data(
    coin: str, reading: Reading, sums: Mapping[timedelta, float | None], rank: float | None
) -> tuple[tuple[str, Json], ...]:
    return (
        ("coin", coin),
        ("unit", str(Unit.RATIO)),
        ("ratios", [{"window": window(w), "ratio": value} for w, value in sums.items()]),
        ("rank_90d", rank),
        ("all", facts(reading)),
    )


def _now(market: View, coin: str, sums: Mapping[timedelta, float | None]) -> Line:
    spans = [f"{quantity(value, Unit.RATIO)} in {window(w)}" for w, value in sums.items() if w != DAY]
    spot, futures = (_total(market, coin, metric) for metric in (Metric.VOLUME_SPOT, Metric.VOLUME_PAIRED))
    return line(
        bold(quantity(sums.get(DAY), Unit.RATIO)),
        f" in {window(DAY)}: spot {spot} against futures {futures} · {', '.join(spans)}",
    )


def _total(market: View, coin: str, metric: Metric) -> str:
    value = features.last(features.total(market.panel, [metric], DAY, 1), market.panel.column(coin))
    return UNKNOWN if value is None else money(value)


def _place(rank: float | None) -> Line:
    if rank is None:
        return line("Too little history to place it in its own 90 days.")
    return line(f"{ranked(rank).capitalize()} of its own last 90 days.")


def _rank(market: View, coin: str) -> float | None:
    """The share of the hours of 90 days whose 24-hour ratio lies below; None where that is unknown."""
    hours = market.panel.at(_HOUR)
    column, wanted = hours.column(coin), hours.bars(_HISTORY)
    series = features.ratio(hours, DAY, wanted + 1)
    now = features.last(series, column)
    if now is None or column is None:
        return None
    rank = features.share_below(series[:-1, column], now, wanted)
    return rank if np.isfinite(rank) else None


def _by_venue(coin: str, cycle: Cycle, desk: Desk) -> Table | None:
    """Each venue's last volumes on both legs, with their span and age."""
    legs = {(o.venue, o.metric): o for metric in _LEGS for o in observed(cycle, coin, metric)}
    rows = []
    for name in sorted({name for name, metric in legs if metric is Metric.VOLUME_SPOT}):
        own = [legs.get((name, metric)) for metric in _LEGS]
        cells = [money(o.value) if o and is_fresh(o, cycle.at) else "silent" if o else DASH for o in own]
        spot = legs[name, Metric.VOLUME_SPOT]
        rows.append((venue(name), *cells, window(spot.span), age_of(spot, cycle, desk.now)))
    return Table(("venue", "spot", "futures", "in", "age"), tuple(rows)) if rows else None


def _extremes(market: View) -> Message:
    """The coins with least and most spot against futures volume."""
    traded = [c for c in market.cycle.readings if offered(market.cycle, c, Metric.VOLUME_SPOT) is not None]
    known = sorted((value, c) for c in traded if (value := market.value(c, Metric.RATIO, DAY)) is not None)
    shown = ends(known, ENDS)
    rows: list[Json] = [{"coin": coin, "ratio": value, "at": iso(market.cycle.at)} for value, coin in shown]
    return report(
        f"Lowest and highest spot/futures volume in {window(DAY)}",
        market.cycle,
        table=Table(("coin", "spot/futures"), tuple((coin, quantity(v, Unit.RATIO)) for v, coin in shown)),
        after=(line("Spot divided by futures volume, the same venues on both legs. One coin: /ratio ETH."),),
        small=f"{count(len(known), 'coin')} known, {len(traded) - len(known)} unknown.",
        data=(("unit", str(Unit.RATIO)), ("window", window(DAY)), ("coins", rows)),
    )


RATIO = Command(
    CommandSpec(
        "ratio",
        "Spot against futures volume of a coin, or both ends",
        (Parameter("coin", "Coin, such as ETH", choices="coin"),),
        "/ratio ETH",
    ),
    Who.ANY,
    answer,
)
