"""A market of six venues, played minute by minute on the real path: ledger, bars, cells, rules.

A story changes what the venues say. Twins are two stories of one trap: the fault, and a true move of the same size.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain
from typing import TypeAlias

import numpy as np

from signals.aggregate import Ledger
from signals.bars import Bars
from signals.book import Rules
from signals.cells import Cells, Vectors
from signals.engine import Engine
from signals.event import Event
from signals.heard import code
from signals.model import Instrument, Kind, Metric, Observation
from signals.panel import KEEP, LEGS, STORED, Matrix, Panel, to_ms
from signals.registry import BY_NAME, SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.lifecycle import AlertState, Change
from signals.rules.model import Problem, Rule
from signals.yardsticks import Memory
from tests.signals.panels import START

MINUTE = timedelta(minutes=1)
COIN = "BTC"
SHARES: Mapping[str, float] = {
    "binance": 90_000.0,
    "bybit": 25_000.0,
    "okx": 30_000.0,
    "gate": 12_000.0,
    "bitget": 20_000.0,
    "hyperliquid": 40_000.0,
}
"""Open interest of each venue in coins; bybit is 11.5 % of all, binance 41.5 %."""

CALM: Mapping[Metric, float] = {
    Metric.PRICE: 100.0,
    Metric.INDEX: 100.0,
    Metric.FUNDING: 0.0001,
    Metric.FUNDING_SETTLED: 0.0001,
    Metric.OI_LEVEL: 1.0,
    Metric.LS: 1.1,
    Metric.LS_TOP: 1.2,
    Metric.LS_POS: 1.3,
    Metric.TAKER_BUY: 1e5,
    Metric.TAKER_SELL: 1e5,
    Metric.LIQ_LONG: 20.0,
    Metric.LIQ_SHORT: 20.0,
    Metric.VOLUME: 1e6,
    Metric.VOLUME_SPOT: 2e5,
}
"""What each venue says in a calm minute; open interest is this part of its share."""

NOISE: Mapping[Metric, float] = {Metric.PRICE: 2e-4, Metric.OI_LEVEL: 3e-4} | dict.fromkeys(
    (Metric.LIQ_LONG, Metric.LIQ_SHORT, Metric.VOLUME, Metric.VOLUME_SPOT), 0.05
)
"""Relative spread of the noise on it."""

FRESH = MINUTE / 2
STARTS = 10
"""The minute in which stories begin."""

LASTS = 40
"""Minutes that are played."""

EVERYBODY = code((venue, False) for venue in SHARES)
"""All of them tell all that is liquidated."""

Story: TypeAlias = Callable[[int, Sequence[Observation]], Iterable[Observation]]
"""What is delivered in a minute, made from what would have been."""

Roster: TypeAlias = Callable[[int], Sequence[Instrument]]
"""Who should answer from a minute on."""


def instrument(
    venue: str, coin: str = COIN, metrics: Iterable[Metric] = CALM, *, quote: str = "USDT", version: int = 1
) -> Instrument:
    """The venue's perpetual on the coin in that quote."""
    return Instrument(venue, f"{coin}{quote}", coin, 1.0, frozenset(metrics), version, "" if quote == "USDT" else quote)


def everybody(minute: int) -> Sequence[Instrument]:
    """All six, all the time."""
    del minute
    return [instrument(venue) for venue in SHARES]


def moment(minute: int) -> datetime:
    """The end of that minute."""
    return START + minute * MINUTE


def usual(venue: str, metric: Metric) -> float:
    """A calm value without its noise."""
    return CALM[metric] * (SHARES[venue] if metric is Metric.OI_LEVEL else 1.0)


def says(venue: str, metric: Metric, value: float, minute: int) -> Observation:
    """One word of a venue, at the end of that minute."""
    at, is_rate = moment(minute), metric in (Metric.FUNDING, Metric.FUNDING_SETTLED)
    return Observation(
        metric,
        venue,
        f"{COIN}USDT",
        COIN,
        value,
        at,
        at,
        FRESH,
        MINUTE if metric.kind is Kind.SUM else timedelta(0),
        interval_h=8.0 if is_rate else None,
        rate=value if is_rate else None,
    )


