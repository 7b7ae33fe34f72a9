"""What our parsers read in an answer, as facts."""

from collections.abc import Mapping

from adapters.venues.wire import Known, Parsed, ParsedLiquidations
from signals.model import Metric
from tests.adapters.venues.readers import Read
from tests.oracle.facts import Counted, Facts, Field, Value

_FIELDS = {
    Metric.PRICE: Field.PRICE,
    Metric.INDEX: Field.INDEX,
    Metric.OI_LEVEL: Field.OI,
    Metric.VOLUME_24H: Field.VOLUME,
    Metric.LS: Field.RATIO,
    Metric.LS_TOP: Field.RATIO,
    Metric.LS_POS: Field.RATIO,
}


def counted(known: Known) -> Mapping[str, Counted]:
    """How each listed instrument counts."""
    return {symbol: Counted(of.instrument.multiplier, of.contract, inverse=of.inverse) for symbol, of in known.items()}


def facts(read: Read) -> Facts:
    """Everything that was read and is compared."""
    if isinstance(read, Parsed):
        return _observed(read)
    if isinstance(read, ParsedLiquidations):
        return _closed(read)
    if isinstance(read, dict):
        return {(symbol, Field.INTERVAL): terms.interval_h for symbol, terms in read.items()}
    raise TypeError(f"{type(read).__name__} is not compared")


def _observed(parsed: Parsed) -> Facts:
    found: dict[tuple[str, Field], Value] = {}
    for seen in parsed.observations:
        match seen.metric:
            case Metric.VOLUME_SPOT_24H:
                found[seen.coin, Field.SPOT] = seen.value
                continue
            case Metric.FUNDING:
                found[seen.symbol, Field.RATE] = seen.rate
                found[seen.symbol, Field.INTERVAL] = seen.interval_h
                found[seen.symbol, Field.NEXT] = None if seen.next_at is None else seen.next_at.timestamp() * 1000
            case Metric.FUNDING_SETTLED:
                found[seen.symbol, Field.PAID] = seen.rate
                found[seen.symbol, Field.PAID_AT] = seen.at.timestamp() * 1000
            case metric:
                found[seen.symbol, _FIELDS[metric]] = seen.value
        found[seen.symbol, Field.COIN] = seen.coin
    return found


def _closed(parsed: ParsedLiquidations) -> Facts:
    found: dict[tuple[str, Field], Value] = {}
    counts: dict[str, int] = {}
    for close in parsed.liquidations:
        counts[close.symbol] = counts.get(close.symbol, 0) + 1
        named = f"{close.symbol} #{counts[close.symbol]}"
        found |= {
            (named, Field.COIN): close.coin,
            (named, Field.SIDE): close.side.value,
            (named, Field.CLOSED): close.coins,
            (named, Field.CLOSED_AT): close.price,
            (named, Field.USD): close.usd,
        }
    return found
