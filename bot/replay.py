"""Replay: a recording at full speed, each transition as one JSON line, byte-identical on every run."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

from adapters.venues.recording import Recording
from bot.conditions import standing
from bot.market import play, whole
from bot.phrases import lines_of, spoken
from bot.sentences import read
from signals.base import Signal
from signals.book import Rules
from signals.cells import Cells, Vectors
from signals.engine import Engine
from signals.event import Event
from signals.model import Metric, Unit, Yardstick
from signals.rules.language import Vocabulary
from signals.rules.model import Draft, Rule

_BORN = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Played:
    """One transition, and the sentence as it was given."""

    sentence: str
    event: Event


@dataclass
class Replay:
    """A recording with rules on it. After `run`, `never_known` names the sentences that never had a value."""

    recording: Recording
    sentences: Sequence[str]
    signals: Sequence[Signal]

    def __post_init__(self) -> None:
        venues, began = venue_names(self.recording), self.recording.start
        words = Vocabulary(self.recording.coins, venues, self.signals, began, UTC)
        self._rules = {
            f"replay-{number}": _rule(number, read(sentence, words))
            for number, sentence in enumerate(self.sentences, start=1)
        }
        self._given = dict(zip(self._rules, self.sentences, strict=True))
        self.never_known: list[str] = []

    def run(self, start: datetime | None, end: datetime | None) -> Iterator[Played]:
        """Every transition after `start` up to `end`, in time, rule and coin order; what came before only warms up."""
        bars = whole(self.recording)
        cycles = list(play(self.recording, bars, end))
        by_name = {signal.name: signal for signal in self.signals}
        vectors = Vectors(bars.panel(), self.signals, rows=None)
        engine = Engine(by_name, Rules())
        for rule in self._rules.values():
            engine.put(rule)
        for cycle in cycles:
            if start is not None and cycle.at < start:
                continue
            cells = Cells(cycle, vectors, self.recording.step)
            for judged in chain.from_iterable(engine.judge(cells)):
                if judged.event is not None:
                    yield Played(self._given[judged.rule.id], judged.event)
        self.never_known = [self._given[id_] for id_ in self._rules if not engine.was_known(id_)]


def line(played: Played) -> str:
    """One transition as one JSON object on one line; keys in a fixed order."""
    event = played.event
    return json.dumps(
        {
            "time": stamp(event.at),
            "coin": event.coin,
            "rule": played.sentence,
            "transition": event.change.value,
            "value": event.value,
            "threshold": event.line,
            "venues": list(event.venues),
            "coverage": event.coverage,
            "trust": event.trust,
            "alert_id": event.episode,
            "facts": [{"label": of.label, "value": of.value, "unit": of.unit, "text": of.text} for of in event.facts],
        }
    )


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC with a Z, without needless fractions."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def venue_names(recording: Recording) -> Sequence[str]:
    """The venues of a recording."""
    return sorted(venue.name for venue in recording.venues(lambda: recording.start))


def _rule(number: int, draft: Draft) -> Rule:
    return Rule(f"replay-{number}", "replay:1", number, 1, draft, _BORN, 0)


def words(played: Played) -> str:
    """One transition as one line for people."""
    event = played.event
    what = f"{event.coin}  {event.change}  {played.sentence}"
    return f"{stamp(event.at)}  {what}  {_value(event)}  trust {event.trust}"


def _value(event: Event) -> str:
    is_price, beside = event.name == Metric.PRICE, lines_of(event.line, event.clear, absolute=event.absolute)
    if event.yardstick is not Yardstick.VALUE:
        return standing(event.yardstick, event.value, beside)
    return spoken(event.value, event.unit, event.coin, is_price=is_price and event.unit is Unit.USD, beside=beside)
