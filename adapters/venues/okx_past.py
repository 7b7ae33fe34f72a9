"""What OKX writes about the past: bars of prices and trades, open interest in steps, and what was paid."""

from datetime import datetime, timedelta

import msgspec

from adapters.venues.okx import NAME, data_of
from adapters.venues.shapes import Decimal
from adapters.venues.wire import RATIO_FRESH, Known, Listed, Parsed, Rows, instant, number, per_coin, product, settled
from signals.model import Metric

_OVER = "1"
"""How a bar says that it is over."""


class _Paid(msgspec.Struct, rename="camel"):
    inst_id: str
    realized_rate: Decimal = None
    funding_time: Decimal = None


class _PastOpenInterest(msgspec.Struct, array_like=True):
    ts: Decimal
    oi: Decimal = None
    oi_ccy: Decimal = None


class _Candle(msgspec.Struct, array_like=True):
    """A bar of a mark or index price."""

    ts: Decimal
    open: Decimal = None
    high: Decimal = None
    low: Decimal = None
    close: Decimal = None
    confirm: str = ""


class _Traded(msgspec.Struct, array_like=True):
    """A bar of trades; its volumes are in contracts, in coins, and in the quote."""

    ts: Decimal
    open: Decimal = None
    high: Decimal = None
    low: Decimal = None
    close: Decimal = None
    volume: Decimal = None
    volume_ccy: Decimal = None
    volume_quote: Decimal = None
    confirm: str = ""


def parse_open_interest_history(body: bytes, received: datetime, of: Listed) -> Parsed:
    """Past open interest of `/rubik/stat/contracts/open-interest-history`: rows of time, contracts, coins, dollars.

    Whether a step is stamped with its start or its end is not documented. It is taken for the start, so that no past
    knows earlier than the present did; the caller says how long a step is by moving the times.
    """
    rows = Rows(NAME, received, {of.instrument.symbol: of})
    for each in rows.read(data_of(body), _PastOpenInterest):
        coins = product(number(each.oi_ccy), of.instrument.multiplier)
        rows.level(Metric.OI_LEVEL, of, coins, instant(each.ts), RATIO_FRESH)
    return rows.parsed()


def parse_candles(body: bytes, received: datetime, of: Listed, metric: Metric, step: timedelta) -> Parsed:
    """Bars of `/market/history-...-candles` that are over: mark or index prices at their ends, or dollars traded."""
    rows = Rows(NAME, received, {of.instrument.symbol: of})
    if metric is Metric.VOLUME:
        for traded in rows.read(data_of(body), _Traded):
            if traded.confirm == _OVER:
                rows.total(metric, of, number(traded.volume_quote), _end(traded.ts, step), step, step)
    else:
        for bar in rows.read(data_of(body), _Candle):
            if bar.confirm == _OVER:
                rows.level(metric, of, per_coin(bar.close, of), _end(bar.ts, step), step)
    return rows.parsed()


def _end(start: Decimal, step: timedelta) -> datetime | None:
    began = instant(start)
    return None if began is None else began + step


def parse_settled(body: bytes, received: datetime, known: Known) -> Parsed:
    """Rates really paid of `/public/funding-rate-history`: `realizedRate`, not the forecast beside it."""
    rows = Rows(NAME, received, known)
    paid = rows.read(data_of(body), _Paid)
    settled(rows, [(each.inst_id, each.realized_rate, each.funding_time) for each in paid])
    return rows.parsed()
