"""The numbers of a simulated market: levels and flows of each minute as functions of the seed, the plot and the time.

Prices share a market factor; funding follows the premium; open interest is in coins. Minutes count from 1970, and a
minute's flow is what happened in the minute that ends then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from adapters.venues import noise
from adapters.venues.acts import Act, Plot
from signals.model import Metric
from signals.panel import Instants, Series

Cube: TypeAlias = npt.NDArray[np.float64]
"""Exchanges x minutes x coins; NaN where an exchange does not offer it."""

HOUR, DAY = 60, 1440
"""In minutes."""

RATIOS_EVERY = 5
"""Minutes between two values of a long/short ratio."""

_ALWAYS = frozenset(
    {Metric.PRICE, Metric.INDEX, Metric.FUNDING, Metric.FUNDING_SETTLED, Metric.OI_LEVEL, Metric.VOLUME}
)
_LIQUIDATIONS = frozenset({Metric.LIQ_LONG, Metric.LIQ_SHORT})
_TAKER = frozenset({Metric.TAKER_BUY, Metric.TAKER_SELL})
_TOP = frozenset({Metric.LS_TOP, Metric.LS_POS})
_FULL = _ALWAYS | _LIQUIDATIONS | _TAKER | _TOP | {Metric.LS, Metric.VOLUME_SPOT}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One simulated venue: its share of the market, how it writes a contract, and what it offers.

    `thousand` stands before a coin that is traded by the thousand; `interval_h` is the time one funding rate covers;
    `sampled` marks a liquidation stream that shows only a part.
    """

    name: str
    share: float
    contract: str
    thousand: str
    interval_h: int
    metrics: frozenset[Metric]
    sampled: bool = False


@dataclass(frozen=True, slots=True)
class Coin:
    """One simulated coin, over all venues: price in USD, open interest in coins, futures volume in USD a day.

    `liquidated` is what a calm hour closes on each side, in USD. `thousands`: some venues trade it by the thousand.
    """

    name: str
    price: float
    oi: float
    volume: float
    liquidated: float
    beta: float
    thousands: bool = False


EXCHANGES = (
    Exchange("binance", 0.34, "{}USDT", "1000", 8, _FULL, sampled=True),
    Exchange("bitget", 0.12, "{}USDT", "", 8, _FULL - {Metric.LS}),
    Exchange("bybit", 0.20, "{}USDT", "1000", 8, _FULL - _TAKER - _TOP),
    Exchange("gate", 0.10, "{}_USDT", "", 8, _FULL),
    Exchange("hyperliquid", 0.10, "{}", "k", 1, _ALWAYS),
    Exchange("okx", 0.14, "{}-USDT-SWAP", "", 8, _FULL, sampled=True),
)

COINS = (
    Coin("BTC", 91_000, 290_000, 45e9, 600e3, 1.0),
    Coin("ETH", 3_150, 5.2e6, 26e9, 450e3, 1.3),
    Coin("SOL", 134, 26e6, 7e9, 120e3, 1.5),
    Coin("XRP", 2.05, 900e6, 4e9, 60e3, 1.2),
    Coin("DOGE", 0.142, 6e9, 2e9, 45e3, 1.4),
    Coin("LINK", 13.2, 30e6, 0.8e9, 20e3, 1.3),
    Coin("AVAX", 13.9, 22e6, 0.6e9, 16e3, 1.4),
    Coin("PEPE", 6.4e-6, 60e12, 1e9, 25e3, 1.6, thousands=True),
)

NAMES = tuple(coin.name for coin in COINS)

_BASE_RATE = 0.0001
"""Per 8 hours: what longs pay where nobody pulls."""

_FACTORS: Mapping[Metric, Callable[[Act], float]] = {
    Metric.VOLUME: lambda act: act.volume,
    Metric.TAKER_BUY: lambda act: act.volume,
    Metric.TAKER_SELL: lambda act: act.volume,
    Metric.VOLUME_SPOT: lambda act: act.spot,
    Metric.LIQ_LONG: lambda act: act.liq_long,
    Metric.LIQ_SHORT: lambda act: act.liq_short,
}
FLOWS = tuple(_FACTORS)


