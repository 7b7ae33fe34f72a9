"""Traps of what is said: units, intervals, signs and sides, zeros, flapping and lines met exactly.

Numbers and names are those of the list of false-signal traps.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from signals.model import Metric, Observation
from tests.twins.twin import ENDED, ONCE, Half, Twin, each
from tests.twins.world import SHARES, STARTS, Stage, Story, calm, silent, times, together


def becomes(metric: Metric, value: Callable[[int], float], since: int = STARTS) -> Story:
    """All venues say just that of the metric, minute by minute."""

    def story(minute: int, said: Sequence[Observation]) -> Sequence[Observation]:
        return [exactly(o, value(minute)) if minute >= since and o.metric is metric else o for o in said]

    return story


def exactly(seen: Observation, value: float) -> Observation:
    """The same word with another value."""
    return replace(seen, value=value, rate=None if seen.rate is None else value)


def every(hours: float) -> Story:
    """From the start of the story on a rate covers that many hours, at unchanged economics."""

    def story(minute: int, said: Sequence[Observation]) -> Sequence[Observation]:
        now = minute >= STARTS
        return [
            replace(o, interval_h=hours, rate=o.value * hours / 8) if now and o.rate is not None else o for o in said
        ]

    return story


def turns(*values: float) -> Callable[[int], float]:
    """These values in turns, one a minute."""
    return lambda minute: values[minute % len(values)]


def then(minute: int, first: Callable[[int], float], later: Callable[[int], float]) -> Callable[[int], float]:
    """The first until that minute, then the other."""
    return lambda now: first(now) if now < minute else later(now)


def always(value: float) -> Callable[[int], float]:
    """The one value."""
    return lambda _: value


PRICE_MOVES = "BTC price 5m moves by 1%"


def tick(factor: float, minutes: int = 1) -> Story:
    """For so many minutes bybit's price is so much larger."""
    return times(Metric.PRICE, factor, venues=["bybit"], until=STARTS + minutes)


DOLLARS_DOWN = times(Metric.PRICE, 0.95)
FUNDING, LONG, SHORT = Metric.FUNDING, Metric.LIQ_LONG, Metric.LIQ_SHORT
DEEP = always(-0.0002)

