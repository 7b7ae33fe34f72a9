"""Traps of who answers: venues that fall silent, come back, refuse, are slow, are cut, or list other contracts.

Numbers are those of the acceptance list of live venues.
"""

from dataclasses import replace

from signals.model import Metric
from tests.fake_venues.faults import Kind
from tests.fake_venues.moves import price_up
from tests.live.scenes import (
    CLOSED,
    END,
    OI_FALLS,
    OI_MOVES,
    OI_RISES,
    OPENED,
    PRICE_MOVES,
    TWO,
    both,
    calm,
    down,
    fault,
    missing,
    refused,
    rising,
    whole,
)
from tests.live.service import Scene, Seen, minute
from tests.live.trap import ONCE, Half, Trap, each

DELISTED = calm(fault("okx", Kind.DELISTED, 6.2, END, "", "ETH"), minutes=22, venues=TWO, coins=40)

CUT = calm(
    fault("binance", Kind.ERROR_BODY, path="openInterest"),
    fault("okx", Kind.PARTIAL, path="open-interest"),
    fault("bybit", Kind.FIRST_PAGE, path="tickers"),
    fault("binance", Kind.TRUNCATED, path="ticker/24hr"),
    minutes=10,
)
PRICE_UP = rising(minutes=10)
BAN = replace(calm(fault("binance", Kind.BANNED, 6.2, 11), minutes=13), restarts=(7.5,))
TOO_MANY = calm(
    fault("bybit", Kind.TOO_MANY, 6.2, 9),
    fault("okx", Kind.TOO_MANY, 6.2, 9, value=60),
    fault("binance", Kind.NEARLY_USED, 6.2, 9),
)


def asked_between(seen: Seen, venue: str, since: float, until: float) -> int:
    """How many requests the venue saw from one minute until another."""
    return sum(minute(since) <= each.at < minute(until) for each in seen.record.served if each.venue == venue)


TRAPS = [
    *(
        Trap(
            f"V1 one venue answers {kind.value} while the price rises",
            OI_FALLS,
            rising(fault("binance", kind)),
            CLOSED,
            effect=both(missing("binance", 9), down("binance")),
        )
        for kind in (Kind.BROKEN, Kind.BANNED)
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
        calm(fault("okx", Kind.DELISTED, 0, 7, "", "ETH"), minutes=16, venues=TWO, coins=40),
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
        CUT,
        CLOSED,
        effect=missing("binance", 9),
    ),
    Trap("V12 a list of 40 %", OI_FALLS, CUT, CLOSED, effect=both(refused("okx", "short-list"), missing("okx", 9))),
    Trap("V12 page one of two", PRICE_MOVES, CUT, PRICE_UP, effect=refused("bybit", "short-list")),
    Trap("V12 cut JSON", PRICE_MOVES, CUT, PRICE_UP, effect=refused("binance", "no-answer")),
    Trap(
        "V42 a venue answers byte by byte",
        PRICE_MOVES,
        calm(fault("okx", Kind.DRIP, value=20), minutes=10),
        PRICE_UP,
        effect=lambda seen: (
            {"bybit", "binance"} == set(seen.reading(9, "BTC", Metric.PRICE).venues)
            and [cycle.at for cycle in seen.cycles] == [minute(number) for number in range(1, 10)]
        ),
    ),
    Trap(
        "V44 all venues are down and an alert goes on firing underneath",
        PRICE_MOVES,
        Scene((price_up(2, minute(6), 1),), (fault("*", Kind.BROKEN, 8.2, END),), (), 16, TWO, 3, 0),
        PRICE_UP,
        told=ONCE,
        effect=both(down("bybit"), down("okx"), lambda seen: seen.reading(14, "BTC", Metric.PRICE).venues == ()),
    ),
    Trap(
        "V13 half of the feeds of a cycle are missing",
        "BTC divergence > 1.5 for 0s",
        rising(fault("okx", Kind.ERROR_BODY, path="open-interest"), fault("binance", Kind.ERROR_BODY, path="openI")),
        effect=both(missing("binance", 9), missing("okx", 9), whole(9, Metric.PRICE)),
    ),
    Trap(
        "V40 a ban outlives the process",
        OI_FALLS,
        BAN,
        CLOSED,
        effect=lambda seen: not asked_between(seen, "binance", 6.5, 11) and asked_between(seen, "binance", 11, 13),
    ),
    Trap(
        "V40 429 without Retry-After",
        OI_FALLS,
        TOO_MANY,
        CLOSED,
        effect=lambda seen: asked_between(seen, "bybit", 6.3, 9) < 12 < asked_between(seen, "bybit", 3.3, 6),
    ),
    Trap(
        "V40 429 with Retry-After",
        OI_FALLS,
        TOO_MANY,
        CLOSED,
        effect=lambda seen: asked_between(seen, "okx", 6.3, 9) < 20 < asked_between(seen, "okx", 3.3, 6),
    ),
    Trap(
        "V41 the header says 95 % used",
        OI_FALLS,
        TOO_MANY,
        CLOSED,
        effect=lambda seen: asked_between(seen, "binance", 6.3, 9) < 12 < asked_between(seen, "binance", 3.3, 6),
    ),
    Trap(
        "V46 a tenth of all rows is gone",
        OI_FALLS,
        calm(fault("okx", Kind.MASS_DELISTING, 6.2, END, share=0.2), minutes=12, venues=TWO, coins=40),
        CLOSED,
        effect=both(refused("okx", "short-list"), lambda seen: seen.health["okx"].refused["short-list"] >= 2),
    ),
    Trap(
        "V45 the universe grows by one between meta and push",
        PRICE_MOVES,
        Scene((), (fault("hyperliquid", Kind.SHIFTED),), (), 9, ("bybit", "hyperliquid"), 3, 0.01),
        PRICE_UP,
        effect=both(down("hyperliquid"), missing("hyperliquid", 8, Metric.PRICE)),
    ),
]


@each(TRAPS)
def test_the_fault_is_no_news_and_the_true_move_is(half: Half, seed: int) -> None:
    half.holds(seed)
