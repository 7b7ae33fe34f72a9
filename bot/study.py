"""Studies from the command line: a market that is kept in files, a rule on it, and what followed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from adapters.venues.base import Label
from adapters.venues.recording import Recording, open_recording
from bot.market import play, whole
from bot.past import BadRequest, chosen
from bot.phrases import METRICS, window
from bot.sentences import read
from signals.backfill import beside
from signals.base import Signal
from signals.lone import are_plain, bars_of
from signals.model import Direction, Metric
from signals.numbers import MOVES, Number, needs
from signals.occurrences import occurrences, within
from signals.panel import STORED, Panel, to_ms
from signals.rules.language import Vocabulary
from signals.rules.model import EVERY_COIN, WATCHLIST, Draft
from signals.study import Observed, Study, study, whole_horizons

USUAL_HORIZON = timedelta(hours=24)

MOST_CELLS = 12_000_000
"""Bars times coins that one study of an archive reads: of more, it reads longer bars."""

_OPEN = frozenset({Metric.PRICE, Metric.OI_LEVEL, Metric.OI_EXPECTED})


@dataclass(frozen=True, slots=True)
class Kept:
    """A market that is kept in files, as far as it is studied."""

    name: str
    label: Label
    source: str
    venues: Sequence[str]
    coins: Sequence[str]
    bars: Callable[[Collection[Metric], tuple[str, ...]], Panel]
    """Its bars, with those metrics and coins at least."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of it; None is the usual. Bars before `start` only warm up, those after `end` are not there."""

    rule: str
    direction: Direction | None = None
    horizon: timedelta = USUAL_HORIZON
    coin: str | None = None
    start: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The study of a rule on all its coins together, and what it rests on. `claimed` says who named the direction."""

    draft: Draft
    claimed: bool
    seen: Observed
    whole: Study

    def by_coin(self) -> Mapping[str, Study]:
        """The study of each coin that has events alone."""
        each = {coin: study(self.seen.of(coin), self.whole.direction, self.whole.horizon) for coin in self.seen.coins}
        return {coin: own for coin, own in each.items() if own.entry.events or own.open}


def kept(path: Path, end: datetime | None = None) -> Kept:
    """The market of a recording, or of the archive in a folder, up to `end`. Raises BadRecording."""
    return of_archive(path, end) if path.is_dir() else of_recording(open_recording(path), end)


def of_archive(folder: Path, end: datetime | None = None) -> Kept:
    """The bars of an archive, as they were judged."""
    from adapters.archive import DAY, look  # noqa: PLC0415 - it loads pyarrow, which only files need

    shelf = look(folder)

    def bars(metrics: Collection[Metric], coins: tuple[str, ...]) -> Panel:
        rows = {step: len(files) * (DAY // step) for step, files in shelf.files.items()}
        finest = next((step for step in rows if rows[step] * len(coins) <= MOST_CELLS), max(rows))
        others = {step: shelf.bars(step, metrics, coins) for step in rows if step > finest}
        return _until(replace(shelf.bars(finest, metrics, coins), others=others), end)

    return Kept(folder.name, Label(shelf.label), "an archive", shelf.venues, shelf.coins, bars)


def of_recording(recording: Recording, end: datetime | None = None) -> Kept:
    """The bars of a recording, just as they are made live: of coins that one contract tells of all at once."""
    venues = sorted(venue.name for venue in recording.venues(lambda: recording.start))
    sheets = recording.sheets()
    plain = sheets.of(are_plain(sheets))
    rest = [coin for coin in recording.coins if coin not in set(plain.coins)]
    at_once = bars_of(plain)
    panel = joined(at_once, _played(recording.of(rest))) if rest else at_once
    known = _until(panel, end)
    return Kept(recording.name, recording.label, recording.source, venues, recording.coins, lambda *_: known)


def _until(panel: Panel, end: datetime | None) -> Panel:
    return panel if end is None else panel.known_by(to_ms(end))


def _played(recording: Recording) -> Panel:
    bars = whole(recording)
    for _ in play(recording, bars):
        pass
    return bars.panel()


def joined(one: Panel, other: Panel) -> Panel:
    """Two panels of the same bars and different coins, at all resolutions, as one."""
    both = {step: beside([one.at(step), other.at(step)]) for step in other.others}
    return replace(beside([one, other]), others=both)


def answer(of: Kept, asked: Question, signals: Sequence[Signal]) -> Answer:
    """The study that is asked for. Raises BadRequest or BadSentence where there is none, with the cure."""
    by_name = {signal.name: signal for signal in signals}
    draft = read(asked.rule, Vocabulary(of.coins, of.venues, signals, datetime(1970, 1, 1, tzinfo=UTC), UTC))
    claim = next((by_name[each.name].claim for each in draft.conditions if each.name in by_name), None)
    direction = asked.direction or claim or Direction.UP
    coins, numbers = _coins(draft, asked.coin, of), [Number(each.name, each.window) for each in draft.conditions]
    panel = of.bars(_OPEN.union(*(needs(number, by_name) for number in numbers)), coins)
    seen = within(occurrences(draft, coins, panel, by_name), asked.start)
    _check(seen, asked, of)
    if not seen.known.any():
        raise BadRequest(f"{asked.rule!r} could never be judged there: {_lacking(draft, panel, of.name, by_name)}")
    return Answer(
        draft=replace(draft, coins=seen.coins) if asked.coin else draft,
        claimed=asked.direction is None and claim is not None,
        seen=seen,
        whole=study(seen, direction, asked.horizon),
    )


def _coins(draft: Draft, wanted: str | None, of: Kept) -> tuple[str, ...]:
    if draft.coins == (WATCHLIST,):
        raise BadRequest("A study has no watchlist. Name coins in the rule, or leave them out for all of them.")
    own = tuple(of.coins) if draft.coins == (EVERY_COIN,) else draft.coins
    return chosen("--coin", wanted, own)[:1] if wanted is not None else own


def _check(seen: Observed, asked: Question, of: Kept) -> None:
    """Raises BadRequest where the horizon does not fit, the time is empty, or nothing can have followed."""
    fit = whole_horizons(seen.step)
    if asked.horizon not in fit:
        raise BadRequest(
            f"--horizon {window(asked.horizon)} is no whole number of bars: those of {of.name} are {window(seen.step)} "
            f"long. Use {' or '.join(map(window, fit))}."
        )
    if not len(seen.ends):
        raise BadRequest(f"Nothing of {of.name} lies in that time. Choose other times for --from and --to.")
    if not np.isfinite(seen.closes).any():
        raise BadRequest(f"{of.name} has no prices of these coins then, so what followed cannot be told.")


def _lacking(draft: Draft, panel: Panel, name: str, signals: Mapping[str, Signal]) -> str:
    """Why none of the bars could be judged."""
    step = panel.step
    misfit = next((each.window for each in draft.conditions if each.name in MOVES and each.window % step), None)
    if misfit is not None:
        return f"a change in {window(misfit)} needs shorter bars than {window(step)}."
    there = {metric for metric, matrix in panel.matrices.items() if np.isfinite(matrix).any()}
    wanted = {
        metric
        for each in draft.conditions
        if each.name != Metric.PRICE  # its moves are weighed by open interest only where there is any
        for metric in needs(Number(each.name, each.window), signals)
    }
    missing = [METRICS[metric] for metric in STORED if metric in wanted - there and metric in METRICS]
    if missing:
        known = [METRICS[metric] for metric in STORED if metric in there and metric in METRICS]
        return f"{name} has no {' and no '.join(missing)}. It has {', '.join(known)}."
    return f"{name} is shorter than the past that it is held against. Choose a longer one, or an earlier --from."
