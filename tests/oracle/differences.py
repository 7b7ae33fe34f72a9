"""Every difference between ccxt's readings and ours that is meant, each with its reason: no other one is allowed.

An entry holds only where its `like` does, so that it excuses one kind of difference and no second one beside it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from tests.adapters.venues.answers import BTC
from tests.oracle.facts import Field, Odd, near

Like: TypeAlias = Callable[[Odd], bool]


@dataclass(frozen=True, slots=True)
class Difference:
    """What one side says otherwise at a venue, and why ours is right."""

    venue: str
    field: Field
    theirs: str
    ours: str
    reason: str
    like: Like

    def explains(self, odd: Odd) -> bool:
        """Whether that odd value is of this kind."""
        return (self.venue, self.field) == (odd.venue, odd.field) and self.like(odd)


def table() -> str:
    """The list as a Markdown table; what holds of several values at several venues alike is one row."""
    fields: dict[tuple[str, tuple[str, str, str]], list[str]] = {}
    for one in DIFFERENCES:
        fields.setdefault((one.venue, (one.theirs, one.ours, one.reason)), []).append(one.field.value)
    venues: dict[tuple[str, tuple[str, str, str]], list[str]] = {}
    for (venue, said), values in fields.items():
        venues.setdefault((", ".join(values), said), []).append(venue)
    lines = [f"| {', '.join(at)} | {values} | {' | '.join(said)} |" for (values, said), at in venues.items()]
    return "\n".join(["| venue | value | ccxt | ours | reason |", "|---|---|---|---|---|", *lines])


# How two values differ


def _numbers(odd: Odd) -> tuple[float, float] | None:
    theirs, ours = odd.theirs, odd.ours
    return (theirs, ours) if isinstance(theirs, float) and isinstance(ours, float) else None


def _many(odd: Odd) -> float:
    return odd.of.many if odd.of is not None else 1.0


def _compared(fits: Callable[[float, float, Odd], bool]) -> Like:
    """Both are numbers, and these fit."""

    def like(odd: Odd) -> bool:
        both = _numbers(odd)
        return both is not None and fits(*both, odd)

    return like


def _named_by_the_unit(odd: Odd) -> bool:
    return _many(odd) != 1 and str(odd.theirs).endswith(str(odd.ours))


def _they_read_nothing(odd: Odd) -> bool:
    return odd.theirs is None


def _we_read_nothing(odd: Odd) -> bool:
    return odd.ours is None


def _of_a_later_detail(odd: Odd) -> bool:
    return odd.theirs is None and not odd.symbol.endswith("#1")


def _by_order(odd: Odd) -> bool:
    return (odd.theirs, odd.ours) in {("sell", "long"), ("buy", "short")}


def _by_position(odd: Odd) -> bool:
    return (odd.theirs, odd.ours) in {("buy", "long"), ("sell", "short")}


def _is_of_dollars(theirs: float, ours: float, odd: Odd) -> bool:
    """Contracts of US dollars imply the price of a bitcoin, within the 1 % by which closes are off it."""
    return odd.of is not None and odd.of.inverse and abs(theirs * odd.of.contract / ours / BTC.price - 1) < 0.02


_price_of_the_unit = _compared(lambda theirs, ours, odd: _many(odd) != 1 and near(theirs, ours * _many(odd)))
_size_in_units = _compared(lambda theirs, ours, odd: _many(odd) != 1 and near(theirs * _many(odd), ours))
_both_sides = _compared(lambda theirs, ours, odd: near(theirs * _many(odd), 2 * ours))
_last_fill = _compared(lambda theirs, ours, odd: 0 < theirs * _many(odd) < 1.1 * ours)  # 0.015 of 0.014 is on record
_hundredth = _compared(lambda theirs, ours, _: abs(theirs * 100 / ours - 1) < 0.01)
_cached = _compared(lambda theirs, ours, _: theirs in (1.0, 4.0, 8.0) and ours in (1.0, 4.0, 8.0))
_contracts = _compared(
    lambda theirs, ours, odd: odd.of is not None and not odd.of.inverse and near(theirs * odd.of.contract, ours)
)
_dollars = _compared(_is_of_dollars)


# The list

_THOUSANDS = ("binance", "bybit", "bitget", "hyperliquid")
"""Venues that put thousands into names."""
_CLOSE = (Field.SIDE, Field.CLOSED, Field.CLOSED_AT)


def _all() -> Iterator[Difference]:
    def each(
        venues: str, fields: Field | tuple[Field, ...], theirs: str, ours: str, reason: str, like: Like
    ) -> Iterator[Difference]:
        several = fields if isinstance(fields, tuple) else (fields,)
        for venue, field in product(venues.split(), several):
            yield Difference(venue, field, theirs, ours, reason, like)

    thousands = " ".join(_THOUSANDS)
    yield from each(
        thousands, Field.COIN, "1000PEPE, kPEPE", "PEPE", "one coin, however a venue bundles it", _named_by_the_unit
    )
    yield from each(
        thousands,
        (Field.PRICE, Field.INDEX),
        "of a thousand",
        "of one coin",
        "as the venue quotes it",
        _price_of_the_unit,
    )
    yield from each(
        "binance bybit", Field.CLOSED_AT, "of a thousand", "of one coin", "as the venue quotes it", _price_of_the_unit
    )
    yield from each(
        "binance hyperliquid", Field.OI, "in thousands", "in coins", "as the venue counts it", _size_in_units
    )
    yield from each("bybit", Field.CLOSED, "in thousands", "in coins", "as the venue counts it", _size_in_units)

    yield from each(
        "binance", Field.INTERVAL, "none", "from fundingInfo", "not in the premium index", _they_read_nothing
    )
    yield from each(
        "binance",
        Field.CLOSED,
        "the last fill (l)",
        "all that was filled (z)",
        "an order may be filled in parts",
        _last_fill,
    )

    yield from each("bybit", Field.OI, "none", "of one side", "not read from tickers", _they_read_nothing)
    yield from each(
        "bybit", Field.OI, "of both sides", "of one side", "the older field counts each contract twice", _both_sides
    )
    yield from each(
        "bybit",
        Field.INTERVAL,
        "of the cached market",
        "of the payload",
        "it changes between two lists of instruments",
        _cached,
    )
    yield from each(
        "bybit", (Field.RATE, Field.INTERVAL, Field.NEXT), "with the cached interval", "none",
        "a rate whose row does not say its interval is no rate", _we_read_nothing,
    )  # fmt: skip
    yield from each("bybit", Field.SIDE, "buy", "long", "allLiquidation names the position", _by_position)

    yield from each("okx", Field.OI, "contracts", "coins", "contracts differ in size", _contracts)
    yield from each("okx", Field.OI, "contracts of dollars", "coins", "coin-margined contracts count dollars", _dollars)
    yield from each(
        "okx",
        (Field.PAID, Field.PAID_AT),
        "none",
        "settFundingRate",
        "not read from the forecast's row",
        _they_read_nothing,
    )
    yield from each(
        "okx", Field.VOLUME, "none", "coins times the last price", "no volume in dollars is told", _they_read_nothing
    )
    yield from each("okx", _CLOSE, "the first of a row", "all", "a row holds several closes", _of_a_later_detail)
    yield from each("okx", Field.CLOSED, "contracts", "coins", "contracts differ in size", _contracts)
    yield from each(
        "okx", Field.CLOSED, "contracts of dollars", "coins", "coin-margined contracts count dollars", _dollars
    )

    yield from each("gate", Field.OI, "none", "position_size, in coins", "not read from contracts", _they_read_nothing)
    yield from each(
        "gate",
        (Field.PRICE, Field.INDEX),
        "from tickers, too",
        "from contracts",
        "in one answer with funding and open interest",
        _we_read_nothing,
    )
    yield from each("gate", Field.RATIO, "none", "from contract_stats", "not offered", _they_read_nothing)
    yield from each("gate", Field.CLOSED, "contracts", "coins", "contracts differ in size", _contracts)
    yield from each(
        "gate", Field.CLOSED_AT, "none", "price", "its parser is of another list of closes", _they_read_nothing
    )

    yield from each("bitget", Field.OI, "none", "holdingAmount", "not read from tickers", _they_read_nothing)
    yield from each("bitget", Field.RATIO, "0.0138", "0.58 / 0.42", "the vendor's ratio is a hundredth", _hundredth)
    yield from each(
        "bitget", Field.RATIO, "none", "long / short share", "positions are not offered", _they_read_nothing
    )
    yield from each("bitget", _CLOSE, "none", "all of the frame", "no parser", _they_read_nothing)

    yield from each("binance okx gate", Field.SIDE, "sell", "long", "the order's side, not the position's", _by_order)
    yield from each(
        "binance bybit okx gate bitget", Field.USD, "none", "coins times price", "not computed", _they_read_nothing
    )


DIFFERENCES: tuple[Difference, ...] = tuple(_all())
