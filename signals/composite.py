"""`composite`: independent families agree, or do not.

Each family has one vote. Votes are added and never multiplied: signals of one market move together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from signals.base import Signal, fires, latest
from signals.crowdedlongs import CrowdedLongs
from signals.crowdedshorts import CrowdedShorts
from signals.divergence import Divergence
from signals.features import last
from signals.fundingextreme import HIGH, FundingExtreme
from signals.kept import Kept
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.momentum import Momentum
from signals.negfunding import NegFunding
from signals.panel import Panel, Series
from signals.rules.model import Compare


@dataclass(frozen=True, slots=True)
class Voice:
    """A signal beyond its own line, before any hold, speaks for a direction."""

    signal: Signal
    says: int
    side: str = ""


VOICES: Mapping[Family, Sequence[Voice]] = {
    Family.FUNDING: (Voice(NegFunding(), 1), Voice(FundingExtreme(), -1, HIGH)),
    Family.POSITIONING: (Voice(Momentum(), 1), Voice(Divergence(), -1)),
    Family.CROWD: (Voice(CrowdedShorts(), 1), Voice(CrowdedLongs(), -1)),
}
"""Who votes. Liquidations take no side, and structure says what the others are worth."""

_UNKNOWN = "unknown, so the sum is too"


@dataclass(frozen=True, slots=True)
class Composite:
    """The sum of one vote per family, of -1, 0 or +1 each; unknown unless all three families are known."""

    name: str = "composite"
    title: str = "independent families agree"
    family: Family = Family.STRUCTURE
    claim: Direction | None = None
    unit: Unit = Unit.VOTES
    sides: frozenset[str] = frozenset(Direction)
    windows: tuple[timedelta, ...] = (timedelta(0),)
    needs: frozenset[Metric] = frozenset(
        {Metric.FUNDING, Metric.FUNDING_SETTLED, Metric.LS, Metric.PRICE, Metric.OI_LEVEL}
    )
    basis: Metric = Metric.OI_LEVEL
    lookback: timedelta = timedelta(days=91)
    compare: Compare = Compare.ABOVE
    fire: float = 1.5
    clear: float = 1.0
    hold: timedelta = timedelta(minutes=15)

    def step(self, window: timedelta) -> timedelta:
        """5-minute bars, for all families alike."""
        del window
        return timedelta(minutes=5)

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """How far the families agree on any direction; of a side, for it or, below zero, against it."""
        alike = panel.without_finer(self.step(window))
        if alike.kept is None:
            alike = alike.keeping(Kept())  # its voices ask for the same
        votes = np.sum([_vote(alike, of, rows) for of in VOICES.values()], axis=0)
        score: Series = {Direction.UP: votes, Direction.DOWN: -votes}[Direction(side)] if side else np.abs(votes)
        return score + 0.0

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """How each family votes, and which of them is unknown."""
        del side
        alike = panel.without_finer(self.step(window))
        column = alike.column(coin)
        if column is None:
            return ()
        return [_said(family, last(_vote(alike, of, 1), column)) for family, of in VOICES.items()]


def _vote(panel: Panel, voices: Sequence[Voice], rows: int | None) -> Series:
    """What a family says: one vote, as its signals exclude each other; unknown while any of them is."""
    vote: Series = np.sum([_heard(panel, voice, rows) for voice in voices], axis=0)
    return vote


def _heard(panel: Panel, voice: Voice, rows: int | None) -> Series:
    signal, window = voice.signal, voice.signal.windows[0]
    scores = latest(signal, panel, window, voice.side) if rows == 1 else signal.score(panel, window, rows, voice.side)
    return np.where(np.isnan(scores), np.nan, np.where(fires(signal, scores), float(voice.says), 0.0))


def _said(family: Family, vote: float | None) -> Fact:
    if vote is None:
        return Fact(family, None, Unit.VOTES, _UNKNOWN)
    return Fact(family, vote, Unit.VOTES, "for up" if vote > 0 else "for down" if vote < 0 else "takes no side")
