"""Traps of who answers: venues that fall silent, come back, refuse, are slow, are cut, or list other contracts.

Numbers are those of the acceptance list of live venues.
"""

from collections.abc import Callable
from datetime import timedelta

from signals.model import Metric
from tests.fake_venues.faults import Fault, Kind
from tests.fake_venues.moves import positions_closed, price_up
from tests.live.service import Scene, Seen, minute
from tests.live.trap import Half, Trap, each

THREE = ("binance", "bybit", "okx")
TWO = ("bybit", "okx")
END = 10_000
OI_FALLS, OI_RISES = "BTC oi 5m falls by 3% for 0s", "BTC oi 5m rises by 3% for 0s"
OI_MOVES = "ETH oi 5m moves by 3% for 0s"
PRICE_RISES = "BTC price 5m rises by 1% for 0s"


def fault(
    venue: str, kind: Kind, since: float = 6.2, until: float = END, path: str = "", *coins: str, **more: float
) -> Fault:
    """What goes wrong from one minute until another."""
    return Fault(venue, kind, minute(since), minute(until), path, frozenset(coins) or None, **more)


def calm(*faults: Fault, minutes: float = 11, venues: tuple[str, ...] = THREE) -> Scene:
    """Nothing moves; venues have these faults."""
    return Scene(faults=faults, minutes=minutes, venues=venues, coins=3, lively=0)


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
DELISTED = calm(fault("okx", Kind.DELISTED, 6.2, END, "", "ETH"), minutes=22, venues=TWO)

TRAPS = [
    *(
        Trap(
            f"V1 one venue answers {kind.value} while the price rises",
            OI_FALLS,
            rising(fault("binance", kind)),
            CLOSED,
            effect=both(missing("binance", 9), down("binance")),
        )
        for kind in (Kind.BROKEN, Kind.TIMEOUT, Kind.BANNED)
    ),
    Trap(
        "V2 that venue returns",
        OI_RISES,
        calm(fault("binance", Kind.BROKEN, 6.2, 9), minutes=17),
        OPENED,
        effect=both(missing("binance", 8), whole(15)),
    ),
    Trap(
        "V3 an instrument is added",
        OI_MOVES,
        calm(fault("okx", Kind.DELISTED, 0, 7, "", "ETH"), minutes=16, venues=TWO),
        OPENED,
        effect=lambda seen: (
            seen.reading(6, "ETH", Metric.OI_LEVEL).venues == ("bybit",)
            and "okx" in seen.reading(14, "ETH", Metric.OI_LEVEL).venues
        ),
    ),
    Trap(
        "V4 a row vanishes",
        OI_MOVES,
        DELISTED,
        OPENED,
        effect=both(
            missing("okx", 9, coin="ETH"),
            lambda seen: "ETH-USDT-SWAP" not in seen.market.venues(minute)[1].client.roster.known,
            lambda seen: seen.reading(21, "ETH", Metric.OI_LEVEL).venues == ("bybit",),
        ),
    ),
    Trap(
        "V4 then it answers 200 with an error body",
        OI_FALLS,
        calm(fault("binance", Kind.ERROR_BODY, path="openInterest")),
        CLOSED,
        effect=missing("binance", 9),
    ),
    Trap(
        "V12 a list of 40 %",
        OI_FALLS,
        calm(fault("okx", Kind.PARTIAL, path="open-interest")),
        CLOSED,
        effect=refused("okx", "short-list"),
    ),
    Trap(
        "V12 page one of two",
        OI_FALLS,
        calm(fault("bybit", Kind.FIRST_PAGE)),
        CLOSED,
        effect=refused("bybit", "short-list"),
    ),
    Trap("V12 cut JSON", OI_FALLS, calm(fault("okx", Kind.TRUNCATED)), CLOSED, effect=refused("okx", "no-answer")),
]


@each(TRAPS)
def test_the_fault_is_no_news_and_the_true_move_is(half: Half, seed: int) -> None:
    half.holds(seed)
