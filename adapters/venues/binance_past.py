"""What Binance writes about the past: bars of prices and trades, and open interest in steps."""

from datetime import datetime, timedelta

import msgspec

from adapters.venues.binance import NAME, Row, each_listed
from adapters.venues.shapes import Decimal
from adapters.venues.wire import Known, Listed, Parsed, Rows, envelope, in_coins, instant, number, per_coin
from signals.model import Metric

STATISTICS_STEP = timedelta(minutes=5)


class _PastOpenInterest(Row):
    sum_open_interest: Decimal = None
    timestamp: Decimal = None


class _Bar(msgspec.Struct, array_like=True):
    """Start, prices, volumes in coins and, after the end, in the quote."""

    start: Decimal
    open: Decimal = None
    high: Decimal = None
    low: Decimal = None
    close: Decimal = None
    volume: Decimal = None
    end: Decimal = None
    quote_volume: Decimal = None


def parse_bars(body: bytes, received: datetime, of: Listed, metric: Metric, step: timedelta) -> Parsed:
    """GET /fapi/v1/markPriceKlines, /indexPriceKlines, /klines: prices at the ends of bars, or dollars traded.

    The last bar is not over yet and is refused as lying in the future.
    """
    rows = Rows(NAME, received, {of.instrument.symbol: of})
    for bar in rows.read(envelope(body, list[msgspec.Raw], NAME), _Bar):
        start = instant(bar.start)
        end = None if start is None or start + step > received else start + step
        if metric is Metric.VOLUME:
            rows.total(metric, of, number(bar.quote_volume), end, step, step)
        else:
            rows.level(metric, of, per_coin(bar.close, of), end, step)
    return rows.parsed()


def parse_past_open_interest(
    body: bytes, received: datetime, known: Known, step: timedelta = STATISTICS_STEP
) -> Parsed:
    """GET /futures/data/openInterestHist?symbol=&period=: the past in steps.

    Whether a step is stamped with its start or its end is not documented. It is taken for the start, so that no
    past knows earlier than the present did.
    """
    rows = Rows(NAME, received, known)
    for of, found in each_listed(rows, body, _PastOpenInterest):
        stamp = instant(found.timestamp)
        at = None if stamp is None else stamp + step
        rows.level(Metric.OI_LEVEL, of, in_coins(found.sum_open_interest, of), at, step)
    return rows.parsed()
