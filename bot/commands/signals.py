"""`/signals`: where each signal stands now against its own levels, before any hold."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from adapters.chat.base import CommandSpec, Invocation, Json, Line, Message, Parameter, Who
from bot.commands.arguments import one_coin
from bot.commands.base import Command, Desk
from bot.commands.market import View, facts, latest, view
from bot.commands.report import report
from bot.conditions import MEANS, own_levels
from bot.phrases import METRICS, bold, code, count, italic, line, share, venues, window
from signals import cascade, fundingcross, liqcluster
from signals.aggregate import Cycle
from signals.base import Signal, fires
from signals.cells import Seen
from signals.model import OBSERVED, ROLLING, Metric, Unit
from signals.shown import signal_numbers
from signals.trust import Grade
from signals.units import duration, quantity

MOST_NAMED = 5
"""Coins named for a signal."""

LONGEST: Mapping[str, timedelta] = {
    "cascade": cascade.LONGEST,
    "fundingcross": fundingcross.LONGEST,
    "liqcluster": liqcluster.LONGEST,
}
"""The longest bars on which a signal can be known; of others any."""

MOST_UNTOLD = 3
"""So much of what no venue tells is named."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """One signal on one coin; `seen` is None where no venue offers what it reads. `untold` is what no venue tells."""

    signal: Signal
    coin: str
    seen: Seen | None
    untold: tuple[Metric, ...]

    @property
    def value(self) -> float | None:
        """The score; None where it is unknown."""
        return self.seen.reading.value if self.seen else None

    @property
    def past(self) -> bool:
        """Whether the score is beyond the signal's own line."""
        return self.value is not None and bool(fires(self.signal, np.array([self.value]))[0])


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """Every signal on one coin, or the coins that are past each signal's line."""
    cycle = await latest(desk)
    coin = one_coin(invocation, cycle.readings)
    market = await view(desk, signal_numbers(desk.signals), None if coin is None else (coin,))
    found = (
        _on(coin, market, desk) if coin else await desk.recent.of(market.cycle, "signals", lambda: _all(market, desk))
    )
    return report(
        "Signals now" if coin is None else f"{coin} signals",
        found.cycle,
        desk.zone,
        lines=found.lines,
        small="Past the line is not yet an alert: the hold comes on top. Not advice.",
        data=(*([("coin", coin)] if coin else []), ("signals", found.rows)),
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is to say about a moment, in whatever place it is asked for."""

    cycle: Cycle
    lines: tuple[Line, ...]
    rows: list[Json]


async def _all(market: View, desk: Desk) -> _Found:
    """Of hundreds of coins: once for all who ask, beside whatever else there is to do."""

    async def found() -> _Found:
        return await asyncio.to_thread(_everywhere, market, desk)

    return await desk.recent.of(market.cycle, ("signals", await desk.store.backfilled()), found)


def _on(coin: str, market: View, desk: Desk) -> _Found:
    """Every signal on that coin."""
    standings = [_standing(signal, coin, market) for signal in desk.signals]
    lines = tuple(said for standing in standings for said in _told(standing, market))
    return _Found(market.cycle, lines, [_facts(standing, market) for standing in standings])


def _standing(signal: Signal, coin: str, market: View) -> _Standing:
    told = market.cycle.readings.get(coin, {}).keys()
    untold = (of for of in OBSERVED if of in signal.needs and of not in told and ROLLING.get(of, of) not in told)
    return _Standing(signal, coin, market.read(coin, signal.name, signal.windows[0]), tuple(untold))


def _told(standing: _Standing, market: View) -> tuple[Line, Line]:
    """The signal with its meaning, then its value against its line with trust and venues."""
    signal, seen = standing.signal, standing.seen
    over = f" over {window(signal.windows[0])}" if signal.windows[0] else ""
    head = line(bold(signal.name), f" · {signal.title}{over}")
    if seen is None or seen.reading.value is None:
        return head, line(f"   unknown: {_why_unknown(standing)}")
    place = italic("past its line") if standing.past else "not past its line"
    value = _score(standing).removeprefix("+") + _meaning(standing)
    of = f"{count(len(seen.reading.venues), 'venue')}, trust {_trust(standing, market)}"
    return head, line(f"   {value}, ", place, f" ({_line(signal)}) · {of}")


def _score(of: _Standing) -> str:
    """The score as its line is written: a rank as `p50`."""
    told = _plainly(of)
    return f"p{told.removesuffix('%')}" if of.value is not None and of.signal.unit is Unit.RANK else told


def _plainly(of: _Standing) -> str:
    return quantity(of.value, of.signal.unit, of.coin, (of.signal.fire, of.signal.clear))


def _meaning(of: _Standing) -> str:
    """What the score is a part of; a rank is said once more for that."""
    means = MEANS.get(of.signal.name, "")
    return f": {_plainly(of)}{means}" if means and of.signal.unit is Unit.RANK else means


def _why_unknown(of: _Standing) -> str:
    if of.untold:
        few = [METRICS[metric] for metric in of.untold[:MOST_UNTOLD]]
        return f"no venue here tells {', '.join(few)}{' and more' if len(of.untold) > MOST_UNTOLD else ''}"
    if of.seen is None:
        return "no bar is closed yet"
    if of.seen.reading.missing:
        seen = of.seen.reading
        return f"{venues(seen.missing)} silent, {share(seen.coverage)} of open interest present"
    if of.seen.step > LONGEST.get(of.signal.name, of.seen.step):
        return f"bars of {window(of.seen.step)} are too long for it"
    of_all = " of all venues that tell liquidations now" if Metric.LIQ_LONG in of.signal.needs else ""
    return f"too little history yet{of_all}"


def _line(signal: Signal) -> str:
    held = f" for {duration(signal.hold)}" if signal.hold else ""
    return f"fires {own_levels(signal)[0]}{held}"


def _trust(standing: _Standing, market: View) -> Grade:
    if standing.seen is None:
        return Grade.UNKNOWN
    reading = standing.seen.reading
    return market.cells.trust(standing.coin, reading.coverage, len(reading.venues))


def _facts(standing: _Standing, market: View) -> Json:
    signal = standing.signal
    return {
        "signal": signal.name,
        "coin": standing.coin,
        "unit": str(signal.unit),
        "window_h": signal.windows[0].total_seconds() / 3600,
        "fire": signal.fire,
        "clear": signal.clear,
        "past": standing.past,
        "trust": str(_trust(standing, market)),
        "reading": facts(standing.seen.reading) if standing.seen else None,
    }


def _everywhere(market: View, desk: Desk) -> _Found:
    """For each signal the coins past its line, the furthest first."""
    lines: list[Line] = []
    rows: list[Json] = []
    for signal in desk.signals:
        standings = [_standing(signal, coin, market) for coin in market.cycle.readings]
        past = sorted((s for s in standings if s.past), key=lambda s: (-abs((s.value or 0.0) - signal.fire), s.coin))
        unknown = sum(s.value is None for s in standings)
        lines += [
            line(bold(signal.name), f" · {signal.title} · {_line(signal)}"),
            line(f"   past it on {_named(past)}; unknown on {unknown} of {count(len(standings), 'coin')}"),
        ]
        rows.append({"signal": signal.name, "unknown": unknown, "past": [_facts(s, market) for s in past]})
    lines.append(line("One coin: ", code("/signals ETH"), " · be told: ", code("/subscribe negfunding ETH")))
    return _Found(market.cycle, tuple(lines), rows)


def _named(past: Sequence[_Standing]) -> str:
    """The coins with their scores."""
    if not past:
        return "no coin"
    rest = len(past) - MOST_NAMED
    said = ", ".join(f"{s.coin} {_score(s)}" for s in past[:MOST_NAMED])
    return said + (f" and {rest} more" if rest > 0 else "")


SIGNALS = Command(
    CommandSpec(
        "signals",
        "Where each signal stands, on one coin or on all",
        (Parameter("coin", "Coin, such as ETH", choices="coin"),),
        "/signals ETH",
    ),
    Who.ANY,
    answer,
    private=False,
)
