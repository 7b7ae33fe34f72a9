"""The market as commands see it: the last closed moment, and just as many bars as an answer needs."""

from asyncio import gather
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar, cast

from adapters.chat.base import Json, Place
from bot.commands.arguments import Mistake
from bot.commands.base import Desk, Reader
from bot.phrases import clock, iso, venue
from signals.aggregate import Cycle, Reading, Weighing, is_fresh
from signals.base import Signal
from signals.cells import Cells, Seen, Vectors
from signals.glance import Glance
from signals.judge import cell_of
from signals.model import ALL, PAIRED, ROLLING, Cell, Metric, Observation, Yardstick
from signals.numbers import Number, needs, number_of
from signals.panel import Panel, resolutions, to_ms
from signals.rules.language import Vocabulary
from signals.rules.model import EVERY_COIN, WATCHLIST, Draft
from signals.shown import recalled
from signals.units import DASH, age

_ZERO = timedelta(0)
_Row = TypeVar("_Row")
_Found = TypeVar("_Found")
_SPOT = frozenset({m for metric in (Metric.VOLUME_SPOT, Metric.VOLUME_PAIRED) for m in (metric, ROLLING[metric])})
"""What the structure of a market is read from."""


async def latest(desk: Reader) -> Cycle:
    """The last closed moment. Raises Mistake where there is none yet."""
    cycle = await desk.store.latest()
    if cycle is None or not cycle.readings:
        raise Mistake("I have no market data yet. Ask again in a minute.")
    return cycle


@dataclass(frozen=True, slots=True)
class View:
    """A closed moment, with what bars say of it."""

    cycle: Cycle
    vectors: Vectors
    cells: Cells
    has_bars: bool
    """Whether there is any bar yet."""
    found: dict[str, object] = field(default_factory=dict)

    @property
    def panel(self) -> Panel:
        """The bars that were asked for; none where only what was seen at the moment was."""
        return self.vectors.panel

    def read(self, coin: str, name: str, window: timedelta = _ZERO) -> Seen | None:
        """The reading that a rule would judge over all venues; None as in `read_cell`."""
        return self.read_cell(Cell(coin, ALL, name, window))

    def read_cell(self, cell: Cell) -> Seen | None:
        """The reading that a rule would judge; None where no venue offers it, or no bar is there yet."""
        if offered(self.cycle, cell.coin, self.cells.basis_of(cell)) is None:
            return None
        from_bars = cell.window > _ZERO or cell.name not in set(Metric) or cell.yardstick is not Yardstick.VALUE
        return None if from_bars and not self.has_bars else self.cells.read(cell)

    def value(self, coin: str, name: str, window: timedelta = _ZERO) -> float | None:
        """The value over all venues; None where it is unknown."""
        seen = self.read(coin, name, window)
        return seen.reading.value if seen else None

    def once(self, what: str, find: Callable[[], _Found]) -> _Found:
        """What it comes to, for all who ask of this moment."""
        if what not in self.found:
            self.found[what] = find()
        return cast("_Found", self.found[what])

    def of_bars(self, coin: str, name: str, window: timedelta) -> float | None:
        """What bars say, whoever is silent now; None where that is unknown."""
        return self.vectors.value(Cell(coin, ALL, name, window), self.cycle.at)[0]


async def view(desk: Desk, numbers: Sequence[Number], coins: tuple[str, ...] | None = None) -> View:
    """The market with these numbers of these coins, or of all: as they were seen at the last moment that was looked at.

    Where nobody has looked of late, they are made from bars. Raises Mistake.
    """
    cycle, looked = await gather(latest(desk), desk.store.looked())
    if looked is not None and cycle.at - looked[0].at <= desk.step:
        return await desk.recent.of(looked[0], "looked", lambda: _seen(desk, *looked))
    asked = (tuple(numbers), coins, await desk.store.backfilled())
    return await desk.recent.of(cycle, asked, lambda: _made(desk, numbers, coins))


async def _seen(desk: Desk, cycle: Cycle, glance: Glance) -> View:
    vectors = recalled(glance, desk.signals)
    return View(cycle, vectors, Cells(cycle, vectors, desk.step), has_bars=True)


async def _made(desk: Desk, numbers: Sequence[Number], coins: tuple[str, ...] | None) -> View:
    """The same from bars; the structure of the market comes with ratios and signals."""
    by_name = {signal.name: signal for signal in desk.signals}
    metrics = frozenset[Metric]().union(*(needs(number, by_name) for number in numbers))
    signals = [by_name[number.name] for number in numbers if number.name in by_name]
    reach = max([number.window for number in numbers] + [signal.lookback for signal in signals])
    if signals or metrics & _SPOT:
        metrics, reach = metrics | _SPOT, WHOLE
    return await _view(desk, metrics, dict.fromkeys(resolutions(desk.step), reach), signals, coins)


async def view_of(desk: Reader, draft: Draft, place: Place, span: timedelta = _ZERO) -> View:
    """The market with the bars that this rule needs now in that place, and to be judged over a span. Raises Mistake."""
    by_name = {signal.name: signal for signal in desk.signals}
    numbers = [number_of(cell_of(draft, condition, "")) for condition in draft.conditions]
    metrics = frozenset({Metric.PRICE}).union(*(needs(number, by_name) for number in numbers))
    signals = [by_name[number.name] for number in numbers if number.name in by_name]
    back = [number.window for number in numbers] + [signal.lookback for signal in signals]
    if any(condition.yardstick is not Yardstick.VALUE for condition in draft.conditions):
        back.append(WHOLE)
    kept = resolutions(desk.step)  # of bars that do not reach back over the span only those of now are read
    reach = {step: WHOLE if span and step * rows >= span else max(back) for step, rows in kept.items()}
    return await _view(desk, metrics, reach, signals, await _named(draft, place, desk))


