"""Traps of who answers: venues that fall silent, come back, join or leave.

Numbers and names are those of the list of false-signal traps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from signals.model import AGGREGATORS, Instrument, Metric, Observation
from tests.twins.twin import ENDED, ONCE, Half, Twin, each
from tests.twins.world import (
    CALM,
    POSITIONS_CLOSED,
    PRICE_UP,
    SHARES,
    STARTS,
    Stage,
    Story,
    calm,
    everybody,
    instrument,
    says,
    silent,
    times,
    together,
)

POSITIONS_OPENED, CLOSED_BY_MORE = times(Metric.OI_LEVEL, 1.1), times(Metric.OI_LEVEL, 0.9)
VENDOR = min(AGGREGATORS)


def blinking(venue: str) -> Story:
    """Every third minute the venue is silent."""

    def story(minute: int, said: Sequence[Observation]) -> Iterable[Observation]:
        return silent(venue, since=0)(minute, said) if minute % 3 == 0 else said

    return story


def without(*venues: str, since: int = 0, until: int = 10**6) -> Stage:
    """These venues should not answer in these minutes: they are not in the settings, or not listed."""

    def roster(minute: int) -> Sequence[Instrument]:
        away = venues if since <= minute < until else ()
        return [i for i in everybody(minute) if i.venue not in away]

    return Stage(roster)


def with_vendor(minute: int) -> Sequence[Instrument]:
    """From the start of the story on an aggregator's sums stand beside the venues."""
    return [*everybody(minute), *([instrument(VENDOR)] if minute >= STARTS else [])]


def vendor_speaks(minute: int, said: Sequence[Observation]) -> Iterable[Observation]:
    """The aggregator says the sum of all venues, and a price and a rate of its own."""
    total = {metric: sum(o.value for o in said if o.metric is metric) for metric in CALM}
    return [*said, *(says(VENDOR, metric, value, minute) for metric, value in total.items())]


def rates(others: float, bybit: float, since: int = 0) -> Story:
    """From some minute on bybit says one rate and all others say another."""

    def story(minute: int, said: Sequence[Observation]) -> Sequence[Observation]:
        now = minute >= since
        return [
            replace(o, value=bybit if o.venue == "bybit" else others, rate=None)
            if now and o.metric is Metric.FUNDING
            else o
            for o in said
        ]

    return story


DEEP = times(Metric.FUNDING, -3.0, until=20)
"""Funding far below zero on all venues for ten minutes, truly."""

