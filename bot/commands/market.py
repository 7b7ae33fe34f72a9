"""The market as commands see it: the last closed moment, and just as many bars as an answer needs."""

from asyncio import gather
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol, TypeVar

from adapters.chat.base import Json, Place
from bot.commands.arguments import Mistake
from bot.commands.base import Desk, Reader
from bot.phrases import clock, iso, venue
from signals.aggregate import Cycle, Reading, Weighing, is_fresh
from signals.base import Signal
from signals.cells import Cells, Seen, Vectors
from signals.judge import cell_of
from signals.model import ALL, PAIRED, ROLLING, Cell, Metric, Observation, Yardstick
from signals.numbers import needs, number_of
from signals.panel import Panel, resolutions, to_ms
from signals.rules.language import Vocabulary
from signals.rules.model import EVERY_COIN, WATCHLIST, Draft
from signals.units import DASH, age

_ZERO = timedelta(0)
_Row = TypeVar("_Row")
_LONGEST_ON_SHORT_BARS = timedelta(days=1)
_SPOT = frozenset({m for metric in (Metric.VOLUME_SPOT, Metric.VOLUME_PAIRED) for m in (metric, ROLLING[metric])})
_OI = frozenset({Metric.OI_LEVEL, Metric.OI_EXPECTED})
_BARS: Mapping[str, frozenset[Metric]] = {
    Metric.OI: _OI,
    Metric.PRICE: _OI | {Metric.PRICE},
    Metric.LIQ: frozenset({Metric.LIQ_LONG, Metric.LIQ_SHORT}),
    Metric.LIQ_LONG: frozenset({Metric.LIQ_LONG}),
    Metric.LIQ_SHORT: frozenset({Metric.LIQ_SHORT}),
    Metric.VOLUME: frozenset({Metric.VOLUME, Metric.VOLUME_24H}),
    Metric.TAKER: frozenset({Metric.TAKER_BUY, Metric.TAKER_SELL}),
    Metric.RATIO: _SPOT,
}
"""What windows of a metric are computed from."""


async def latest(desk: Reader) -> Cycle:
    """The last closed moment. Raises Mistake where there is none yet."""
    cycle = await desk.store.latest()
    if cycle is None or not cycle.readings:
        raise Mistake("I have no market data yet. Ask again in a minute.")
    return cycle


@dataclass(frozen=True, slots=True)
class View:
    """The last closed moment with the bars that were asked for."""

    cycle: Cycle
    panel: Panel
    cells: Cells

    def read(self, coin: str, name: str, window: timedelta = _ZERO) -> Seen | None:
        """The reading that a rule would judge over all venues; None as in `read_cell`."""
        return self.read_cell(Cell(coin, ALL, name, window))

    def read_cell(self, cell: Cell) -> Seen | None:
        """The reading that a rule would judge; None where no venue offers it, or no bar is there yet."""
        if offered(self.cycle, cell.coin, self.cells.basis_of(cell)) is None:
            return None
        from_bars = cell.window > _ZERO or cell.name not in set(Metric) or cell.yardstick is not Yardstick.VALUE
        return None if from_bars and not len(self.panel.times) else self.cells.read(cell)

    def value(self, coin: str, name: str, window: timedelta = _ZERO) -> float | None:
        """The value over all venues; None where it is unknown."""
        seen = self.read(coin, name, window)
        return seen.reading.value if seen else None


async def view(desk: Reader, names: Collection[str], reach: timedelta, coins: tuple[str, ...] | None = None) -> View:
    """The market with the bars that windows of these metrics need, up to `reach` long, of these or all coins.

    Raises Mistake.
    """
    metrics = frozenset().union(*(_BARS.get(name, frozenset()) for name in names))
    return await _view(desk, desk.store.at_hand, metrics, dict.fromkeys(resolutions(desk.step), reach), (), coins)


async def view_of_signals(desk: Reader, signals: Sequence[Signal], coins: tuple[str, ...] | None = None) -> View:
    """The market with the bars that these signals and their trust need, of these or all coins. Raises Mistake."""
    metrics = _SPOT | _OI | frozenset(metric for signal in signals for metric in signal.needs)
    reach = max((s.lookback + max(s.windows) for s in signals), default=_ZERO)
    return await _view(
        desk, desk.store.panel, metrics, dict.fromkeys(resolutions(desk.step), max(reach, WHOLE)), signals, coins
    )


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
    return await _view(desk, desk.store.panel, metrics, reach, signals, await _named(draft, place, desk))


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


class _Read(Protocol):
    """How bars are read: one of the store's ways."""

    async def __call__(
        self, step: timedelta, metrics: Collection[Metric], rows: int, coins: tuple[str, ...] | None
    ) -> Panel:
        """The last rows of those bars."""
        ...


async def _view(
    desk: Reader,
    read: _Read,
    metrics: Collection[Metric],
    reach: Mapping[timedelta, timedelta],
    signals: Sequence[Signal],
    coins: tuple[str, ...] | None = None,
) -> View:
    """The market with those bars, as far back as is said for each length of theirs, as it stood at one moment."""
    cycle = await latest(desk)
    kept = resolutions(desk.step)
    wanted = {step: min(rows, reach[step] // step + 2 + MEANWHILE) for step, rows in kept.items()}
    found = await gather(*(read(step, metrics, rows, coins) for step, rows in wanted.items()))
    panels = {step: bars.known_by(to_ms(cycle.at)) for step, bars in zip(wanted, found, strict=True)}
    every = tuple(dict.fromkeys(coin for panel in panels.values() for coin in panel.coins))
    finest = panels.pop(min(panels)).of(every)
    panel = replace(finest, others={step: panel.of(every) for step, panel in panels.items()})
    return View(cycle, panel, Cells(cycle, Vectors(panel, signals, rows=1), desk.step))


def vocabulary(cycle: Cycle, desk: Desk) -> Vocabulary:
    """The names that a sentence about this market may use, and from where its times count."""
    return Vocabulary(cycle.readings.keys(), cycle.venues, desk.signals, desk.now, desk.zone)


def whole_bars(windows: Sequence[timedelta], step: timedelta) -> Sequence[timedelta]:
    """The windows that are a whole number of bars: the others cannot be known on them."""
    return [window for window in windows if window >= step and window % step == _ZERO]


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