def calm(minute: int, said: Sequence[Observation]) -> Sequence[Observation]:
    """Nothing happens."""
    del minute
    return said


@dataclass(frozen=True, slots=True)
class Down:
    """The process is away in these minutes and then starts anew; its states are in the store."""

    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Stage:
    """How a story is played: who should answer, when the process is away, with or without a past, for how long.

    `past` are levels that were others before. Up to so long before the start, liquidations were those `before` tells.
    """

    roster: Roster = everybody
    down: Down | None = None
    warm: bool = True
    minutes: int = LASTS
    past: tuple[tuple[Metric, float], ...] = ()
    before: tuple[timedelta, int] = (timedelta(0), EVERYBODY)


AS_EVER = Stage()


def play(sentence: str, story: Story, seed: int, on: Stage = AS_EVER) -> tuple[Change, ...]:
    """What is told of the rule while the story plays, oldest first."""
    return tuple(event.change for event in happened(sentence, story, seed, on))


def happened(sentence: str, story: Story, seed: int, on: Stage = AS_EVER) -> tuple[Event, ...]:
    """The events of the rule while the story plays, oldest first."""
    told: list[Event] = []
    for service, _ in lived(sentence, story, seed, on):
        told = service.told
    return tuple(told)


def lived(sentence: str, story: Story, seed: int, on: Stage = AS_EVER) -> "Iterator[tuple[Service, Cells]]":
    """The service after each minute that it saw, with the cells of that minute."""
    service = Service(sentence, on)
    for minute in range(1, on.minutes + 1):
        said = [*story(minute, _usual_minute(minute, seed))]
        if on.down is not None and on.down.since <= minute < on.down.until:
            continue
        if on.down is not None and minute == on.down.until:
            service.restart()
        yield service, service.close(minute, said, on.roster(minute))


class Service:
    """One rule judged on each closed minute; without a hold unless it names one, so that no hold hides a fault."""

    def __init__(self, sentence: str, on: Stage = AS_EVER) -> None:
        at_once = sentence if " for " in sentence else f"{sentence} for 0s"
        draft = parse(at_once, Vocabulary((COIN,), tuple(SHARES), SIGNALS, START, UTC))
        assert not isinstance(draft, Problem)
        self.rule = Rule("r1", "terminal:local", 1, 1, draft, START, 1)
        self.told: list[Event] = []
        self._states: dict[tuple[str, str], AlertState] = {}
        self._engine = self._begin()
        self._last: Cells | None = None
        self._ledger, self._memory = Ledger(), Memory()
        self.bars = deepcopy(_bars(warm=on.warm, past=on.past, before=on.before))

    def restart(self) -> None:
        """A new process: bars and states come from the store, the ledger begins anew."""
        self._ledger, self._memory = Ledger(), Memory()
        self._engine = self._begin()
        if self._last is not None:
            self._engine.seed(self._last)
        for subject, state in self._states.items():
            self._engine.wake(subject, state)

    def _begin(self) -> Engine:
        engine = Engine(BY_NAME, Rules())
        engine.put(self.rule)
        return engine

    def close(self, minute: int, said: Sequence[Observation], instruments: Sequence[Instrument]) -> Cells:
        """Close that minute with what was delivered in it, and judge."""
        self._ledger.expect(instruments)
        legs = {(i.venue, i.symbol): i.leg for i in instruments if i.money or i.version > 1}
        own = ((o, legs.get((o.venue, o.symbol), "")) for o in said)
        self._ledger.take(o if o.leg == leg else replace(o, leg=leg) for o, leg in own)
        cycle = self._ledger.read(moment(minute), "TEST")
        cycle = replace(cycle, bars=self.bars.close(cycle))
        cells = Cells(cycle, Vectors(self.bars.panel(), SIGNALS, rows=1, memory=self._memory), MINUTE)
        for judged in chain.from_iterable(self._engine.judge(cells)):
            self._states[judged.subject] = judged.state
            self.told += [judged.event] if judged.event else []
        self._last = cells
        return cells