TWINS = [
    Twin(
        "1 the largest venue fails while the price rises",
        "BTC divergence > 1.5",
        together(PRICE_UP, silent("binance")),
        together(PRICE_UP, POSITIONS_CLOSED),
    ),
    Twin(
        "1 a small venue fails while the price rises",
        "BTC divergence > 1.5",
        together(PRICE_UP, silent("bybit")),
        together(PRICE_UP, POSITIONS_CLOSED, silent("bybit")),
    ),
    Twin("1 the largest venue fails", "BTC oi 5m falls by 3%", silent("binance"), POSITIONS_CLOSED),
    Twin(
        "1 a small venue fails",
        "BTC oi 5m falls by 3%",
        silent("bybit"),
        together(POSITIONS_CLOSED, silent("bybit", since=0)),
    ),
    Twin("1 a venue that comes and goes", "BTC oi 5m falls by 3%", blinking("bybit"), POSITIONS_CLOSED),
    Twin(
        "1 all fall silent one after the other",
        "BTC oi 5m falls by 3%",
        together(*(silent(venue, since=STARTS + i) for i, venue in enumerate(SHARES))),
        POSITIONS_CLOSED,
    ),
    Twin("2 the largest venue comes back", "BTC oi 5m rises by 5%", silent("binance", until=20), POSITIONS_OPENED),
    Twin("2 a small venue comes back", "BTC oi 5m rises by 5%", silent("bybit", until=20), POSITIONS_OPENED),
    Twin(
        "2 one venue comes back as another leaves",
        "BTC oi 5m moves by 3%",
        together(silent("bybit", until=20), silent("bitget", since=20)),
        POSITIONS_CLOSED,
    ),
    Twin(
        "2 a venue comes back with other positions than it left with",
        "BTC oi 5m moves by 3%",
        together(silent("bybit", until=20), times(Metric.OI_LEVEL, 2.0, venues=["bybit"], since=STARTS)),
        times(Metric.OI_LEVEL, 2.0, venues=["bybit"]),
    ),
    Twin(
        "3 a venue is added",
        "BTC oi 5m moves by 5%",
        calm,
        POSITIONS_OPENED,
        fault_on=without("hyperliquid", until=20),
        truth_on=without("hyperliquid", until=5),
    ),
    Twin(
        "3 the largest venue is added",
        "BTC oi 5m moves by 5%",
        calm,
        POSITIONS_OPENED,
        fault_on=without("binance", until=20),
    ),
    Twin(
        "3 a venue is taken out",
        "BTC oi 5m moves by 5%",
        calm,
        CLOSED_BY_MORE,
        fault_on=without("binance", since=STARTS),
        truth_on=without("binance", since=0),
    ),
    Twin(
        "4 a row vanishes and comes back",
        "BTC oi 5m moves by 5%",
        calm,
        CLOSED_BY_MORE,
        fault_on=without("okx", since=STARTS, until=15),
    ),
    *(
        Twin(
            f"15 a venue leaves the mean: {sentence}",
            sentence,
            together(rates(-0.00012, bybit=0.0004), silent("bybit")),
            together(rates(-0.00012, bybit=0.0004), times(Metric.FUNDING, -1.0, venues=["bybit"])),
        )
        for sentence in ("BTC negfunding < -0.01%", "BTC funding < -0.01%", "BTC funding.apr < -10.95%")
    ),
    Twin(
        "15 a venue leaves the mean and nothing ends",
        "BTC funding < -0.01%",
        together(rates(0.00002, bybit=-0.0012, since=5), silent("bybit")),
        together(rates(0.00002, bybit=-0.0012, since=5), times(Metric.FUNDING, 0.0, venues=["bybit"])),
        told=ONCE,
        true=ENDED,
    ),
    Twin(
        "1 a venue leaves the sum of positions",
        "BTC oi.level < 200k coins",
        silent("bybit"),
        times(Metric.OI_LEVEL, 0.9),
    ),
    Twin(
        "1 a venue leaves the sum of positions in dollars",
        "BTC oi.usd < $20M",
        silent("bybit"),
        times(Metric.OI_LEVEL, 0.9),
    ),
    Twin(
        "21 the spot volume of one venue is missing",
        "BTC ratio 1h < 0.19",
        silent("binance", metrics=[Metric.VOLUME_SPOT]),
        times(Metric.VOLUME_SPOT, 0.1),
    ),
    Twin(
        "23 an aggregator stands beside the venues",
        "BTC oi 5m rises by 5%",
        vendor_speaks,
        together(POSITIONS_OPENED, vendor_speaks),
        fault_on=Stage(with_vendor),
        truth_on=Stage(with_vendor),
    ),
    Twin(
        "30 a cut list of instruments",
        "BTC oi 5m moves by 5%",
        calm,
        CLOSED_BY_MORE,
        fault_on=without("binance", "okx", "hyperliquid", "gate", since=STARTS),
    ),
    Twin(
        "30 a cut batch",
        "BTC oi 5m moves by 5%",
        silent("okx", "hyperliquid", "gate", since=STARTS, until=12),
        CLOSED_BY_MORE,
    ),
    Twin(
        "37 an alert does not end because all data vanished",
        "BTC funding < -0.01% for 5m",
        together(DEEP, silent(*SHARES, since=20)),
        DEEP,
        told=ONCE,
        true=ENDED,
    ),
    Twin(
        "37 an alert does not end because the largest venue vanished",
        "BTC funding < -0.01% for 5m",
        together(DEEP, silent("binance", since=20)),
        together(DEEP, silent("bybit", since=20)),
        told=ONCE,
        true=ENDED,
    ),
]


@each(TWINS)
def test_the_fault_is_no_news_and_the_true_move_is(half: Half, seed: int) -> None:
    assert half.told(seed) == half.wanted
