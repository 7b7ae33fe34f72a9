"""Pages of the past: bars, settlements and steps, cut as venues cut them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from tests.fake_venues.contracts import Contract
from tests.fake_venues.market import Market, Quote
from tests.fake_venues.shapes import DAY_MS, HOUR_MS

MINUTE_MS = 60_000
_UNITS_MS = {"s": 1_000, "m": MINUTE_MS, "min": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}


@dataclass(frozen=True, slots=True)
class Bar:
    """One candle. `volume` is coins, `money` US dollars."""

    opens_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    money: float
    whole: bool


def width_ms(interval: str) -> int:
    """The width of `5m`, `4h`, `1d`; raises ValueError for what is none."""
    digits = interval.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = interval[len(digits) :]
    if unit not in _UNITS_MS or not digits.isdigit():
        raise ValueError(interval)
    return int(digits) * _UNITS_MS[unit]


def bars(
    market: Market,
    of: Contract,
    opens: Sequence[int],
    width: int,
    now_ms: int,
    price: Callable[[Quote], float] = attrgetter("last"),
) -> list[Bar]:
    """The candles of that price that open at those instants, the last one as far as it goes."""
    ends = [min(at + width, now_ms) for at in opens]
    edges = market.history(of.venue, (of,), [*opens, *ends])
    found = []
    for number, opens_ms in enumerate(opens):
        first, last = edges[number][0], edges[len(opens) + number][0]
        share = width / DAY_MS
        money = last.volume_usd * share
        high, low = max(price(first), price(last)), min(price(first), price(last))
        found.append(
            Bar(
                opens_ms,
                price(first),
                high * 1.0003,
                low * 0.9997,
                price(last),
                last.volume * share,
                money,
                whole=opens_ms + width <= now_ms,
            )
        )
    return found


def grid(first_ms: int, last_ms: int, width: int, offset_ms: int = 0) -> range:
    """The multiples of a width from `first_ms` to `last_ms`, both included."""
    start = -(-(first_ms - offset_ms) // width) * width + offset_ms
    return range(start, last_ms + 1, width)


def oldest(of: range, limit: int) -> Sequence[int]:
    """The first of them."""
    return of[:limit]


def newest(of: range, limit: int) -> Sequence[int]:
    """The last of them, in order."""
    return of[max(0, len(of) - limit) :]


def page(
    now_ms: int, width: int, start: int | None, end: int | None, limit: int, back_ms: int | None = None
) -> Sequence[int]:
    """The usual page: from a start the oldest, else the newest, never more than there is."""
    last = now_ms if end is None else min(end, now_ms)
    earliest = 0 if back_ms is None else now_ms - back_ms
    if start is not None:
        return oldest(grid(max(start, earliest), last, width), limit)
    return newest(grid(max(earliest, last - limit * width), last, width), limit)