@cache
def _usual_minute(minute: int, seed: int) -> tuple[Observation, ...]:
    rng = np.random.default_rng((seed, minute))
    noise = rng.normal(0, 1, (len(SHARES), len(CALM)))
    return tuple(
        says(venue, metric, usual(venue, metric) * (1 + NOISE.get(metric, 0.0) * float(noise[i, j])), minute)
        for i, venue in enumerate(SHARES)
        for j, metric in enumerate(CALM)
    )


@cache
def _bars(*, warm: bool, past: tuple[tuple[Metric, float], ...], before: tuple[timedelta, int]) -> Bars:
    """Empty bars of all resolutions, or calm ones up to the start; to be copied, because filling them takes time."""
    bars = Bars({step: reach // step for step, reach in KEEP.items()})
    for step, reach in KEEP.items() if warm else ():
        bars.append(_calm_bars(step, reach // step, {**CALM, **dict(past)}, before))
    return bars


def _calm_bars(step: timedelta, rows: int, was: Mapping[Metric, float], before: tuple[timedelta, int]) -> Panel:
    rng = np.random.default_rng(rows)

    def bars(metric: Metric, level: float) -> Matrix:
        size = level * (step / MINUTE if metric.kind is Kind.SUM else 1.0)
        return (size * (1 + NOISE.get(metric, 0.0) * rng.normal(0, 1, (rows, 1)))).astype(np.float32)

    legs = {metric: {venue: bars(metric, usual(venue, metric)) for venue in SHARES} for metric in LEGS}
    whole = {metric: bars(metric, was[metric] * _adds_up(metric)) for metric in was if metric in STORED}
    whole[Metric.PRICE] = legs[Metric.PRICE]["binance"]
    whole[Metric.OI_LEVEL] = np.sum([*legs[Metric.OI_LEVEL].values()], axis=0, dtype=np.float32)
    whole[Metric.OI_EXPECTED] = whole[Metric.OI_LEVEL]
    whole[Metric.VOLUME_PAIRED] = whole[Metric.VOLUME]
    whole[Metric.LIQ_HEARD] = np.full((rows, 1), EVERYBODY, np.float32)
    whole[Metric.LIQ_HEARD][: max(0, rows - before[0] // step)] = before[1]
    times = np.array([to_ms(START - step * (rows - 1 - i)) for i in range(rows)], np.int64)
    return Panel(times, (COIN,), step, whole, legs)


def _adds_up(metric: Metric) -> int:
    return len(SHARES) if metric.kind is Kind.SUM else 1


def silent(*venues: str, metrics: Iterable[Metric] = CALM, since: int = STARTS, until: int = 10**6) -> Story:
    """These venues say nothing of these metrics for a while."""
    of = frozenset(metrics)

    def story(minute: int, said: Sequence[Observation]) -> Sequence[Observation]:
        gone = since <= minute < until
        return [o for o in said if not (gone and o.venue in venues and o.metric in of)]

    return story


def times(
    metric: Metric, factor: float, *, venues: Iterable[str] = SHARES, since: int = STARTS, until: int = 10**6
) -> Story:
    """What these venues say of the metric is so much larger for a while."""
    of = frozenset(venues)

    def story(minute: int, said: Sequence[Observation]) -> Sequence[Observation]:
        now = since <= minute < until
        return [scaled(o, factor) if now and o.metric is metric and o.venue in of else o for o in said]

    return story


def scaled(seen: Observation, factor: float) -> Observation:
    """The same word with its value, and its rate, so much larger."""
    return replace(seen, value=seen.value * factor, rate=None if seen.rate is None else seen.rate * factor)


def together(*stories: Story) -> Story:
    """One story after the other is told of the same minute."""

    def story(minute: int, said: Sequence[Observation]) -> Iterable[Observation]:
        told: Iterable[Observation] = said
        for one in stories:
            told = one(minute, [*told])
        return told

    return story


PRICE_UP = times(Metric.PRICE, 1.02)
"""Two percent up on all venues, truly."""

POSITIONS_CLOSED = times(Metric.OI_LEVEL, 0.95)
"""Five percent of the positions closed on all venues, truly."""
