"""Traps of streams: silence, stalls, repeats, several rows in a frame, sides, foreign contracts, and holes.

Numbers are those of the acceptance list of live venues.
"""

from collections.abc import Callable

from signals.model import Metric
from tests.fake_venues.faults import Fault, Kind
from tests.fake_venues.moves import Liquidated, liquidations
from tests.live.scenes import both, fault, missing, whole
from tests.live.service import MINUTE, Scene, Seen, minute
from tests.live.trap import Half, Trap, each

ALL = ("binance", "bitget", "bybit", "okx")
PAIR = ("binance", "okx")
CASCADE = "BTC liq 1m > $20M for 0s"
SIDE = {"long": Metric.LIQ_LONG, "short": Metric.LIQ_SHORT}


BANKRUPT = {"bybit", "okx"}
"""Venues that tell the price at which the position was worth nothing."""


def streams(
    *faults: Fault, closes: tuple[Liquidated, ...] = (), minutes: float = 10, venues: tuple[str, ...] = PAIR
) -> Scene:
    """Nothing is closed but those; streams have these faults."""
    return Scene(closes, faults, (), minutes, venues, 3, 0, calm=0)


def closed(usd: float, start: float = 6.1, side: str = "long", count: int = 40) -> tuple[Liquidated, ...]:
    """Forced closes of that worth on each venue within less than a minute."""
    return (liquidations(side, usd, minute(start), 0.8, count),)


def sums(seen: Seen, number: int, side: str) -> float | None:
    """What was counted in that minute."""
    return seen.reading(number, "BTC", SIDE[side]).value


def sent(seen: Seen, number: int, side: str) -> float:
    """What the fakes truly sent of that minute."""
    start, end = minute(number) - MINUTE, minute(number)
    away = 0.995 if side == "long" else 1.005
    return sum(
        each.usd * (away if each.venue in BANKRUPT else 1)
        for each in seen.record.sent.values()
        if each.coin == "BTC" and each.position == side and start < each.at <= end
    )


def exact(number: int = 7, side: str = "long") -> Callable[[Seen], bool]:
    """That minute's sum is what was sent, to the cent in a million, and it is not nothing."""

    def check(seen: Seen) -> bool:
        counted, truly = sums(seen, number, side), sent(seen, number, side)
        return counted is not None and truly > 1e6 and abs(counted / truly - 1) < 1e-6

    return check


LIVE = streams(closes=closed(15e6))
MANY = streams(closes=closed(4e6, count=2500), venues=ALL)
SHORTS = streams(closes=closed(6e6, side="short"), venues=ALL)
CALM = streams()

STALLED = streams(fault("okx", Kind.STALLED, 5.5, 9.5), closes=closed(50e6), minutes=13)
SILENT = streams(fault("*", Kind.SILENT, 5.5), closes=closed(50e6), minutes=9)
TWICE = streams(fault("*", Kind.DUPLICATED, 0), fault("*", Kind.REORDERED, 0), closes=closed(4e6), venues=ALL)
HOLE = streams(fault("*", Kind.DISCONNECTED, 5.5, 5.6), closes=closed(15e6, 5.2), minutes=10)


TRAPS = [
    Trap(
        "V28 the stream acknowledges and says nothing",
        "BTC liq 1m > $1M for 0s",
        SILENT,
        LIVE,
        effect=both(
            missing("binance", 7, Metric.LIQ_LONG),
            whole(8, Metric.PRICE),
            missing("okx", 7, Metric.LIQ_LONG),
            lambda seen: (seen.health["binance"].stream_at or minute(99)) < minute(5.6),
        ),
    ),
    Trap(
        "V30 a stall, then all at once",
        CASCADE,
        STALLED,
        streams(closes=closed(50e6)),
        effect=both(
            missing("okx", 7, Metric.LIQ_LONG),
            lambda seen: all(
                (of.value or 0) < 1e6
                for of in (seen.reading(number, "BTC", Metric.LIQ_LONG) for number in range(10, 13))
            ),
        ),
    ),
    Trap(
        "V31 everything twice and out of order",
        CASCADE,
        TWICE,
        streams(closes=closed(6e6), venues=ALL),
        effect=exact(),
    ),
    Trap("V32 many rows in a frame, none lost of thousands", CASCADE, MANY, LIVE, effect=exact()),
    Trap(
        "V33 a short is a short on every stream",
        "BTC liq.long 1m > $1M for 0s",
        SHORTS,
        LIVE,
        effect=both(exact(side="short"), lambda seen: sums(seen, 7, "long") == 0.0),
    ),
    Trap(
        "V34 contracts in coins stay out of the sums",
        "BTC liq 1m > $1k for 0s",
        CALM,
        LIVE,
        effect=lambda seen: sums(seen, 7, "long") == sums(seen, 7, "short") == 0.0,
    ),
    Trap(
        "V36 a hole is unknown, and no quiet minute",
        CASCADE,
        HOLE,
        LIVE,
        effect=both(
            missing("okx", 6, Metric.LIQ_LONG), lambda seen: seen.reading(6, "BTC", SIDE["long"]).value is None
        ),
    ),
    Trap(
        "V37 a sampled stream makes it at least",
        CASCADE,
        MANY,
        LIVE,
        effect=lambda seen: seen.reading(7, "BTC", Metric.LIQ_LONG).floor,
    ),
    Trap(
        "V39 nothing is told before windows are full",
        CASCADE,
        streams(closes=closed(30e6, 1.5), minutes=5),
        LIVE,
    ),
]


@each(TRAPS)
def test_the_fault_is_no_news_and_the_true_move_is(half: Half, seed: int) -> None:
    half.holds(seed)