class Simulation:
    """One seeded market under one plot. All answers are pure functions of the minutes asked for."""

    def __init__(self, seed: int, acts: Sequence[Act], start: int) -> None:
        self._seed = seed
        self._plot = Plot(acts, NAMES, start)

    def down(self, minute: int) -> frozenset[str]:
        """The exchanges that do not answer at that minute."""
        return self._plot.down(minute)

    def levels(self, minutes: Instants) -> Mapping[Metric, Cube]:
        """Every level of every exchange at those minutes; funding as fractions per 8 hours."""
        index, premium = self._index(minutes), self._premium(minutes)
        ratios = minutes // RATIOS_EVERY * RATIOS_EVERY
        return {
            Metric.INDEX: self._each(lambda _: index, Metric.INDEX),
            Metric.PRICE: self._each(
                lambda e: index * (1 + premium + self._own("mark", e, minutes) * 5e-5), Metric.PRICE
            ),
            Metric.FUNDING: self._each(lambda e: self._funding(e, minutes), Metric.FUNDING),
            Metric.FUNDING_SETTLED: self._each(lambda e: self._settled(e, minutes), Metric.FUNDING_SETTLED),
            Metric.OI_LEVEL: self._each(self._open_interest(minutes), Metric.OI_LEVEL),
            Metric.LS: self._each(lambda e: 1.6 * self._crowd("accounts", e, ratios), Metric.LS),
            Metric.LS_TOP: self._each(lambda e: 1.3 * self._crowd("top accounts", e, ratios), Metric.LS_TOP),
            Metric.LS_POS: self._each(lambda e: 1.1 * self._crowd("top positions", e, ratios), Metric.LS_POS),
        }

    def flow(self, metric: Metric, minutes: Instants) -> Series:
        """Minutes x coins: the sum over all exchanges in each minute, in USD."""
        busy = np.exp(0.3 * noise.smooth(self._of("busy", NAMES), minutes, 6 * HOUR))
        return busy * self._quiet(metric, minutes) * self._plot.times(_FACTORS[metric], minutes)

    def shares(self, metric: Metric) -> Series:
        """Exchanges x coins: each one's part of a sum; NaN where it does not offer it."""
        tilt = np.array(
            [0.8 + 0.4 * noise.uniform(self._of(e.name, NAMES), np.zeros(1, np.int64))[0] for e in EXCHANGES]
        )
        offered = np.array([[e.share if metric in e.metrics else np.nan] for e in EXCHANGES]) * tilt
        parts: Series = offered / np.nansum(offered, axis=0)
        return parts

    def _each(self, of: Callable[[Exchange], Series], metric: Metric) -> Cube:
        shown = [of(e) for e in EXCHANGES if metric in e.metrics]
        cube = np.full((len(EXCHANGES), *shown[0].shape), np.nan)
        cube[[metric in e.metrics for e in EXCHANGES]] = shown
        return cube

    def _index(self, minutes: Instants) -> Series:
        market = noise.wander(self._of("market", ("all",)), minutes, 1, 64 * DAY)
        own = noise.wander(self._of("coin", NAMES), minutes, 1, 64 * DAY)
        beta = np.array([coin.beta for coin in COINS])
        price = np.array([coin.price for coin in COINS])
        return price * np.exp(2.5e-4 * (beta * market + 0.6 * own) + self._plot.moved(lambda act: act.price, minutes))

    def _premium(self, minutes: Instants) -> Series:
        quick = noise.smooth(self._of("premium", NAMES), minutes, 8)
        return 5e-5 * quick + self._lean(minutes) + self._plot.pulled(lambda act: act.funding, minutes)

    def _lean(self, minutes: Instants) -> Series:
        """The slow part of the premium, which funding follows."""
        return 6e-5 * noise.smooth(self._of("lean", NAMES), minutes, 12 * HOUR)

    def _funding(self, exchange: Exchange, minutes: Instants) -> Series:
        own = 1e-5 * noise.smooth(self._of(f"funding {exchange.name}", NAMES), minutes, 4 * HOUR)
        pulled = self._plot.pulled(lambda act: act.funding, minutes)
        rate = (_BASE_RATE + 0.5 * self._lean(minutes) + own + pulled) * exchange.interval_h / 8
        return np.round(rate, 8) * 8 / exchange.interval_h

    def _settled(self, exchange: Exchange, minutes: Instants) -> Series:
        interval = exchange.interval_h * HOUR
        settled, which = np.unique(minutes // interval * interval, return_inverse=True)
        return self._funding(exchange, settled)[which]

    def _open_interest(self, minutes: Instants) -> Callable[[Exchange], Series]:
        all_ = 4e-4 * noise.wander(self._of("oi", NAMES), minutes, 2, 32 * DAY)
        moved = np.exp(all_ + self._plot.moved(lambda act: act.oi, minutes))
        shares = dict(zip((e.name for e in EXCHANGES), self.shares(Metric.OI_LEVEL), strict=True))
        coins = np.array([coin.oi for coin in COINS])
        return lambda e: coins * shares[e.name] * moved * np.exp(0.01 * self._own("oi", e, minutes))

    def _own(self, what: str, exchange: Exchange, minutes: Instants) -> Series:
        """What only this exchange does, slowly."""
        return noise.smooth(self._of(f"{what} {exchange.name}", NAMES), minutes, 8 * HOUR)

    def _crowd(self, whose: str, exchange: Exchange, minutes: Instants) -> Series:
        shared = noise.wander(self._of(whose, NAMES), minutes, 2 * HOUR, 16 * DAY)
        return np.exp(0.02 * shared + 0.05 * self._own(whose, exchange, minutes))

    def _quiet(self, metric: Metric, minutes: Instants) -> Series:
        """A calm minute's sum."""
        match metric:
            case Metric.LIQ_LONG | Metric.LIQ_SHORT:
                hourly = np.array([coin.liquidated for coin in COINS])
                return hourly / HOUR * noise.bursts(self._of(metric, NAMES), minutes)
            case Metric.VOLUME_SPOT:
                share = 0.16 * np.exp(0.25 * noise.smooth(self._of("spot", NAMES), minutes, 16 * HOUR))
                return share * self._traded("spot trades", minutes)
            case Metric.TAKER_BUY:
                return self._bought(minutes) * self._traded("trades", minutes) * self._with_taker()
            case Metric.TAKER_SELL:
                return (1 - self._bought(minutes)) * self._traded("trades", minutes) * self._with_taker()
            case _:
                return self._traded("trades", minutes)

    def _traded(self, what: str, minutes: Instants) -> Series:
        daily = np.array([coin.volume for coin in COINS])
        return daily / DAY * (0.5 + 0.5 * noise.bursts(self._of(what, NAMES), minutes))

    def _bought(self, minutes: Instants) -> Series:
        return 0.5 + 0.02 * noise.smooth(self._of("bought", NAMES), minutes, 20)

    def _with_taker(self) -> Series:
        """The part of all futures volume whose exchanges tell buys from sells, by coin."""
        tells = [Metric.TAKER_BUY in e.metrics for e in EXCHANGES]
        part: Series = self.shares(Metric.VOLUME)[tells].sum(axis=0)
        return part

    def _of(self, what: str, names: Sequence[str]) -> noise.Sources:
        return noise.sources(self._seed, what, names)
