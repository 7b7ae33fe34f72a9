"""The words that every text shares: spans, names of venues and metrics, who pays whom, how times are said."""

import math
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta, tzinfo

from adapters.chat.base import Line, Style, Text
from adapters.venues.base import Label
from bot.zones import called
from signals.model import Metric, Unit
from signals.rules.model import Compare
from signals.units import UNKNOWN, Beside, level, part, price, quantity

NEUTRAL = 0.0001
"""The rest point of funding on most contracts, per 8 hours."""

LONGEST_SAID = 40
"""Characters of something typed that are said back."""

VENUES: Mapping[str, str] = {
    "binance": "Binance",
    "bybit": "Bybit",
    "okx": "OKX",
    "gate": "Gate",
    "bitget": "Bitget",
    "hyperliquid": "Hyperliquid",
    "coinglass": "CoinGlass",
    "dydx": "dYdX",
}

FIRES: Mapping[Compare, str] = {
    Compare.BELOW: "below",
    Compare.AT_MOST: "at or below",
    Compare.ABOVE: "above",
    Compare.AT_LEAST: "at or above",
}
"""On which side of its line something fires."""

METRICS: Mapping[str, str] = {
    Metric.PRICE: "price",
    Metric.INDEX: "index price",
    Metric.FUNDING: "funding",
    Metric.FUNDING_SETTLED: "settled funding",
    Metric.FUNDING_APR: "yearly funding",
    Metric.FUNDING_SPREAD: "funding spread",
    Metric.OI: "open interest change",
    Metric.OI_LEVEL: "open interest",
    Metric.OI_USD: "open interest in dollars",
    Metric.LS: "long/short accounts",
    Metric.LS_TOP: "long/short top accounts",
    Metric.LS_POS: "long/short top positions",
    Metric.TAKER: "taker buys/sells",
    Metric.TAKER_BUY: "taker buys",
    Metric.TAKER_SELL: "taker sells",
    Metric.LIQ: "liquidations",
    Metric.LIQ_LONG: "long liquidations",
    Metric.LIQ_SHORT: "short liquidations",
    Metric.VOLUME: "futures volume",
    Metric.VOLUME_SPOT: "spot volume",
    Metric.VOLUME_PAIRED: "paired futures volume",
    Metric.VOLUME_24H: "futures volume of 24h",
    Metric.VOLUME_SPOT_24H: "spot volume of 24h",
    Metric.VOLUME_PAIRED_24H: "paired futures volume of 24h",
    Metric.RATIO: "spot/futures volume",
    Metric.BASIS: "basis",
}

PRICE_MOVE = "price change"
"""What the price is called with a window."""


def plain(text: str) -> Text:
    """Text as it is."""
    return Text(text)


def bold(text: str) -> Text:
    """Text that stands out."""
    return Text(text, Style.BOLD)


def italic(text: str) -> Text:
    """Text said aside."""
    return Text(text, Style.ITALIC)


def code(text: str) -> Text:
    """Text to be typed or copied."""
    return Text(text, Style.CODE)


def line(*spans: Text | str) -> Line:
    """One line of spans."""
    return tuple(plain(span) if isinstance(span, str) else span for span in spans)


def venue(name: str) -> str:
    """A venue as people write it."""
    return VENUES.get(name, name.capitalize())


def venues(names: Collection[str]) -> str:
    """Venues as people list them; `no venue` for none."""
    return ", ".join(venue(name) for name in names) or "no venue"


def count(number: int, thing: str) -> str:
    """`1 venue`, `6 venues`, `1,200 rules`."""
    return f"{number} {thing}" if number == 1 else f"{number:,} {thing}s"


def who_pays(rate: float) -> str:
    """Who pays whom at that funding rate."""
    if rate == 0:
        return "Nobody pays"
    return "Shorts pay longs" if rate < 0 else "Longs pay shorts"


def clock(at: datetime, zone: tzinfo) -> str:
    """A time of day in the zone, named: `14:02 UTC`."""
    return f"{at.astimezone(zone):%H:%M} {called(at, zone)}"


def dated(at: datetime, zone: tzinfo) -> str:
    """A time of day with its date: `1 Apr 2025 14:02 UTC`."""
    there = at.astimezone(zone)
    return f"{there.day} {there:%b %Y} {clock(at, zone)}"


def moment(at: datetime, now: datetime, zone: tzinfo) -> str:
    """A time of day, with its date unless that is today."""
    today = at.astimezone(zone).date() == now.astimezone(zone).date()
    return clock(at, zone) if today else dated(at, zone)


def instant(at: datetime, said: str) -> Text:
    """A time as it is said, and the instant itself for platforms that show readers their own time."""
    return Text(said, at=at)


def iso(at: datetime | None) -> str | None:
    """A time for machines, ending in Z; None where there is none."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def source(label: str) -> str:
    """What must be said about where numbers come from; nothing for a live market."""
    return {Label.REAL: "REAL recording", Label.SIMULATED: "SIMULATED market"}.get(Label(label), "")


def move(value: float | None, window: str) -> str:
    """`+3.1% in 4h`, or that the move is unknown."""
    return f"{quantity(value, Unit.FRACTION)} in {window}"


def window(span: timedelta) -> str:
    """A window as in the rule language: `15m`, `24h`, `7d`; nothing for none."""
    for unit, size, least in (("d", 86_400, 2), ("h", 3_600, 1), ("m", 60, 1), ("s", 1, 1)):
        seconds = round(span.total_seconds())
        if seconds and seconds % size == 0 and seconds // size >= least:
            return f"{seconds // size}{unit}"
    return ""


def spoken(
    value: float, unit: Unit, coin: str, *, is_price: bool = False, floor: bool = False, beside: Beside = ()
) -> str:
    """A value with its unit; `≥` before a sum that is known to miss something, which a multiple of sums is not.

    It reads apart from the lines `beside` it, just where it is apart from them.
    """
    if is_price:
        return price(value, beside)
    return ("≥" if floor and unit in (Unit.USD, Unit.COINS) else "") + quantity(value, unit, coin, beside)


def lines_of(line: float, clear: float, *, absolute: bool) -> Beside:
    """The lines that a value is held against: of a move either way, both ways."""
    return (line, clear, -line, -clear) if absolute else (line, clear)


_COUNTED: Mapping[Unit, str] = {Unit.RATE_8H: " per 8h", Unit.SPREADS: " own spreads", Unit.VOTES: " votes"}
"""What a line counts, where the way it is written does not say so."""


def drawn(value: float, unit: Unit, coin: str = "") -> str:
    """A line or a clear level with all its digits and its unit: `−0.01% per 8h`, `$65,000`, `1.5 own spreads`."""
    counted = _COUNTED.get(unit, "")
    return level(value, unit, coin) + (counted.removesuffix("s") if unit is Unit.VOTES and value == 1 else counted)


def shortened(text: str) -> str:
    """What somebody typed, at most LONGEST_SAID characters of it, to say it back."""
    return text if len(text) <= LONGEST_SAID else text[: LONGEST_SAID - 1] + "…"


def ranked(rank: float) -> str:
    """Where a value stands in a past of which `rank` lies below it, never rounded up: `lower than 96%`."""
    side, part = ("lower", 1 - rank) if rank < 0.5 else ("higher", rank)
    return f"{side} than {math.floor(round(part * 100, 6))}%"


def share(fraction: float | None) -> str:
    """A share as whole percents: `28%`."""
    return UNKNOWN if fraction is None else part(fraction)
