"""True stories of a market: what really happened to a price, a position or a rate, on all venues or on some."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from tests.fake_venues.contracts import Contract
from tests.fake_venues.shapes import ms

Path = npt.NDArray[np.float64]
"""Instants x contracts."""

Times = npt.NDArray[np.int64]
"""Unix milliseconds."""


class What(StrEnum):
    """What moves."""

    PRICE = "price"
    OI = "oi"
    FUNDING = "funding"
    VOLUME = "volume"
    SPOT = "spot"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Move:
    """A value is multiplied by `times`, or becomes `to`, evenly over the minutes from `start`; then it stays so."""

    what: What
    start: datetime
    minutes: float
    times: float | None = None
    to: float | None = None
    coins: frozenset[str] | None = None
    venues: frozenset[str] | None = None

    def touches(self, contract: Contract) -> bool:
        """Whether it is about that contract."""
        return about(self.coins, self.venues, contract)

    def applied(self, path: Path, instants: Times, where: npt.NDArray[np.bool_]) -> Path:
        """The path with the move in it, at those contracts."""
        done = np.clip((instants - ms(self.start)) / (self.minutes * 60_000), 0, 1)[:, np.newaxis]
        moved = (
            path * (1 + (self.times - 1) * done) if self.times is not None else path + ((self.to or 0) - path) * done
        )
        return np.where(where[np.newaxis, :], moved, path)


@dataclass(frozen=True, slots=True)
class Liquidated:
    """So many forced closes of one side, evenly over the minutes from `start`, worth `usd` together on each venue."""

    side: str
    usd: float
    count: int
    start: datetime
    minutes: float
    coins: frozenset[str]
    venues: frozenset[str] | None = None

    def touches(self, contract: Contract) -> bool:
        """Whether it is about that contract."""
        return about(self.coins, self.venues, contract)

    def instant_ms(self, number: int) -> int:
        """When the one of that number happens."""
        spacing = timedelta(minutes=self.minutes) / self.count
        return ms(self.start + spacing * (number + 0.5))


def about(coins: Collection[str] | None, venues: Collection[str] | None, contract: Contract) -> bool:
    """Whether a contract is meant; None means all."""
    return (coins is None or contract.coin in coins) and (venues is None or contract.venue in venues)


def price_up(
    percent: float, start: datetime, minutes: float, coins: Collection[str] = ("BTC",), venues: Collection[str] = ()
) -> Move:
    """Mark, index, last and spot rise by that percent; a negative one is a fall."""
    return _times(What.PRICE, 1 + percent / 100, start, minutes, coins, venues)


def positions_closed(
    percent: float, start: datetime, minutes: float, coins: Collection[str] = ("BTC",), venues: Collection[str] = ()
) -> Move:
    """Open interest in coins falls by that percent; a negative one is a rise."""
    return _times(What.OI, 1 - percent / 100, start, minutes, coins, venues)


def funding_to(
    rate_8h: float, start: datetime, minutes: float, coins: Collection[str] = ("BTC",), venues: Collection[str] = ()
) -> Move:
    """The running rate becomes this fraction per 8 hours."""
    return Move(What.FUNDING, start, minutes, None, rate_8h, frozenset(coins) or None, frozenset(venues) or None)


def ratio_to(
    ratio: float, start: datetime, minutes: float, coins: Collection[str] = ("BTC",), venues: Collection[str] = ()
) -> Move:
    """All long/short ratios become this."""
    return Move(What.RATIO, start, minutes, None, ratio, frozenset(coins) or None, frozenset(venues) or None)


def spot_collapses(
    percent: float, start: datetime, minutes: float, coins: Collection[str] = ("BTC",), venues: Collection[str] = ()
) -> Move:
    """The spot volume falls by that percent."""
    return _times(What.SPOT, 1 - percent / 100, start, minutes, coins, venues)


def volume_times(
    factor: float, start: datetime, minutes: float, coins: Collection[str] = ("BTC",), venues: Collection[str] = ()
) -> Move:
    """The volume of the futures is multiplied."""
    return _times(What.VOLUME, factor, start, minutes, coins, venues)


def liquidations(
    side: str,
    usd: float,
    start: datetime,
    minutes: float,
    count: int = 60,
    coins: Collection[str] = ("BTC",),
    venues: Collection[str] = (),
) -> Liquidated:
    """Forced closes of `long` or `short` positions."""
    return Liquidated(side, usd, count, start, minutes, frozenset(coins), frozenset(venues) or None)


def _times(
    what: What, factor: float, start: datetime, minutes: float, coins: Collection[str], venues: Collection[str]
) -> Move:
    return Move(what, start, minutes, factor, None, frozenset(coins) or None, frozenset(venues) or None)
