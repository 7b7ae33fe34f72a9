"""Words for scenes of live venues, and for what must be seen of them."""

from collections.abc import Callable

from signals.model import Metric
from tests.fake_venues.faults import Fault, Kind
from tests.fake_venues.moves import positions_closed, price_up
from tests.live.service import Scene, Seen, minute

THREE = ("binance", "bybit", "okx")
TWO = ("bybit", "okx")
END = 10_000
OI_FALLS, OI_RISES = "BTC oi 5m falls by 3% for 0s", "BTC oi 5m rises by 3% for 0s"
OI_MOVES = "ETH oi 5m moves by 3% for 0s"
PRICE_MOVES = "BTC price 5m moves by 1% for 0s"


def fault(
    venue: str, kind: Kind, since: float = 6.2, until: float = END, path: str = "", *coins: str, **more: float
) -> Fault:
    """What goes wrong from one minute until another."""
    return Fault(venue, kind, minute(since), minute(until), path, frozenset(coins) or None, **more)


def calm(*faults: Fault, minutes: float = 11, venues: tuple[str, ...] = THREE, coins: int = 3) -> Scene:
    """Nothing moves; venues have these faults."""
    return Scene(faults=faults, minutes=minutes, venues=venues, coins=coins, lively=0)


def rising(*faults: Fault, minutes: float = 11) -> Scene:
    """The price rises by two percent while venues have these faults."""
    return Scene((price_up(2, minute(6), 2),), faults, (), minutes, THREE, 3, 0)


def missing(venue: str, number: int, metric: Metric = Metric.OI_LEVEL, coin: str = "BTC") -> Callable[[Seen], bool]:
    """The venue is not in that minute's number, and is named as missing."""
    return lambda seen: venue in seen.reading(number, coin, metric).missing


def whole(number: int, metric: Metric = Metric.OI_LEVEL, coin: str = "BTC") -> Callable[[Seen], bool]:
    """Nobody is missing at that minute."""
    return lambda seen: seen.reading(number, coin, metric).coverage == 1.0


def down(venue: str) -> Callable[[Seen], bool]:
    """The venue is in trouble at the end."""
    return lambda seen: seen.health[venue].down_since is not None


def refused(venue: str, reason: str) -> Callable[[Seen], bool]:
    """Rows or answers of the venue were not used for that reason."""
    return lambda seen: seen.health[venue].refused.get(reason, 0) > 0


def both(*effects: Callable[[Seen], bool]) -> Callable[[Seen], bool]:
    """All of these."""
    return lambda seen: all(effect(seen) for effect in effects)


CLOSED = Scene((positions_closed(10, minute(6), 2),), (), (), 11, THREE, 3, 0)
OPENED = Scene((positions_closed(-10, minute(6), 2, coins=("BTC", "ETH")),), (), (), 11, THREE, 3, 0)
