"""Every parser of every venue as a function of bytes alone, beside an answer that it reads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from adapters.venues import binance, bitget, bybit, coinglass, gate, hyperliquid, okx, okx_past
from adapters.venues.binance import Terms
from adapters.venues.binance_past import parse_bars, parse_past_open_interest
from adapters.venues.gate import Close
from adapters.venues.wire import FRESH, Known, Listed, Parsed, ParsedInstruments, ParsedLiquidations, by_symbol
from signals.model import Metric
from tests.adapters.venues import answers
from tests.adapters.venues.answers import NOW, Coin, body

Read: TypeAlias = (
    Parsed
    | ParsedInstruments
    | ParsedLiquidations
    | Mapping[str, Terms]
    | Sequence[Close]
    | datetime
    | str
    | int
    | None
)
Parse: TypeAlias = Callable[..., Read]


HOUR, STEP = timedelta(hours=1), timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Reader:
    """One parser, what it knows, and an answer that it reads."""

    venue: str
    call: str
    read: Callable[[bytes], Read]
    answer: bytes
    known: Known


def tables(coins: Sequence[Coin]) -> Mapping[str, Known]:
    """The living perpetuals of each venue, as each lists them."""
    listed = {
        binance: answers.binance_exchange_info,
        bybit: answers.bybit_instruments,
        okx: answers.okx_instruments,
        gate: answers.gate_contracts,
        bitget: answers.bitget_contracts,
        hyperliquid: answers.hyperliquid_contexts,
        coinglass: answers.coinglass_funding,
    }
    return {
        venue.NAME: by_symbol(venue.parse_instruments(body(write(coins)), NOW).listed)
        for venue, write in listed.items()
    }


def refresh(coins: Sequence[Coin], pairs: int = 0) -> tuple[Reader, ...]:
    """What the six venues are asked once in a full refresh: prices, funding, open interest and both volumes."""
    known = tables(coins)
    terms = binance.parse_terms(body(answers.binance_terms(coins)))
    return (
        _of(known, "binance", "premium", _with(binance.parse_premium, terms), answers.binance_premium(coins)),
        *(
            _of(known, "binance", "oi", _with(binance.parse_open_interest, FRESH), answers.binance_open_interest(coin))
            for coin in coins
        ),
        _of(known, "binance", "volume", binance.parse_volume, answers.binance_volume(coins)),
        _of(known, "binance", "spot", binance.parse_spot_volume, answers.binance_spot(coins, pairs)),
        Reader("binance", "terms", binance.parse_terms, body(answers.binance_terms(coins)), known["binance"]),
        _of(known, "bybit", "tickers", bybit.parse_tickers, answers.bybit_tickers(coins)),
        _of(known, "bybit", "spot", bybit.parse_spot_volume, answers.bybit_spot(coins, pairs)),
        _of(known, "okx", "mark", okx.parse_mark, answers.okx_mark(coins)),
        _of(known, "okx", "funding", okx.parse_funding, answers.okx_funding(coins)),
        _of(known, "okx", "oi", okx.parse_open_interest, answers.okx_open_interest(coins)),
        _of(known, "okx", "volume", okx.parse_volume, answers.okx_volume(coins)),
        _of(known, "okx", "spot", okx.parse_spot_volume, answers.okx_spot(coins, pairs)),
        _of(known, "gate", "contracts", gate.parse_contracts, answers.gate_contracts(coins)),
        _of(known, "gate", "volume", gate.parse_volume, answers.gate_tickers(coins)),
        _of(known, "gate", "spot", gate.parse_spot_volume, answers.gate_spot(coins, pairs)),
        _of(known, "bitget", "tickers", bitget.parse_tickers, answers.bitget_tickers(coins)),
        _of(known, "bitget", "funding", bitget.parse_funding, answers.bitget_funding(coins)),
        _of(known, "bitget", "spot", bitget.parse_spot_volume, answers.bitget_spot(coins, pairs)),
        _of(known, "hyperliquid", "contexts", hyperliquid.parse_contexts, answers.hyperliquid_contexts(coins)),
        _of(known, "hyperliquid", "spot", hyperliquid.parse_spot_volume, answers.hyperliquid_spot(coins, pairs)),
    )  # fmt: skip


def others(coins: Sequence[Coin]) -> tuple[Reader, ...]:
    """What is asked beside a refresh, and pushed: instruments, ratios, what was paid, closes, and CoinGlass."""
    known = tables(coins)
    terms = binance.parse_terms(body(answers.binance_terms(coins)))
    of_okx, of_gate = known["okx"][f"{coins[0].name}-USDT-SWAP"], known["gate"][f"{coins[0].name}_USDT"]
    first = f"{coins[0].base}USDT"
    return (
        _listing("binance", binance.parse_instruments, answers.binance_exchange_info(coins)),
        _listing("bybit", bybit.parse_instruments, answers.bybit_instruments(coins)),
        _listing("okx", okx.parse_instruments, answers.okx_instruments(coins)),
        _listing("gate", gate.parse_instruments, answers.gate_contracts(coins)),
        _listing("bitget", bitget.parse_instruments, answers.bitget_contracts(coins)),
        _listing("hyperliquid", hyperliquid.parse_instruments, answers.hyperliquid_contexts(coins)),
        _listing("coinglass", coinglass.parse_instruments, answers.coinglass_funding(coins)),
        *(
            _of(known, "binance", metric, _with(binance.parse_ratio, metric), answers.binance_ratio(coins))
            for metric in (Metric.LS, Metric.LS_TOP, Metric.LS_POS)
        ),
        _of(known, "binance", "settled", _with(binance.parse_settled, terms), answers.binance_settled(coins)),
        _of(
            known, "binance", "past oi", parse_past_open_interest, answers.binance_past_open_interest(coins)
        ),
        *(
            _of(known, "binance", "closes", binance.parse_liquidations, answers.binance_liquidation(coin, long=long))
            for coin in coins[:3]
            for long in (True, False)
        ),
        Reader("bybit", "cursor", bybit.parse_cursor, body(answers.bybit_instruments(coins)), known["bybit"]),
        _of(known, "bybit", "ls", bybit.parse_ls, answers.bybit_ratio(coins)),
        _of(known, "bybit", "settled", bybit.parse_settled, answers.bybit_settled(coins)),
        _of(known, "bybit", "past oi", bybit.parse_open_interest, answers.bybit_open_interest(coins[0])),
        _of(known, "bybit", "closes", bybit.parse_liquidations, answers.bybit_liquidations(coins)),
        _of(known, "okx", "index", okx.parse_index, answers.okx_index(coins)),
        *(
            _of(known, "okx", metric, _about(of_okx, okx.parse_ratio, metric), answers.okx_ratio(coins))
            for metric in (Metric.LS, Metric.LS_TOP, Metric.LS_POS)
        ),
        _of(known, "okx", "settled", okx_past.parse_settled, answers.okx_settled(coins)),
        _of(known, "okx", "closes", okx.parse_liquidations, answers.okx_liquidations(coins)),
        _of(known, "gate", "ls", _about(of_gate, gate.parse_long_short), answers.gate_stats(coins)),
        _of(known, "gate", "settled", _about(of_gate, gate.parse_settled), answers.gate_settled(coins)),
        *(
            _of(known, "gate", f"closes by {s}", _with(gate.parse_liquidations, s), answers.gate_liquidations(coins))
            for s in gate.Sign
        ),
        _of(known, "bitget", "ls.top", _with(bitget.parse_ls_top, first), answers.bitget_accounts(coins)),
        _of(known, "bitget", "ls.pos", _with(bitget.parse_ls_pos, first), answers.bitget_positions(coins)),
        _of(known, "bitget", "settled", bitget.parse_settled, answers.bitget_settled(coins)),
        _of(known, "bitget", "closes", bitget.parse_liquidations, answers.bitget_liquidations(coins)),
        _of(known, "hyperliquid", "settled", hyperliquid.parse_settled, answers.hyperliquid_settled(coins)),
        _of(known, "coinglass", "funding", coinglass.parse_funding, answers.coinglass_funding(coins)),
        _of(known, "coinglass", "oi", coinglass.parse_open_interest, answers.coinglass_open_interest(coins)),
    )  # fmt: skip


def pasts(coins: Sequence[Coin]) -> tuple[Reader, ...]:
    """What is asked of the past, and what else is read of frames and answers."""
    known = tables(coins)
    coin = coins[0]
    of_binance, of_okx = known["binance"][f"{coin.base}USDT"], known["okx"][f"{coin.name}-USDT-SWAP"]
    of_gate = known["gate"][f"{coin.name}_USDT"]
    price, volume, interest = Metric.PRICE, Metric.VOLUME, Metric.OI_LEVEL
    binance_bars, bybit_klines = answers.binance_bars(coin), answers.bybit_klines(coin)
    gate_candles, bitget_candles = answers.gate_candles(coin), answers.bitget_candles(coin)
    candles, closes = answers.hyperliquid_candles(coins), answers.gate_liquidations(coins)
    first = f"{coin.base}USDT"
    return (
        _of(known, "binance", "bars", _about(of_binance, parse_bars, price, HOUR), binance_bars),
        _of(known, "binance", "bars of volume", _about(of_binance, parse_bars, volume, HOUR), binance_bars),
        _of(known, "bybit", "klines", _with(bybit.parse_klines, price, HOUR), bybit_klines),
        _of(known, "bybit", "klines of volume", _with(bybit.parse_klines, volume, HOUR), bybit_klines),
        _of(known, "okx", "candles", _about(of_okx, okx_past.parse_candles, price, HOUR), answers.okx_candles(coin)),
        _of(known, "okx", "traded", _about(of_okx, okx_past.parse_candles, volume, HOUR), answers.okx_traded(coin)),
        _of(
            known, "okx", "past oi", _about(of_okx, okx_past.parse_open_interest_history),
            answers.okx_open_interest_history(coin),
        ),
        _of(known, "gate", "stats", _about(of_gate, gate.parse_stats, interest, STEP), answers.gate_stats(coins)),
        _of(known, "gate", "candles", _about(of_gate, gate.parse_candles, price, HOUR), gate_candles),
        _of(known, "gate", "candles of volume", _about(of_gate, gate.parse_candles, volume, HOUR), gate_candles),
        _of(known, "bitget", "candles", _with(bitget.parse_candles, first, price, HOUR), bitget_candles),
        _of(known, "bitget", "candles of volume", _with(bitget.parse_candles, first, volume, HOUR), bitget_candles),
        _of(known, "hyperliquid", "candles", _with(hyperliquid.parse_candles, price, HOUR), candles),
        _of(known, "hyperliquid", "candles of volume", _with(hyperliquid.parse_candles, volume, HOUR), candles),
        Reader("binance", "weight", binance.parse_weight_limit, body(answers.binance_exchange_info(coins)), {}),
        Reader("gate", "rows", gate.rows_in, body(answers.gate_contracts(coins)), {}),
        Reader("gate", "unsided", gate.parse_unsided, body(closes), {}),
        Reader("gate", "orders", gate.parse_orders, body(answers.gate_orders(coins)), {}),
        Reader("gate", "heartbeat", gate.is_heartbeat, body(closes), {}),
        Reader("gate", "going", gate.is_going, body(closes), {}),
        Reader("gate", "refusal", gate.is_refusal, body(closes), {}),
        Reader("bitget", "oldest", lambda raw: bitget.oldest_paid(raw, 1), body(answers.bitget_settled(coins)), {}),
        Reader("bitget", "heartbeat", bitget.is_heartbeat, body(answers.bitget_liquidations(coins)), {}),
        Reader("bitget", "refusal", bitget.is_refusal, body(answers.bitget_liquidations(coins)), {}),
    )  # fmt: skip


def every(coins: Sequence[Coin]) -> tuple[Reader, ...]:
    """All of them."""
    return (*refresh(coins), *others(coins), *pasts(coins))


def _of(tables: Mapping[str, Known], venue: str, call: str, parse: Parse, answer: object) -> Reader:
    known = tables[venue]
    return Reader(venue, call, lambda raw: parse(raw, NOW, known), body(answer), known)


def _listing(venue: str, parse: Parse, answer: object) -> Reader:
    return Reader(venue, "instruments", lambda raw: parse(raw, NOW), body(answer), {})


def _with(parse: Parse, *more: object) -> Parse:
    """The parser with its last arguments."""
    return lambda raw, at, known: parse(raw, at, known, *more)


def _about(of: Listed, parse: Parse, *more: object) -> Parse:
    """The parser of answers about one perpetual that do not name it."""
    return lambda raw, at, _known: parse(raw, at, of, *more)