TWINS = [
    Twin(
        "7 a venue goes on counting its OI in something else",
        "BTC oi 5m moves by 20%",
        times(Metric.OI_LEVEL, 3000, venues=["okx"], until=STARTS + 12),
        times(Metric.OI_LEVEL, 1.3),
    ),
    Twin(
        "8 OI in dollars falls with the price",
        "BTC oi 5m falls by 3%",
        DOLLARS_DOWN,
        together(DOLLARS_DOWN, times(Metric.OI_LEVEL, 0.95)),
    ),
    Twin(
        "8 OI in dollars rises while positions are closed",
        "BTC divergence > 1.5",
        together(times(Metric.PRICE, 1.05), times(Metric.OI_LEVEL, 1.02)),
        together(times(Metric.PRICE, 1.05), times(Metric.OI_LEVEL, 1.02 / 1.05)),
    ),
    Twin("12 the funding interval becomes four hours", "BTC funding < 0.008%", every(4), times(FUNDING, 0.5)),
    Twin("12 the funding interval becomes an hour", "BTC funding.apr < 5%", every(1), times(FUNDING, 1 / 8)),
    Twin(
        "13 settled rates are no running ones",
        "BTC negfunding < -0.01%",
        becomes(Metric.FUNDING_SETTLED, DEEP),
        becomes(FUNDING, DEEP),
    ),
    Twin(
        "13 running rates are no settled ones",
        "BTC funding.settled < -0.01%",
        becomes(FUNDING, DEEP),
        becomes(Metric.FUNDING_SETTLED, DEEP),
    ),
    Twin("14 a rate of exactly minus zero", "BTC funding < 0%", becomes(FUNDING, always(-0.0)), becomes(FUNDING, DEEP)),
    Twin(
        "14 a rate around zero",
        "BTC funding < 0% for 5m",
        becomes(FUNDING, turns(-4e-7, 0.0, -0.0, 4e-7)),
        becomes(FUNDING, always(-4e-7)),
    ),
    Twin(
        "14 flapping over the line",
        "BTC negfunding < -0.01% for 5m",
        becomes(FUNDING, turns(-0.000101, -0.000101, -0.000101, -0.000099)),
        becomes(FUNDING, always(-0.000101)),
    ),
    Twin(
        "14 flapping between the line and the clear level ends nothing",
        "BTC negfunding < -0.01% for 5m",
        becomes(FUNDING, then(20, DEEP, turns(-0.000099, -0.000101))),
        becomes(FUNDING, then(20, DEEP, always(-0.00004))),
        told=ONCE,
        true=ENDED,
    ),
    Twin(
        "14 flapping over the clear level ends nothing",
        "BTC negfunding < -0.01% for 5m",
        becomes(FUNDING, then(20, DEEP, turns(-0.00004, -0.00004, -0.00006))),
        becomes(FUNDING, then(20, DEEP, always(-0.00004))),
        told=ONCE,
        true=ENDED,
    ),
    Twin(
        "14 a rate of exactly the line",
        "BTC negfunding < -0.01%",
        becomes(FUNDING, always(-0.0001)),
        becomes(FUNDING, always(-0.000101)),
    ),
    Twin(
        "16 top accounts and positions are not all accounts",
        "BTC ls > 2",
        together(times(Metric.LS_TOP, 3.0), times(Metric.LS_POS, 3.0)),
        times(Metric.LS, 3.0),
    ),
    Twin(
        "16 takers are not holders",
        "BTC ls > 2",
        together(times(Metric.TAKER_BUY, 9.0), times(Metric.TAKER_SELL, 1 / 9)),
        times(Metric.LS, 3.0),
    ),
    Twin(
        "20 lost minutes are not quiet ones: the spike goes on",
        "BTC liqspike > 20x",
        together(times(LONG, 9_000.0, until=11), silent(*SHARES, metrics=[LONG, SHORT], since=30)),
        times(LONG, 9_000.0, until=11),
        told=ONCE,
        true=ENDED,
        fault_on=Stage(minutes=120),
        truth_on=Stage(minutes=120),
    ),
    Twin(
        "20 after lost minutes a usual hour is no spike",
        "BTC liqspike > 2x",
        silent(*SHARES, metrics=[LONG, SHORT], until=STARTS + 20),
        times(LONG, 10.0),
        fault_on=Stage(minutes=120),
        truth_on=Stage(minutes=120),
    ),
    Twin(
        "22 both legs of the ratio fall together",
        "BTC ratio 1h < 0.15",
        together(times(Metric.VOLUME_SPOT, 0.1), times(Metric.VOLUME, 0.1)),
        times(Metric.VOLUME_SPOT, 0.1),
    ),
    Twin("24 one tick of a hundred times the price", PRICE_MOVES, tick(100.0), times(Metric.PRICE, 1.06)),
    Twin("24 one tick of a hundredth of the price", PRICE_MOVES, tick(0.01), times(Metric.PRICE, 0.94)),
    Twin("24 one venue's price is a thousandfold from now on", PRICE_MOVES, tick(1000.0, 99), times(Metric.PRICE, 0.7)),
    Twin("24 the same, for a rule on that venue", "BTC@bybit price > $150", tick(1000.0, 99), times(Metric.PRICE, 3.0)),
    Twin("24 a price of zero at one venue", PRICE_MOVES, tick(0.0, 99), tick(0.8)),
    Twin(
        "24 one venue's open interest is a thousandfold once",
        "BTC oi 5m moves by 3%",
        times(Metric.OI_LEVEL, 1000.0, venues=["gate"], until=STARTS + 1),
        times(Metric.OI_LEVEL, 2.0, venues=["gate"]),
    ),
    Twin(
        "32 a zero of the largest venue is not closed interest",
        "BTC oi 5m falls by 3%",
        times(Metric.OI_LEVEL, 0.0, venues=["binance"]),
        times(Metric.OI_LEVEL, 0.5, venues=["binance"]),
    ),
    Twin(
        "32 a zero of a small venue is not closed interest",
        "BTC oi 5m falls by 3%",
        times(Metric.OI_LEVEL, 0.0, venues=["bybit"]),
        times(Metric.OI_LEVEL, 0.5, venues=["bybit"]),
    ),
    Twin(
        "25 a flat past makes nothing infinite",
        "BTC divergence > 1.5",
        together(times(Metric.PRICE, 1.008), times(Metric.OI_LEVEL, 0.992)),
        together(times(Metric.PRICE, 1.02), times(Metric.OI_LEVEL, 0.98)),
    ),
    Twin(
        "35 the index is not the mark",
        "BTC price 5m moves by 1%",
        times(Metric.INDEX, 1.02),
        times(Metric.PRICE, 1.02),
    ),
    Twin("signs: who pays", "BTC funding < -0.01%", times(FUNDING, 5.0), times(FUNDING, -5.0)),
    Twin(
        "signs: positions opened are not closed",
        "BTC oi 5m falls by 3%",
        times(Metric.OI_LEVEL, 1.05),
        times(Metric.OI_LEVEL, 0.95),
    ),
    Twin(
        "signs: a fall while positions close is no divergence",
        "BTC divergence > 1.5",
        together(times(Metric.PRICE, 0.95), times(Metric.OI_LEVEL, 0.95)),
        together(times(Metric.PRICE, 1.05), times(Metric.OI_LEVEL, 0.95)),
    ),
    Twin("sides: liquidated longs", "BTC liq.short 5m > $10k", times(LONG, 50.0), times(SHORT, 50.0)),
    Twin("sides: liquidated shorts", "BTC liq.long 5m > $10k", times(SHORT, 50.0), times(LONG, 50.0)),
    Twin("calm", "BTC price 5m moves by 0.5%", calm, times(Metric.PRICE, 1.006)),
]


@each(TWINS)
def test_the_fault_is_no_news_and_the_true_move_is(half: Half, seed: int) -> None:
    assert half.told(seed) == half.wanted
