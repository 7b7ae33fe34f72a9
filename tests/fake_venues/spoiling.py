"""What faults do to the world, to times, and to the values of an answer."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from tests.fake_venues.contracts import Contract
from tests.fake_venues.faults import Fault, Kind, lot
from tests.fake_venues.shapes import HOUR_MS, Json, Moment, ms
from tests.fake_venues.values import Pair, Quote

T = TypeVar("T")
Row = tuple[Contract, Quote]

PAGE_ROWS = 100
NAMES = ("symbol", "instId", "contract", "name", "coin", "currency_pair")
"""Keys by which a row is known as one."""

KEPT = frozenset(
    {
        *("time", "ts", "T", "E", "t", "timestamp", "fundingTime", "nextFundingTime", "fundingRateTimestamp", "uly"),
        *("closeTime", "openTime", "nextUpdate", "funding_next_apply", "instType", "instFamily", "status", "state"),
        *("contractType", "symbolType", "symbolStatus", "baseCoin", "baseAsset", "quoteAsset", "quoteCoin", "type"),
        *("settleCoin", "settleCcy", "ctType", "ctValCcy", "ruleType", "instCategory", "underlyingType", "fullName"),
        *("deliveryTime", "offTime", "launchTime", "expTime", "listTime", "deliveryDate", "onboardDate", "index"),
        *("fundingInterval", "fundInterval", "isRwa", "token", "tokenId", "szDecimals", "maxLeverage", "pair"),
        *("config_change_time", "create_time", "launch_time", "marginTableId", "priceScale", "instIdCode"),
        *NAMES,
    }
)
"""What junk does not stand in for: names, kinds and times."""


def moment(at: datetime, faults: Iterable[Fault]) -> Moment:
    """When the answer is made, and what its times say."""
    values_ms = told_ms = ms(at)
    unit = 1.0
    for fault in faults:
        match fault.kind:
            case Kind.STALE_BODY:
                values_ms = told_ms = ms(fault.since)
            case Kind.STALE_TIMES:
                told_ms = ms(fault.since)
            case Kind.AHEAD:
                told_ms += HOUR_MS
            case Kind.SECONDS:
                unit = 0.001
            case Kind.MICROSECONDS:
                unit = 1000.0
            case _:
                continue
    return Moment(values_ms, told_ms, unit)


def world(rows: Sequence[Row], faults: Iterable[Fault], at_ms: int) -> Sequence[Row]:
    """What is listed, and how it stands, when the world has changed."""
    for fault in faults:
        change = _CHANGES.get(fault.kind)
        if change is not None:
            rows = [change(fault, row, at_ms) if fault.touches(row[0].coin, row[0].symbol) else row for row in rows]
        elif fault.kind is Kind.DELISTED:
            rows = [row for row in rows if not fault.touches(row[0].coin, row[0].symbol)]
        elif fault.kind is Kind.MASS_DELISTING:
            rows = [row for row in rows if not fault.touches(row[0].coin, row[0].symbol, 0.1)]
        else:
            rows = _cut(rows, fault)
    return rows


def some(pairs: Sequence[Pair], faults: Iterable[Fault]) -> Sequence[Pair]:
    """Spot pairs when lists are cut and coins are gone."""
    for fault in faults:
        if fault.kind is Kind.DELISTED:
            pairs = [pair for pair in pairs if not fault.touches(pair.base, pair.base)]
        else:
            pairs = _cut(pairs, fault)
    return pairs


def values(data: Json, faults: Sequence[Fault]) -> Json:
    """The answer with bad values in it."""
    for fault in faults:
        change = _SPOILS.get(fault.kind)
        if change is not None:
            data = _walk(data, fault, change)
        if fault.kind is Kind.ERROR_BODY:
            return {"code": -4108, "msg": "Symbol is on delivering or delivered or settling or closed or pre-trading."}
    return data


def _cut(rows: Sequence[T], fault: Fault) -> Sequence[T]:
    match fault.kind:
        case Kind.PARTIAL:
            return rows[: int(len(rows) * (0.4 if fault.share is None else fault.share))]
        case Kind.FIRST_PAGE:
            return rows[: len(rows) // 2]
        case Kind.HUNDRED:
            return rows[:PAGE_ROWS]
        case _:
            return rows


def _redenominated(fault: Fault, row: Row, _at_ms: int) -> Row:
    of, quote = row
    times = fault.value or 1000.0
    return of, replace(
        quote,
        mark=quote.mark / times,
        index=quote.index / times,
        last=quote.last / times,
        oi=quote.oi * times,
        volume=quote.volume * times,
    )


def _resized(fault: Fault, row: Row, _at_ms: int) -> Row:
    return replace(row[0], size=row[0].size * (fault.value or 10.0)), row[1]


def _interval(fault: Fault, row: Row, at_ms: int) -> Row:
    of, quote = row
    hours = int(fault.value or 4)
    step_ms = hours * HOUR_MS
    rate, settled = quote.rate * hours / of.hours, quote.settled * hours / of.hours
    changed = replace(quote, rate=rate, settled=settled, next_ms=(at_ms // step_ms + 1) * step_ms)
    return replace(of, hours=hours), changed


def _tick(_fault: Fault, row: Row, _at_ms: int) -> Row:
    return row[0], replace(row[1], mark=row[1].mark * 100)


def _no_price(_fault: Fault, row: Row, _at_ms: int) -> Row:
    return row[0], replace(row[1], mark=0.0)


_CHANGES: dict[Kind, Callable[[Fault, Row, int], Row]] = {
    Kind.REDENOMINATED: _redenominated,
    Kind.CONTRACT_SIZE: _resized,
    Kind.INTERVAL: _interval,
    Kind.TICK: _tick,
    Kind.ZERO_PRICE: _no_price,
}

LASTING = frozenset({*_CHANGES, Kind.DELISTED, Kind.MASS_DELISTING})
"""Faults of the world that are no cuts of an answer."""


def _walk(data: Json, fault: Fault, change: Callable[[dict[str, Json], Fault], dict[str, Json]]) -> Json:
    if isinstance(data, list):
        return [_walk(each, fault, change) for each in data]
    if isinstance(data, dict):
        name = next((str(data[key]) for key in NAMES if key in data), None)
        if name is not None and (fault.share is None or lot(name, fault.kind) < fault.share):
            return change(data, fault)
        return {key: _walk(each, fault, change) for key, each in data.items()}
    return data


def _junk(row: dict[str, Json], fault: Fault) -> dict[str, Json]:
    return {key: fault.junk if _is_meant(key, value, fault) else value for key, value in row.items()}


def _less(row: dict[str, Json], fault: Fault) -> dict[str, Json]:
    return {key: value for key, value in row.items() if not _is_meant(key, value, fault)}


def _more(row: dict[str, Json], _fault: Fault) -> dict[str, Json]:
    return {"new_in_2027": "soon", **row, "alsoNew": {"nested": [1, "2", None]}}


_SPOILS: dict[Kind, Callable[[dict[str, Json], Fault], dict[str, Json]]] = {
    Kind.JUNK: _junk,
    Kind.MISSING_KEYS: _less,
    Kind.EXTRA_KEYS: _more,
}


def _is_meant(key: str, value: Json, fault: Fault) -> bool:
    return key in fault.keys if fault.keys is not None else key not in KEPT and _is_number(value)


def _is_number(value: Json) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return True
    try:
        float(value) if isinstance(value, str) else float("no number")
    except ValueError:
        return False
    return True
