"""Seats: who should answer, what each said last, and whether that counts now."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

from signals.model import Instrument, Metric, Observation
from signals.plausible import STEADY, is_believed, is_near, is_possible

POINTS_TO_REJOIN = 2
"""Fresh cycles in a row after which a venue that was away counts again."""

Who: TypeAlias = tuple[str, str]
"""Venue and symbol."""

Key: TypeAlias = tuple[str, str, Metric]
"""Venue, symbol, metric."""

REBASED = "#rebased"
"""Marks the legs of series since the last time that numbers went on at another size."""

_NEVER = datetime.max.replace(tzinfo=UTC)


class Word:
    """The last word of one instrument on one metric: a `value` that may be used from `since` to `until`."""

    __slots__ = ("back", "counts", "doubted", "key", "seat", "seen", "since", "steady", "until", "value", "venue")

    def __init__(self, seat: "Seat", key: Key) -> None:
        self.seat = seat
        self.key = key
        self.venue = key[0]
        self.steady = key[2] in STEADY
        self.seen: Observation | None = None
        self.value = 0.0
        self.since = self.until = _NEVER
        self.doubted: Observation | None = None
        self.back: int | None = None
        """Fresh cycles in a row since it was away; None where it is not on the way back."""
        self.counts = False
        """Whether it was believed and fresh, and had been for long enough, when words were settled last."""

    def hear(self, seen: Observation) -> None:
        """Remember what is newer than what is known and believed."""
        old = self.seen
        if old is not None and seen.at <= old.at:
            return
        if self.steady and not (old is not None and is_near(seen.value, old.value)) and not self._proves(seen, old):
            return
        if old is None and REBASED in seen.leg:
            self.seat.take_up(seen)
        self.doubted = None
        self.seen = self.seat.on_its_base(seen) if self.seat.rebased else seen
        self.value, self.since = seen.value, seen.at
        self.until = seen.at + seen.fresh_for

    def _proves(self, seen: Observation, old: Observation | None) -> bool:
        """Whether a word that is not near the last one is believed; who proves it goes on at another size."""
        if not is_possible(seen):
            return False
        if not is_believed(seen, old, self.doubted):
            self.doubted = seen
            return False
        if seen.metric is not Metric.INDEX and old is not None and old.value:
            self.seat.rebase()
        return True

    def forget(self) -> None:
        """What was said belongs to another series: the next word is that of one who was away."""
        if self.seen is not None:
            self.seen, self.counts = None, False
            self.since = self.until = _NEVER
            self.back = 0

    def is_fresh(self, at: datetime) -> bool:
        """Whether the word may be used at that moment."""
        return self.since <= at <= self.until


class Seat:
    """One instrument that should answer, with its words."""

    __slots__ = ("acquainted", "former", "instrument", "interest", "quarantined", "rebased", "stake", "weight", "words")

    def __init__(self, instrument: Instrument, rebased: int, *, quarantined: bool) -> None:
        self.words: dict[Metric, Word] = {}
        self.former: float | None = None
        """Its open interest as another contract, in coins: its weight until it tells its own."""
        self.rebased = rebased
        """How often its price or its open interest went on at another size."""
        self.acquainted = False
        """Whether its price once agreed with those of its coin's others."""
        self.quarantined = quarantined
        """Whether it is taken for another coin of the same name, so that nothing it says counts."""
        self.stake: float | None = None
        """Its last known open interest, fresh or not, when words were settled last."""
        self.weight: float | None = None
        """The same, if it counted then."""
        self.offer(instrument)

    def offer(self, instrument: Instrument) -> None:
        """What the same contract offers now; its words on anything else are forgotten."""
        self.instrument = instrument
        words, venue, symbol = self.words, instrument.venue, instrument.symbol
        self.words = {m: words.get(m) or Word(self, (venue, symbol, m)) for m in instrument.metrics}
        self.interest = self.words.get(Metric.OI_LEVEL)

    @property
    def who(self) -> Who:
        """Its venue and symbol."""
        return self.instrument.venue, self.instrument.symbol

    @property
    def known_interest(self) -> float | None:
        """Its last known open interest, fresh or not."""
        return self.interest.seen.value if self.interest is not None and self.interest.seen else self.former

    def rebase(self) -> None:
        """The coin was split or merged, or it is counted otherwise: numbers belong to another series from now on."""
        self.rebased += 1
        for word in self.words.values():
            word.forget()

    def on_its_base(self, seen: Observation) -> Observation:
        """The observation as one of the series since the last split."""
        leg = (seen.leg or seen.venue).partition(REBASED)[0]
        return replace(seen, leg=f"{leg}{REBASED}{self.rebased}")

    def take_up(self, known: Observation) -> None:
        """Go on with the series that an observation from before a restart belongs to."""
        self.rebased = max(self.rebased, int(known.leg.rpartition(REBASED)[2]))

    def weigh(self) -> None:
        """Take its open interest for its weight, if that counts now."""
        self.stake = self.known_interest
        self.weight = self.stake if self.interest is not None and self.interest.counts else None


def settle(words: Iterable[Word], at: datetime, strange: set[Word]) -> None:
    """Decide which words count at that moment: fresh and believed ones, of whoever was away from the second on."""
    for word in words:
        if not word.since <= at <= word.until or word.seat.quarantined or word in strange:
            word.counts = False
            if word.seen is not None:
                word.back = 0
        elif word.back is None:
            word.counts = True
        else:
            word.back += 1
            word.counts = word.back >= POINTS_TO_REJOIN
            if word.counts:
                word.back = None
