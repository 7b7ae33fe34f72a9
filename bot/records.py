"""Records in words and as facts: what followed a question before, how sure that is, and nothing more."""

from collections.abc import Sequence
from datetime import timedelta

from adapters.chat.base import Json, Line
from adapters.store.record_port import Made
from bot.phrases import bold, count, iso, italic, line, share, window
from signals.record import Record
from signals.study import FEW, Finding
from signals.units import DASH, percent

TOLD = timedelta(hours=24)
"""The horizon that an alert tells; a longer bar than that has none."""


def told_record(made: Made | None) -> Record | None:
    """The record that is told in a few lines; None where it is not known."""
    records = made.records if made is not None else ()
    return next((of for of in records if of.horizon == TOLD), records[-1] if records else None)


def lines(of: Record | None, coin: str) -> Sequence[Line]:
    """What followed on a coin, for an alert; nothing where it is not known."""
    if of is None:
        return []
    if of.finding == Finding.TOO_FEW:
        return [line(italic(f"{count(of.cases, 'past case')}: too few to say what follows."))]
    return [
        line(bold(f"What followed on {coin}, {count(of.cases, 'past case')}")),
        line(f"{after(of)} · any moment {share(of.base_rate)}"),
        line(f"middle {moved(of.median)}, worst {moved(of.worst)} → ", italic(verdict(of))),
    ]


def in_a_line(of: Record) -> Line:
    """The same for a dry run, over all that the bars tell."""
    span = f"{(of.last - of.first).days} days: " if of.first is not None and of.last is not None else ""
    if not of.cases:
        return line(bold(span), "what followed is not known, there is no past case.")
    said = f"{count(of.cases, 'case')}; {after(of)}, any moment {share(of.base_rate)}: "
    return line(bold(span), said, italic(verdict(of)))


def after(of: Record) -> str:
    """`24h later up 23 of 41 (56%, likely 41–70%)`; of several coins the interval is that of days."""
    interval = of.on_events if of.coins == 1 else of.on_days
    likely = f", likely {between(interval)}" if interval else ""
    return f"{window(of.horizon)} later {of.direction} {of.hits:,} of {of.cases:,} ({share(of.share)}{likely})"


def between(interval: tuple[float, float] | None) -> str:
    """`41–70%`."""
    return DASH if interval is None else f"{share(interval[0]).removesuffix('%')}–{share(interval[1])}"


def moved(of: float | None) -> str:
    """A move with its sign: `−8.9%`."""
    return DASH if of is None else percent(of, 1, signed=True)


def verdict(of: Record) -> str:
    """The verdict; of an effect that only the first bar has, that too."""
    return f"{of.finding}, only in the first bar" if of.first_bar_only and of.cases >= FEW else of.finding


def facts(of: Record | None) -> Json:
    """A record for machines: shares and moves are fractions."""
    if of is None:
        return None
    return {
        "horizon_h": of.horizon.total_seconds() / 3_600,
        "direction": str(of.direction),
        "bar_h": of.step.total_seconds() / 3_600,
        "coins": of.coins,
        "first": iso(of.first),
        "last": iso(of.last),
        "n_events": of.cases,
        "n_days": of.days,
        "hits": of.hits,
        "hit_rate": of.share,
        "interval_events": _ends(of.on_events),
        "interval_days": _ends(of.on_days),
        "base_rate": of.base_rate,
        "base_bars": of.bars,
        "median": of.median,
        "mean": of.mean,
        "worst": of.worst,
        "best": of.best,
        "p": of.p,
        "one_bar_later": {"hit_rate": of.later_share, "interval_days": _ends(of.later_on_days)},
        "first_bar_only": of.first_bar_only,
        "open_events": of.open,
        "no_data_share": of.no_data,
        "verdict": of.finding,
    }


def _ends(interval: tuple[float, float] | None) -> list[Json] | None:
    return None if interval is None else list(interval)
