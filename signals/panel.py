"""A Panel is a stretch of the market as time x coin matrices; a Buffer is a Panel that grows.

Rows are labelled by the END of their bar. NaN is unknown. Stored as float32; reduce in float64.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt

from signals.kept import Kept
from signals.model import Kind, Metric

Matrix: TypeAlias = npt.NDArray[np.float32]
Series: TypeAlias = npt.NDArray[np.float64]
"""What is computed from matrices: time x coin, or along one of the two."""
Marks: TypeAlias = npt.NDArray[np.bool_]
"""What is true where: time x coin, or along one of the two."""
Instants: TypeAlias = npt.NDArray[np.int64]
"""Unix milliseconds, UTC, rising."""

STORED: tuple[Metric, ...] = (
    Metric.PRICE,
    Metric.INDEX,
    Metric.FUNDING,
    Metric.FUNDING_SETTLED,
    Metric.OI_LEVEL,
    Metric.OI_EXPECTED,
    Metric.LS,
    Metric.LS_TOP,
    Metric.LS_POS,
    Metric.TAKER_BUY,
    Metric.TAKER_SELL,
    Metric.LIQ_LONG,
    Metric.LIQ_SHORT,
    Metric.LIQ_HEARD,
    Metric.VOLUME,
    Metric.VOLUME_SPOT,
    Metric.VOLUME_PAIRED,
    Metric.VOLUME_24H,
    Metric.VOLUME_SPOT_24H,
    Metric.VOLUME_PAIRED_24H,
)
"""The metrics that bars keep; the rest is derived from them on demand."""

LEGS: tuple[Metric, ...] = (Metric.PRICE, Metric.OI_LEVEL)
"""The metrics that bars also keep per venue, because their changes are taken over matched venues."""

SMALL = cast("type[np.float32]", np.float16)
"""How sets are kept in memory: half the room holds whole numbers up to 2,048, which is what they are."""

ENOUGH = 0.9
"""Share of its bars that a window needs; below it the value is unknown."""


def to_ms(at: datetime) -> int:
    """Unix milliseconds of an aware instant."""
    return round(at.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """The aware UTC instant of Unix milliseconds."""
    return datetime.fromtimestamp(ms / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Panel:
    """A stretch of the market at one resolution; all matrices are len(times) x len(coins), float32, NaN = unknown."""

    times: Instants
    coins: tuple[str, ...]
    step: timedelta
    matrices: Mapping[Metric, Matrix]
    legs: Mapping[Metric, Mapping[str, Matrix]] = field(default_factory=dict)
    others: "Mapping[timedelta, Panel]" = field(default_factory=dict)
    """The same market at other resolutions, by step."""
    kept: Kept | None = None
    """What was computed of these bars before, for whom they come one by one."""

    def __getitem__(self, metric: Metric) -> Matrix:
        """The matrix of a metric; all unknown where the panel does not hold it."""
        found = self.matrices.get(metric)
        return found if found is not None else np.full(self.shape, np.nan, dtype=np.float32)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and coins."""
        return len(self.times), len(self.coins)

    def leg(self, metric: Metric, venue: str) -> Matrix:
        """One venue's matrix of a metric; all unknown where the venue never offered it."""
        found = self.legs.get(metric, {}).get(venue)
        return found if found is not None else np.full(self.shape, np.nan, dtype=np.float32)

    def slots(self) -> Iterator[tuple[tuple[Metric, str | None], Matrix]]:
        """Each matrix: of a metric over all venues, and of each venue's leg of it."""
        yield from (((metric, None), matrix) for metric, matrix in self.matrices.items())
        yield from (((metric, venue), matrix) for metric, by in self.legs.items() for venue, matrix in by.items())

    def at(self, step: timedelta) -> "Panel":
        """The same market in bars of `step`, else in the next longer bars there are, else in the longest."""
        known: dict[timedelta, Panel] = {**self.others, self.step: self}
        return known[min((s for s in known if s >= step), default=max(known))]

    def without_finer(self, step: timedelta) -> "Panel":
        """The same market as if `at(step)` were its finest bars."""
        finest, known = self.at(step), {**self.others, self.step: self}
        return replace(finest, others={s: p for s, p in known.items() if s > finest.step})

    def keeping(self, kept: Kept) -> "Panel":
        """The same market whose signals share what they compute."""
        return replace(self, kept=kept, others={s: replace(p, kept=kept) for s, p in self.others.items()})

    def rows(self, start: int, stop: int) -> "Panel":
        """Rows start to stop (exclusive), and what the other resolutions knew by then; nothing is copied."""
        last = int(self.times[stop - 1]) if 0 < stop <= len(self.times) else None
        return Panel(
            self.times[start:stop],
            self.coins,
            self.step,
            {metric: matrix[start:stop] for metric, matrix in self.matrices.items()},
            {m: {v: x[start:stop] for v, x in by.items()} for m, by in self.legs.items()},
            {s: p if last is None else p.known_by(last) for s, p in self.others.items()},
        )

    def known_by(self, ms: int) -> "Panel":
        """The rows that were closed at that moment; nothing is copied."""
        return self.rows(0, int(np.searchsorted(self.times, ms, side="right")))

    def until(self, row: int) -> "Panel":
        """The panel as it was before that row; nothing is copied."""
        return self.rows(0, row)

    def tail(self, rows: int) -> "Panel":
        """The last rows; nothing is copied."""
        return self.rows(max(0, len(self.times) - rows), len(self.times))

    def column(self, coin: str) -> int | None:
        """Where a coin stands, or None if the panel has never seen it."""
        try:
            return self.coins.index(coin)
        except ValueError:
            return None

    def only(self, column: int) -> "Panel":
        """The one coin in that column, at this resolution; nothing is copied."""
        one = slice(column, column + 1)
        return Panel(
            self.times,
            self.coins[one],
            self.step,
            {metric: matrix[:, one] for metric, matrix in self.matrices.items()},
            {m: {v: x[:, one] for v, x in by.items()} for m, by in self.legs.items()},
        )

    def of(self, coins: tuple[str, ...]) -> "Panel":
        """The panel with just these coins in that order; those it has never seen are unknown."""
        if self.coins == coins:
            return self
        known = {coin: column for column, coin in enumerate(self.coins)}
        have = np.array([coin in known for coin in coins], np.bool_)
        columns = np.array([known[coin] for coin in coins if coin in known], np.int64)

        def chosen(matrix: Matrix) -> Matrix:
            wide = np.full((len(matrix), len(coins)), np.nan, np.float32)
            wide[:, have] = matrix[:, columns]
            return wide

        whole = {metric: chosen(matrix) for metric, matrix in self.matrices.items()}
        legs = {m: {v: chosen(x) for v, x in by.items()} for m, by in self.legs.items()}
        return Panel(self.times, coins, self.step, whole, legs, {s: p.of(coins) for s, p in self.others.items()})

    def bars(self, span: timedelta) -> int:
        """How many bars of this panel a span holds: at least one, partly covered bars rounded up."""
        return max(1, -(-span // self.step))


KEEP: Mapping[timedelta, timedelta] = {
    timedelta(minutes=1): timedelta(hours=25),
    timedelta(minutes=5): timedelta(days=8, hours=5),
    timedelta(hours=1): timedelta(days=98),
}
"""How far back each resolution reaches: its longest baseline and, before that, the longest window on it."""


def resolutions(step: timedelta) -> Mapping[timedelta, int]:
    """The steps of which bars are kept for a market whose shortest bar is `step`, each with its number of rows."""
    longest = max(KEEP)
    if step >= longest:
        return {step: -(-KEEP[longest] // step)}
    return {step: KEEP.get(step, KEEP[longest]) // step} | {s: reach // s for s, reach in KEEP.items() if s > step}


def blank(step: timedelta) -> Panel:
    """A panel without rows and coins."""
    return Panel(np.empty(0, np.int64), (), step, {}, {})


def blank_of(coins: tuple[str, ...]) -> Panel:
    """A panel of these coins without rows."""
    return replace(blank(min(KEEP)), coins=coins)


class Buffer:
    """The trailing rows of a market at one resolution, in memory; rows come in time order and the oldest fall out.

    What was never known of any coin takes no room.
    """

    def __init__(self, step: timedelta, rows: int) -> None:
        self.step = step
        self.rows = rows
        self._room = rows + rows // 8 + 1
        self._coins: dict[str, int] = {}
        self._times = np.empty(self._room, np.int64)
        self._matrices: dict[tuple[Metric, str | None], Matrix] = {}
        self._start = 0
        self._stop = 0
        self._panel: Panel | None = None

    def append(self, bars: Panel) -> None:
        """Take over the rows that are newer than the last one; older ones change nothing.

        Rows must lie on the grid of the buffer's step: a hole is filled with unknown rows.
        """
        if bars.step != self.step:
            raise ValueError(f"bars of {bars.step} do not fit a buffer of {self.step}")
        self.meet(bars.coins)
        columns = np.array([self._coins[coin] for coin in bars.coins], np.int64)
        sources = [(key, x) for key, x in bars.slots() if key in self._matrices or not np.isnan(x).all()]
        for key, _ in sources:
            if key not in self._matrices:
                self._matrices[key] = self._unknown(key[0])
        step = round(self.step.total_seconds() * 1000)
        for row, time in enumerate(bars.times.tolist()):
            last = int(self._times[self._stop - 1]) if self._stop > self._start else None
            if last is not None and time <= last:
                continue
            if last is not None and (time - last) // step > self.rows:
                self._start = self._stop
            elif last is not None:
                for missing in range(last + step, time, step):
                    self._new_row(missing)
            at = self._new_row(time)
            for key, matrix in sources:
                self._matrices[key][at, columns] = matrix[row]
        self._panel = None

    def panel(self) -> Panel:
        """What the buffer holds now: views that later appends may overwrite, so use them before the next append."""
        if self._panel is None:
            rows = slice(self._start, self._stop)
            legs: dict[Metric, dict[str, Matrix]] = {}
            for (metric, venue), matrix in self._matrices.items():
                if venue is not None:
                    legs.setdefault(metric, {})[venue] = matrix[rows]
            whole = {m: matrix[rows] for (m, venue), matrix in self._matrices.items() if venue is None}
            self._panel = Panel(self._times[rows], tuple(self._coins), self.step, whole, legs)
        return self._panel

    def _new_row(self, time: int) -> int:
        if self._stop == self._room:
            keep = min(self.rows - 1, self._stop - self._start)
            old = slice(self._stop - keep, self._stop)
            self._times[:keep] = self._times[old].copy()
            for matrix in self._matrices.values():
                matrix[:keep] = matrix[old].copy()
            self._start, self._stop = 0, keep
        at = self._stop
        self._times[at] = time
        for matrix in self._matrices.values():
            matrix[at] = np.nan
        self._stop += 1
        self._start = max(self._start, self._stop - self.rows)
        return at

    def meet(self, coins: Sequence[str]) -> None:
        """Give these coins their columns, in that order, where they have none yet."""
        fresh = [coin for coin in coins if coin not in self._coins]
        if not fresh:
            return
        for coin in fresh:
            self._coins[coin] = len(self._coins)
        rows = slice(self._start, self._stop)
        for key, matrix in self._matrices.items():
            wider = self._unknown(key[0])
            wider[rows, : matrix.shape[1]] = matrix[rows]
            self._matrices[key] = wider
        self._panel = None

    def _unknown(self, metric: Metric) -> Matrix:
        """Room for all rows, of which only those that are shown are written: the rest takes no memory until then."""
        matrix = np.empty((self._room, len(self._coins)), SMALL if metric.kind is Kind.SET else np.float32)
        matrix[self._start : self._stop] = np.nan
        return matrix


def decimal(matrix: Matrix) -> Series:
    """Stored numbers as the shortest decimals that they stand for: a stored -0.0001 is -0.0001 again."""
    exact: Series = matrix.astype(np.float64).ravel()
    left = np.flatnonzero(np.isfinite(exact) & (exact != 0))
    sizes = np.floor(np.log10(np.abs(exact[left]))).astype(np.int64)
    near = (sizes >= _DIGITS[-1] - 1 - _EXACT_POWER) & (sizes <= _DIGITS[0] - 1 + _EXACT_POWER)
    far, left, size = left[~near], left[near], sizes[near]
    stored, value = matrix.ravel()[left], exact[left]
    for digits in _DIGITS:
        behind = digits - 1 - size
        power = 10.0 ** np.abs(behind)
        whole = np.rint(np.where(behind >= 0, value * power, value / power))
        told = np.where(behind >= 0, whole / power, whole * power)  # both exact, so rounded once: as it would be read
        found = told.astype(np.float32) == stored
        exact[left[found]] = told[found]
        left, stored, value, size = left[~found], stored[~found], value[~found], size[~found]
    rest = np.concatenate([left, far])
    exact[rest] = matrix.ravel()[rest].astype("U32").astype(np.float64)
    return exact.reshape(matrix.shape)


_DIGITS = range(6, 10)
"""With so many digits decimals are further apart than what is stored, up to those that tell any stored number."""

_EXACT_POWER = 22
"""Powers of ten up to it are exact."""


def stack(panels: Iterable[Panel], step: timedelta, rows: int) -> Panel:
    """The panels joined in time on one grid, trimmed to the last rows. Of what was never known nothing is held."""
    parts = [panel for panel in panels if len(panel.times)]
    if not parts:
        return blank(step)
    apart = step // timedelta(milliseconds=1)
    last = max(int(panel.times[-1]) for panel in parts)
    first = max(min(int(panel.times[0]) for panel in parts), last - (rows - 1) * apart)
    times = np.arange(first, last + 1, apart, dtype=np.int64)
    coins = tuple(dict.fromkeys(coin for some in dict.fromkeys(panel.coins for panel in parts) for coin in some))
    column = {coin: number for number, coin in enumerate(coins)}
    joined: dict[tuple[Metric, str | None], Matrix] = {}
    columns: dict[tuple[str, ...], Instants] = {}
    for panel in parts:
        if panel.coins not in columns:
            columns[panel.coins] = np.array([column[coin] for coin in panel.coins], np.int64)
        kept = panel.times >= first
        place = np.ix_((panel.times[kept] - first) // apart, columns[panel.coins])
        for slot, matrix in panel.slots():
            if slot not in joined:
                if np.isnan(matrix).all():
                    continue
                joined[slot] = np.full((len(times), len(coins)), np.nan, np.float32)
            joined[slot][place] = matrix[kept]
    legs: dict[Metric, dict[str, Matrix]] = {}
    for (metric, venue), matrix in joined.items():
        if venue is not None:
            legs.setdefault(metric, {})[venue] = matrix
    whole = {metric: matrix for (metric, venue), matrix in joined.items() if venue is None}
    return Panel(times, coins, step, whole, legs)