async def _named(draft: Draft, place: Place, desk: Reader) -> tuple[str, ...] | None:
    """The coins that the rule names, itself or by the place's watchlist; None for all."""
    if draft.coins == (EVERY_COIN,):
        return None
    return await desk.store.watchlist(place) if draft.coins == (WATCHLIST,) else draft.coins


WHOLE = timedelta(days=92)
"""As far back as any bars reach."""

MEANWHILE = 20
"""Bars that may be closed between the reading of a moment and that of its bars, so that its own are still there."""


async def coins_of(draft: Draft, place: Place, desk: Reader, cycle: Cycle) -> Sequence[str]:
    """The coins that the rule is judged on in that place now."""
    named = await _named(draft, place, desk)
    return sorted(cycle.readings) if named is None else named


async def _view(
    desk: Reader,
    metrics: Collection[Metric],
    reach: Mapping[timedelta, timedelta],
    signals: Sequence[Signal],
    coins: tuple[str, ...] | None = None,
) -> View:
    """The market with those bars, as far back as is said for each length of theirs, as it stood at one moment."""
    cycle = await latest(desk)
    kept = resolutions(desk.step)
    wanted = {step: min(rows, reach[step] // step + 2 + MEANWHILE) for step, rows in kept.items()}
    found = await gather(*(desk.store.panel(step, metrics, rows, coins) for step, rows in wanted.items()))
    panels = {step: bars.known_by(to_ms(cycle.at)) for step, bars in zip(wanted, found, strict=True)}
    every = tuple(dict.fromkeys(coin for panel in panels.values() for coin in panel.coins))
    finest = panels.pop(min(panels)).of(every)
    panel = replace(finest, others={step: panel.of(every) for step, panel in panels.items()})
    vectors = Vectors(panel, signals, rows=1)
    return View(cycle, vectors, Cells(cycle, vectors, desk.step), has_bars=bool(len(panel.times)))


def vocabulary(cycle: Cycle, desk: Desk) -> Vocabulary:
    """The names that a sentence about this market may use, and from where its times count."""
    return Vocabulary(cycle.readings.keys(), cycle.venues, desk.signals, desk.now, desk.zone)


def observed(cycle: Cycle, coin: str, metric: Metric, first: str = "") -> Sequence[Observation]:
    """Each instrument's last observation, fresh or not, by venue; one venue may stand first."""
    return sorted(cycle.told(coin, metric), key=lambda o: (o.venue != first, o.venue, o.symbol))


def spot_leg(cycle: Cycle, coin: str) -> Metric | None:
    """The spot volume that is told of the coin, by the bar or of the last 24 hours; None where no venue tells any."""
    return next((metric for metric in PAIRED if offered(cycle, coin, metric) is not None), None)


def offered(cycle: Cycle, coin: str, metric: Metric) -> Reading | None:
    """The reading of a metric, None where no venue offers it for the coin."""
    return cycle.readings.get(coin, {}).get(metric)


def silent(reading: Reading, seen: Sequence[Observation]) -> Sequence[str]:
    """Venues that should answer and never did."""
    return sorted(set(reading.missing) - {o.venue for o in seen})


def age_of(seen: Observation, cycle: Cycle, desk: Desk) -> str:
    """How old a value is; of a silent venue, when it last spoke."""
    return age(desk.now - seen.at) if is_fresh(seen, cycle.at) else f"since {clock(seen.at, desk.zone)}"


def weighed(reading: Reading, cycle: Cycle, coin: str) -> str:
    """How several venues became one number, and why it is not by open interest."""
    if reading.weighing is not Weighing.MEAN:
        return str(reading.weighing)
    have = {o.venue for o in observed(cycle, coin, Metric.OI_LEVEL) if is_fresh(o, cycle.at)}
    lacking = ", ".join(venue(name) for name in reading.venues if name not in have)
    return f"{Weighing.MEAN} (no open interest for {lacking})" if lacking else str(Weighing.MEAN)


def ends(rows: Sequence[_Row], each: int) -> Sequence[_Row]:
    """The first and the last rows, so many each; all where there are not more."""
    return rows if len(rows) <= 2 * each else [*rows[:each], *rows[-each:]]


def or_dash(text: str | None) -> str:
    """The text, or a dash where nothing is known."""
    return text if text is not None else DASH


def instruments(seen: Iterable[Observation]) -> Mapping[tuple[str, str], str]:
    """How each instrument is called: by its venue, with its symbol where the venue has several of the coin."""
    keys = sorted({(o.venue, o.symbol) for o in seen})
    by_venue = [name for name, _ in keys]
    return {(v, s): venue(v) if by_venue.count(v) == 1 else f"{venue(v)} {s}" for v, s in keys}


def facts(reading: Reading | None) -> Json:
    """A reading for machines; null where nothing is offered."""
    if reading is None:
        return None
    return {
        "value": reading.value,
        "at": iso(reading.at),
        "venues": list(reading.venues),
        "missing": list(reading.missing),
        "coverage": reading.coverage,
        "weighing": str(reading.weighing),
        "floor": reading.floor,
    }
