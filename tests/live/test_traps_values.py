"""Traps of what is said: units, sizes, intervals, times, ticks, junk, and contracts that are no coins.

Numbers are those of the acceptance list of live venues.
"""

from datetime import timedelta

import pytest

from adapters.venues.intake import Doubt
from signals.model import Metric
from tests.fake_venues.faults import Fault, Kind
from tests.fake_venues.moves import funding_to, positions_closed, price_up, ratio_to
from tests.live.scenes import (
    CLOSED,
    END,
    OI_FALLS,
    PRICE_MOVES,
    THREE,
    TWO,
    both,
    calm,
    fault,
    missing,
    refused,
    rising,
)
from tests.live.service import Scene, Seen, minute
from tests.live.trap import ONCE, Half, Trap, each

FOUR = ("binance", "bitget", "bybit", "okx")
STEADY = funding_to(0.0001, minute(-10), 0.1, coins=())
"""All rates are 0.01 % per eight hours."""

WORLD = Scene(
    (STEADY, price_up(-5, minute(6), 2, coins=("BNB",)), funding_to(0.0, minute(6), 1, coins=("ADA",))),
    (
        fault("*", Kind.REDENOMINATED, 6.2, 10_000, "", "DOGE"),
        fault("okx", Kind.CONTRACT_SIZE, 6.2, 10_000, "", "SOL"),
        fault("*", Kind.INTERVAL, 6.2, 10_000, "", "XRP", value=4),
        fault("okx", Kind.TICK, 6.2, 7.5, "", "ETH"),
        fault("bybit", Kind.ZERO_PRICE, 6.2, 10_000, "", "ETH"),
        Fault("bitget", Kind.JUNK, minute(6.2), minute(10_000), share=0.1, junk="NaN"),
        fault("bitget", Kind.EXTRA_KEYS, share=0.3),
    ),
    (),
    13,
    FOUR,
    14,
    0,
)
"""Many coins, each with a trouble of its own."""

TRUE = Scene(
    (
        STEADY,
        price_up(-30, minute(6), 2, coins=("DOGE",)),
        positions_closed(-10, minute(6), 2, coins=("SOL",)),
        funding_to(0.00005, minute(6), 1, coins=("XRP",)),
        price_up(6, minute(6), 2, coins=("ETH", "PEPE")),
        positions_closed(10, minute(6), 2, coins=("BNB",)),
        funding_to(-0.0001, minute(6), 1, coins=("ADA", "BTC")),
        ratio_to(3, minute(1), 1, coins=()),
    ),
    (),
    (),
    12,
    FOUR,
    14,
    0,
)
"""Many coins, each with a true move of the size of its trouble."""

SINGLE = Fault(
    "bybit", Kind.MISSING_KEYS, minute(6.2), minute(10_000), share=1.0, keys=frozenset({"singleOpenInterest"})
)
"""From then on bybit tells of both sides alone, as before June 2026."""

LISTED_LATE = (fault("binance", Kind.INTERVAL, 3.2, END, "", "BTC", value=4), fault("binance", Kind.LATE_INFO, 0, 7))
"""Binance pays BTC every four hours, and says so in its list minutes later."""

FROZEN = Scene((price_up(2, minute(6), 2),), (fault("okx", Kind.MAINTENANCE, 7.2),), (), 12, TWO, 3, 0.05)
"""In the middle of a move okx begins to repeat its last prices, with new times, while others go on."""

REOPENED = Scene((price_up(4, minute(8), 4),), (fault("okx", Kind.MAINTENANCE, 3.2, 8.2),), (), 13, TWO, 3, 0.05)
"""Its maintenance is over just as the market moves."""

TIMES = calm(fault("bybit", Kind.SECONDS), fault("okx", Kind.AHEAD), fault("binance", Kind.MICROSECONDS, 9), minutes=11)
STALE = calm(fault("okx", Kind.STALE_BODY), fault("bybit", Kind.STALE_TIMES), minutes=12)


def names(seen: Seen) -> set[str]:
    """All symbols that are known of all venues."""
    return {symbol for venue in seen.market.venues(lambda: minute(0)) for symbol in venue.client.roster.known}


