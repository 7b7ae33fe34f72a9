"""One seeded market behind all six venues. Every value is a function of the seed, a name and an instant.

Nothing is remembered, so any venue can be asked about any time, and all agree about the price of a coin.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, cached_property, lru_cache

import numpy as np

from adapters.venues import noise
from tests.fake_venues.contracts import PRICES, SHARES, Contract, Kind, coins_of, listed, size_of, takes_decimals
from tests.fake_venues.moves import Liquidated, Move, Path, Times, What
from tests.fake_venues.shapes import DAY_MS, HOUR_MS, ms
from tests.fake_venues.values import Forced, Pair, Quote

VENUES = tuple(SHARES)
LARGEST_OI_USD = 5e9
WEIGHTS = {"binance": 1.0, "bybit": 0.5, "okx": 0.35, "gate": 0.2, "bitget": 0.25, "hyperliquid": 0.4}
"""Open interest of the venues relative to each other."""

SPOT_SHARE = 0.2
USDC_SHARE = 0.1
FDUSD_SHARE = 0.05
WITH_SPOT = 0.8
"""What part of the coins also trades on the spot market of a venue that lists it."""

_MINUTE_MS = 60_000
_PRICE_STEP = 0.0002
_KEPT = 64


@dataclass(frozen=True)
class Market:
    """The market that all venues show. `lively` scales all noise: at 0 every value but what moves stands still."""

    seed: int
    coins: tuple[str, ...]
    start: datetime
    moves: tuple[Move, ...] = ()
    liquidated: tuple[Liquidated, ...] = ()
    lively: float = 1.0
    forced_a_minute: float = 12.0
    """Forced closes of a calm minute on each venue that has a stream."""
    coin_m: bool = True
    """Whether Binance's stream also carries COIN-M."""
    _quotes: dict[tuple[str, int], Mapping[str, Quote]] = field(default_factory=dict, repr=False, compare=False)
    _minutes: dict[tuple[str, int], Sequence[Forced]] = field(default_factory=dict, repr=False, compare=False)

    def but(self, *stories: Move | Liquidated) -> "Market":
        """The same market in which these also happen."""
        moves = tuple(each for each in stories if isinstance(each, Move))
        liquidated = tuple(each for each in stories if isinstance(each, Liquidated))
        return replace(self, moves=self.moves + moves, liquidated=self.liquidated + liquidated, _quotes={}, _minutes={})

    @cached_property
    def _listed(self) -> Mapping[str, tuple[Contract, ...]]:
        return {
            venue: tuple(
                replace(of, size=self._size(of)) for of in listed(venue, self.coins, self.seed, ms(self.start))
            )
            for venue in VENUES
        }

    @cached_property
    def _living_by_size(self) -> Mapping[str, Sequence[Contract]]:
        rank = {coin: number for number, coin in enumerate(self.coins)}
        linear = {
            venue: [each for each in of if each.alive and each.kind is not Kind.INVERSE]
            for venue, of in self._listed.items()
        }
        return {venue: sorted(of, key=lambda each: rank.get(each.coin, math.inf)) for venue, of in linear.items()}

    def _size(self, contract: Contract) -> float:
        return size_of(contract, _base_price(self.seed, contract.coin))

    def contracts(self, venue: str) -> Sequence[Contract]:
        """Everything that the venue lists."""
        return self._listed[venue]

    def quotes(self, venue: str, at_ms: int) -> Mapping[str, Quote]:
        """By symbol; values change once a second."""
        key = (venue, at_ms // 1000 * 1000)
        if key not in self._quotes:
            while len(self._quotes) >= _KEPT:
                self._quotes.pop(next(iter(self._quotes)))
            rows = self.history(venue, self.contracts(venue), (key[1],))[0]
            self._quotes[key] = {of.symbol: row for of, row in zip(self.contracts(venue), rows, strict=True)}
        return self._quotes[key]

    def quote(self, of: Contract, at_ms: int) -> Quote:
        """One of them alone, for less."""
        known = self._quotes.get((of.venue, at_ms // 1000 * 1000))
        return known[of.symbol] if known else self.history(of.venue, (of,), (at_ms // 1000 * 1000,))[0][0]

    def history(self, venue: str, of: Sequence[Contract], instants: Sequence[int]) -> Sequence[Sequence[Quote]]:
        """Instants x contracts."""
        at = np.array(instants, np.int64)
        price = self._price(of, at)
        apart = 1 + 0.0002 * self._bell(of, at, "mark", _MINUTE_MS)
        index = price * (1 + 0.0003 * self._own(of, "basis"))
        oi = self._oi(of, at)
        rate_8h = self._rate_8h(of, at)
        hours = np.array([each.hours for each in of])
        step_ms = hours * HOUR_MS
        next_ms = (at[:, np.newaxis] // step_ms + 1) * step_ms
        settled = self._rate_8h(of, at // HOUR_MS * HOUR_MS) if len(at) == 1 else rate_8h
        volume = self._volume(of, at)
        ratio = {what: self._ratio(of, at, what) for what in ("ls", "ls_top", "ls_pos", "taker")}
        parts = (
            price * apart,
            index,
            price * (1 + 0.0001 * self._bell(of, at, "last", 5_000)),
            rate_8h * hours / 8,
            next_ms,
            oi,
            volume,
            volume * price / np.array([each.multiplier for each in of]),
            ratio["ls"],
            ratio["ls_top"],
            ratio["ls_pos"],
            volume / 288 * ratio["taker"] / (1 + ratio["taker"]),
            volume / 288 / (1 + ratio["taker"]),
            0 * price,
            0 * price,
            settled * hours / 8,
        )
        columns = [part.tolist() for part in parts]
        dead = [each.kind in {Kind.DATED, Kind.DELISTED} for each in of]
        return [
            [self._quote([column[row][i] for column in columns], dead=dead[i]) for i in range(len(of))]
            for row in range(len(at))
        ]

    def spot(self, venue: str, at_ms: int) -> Sequence[Pair]:
        """The spot pairs of the venue, with some that are not against a dollar."""
        of = [each for each in self.contracts(venue) if self._has_spot(each)]
        at = np.array([at_ms // 1000 * 1000], np.int64)
        prices = self._price(of, at)[0]
        volumes = self._moved(What.SPOT, self._volume(of, at) * SPOT_SHARE * (1 + 0.2 * self._own(of, "spot")), of, at)[
            0
        ]
        pairs: list[Pair] = []
        for each, price, volume in zip(of, prices.tolist(), volumes.tolist(), strict=True):
            pairs += _pairs(each, price / each.multiplier, volume)
        if venue == "binance" and pairs:
            pairs += [Pair("ETH", "BTC", 0.05, 9_000.0, 450.0), Pair("USDC", "USDT", 1.0, 1e8, 1e8)]
        return pairs

    def rate_at(self, contract: Contract, at_ms: int) -> float:
        """What was paid at a settlement, per interval."""
        return self.history(contract.venue, (contract,), (at_ms,))[0][0].rate

    def forced(self, venue: str, since_ms: int, until_ms: int) -> Sequence[Forced]:
        """The forced closes after `since_ms`, up to and including `until_ms`, in the order of their times."""
        told = self._told[venue]
        first = bisect_right(told, since_ms, key=lambda each: each.at_ms)
        last = bisect_right(told, until_ms, key=lambda each: each.at_ms)
        minutes = range(since_ms // _MINUTE_MS, until_ms // _MINUTE_MS + 1)
        calm = [each for minute in minutes for each in self._minute(venue, minute)]
        found = [*(each for each in calm if since_ms < each.at_ms <= until_ms), *told[first:last]]
        return sorted(found, key=lambda each: (each.at_ms, each.number))

    def _quote(self, values: list[float], *, dead: bool) -> Quote:
        values[4] = int(values[4])
        if dead:
            values[3], values[4] = 0.0, 0
        return Quote(*values)  # type: ignore[arg-type]  # the order of the fields, and next_ms was made whole

    def _price(self, of: Sequence[Contract], at: Times) -> Path:
        """The price of one piece of the base, before what sets venues apart."""
        names = [each.coin for each in of]
        base = np.array([_base_price(self.seed, each.coin) * each.multiplier for each in of])
        way = self._way(names, at)
        ahead = np.array([1.01 if each.kind is Kind.DATED else 1.0 for each in of])
        return self._moved(What.PRICE, base * ahead * np.exp(_PRICE_STEP * self.lively * way), of, at)

    def _way(self, names: Sequence[str], at: Times) -> Path:
        if self.lively == 0:
            return np.zeros((len(at), len(names)))
        return noise.wander(_sources(self.seed, "path", names), at, _MINUTE_MS, 4 * DAY_MS)

    def _oi(self, of: Sequence[Contract], at: Times) -> Path:
        rank = {coin: number for number, coin in enumerate(self.coins)}
        dollars = [LARGEST_OI_USD * WEIGHTS[each.venue] / (1 + rank.get(each.coin, 300)) ** 1.1 for each in of]
        spread = np.array([0.05 if each.quote == "USDC" and each.coin == "BTC" and each.venue != "hyperliquid" else 1.0
                           for each in of])  # fmt: skip
        coins = np.array(dollars) * spread / np.array([_base_price(self.seed, each.coin) for each in of])
        own = np.exp(0.2 * self._own(of, "size"))
        return self._moved(What.OI, coins * own * (1 + 0.002 * self._bell(of, at, "oi", 5 * _MINUTE_MS)), of, at)

    def _volume(self, of: Sequence[Contract], at: Times) -> Path:
        coins = self._oi(of, at) * (2 + 0.5 * self._own(of, "volume"))
        return self._moved(What.VOLUME, coins * (1 + 0.01 * self._bell(of, at, "volume", HOUR_MS)), of, at)

    def _rate_8h(self, of: Sequence[Contract], at: Times) -> Path:
        coins = _for_ever(self.seed, "funding", tuple(each.coin for each in of))
        steady = 8e-5 + 4e-5 * coins + 1e-5 * self._own(of, "funding")
        return self._moved(What.FUNDING, steady + 3e-6 * self._bell(of, at, "funding", HOUR_MS), of, at)

    def _ratio(self, of: Sequence[Contract], at: Times, what: str) -> Path:
        ratio = np.exp(0.2 + 0.2 * self._own(of, what) + 0.02 * self._bell(of, at, what, 30 * _MINUTE_MS))
        return ratio if what == "taker" else self._moved(What.RATIO, ratio, of, at)

    def _bell(self, of: Sequence[Contract], at: Times, what: str, period_ms: int) -> Path:
        if self.lively == 0:
            return np.zeros((len(at), len(of)))
        return self.lively * noise.smooth(self._sources(of, f"{what} over time"), at, period_ms)

    def _own(self, of: Sequence[Contract], what: str) -> Path:
        """What sets a contract apart for ever."""
        return _for_ever(self.seed, f"{what} of its own", tuple(f"{each.venue} {each.symbol}" for each in of))

    def _sources(self, of: Sequence[Contract], what: str) -> noise.Sources:
        return _sources(self.seed, what, [f"{each.venue} {each.symbol}" for each in of])

    def _moved(self, what: What, path: Path, of: Sequence[Contract], at: Times) -> Path:
        path = np.broadcast_to(path, (len(at), len(of)))
        for move in self.moves:
            if move.what is what:
                path = move.applied(path, at, np.array([move.touches(each) for each in of], np.bool_))
        return path

    def _has_spot(self, contract: Contract) -> bool:
        if contract.kind is not Kind.PERPETUAL or contract.quote not in {"USDT", "USDC"}:
            return False
        if contract.coin == "BTC":
            return contract.quote == "USDT" or contract.venue == "hyperliquid"
        lot = noise.uniform(_sources(self.seed, "spot", [contract.coin]), np.array([0]))[0, 0]
        return bool(lot < WITH_SPOT)

    def _minute(self, venue: str, minute: int) -> Sequence[Forced]:
        """What happens in a minute without a story; remembered, because streams look at the same one often."""
        key = (venue, minute)
        if key not in self._minutes:
            while len(self._minutes) >= _KEPT:
                self._minutes.pop(next(iter(self._minutes)))
            self._minutes[key] = self._background(venue, minute)
        return self._minutes[key]

    def _background(self, venue: str, minute: int) -> Sequence[Forced]:
        """At most one a second, more of the large coins, mostly of the side that the price hurts."""
        seconds = np.arange(minute * 60, minute * 60 + 60, dtype=np.int64)
        lots = [noise.uniform(_sources(self.seed, f"forced {n}", [venue]), seconds)[:, 0] for n in range(5)]
        living = self._living_by_size[venue]
        closing = np.flatnonzero(lots[0] < self.forced_a_minute / 60)
        instants = seconds[closing] * 1000 + (lots[1][closing] * 1000).astype(np.int64)
        of = [living[int(len(living) * lot**3)] for lot in lots[2][closing].tolist()]
        before, now = (np.diagonal(self._price(of, at)).tolist() for at in (instants - _MINUTE_MS, instants))
        sizes, sides = (-np.log(lots[3][closing]) * 5_000).tolist(), lots[4][closing].tolist()
        rows = zip(of, instants.tolist(), before, now, sizes, sides, strict=True)
        return [_closed(contract, at_ms, was, price, usd, lot) for contract, at_ms, was, price, usd, lot in rows]

    @cached_property
    def _told(self) -> Mapping[str, Sequence[Forced]]:
        """What the stories bring to each venue, by time."""
        found = {venue: [each for story in self.liquidated for each in self._story(story, venue)] for venue in VENUES}
        return {venue: sorted(of, key=lambda each: each.at_ms) for venue, of in found.items()}

    def _story(self, story: Liquidated, venue: str) -> Iterator[Forced]:
        of = [each for each in self.contracts(venue) if each.kind is Kind.PERPETUAL and story.touches(each)]
        for first, contract in enumerate(of):
            numbers = range(first, story.count, len(of))
            instants = np.array([story.instant_ms(number) for number in numbers], np.int64)
            prices = self._price((contract,), instants)[:, 0].tolist() if numbers else []
            for number, at_ms, price in zip(numbers, instants.tolist(), prices, strict=True):
                yield _forced(contract, story.side, story.usd / story.count, price, at_ms, number + 1)


def seeded(seed: int, coins: int, start: datetime, lively: float = 1.0) -> Market:
    """A market of so many coins."""
    return Market(seed, coins_of(coins), start, lively=lively)


def _closed(contract: Contract, at_ms: int, before: float, now: float, usd: float, lot: float) -> Forced:
    """Mostly of the side that the minute's price hurts."""
    position = "long" if (now <= before) == (lot < 0.85) else "short"
    return _forced(contract, position, usd, now, at_ms, 0)


def _forced(contract: Contract, position: str, usd: float, price: float, at_ms: int, number: int) -> Forced:
    """The close, in lots of the venue; its price is of one piece of the base."""
    away = 0.995 if position == "long" else 1.005
    pieces = usd / price
    lot = _lot(contract)
    pieces = max(1, round(pieces / lot)) * lot if lot else float(f"{pieces:.4g}")
    return Forced(contract, position, pieces * contract.multiplier, price, price * away, at_ms, number)


def _lot(contract: Contract) -> float:
    """The smallest size in pieces, on venues that count contracts."""
    match contract.venue:
        case "okx":
            return contract.size / 100
        case "gate":
            return contract.size / 10 if takes_decimals(contract) else contract.size
        case _:
            return 0.0


@cache
def _base_price(seed: int, coin: str) -> float:
    if coin in PRICES:
        return PRICES[coin]
    return float(np.exp(noise.bell(_sources(seed, "price", [coin]), np.array([0]))[0, 0] * 1.5))


def _sources(seed: int, what: str, names: Sequence[str]) -> noise.Sources:
    return np.array([_source(seed, what, name) for name in names], np.uint64)


@lru_cache(maxsize=1_000)
def _for_ever(seed: int, what: str, names: tuple[str, ...]) -> Path:
    return noise.bell(_sources(seed, what, names), np.array([0]))


@lru_cache(maxsize=200_000)
def _source(seed: int, what: str, name: str) -> int:
    return int(noise.sources(seed, what, [name])[0])


def _pairs(contract: Contract, price: float, volume: float) -> list[Pair]:
    """The legs of one coin in coins: mostly against USDT."""
    coin = contract.coin
    if contract.venue == "hyperliquid":
        return [Pair(coin, "USDC", price, volume, volume * price)]
    pairs = [Pair(coin, "USDT", price, volume * 0.85, volume * 0.85 * price)]
    if contract.venue == "binance" and contract.hours == 8:
        pairs.append(Pair(coin, "USDC", price, volume * USDC_SHARE, volume * USDC_SHARE * price))
        pairs.append(Pair(coin, "FDUSD", price, volume * FDUSD_SHARE, volume * FDUSD_SHARE * price))
    return pairs
