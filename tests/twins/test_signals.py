"""No signal fires or ends because a venue falls silent; on the same move of all venues each one does."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from signals.base import Signal
from signals.model import Metric, Observation
from signals.registry import SIGNALS
from tests.twins.twin import ENDED, ONCE, Half, Twin, each
from tests.twins.world import POSITIONS_CLOSED, PRICE_UP, STARTS, Stage, Story, play, silent, times, together

LONG = Stage(minutes=46)
SHORTS_PAID = Stage(past=((Metric.FUNDING_SETTLED, -0.0001),))
BACK = 27
"""The minute in which a silent venue is back."""


def says(metric: Metric, others: float, bybit: float, since: int = 0) -> Story:
    """From some minute on bybit, an eighth of the market, says one value and all others say another."""

    def said_by(seen: Observation) -> Observation:
        return replace(seen, value=bybit if seen.venue == "bybit" else others, rate=None)

    return lambda minute, said: [said_by(o) if minute >= since and o.metric is metric else o for o in said]


def funding(others: float, bybit: float, since: int = 0) -> Story:
    """Running rates."""
    return says(Metric.FUNDING, others, bybit, since)


SHORTS_PAY = says(Metric.FUNDING_SETTLED, -0.0001, -0.0001)
LONGS_PAY = funding(0.0004, 0.0004)
MOVES: Mapping[str, tuple[Story, Stage]] = {
    "negfunding": (funding(-0.0002, -0.0002, STARTS), LONG),
    "fundingcross": (funding(-0.0001, -0.0001, STARTS), LONG),
    "fundingextreme": (funding(-0.0004, -0.0004, STARTS), LONG),
    "divergence": (together(PRICE_UP, POSITIONS_CLOSED), LONG),
    "momentum": (together(PRICE_UP, times(Metric.OI_LEVEL, 1.05)), LONG),
    "crowdedshorts": (together(SHORTS_PAY, says(Metric.LS, 0.9, 0.9, STARTS)), SHORTS_PAID),
    "crowdedlongs": (together(LONGS_PAY, says(Metric.LS, 3.0, 3.0, STARTS)), LONG),
    "liqspike": (times(Metric.LIQ_LONG, 1_000.0), LONG),
    "cascade": (
        together(times(Metric.LIQ_LONG, 1_000.0), times(Metric.PRICE, 0.98), POSITIONS_CLOSED),
        LONG,
    ),
    "liqcluster": (times(Metric.PRICE, 0.98, until=20), LONG),
    "composite": (together(funding(0.0004, 0.0004, STARTS), says(Metric.LS, 3.0, 3.0, STARTS)), LONG),
    "ratiocollapse": (times(Metric.VOLUME, 1_000.0), LONG),
}
"""What each signal fires on, when all venues say so."""


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_every_signal_fires_on_its_own_move_and_on_no_silence(signal: Signal) -> None:
    move, stage = MOVES[signal.name]
    gone = together(silent("bybit", until=20), silent("binance", since=20, until=30))

    assert play(f"BTC {signal.name}", move, 0, stage)[:1] == ONCE
    assert play(f"BTC {signal.name}", gone, 0, stage) == ()


def only(metric: Metric) -> Story:
    """One feed of bybit falls silent and comes back."""
    return silent("bybit", metrics=[metric], until=BACK)


HIGH = funding(0.0004, -0.0012)
TWINS = [
    Twin(
        "15 a venue leaves the mean and comes back: the sign",
        "BTC fundingcross",
        together(funding(-0.00004, 0.0012), silent("bybit", until=BACK)),
        together(funding(-0.00004, 0.0012), funding(-0.00004, 0.0, STARTS)),
        fault_on=LONG,
    )
]
TWINS += [
    Twin(
        f"15 {who} leaves the mean and comes back: {name}",
        f"BTC {name}",
        together(before, gone),
        together(before, then),
        fault_on=stage,
        truth_on=stage,
    )
    for name, before, then, stage, metric in (
        ("fundingextreme", HIGH, funding(0.0004, 0.0004, STARTS), LONG, Metric.FUNDING),
        (
            "crowdedlongs",
            together(HIGH, says(Metric.LS, 3.0, 3.0)),
            funding(0.0004, 0.0004, STARTS),
            LONG,
            Metric.FUNDING,
        ),
        (
            "crowdedlongs",
            together(LONGS_PAY, says(Metric.LS, 1.15, 0.2)),
            says(Metric.LS, 1.15, 1.15, STARTS),
            LONG,
            Metric.LS,
        ),
        (
            "crowdedshorts",
            together(SHORTS_PAY, says(Metric.LS, 1.0, 3.0)),
            says(Metric.LS, 1.0, 1.0, STARTS),
            SHORTS_PAID,
            Metric.LS,
        ),
    )
    for who, gone in (("a venue", silent("bybit", until=BACK)), ("a number", only(metric)))
]
EXTREME = funding(0.00025, 0.001, since=5)
TWINS += [
    Twin(
        f"15 {who} leaves the mean and nothing ends: fundingextreme",
        "BTC fundingextreme",
        together(EXTREME, gone),
        together(EXTREME, funding(0.00025, 0.0, STARTS)),
        told=ONCE,
        true=ENDED,
        fault_on=LONG,
        truth_on=LONG,
    )
    for who, gone in (("a venue", silent("bybit", until=BACK)), ("a rate", only(Metric.FUNDING)))
]


@each(TWINS, seeds=[0])
def test_the_fault_is_no_news_and_the_true_move_is(half: Half, seed: int) -> None:
    assert half.told(seed) == half.wanted
