"""`/liq`: what was liquidated, longs and shorts apart; sums are floors where a venue shows only a sample."""

from collections.abc import Sequence
from datetime import timedelta

from adapters.chat.base import CommandSpec, Invocation, Json, Message, Parameter, Table, Who
from bot.charts.pictures import with_button
from bot.commands.arguments import one_coin
from bot.commands.base import Command, Desk
from bot.commands.market import View, age_of, facts, instruments, latest, observed, offered, silent, view
from bot.commands.report import report
from bot.phrases import count, iso, line, share, venue, venues, window
from signals.aggregate import Reading, is_fresh
from signals.model import Metric, Observation
from signals.shown import liq_numbers, liq_windows
from signals.units import UNKNOWN, money

LARGEST = 10
"""Coins shown without a coin named."""

_SIDES = (Metric.LIQ_LONG, Metric.LIQ_SHORT, Metric.LIQ)
_LEGS = {Metric.LIQ: (Metric.LIQ_LONG, Metric.LIQ_SHORT)}


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """One coin's sums over several windows, or the coins with the largest."""
    windows = liq_windows(desk.step)
    coin = one_coin(invocation, (await latest(desk)).readings)
    market = await view(desk, liq_numbers(desk.step), None if coin is None else (coin,))
    if coin is None:
        return _largest(market, windows, desk, LARGEST)
    if all(offered(market.cycle, coin, side) is None for side in _SIDES):
        said = f"No venue here has told of liquidations of {coin} so far."
        return report(f"{coin} liquidations", market.cycle, desk.zone, lines=(line(said),), data=(("coin", coin),))
    rows = tuple((window(w), *(_sum(market, coin, side, w) for side in _SIDES)) for w in windows)
    answered = report(
        f"{coin} liquidations",
        market.cycle,
        desk.zone,
        table=Table(("over", "longs", "shorts", "both"), rows),
        after=(
            line("Longs liquidated is forced selling, shorts liquidated is forced buying."),
            *(line(said) for said in _by_venue(coin, market, desk)),
        ),
        small=_small(coin, market),
        data=_data(coin, market, windows),
    )
    return with_button(answered, f"liq {coin}", desk.settings)


def _sum(market: View, coin: str, side: Metric, span: timedelta) -> str:
    reading = _reading(market, coin, side, span)
    return UNKNOWN if reading is None or reading.value is None else money(reading.value, floor=reading.floor)


def _reading(market: View, coin: str, side: Metric, span: timedelta) -> Reading | None:
    seen = market.read(coin, side, span)
    return seen.reading if seen else None


def _by_venue(coin: str, market: View, desk: Desk) -> Sequence[str]:
    """Each venue's last sums with their span and age."""
    reading = offered(market.cycle, coin, Metric.LIQ_LONG)
    sides, first = (Metric.LIQ_LONG, Metric.LIQ_SHORT), desk.settings.venue
    seen = [o for side in sides for o in observed(market.cycle, coin, side, first)]
    names = instruments(seen)
    said = [
        f"{name}: {', '.join(_last(o, market, desk) for o in seen if (o.venue, o.symbol) == key)}"
        for key, name in names.items()
    ]
    return [*said, *(f"{venue(name)}: silent" for name in (silent(reading, seen) if reading else ()))]


def _last(seen: Observation, market: View, desk: Desk) -> str:
    side = "longs" if seen.metric is Metric.LIQ_LONG else "shorts"
    old = age_of(seen, market.cycle, desk)
    if not is_fresh(seen, market.cycle.at):
        return f"{side} silent {old}"
    return f"{side} {money(seen.value, floor=seen.floor)} in {window(seen.span)}, age {old}"


def _small(coin: str, market: View) -> str:
    reading = offered(market.cycle, coin, Metric.LIQ_LONG) or offered(market.cycle, coin, Metric.LIQ_SHORT)
    if reading is None:
        return ""
    silent_ones = f" Silent: {venues(reading.missing)}." if reading.missing else ""
    floor = " ≥ marks samples and sums that miss a venue or a bar: real totals are higher."
    present = f"{share(reading.coverage)} of open interest present"
    return f"{count(len(reading.venues), 'venue')}: {venues(reading.venues)}, {present}.{silent_ones}{floor}"


def _data(coin: str, market: View, windows: Sequence[timedelta]) -> tuple[tuple[str, Json], ...]:
    sums: list[Json] = []
    for w in windows:
        row: dict[str, Json] = {"window": window(w)}
        for side in _SIDES:
            row[str(side)] = facts(_reading(market, coin, side, w))
        sums.append(row)
    last: list[Json] = [
        {
            "venue": o.venue,
            "symbol": o.symbol,
            "metric": str(o.metric),
            "usd": o.value,
            "span_s": o.span.total_seconds(),
            "at": iso(o.at),
            "fresh": is_fresh(o, market.cycle.at),
            "floor": o.floor,
        }
        for side in (Metric.LIQ_LONG, Metric.LIQ_SHORT)
        for o in observed(market.cycle, coin, side)
    ]
    return (("coin", coin), ("unit", "usd"), ("sums", sums), ("venues", last))


async def top(desk: Desk, each: int) -> Message:
    """The largest, twice as many as at one end of what has two. Raises Mistake before there is a market."""
    windows = liq_windows(desk.step)
    return _largest(await view(desk, liq_numbers(desk.step)), windows, desk, 2 * each)


def _sums(market: View, longest: timedelta) -> tuple[int, Sequence[tuple[float, str]]]:
    """How many coins' liquidations are told of, and what is known of them, the largest first."""
    reported = [c for c in market.cycle.readings if offered(market.cycle, c, Metric.LIQ_LONG) is not None]
    sums = [(both, c) for c in reported if (both := market.value(c, Metric.LIQ, longest)) is not None]
    return len(reported), sorted(sums, key=lambda row: (-row[0], row[1]))


def _largest(market: View, windows: Sequence[timedelta], desk: Desk, most: int) -> Message:
    """The coins with the largest sums over the longest window."""
    longest = windows[-1]
    reported, sums = market.once("liq", lambda: _sums(market, longest))
    shown = [c for _, c in sums[:most]]
    table = Table(
        ("coin", "longs", "shorts", "both"),
        tuple((c, *(_sum(market, c, side, longest) for side in _SIDES)) for c in shown),
    )
    rows: list[Json] = [
        {"coin": c, **{str(side): facts(_reading(market, c, side, longest)) for side in _SIDES}} for c in shown
    ]
    return report(
        f"Largest liquidations in {window(longest)}",
        market.cycle,
        desk.zone,
        table=table,
        after=(line("≥ marks a sum that misses something: the real one is higher. One coin: /liq ETH."),),
        small=f"{count(len(sums), 'coin')} known, {reported - len(sums)} unknown.",
        data=(("unit", "usd"), ("window", window(longest)), ("coins", rows)),
    )


LIQ = Command(
    CommandSpec(
        "liq",
        "Liquidations of a coin, longs and shorts apart, or the largest",
        (Parameter("coin", "Coin, such as ETH", choices="coin"),),
        "/liq ETH",
    ),
    Who.ANY,
    answer,
    private=False,
)