TRAPS = [
    Trap(
        "V5 a thousand new coins for one old",
        "DOGE price 5m moves by 20% for 0s",
        WORLD,
        TRUE,
    ),
    Trap("V6 the contract size changes", "SOL oi 5m moves by 3% for 0s", WORLD, TRUE),
    Trap("V9 open interest in dollars falls with the price alone", "BNB oi 5m falls by 3% for 0s", WORLD, TRUE),
    Trap(
        "V14 junk and extra keys in some rows",
        "BTC price 5m moves by 1% for 0s",
        WORLD,
        rising(minutes=10),
        effect=lambda seen: (
            sum(seen.health["bitget"].refused.values()) > 0
            and any("bitget" in of[Metric.PRICE].venues for of in seen.cycles[-1].readings.values())
        ),
    ),
    Trap(
        "V15 a tick of a hundred times, and a price of zero",
        "ETH price 5m moves by 1% for 0s",
        WORLD,
        TRUE,
        effect=lambda seen: all(
            of.value is None or 3000 < of.value < 3400
            for of in (seen.reading(number, "ETH", Metric.PRICE) for number in range(1, 13))
        ),
    ),
    Trap(
        "V17 eight hours become four at equal economics",
        "XRP funding < 0.008% for 0s",
        WORLD,
        TRUE,
        effect=lambda seen: abs((seen.reading(12, "XRP", Metric.FUNDING).value or 0) - 0.0001) < 1e-6,
    ),
    Trap("V22 a rate of exactly zero", "ADA funding < 0% for 0s", WORLD, TRUE),
    Trap(
        "V24 kPEPE, 1000PEPE and PEPE are one coin",
        "PEPE price 5m moves by 1% for 0s",
        WORLD,
        TRUE,
        effect=lambda seen: (
            set(FOUR) - set(seen.reading(12, "PEPE", Metric.PRICE).venues) <= {"bitget"}
            and abs((seen.reading(5, "PEPE", Metric.PRICE).value or 0) / 1.08e-5 - 1) < 0.01
        ),
    ),
    Trap(
        "V19 dated, announced and delisted contracts and shares are no coins",
        "BTC funding < 0% for 0s",
        WORLD,
        TRUE,
        effect=lambda seen: (
            not any(part in name for name in names(seen) for part in ("2612", "LATER", "TSLA", "GONE", "3601"))
        ),
    ),
    *(
        Trap(f"V27 {metric} is a metric of its own", f"BTC {metric} > 2 for 0s", WORLD, TRUE)
        for metric in ("ls", "ls.top", "ls.pos")
    ),
    Trap(
        "V16 seconds, and a time one hour ahead",
        OI_FALLS,
        TIMES,
        CLOSED,
        effect=missing("okx", 9),
    ),
    *(
        Trap(
            f"V16 this computer's clock is {hours} h wrong",
            PRICE_MOVES,
            Scene((), (), (), 10, THREE, 3, 0, wrong_by=timedelta(hours=hours)),
            Scene((price_up(2, minute(8), 1),), (), (), 11, THREE, 3, 0, wrong_by=timedelta(hours=hours)),
            effect=lambda seen: (
                seen.cycles[-1].at == minute(9) and seen.cycles[-1].readings["BTC"][Metric.PRICE].coverage == 1.0
            ),
        )
        for hours in (-1, 1)
    ),
    Trap(
        "V11 a cached answer with the times of then",
        OI_FALLS,
        STALE,
        CLOSED,
        effect=both(missing("okx", 11), missing("bybit", 11)),
    ),
    Trap(
        "V10 open interest is minutes older than the price",
        "BTC divergence > 1.5 for 0s",
        rising(fault("bybit", Kind.STALE_TIMES), minutes=11),
        effect=missing("bybit", 10),
    ),
    Trap(
        "V43 the last price is repeated and the volume is frozen",
        "BTC@okx price 1m moves by 0.5% for 0s",
        FROZEN,
        REOPENED,
        told=ONCE,
        effect=both(missing("okx", 10, Metric.PRICE), refused("okx", Doubt.COPY)),
    ),
    Trap(
        "V8 one-sided open interest is missing",
        "BTC@bybit oi 5m moves by 5% for 0s",
        calm(SINGLE, minutes=12, venues=TWO),
        Scene((positions_closed(-10, minute(7), 2, venues=("bybit",)),), (SINGLE,), (), 12, TWO, 3, 0),
        effect=lambda seen: (
            "bybit" in seen.reading(11, "BTC", Metric.OI_LEVEL).venues
            and seen.reading(11, "BTC", Metric.OI_LEVEL).value
            == pytest.approx(seen.reading(5, "BTC", Metric.OI_LEVEL).value, rel=1e-6)
        ),
    ),
    Trap(
        "V18 the list of intervals is late",
        "BTC funding < 0.008% for 0s",
        Scene((STEADY,), LISTED_LATE, (), 13, ("binance", "okx"), 3, 0),
        Scene((STEADY, funding_to(0.00005, minute(4), 1)), LISTED_LATE, (), 15, ("binance", "okx"), 3, 0),
        effect=both(
            missing("binance", 5, Metric.FUNDING),
            lambda seen: abs((seen.reading(12, "BTC", Metric.FUNDING).value or 0) - 0.0001) < 1e-6,
        ),
    ),
]


@each(TRAPS)
def test_the_fault_is_no_news_and_the_true_move_is(half: Half, seed: int) -> None:
    half.holds(seed)
