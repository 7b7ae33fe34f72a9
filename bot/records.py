"""Records in words and as facts: what followed a question before, how sure that is, and nothing more."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from adapters.chat.base import Json, Line
from bot.phrases import bold, count, iso, italic, line, share, window
from signals.chance import DRAWS, Interval
from signals.record import FEW, Finding, Followed, Study
from signals.recorded import Lived
from signals.study import SEED
from signals.units import UNKNOWN, duration, percent

UNMADE = "what followed before is not known yet."
"""Of a question that nobody has looked into, or of which there are no bars."""


def lines(of: Study | None, coin: str) -> Sequence[Line]:
    """What followed on a coin before, for an alert."""
    if of is None:
        return [line(italic(f"{coin}: {UNMADE}"))]
    if of.finding is Finding.TOO_FEW:
        return [line(italic(f"{cases(of.entry.events)} on {coin}: {Finding.TOO_FEW} to say what follows."))]
    return [
        line(bold(f"What followed on {coin}, {cases(of.entry.events)}")),
        line(f"{after(of)} · {at_any_moment(of)}"),
        line(f"{moves(of.entry)} → ", italic(verdict(of))),
    ]


def in_a_line(of: Study | None) -> Line:
    """The same for a dry run, of all its coins."""
    if of is None:
        return line(UNMADE.capitalize())
    span = bold(f"{reach(of)}: ")
    if not of.entry.events:
        return line(span, f"{cases(0)}{_more(of)}: ", italic(verdict(of)), " to say what follows.")
    return line(span, f"{cases(of.entry.events)}{_more(of)}; {after(of)}, {at_any_moment(of)}: ", italic(verdict(of)))


def by_horizon(studies: Sequence[Study]) -> Iterator[Line]:
    """Each horizon in a line or two."""
    for of in studies:
        if not of.entry.events:
            yield line(bold(f"{window(of.horizon)} later: "), f"{cases(0)}{_more(of)} · {at_any_moment(of)}")
            continue
        yield line(bold(f"{cases(of.entry.events)}{_more(of)}: "), f"{after(of)} · {at_any_moment(of)}")
        later = f"entered a bar later {share(of.later.share)}"
        yield line(f"   {moves(of.entry)}, {later} → ", italic(verdict(of)))


def of_live(each: Sequence[Lived], base_rates: Mapping[timedelta, float | None]) -> Iterator[Line]:
    """What followed alerts that were told, each horizon in a line; nothing of one that has no case."""
    for of in each:
        if of.cases:
            counted = (
                _hits(of.entry, of.direction, window(of.horizon)) if of.entry.events else f"{window(of.horizon)} later"
            )
            unknown = [f"{of.unknown:,} of unknown outcome"] if of.unknown else []
            said = ", ".join([counted, *unknown, *([f"{of.open:,} of no outcome yet"] if of.open else [])])
            yield line(
                f"   live, {count(of.cases, 'alert')}: {said} → ", italic(of.finding(base_rates.get(of.horizon)))
            )


def after(of: Study) -> str:
    """`24h later up 23 of 41 (56%, likely 41–70%)`; of several cases on a day the interval is that of days."""
    return _hits(of.entry, of.direction, window(of.horizon))


def at_any_moment(of: Study) -> str:
    """`any moment 52%`."""
    return f"any moment {share(of.base_rate)}"


def moves(of: Followed) -> str:
    """`middle +0.4%, worst −8.9%`; the worst is furthest from what is claimed."""
    return f"middle {_moved(of.median)}, worst {_moved(of.worst)}"


def reach(of: Study) -> str:
    """How far back the bars were judged: `90 days`."""
    if of.first is None or of.last is None:
        return UNKNOWN
    span = of.last - of.first + of.step
    return count(span.days, "day") if span.days else duration(span)


def cases(number: int) -> str:
    """`41 past cases`."""
    return count(number, "past case") if number else "No past case"


def _more(of: Study) -> str:
    return f" and {of.open:,} of unknown outcome" if of.open else ""


def verdict(of: Study) -> str:
    """The verdict; of an effect that only the first bar has, that too."""
    is_first = of.is_first_bar_only and of.entry.events >= FEW
    return f"{of.finding}, only in the first bar" if is_first else str(of.finding)


def numbers(of: Study) -> dict[str, Json]:
    """A study for machines: shares and moves are fractions."""
    hour = 3_600
    return {
        "direction": of.direction.value,
        "horizon_h": of.horizon.total_seconds() / hour,
        "bar_h": of.step.total_seconds() / hour,
        "coins": list(of.coins),
        "first": iso(of.first),
        "last": iso(of.last),
        "verdict": of.finding.value,
        **_followed(of.entry),
        "base_rate": of.base_rate,
        "base_bars": of.bars,
        "p": of.p,
        "draws": DRAWS,
        "seed": SEED,
        "one_bar_later": _followed(of.later),
        "first_bar_only": of.is_first_bar_only,
        "open_events": of.open,
        "no_data_share": of.no_data,
    }


def live_numbers(of: Lived, base_rate: float | None) -> dict[str, Json]:
    """What followed alerts that were told, for machines."""
    return {
        "direction": of.direction.value,
        "horizon_h": of.horizon.total_seconds() / 3_600,
        "first": iso(of.first),
        "verdict": of.finding(base_rate).value,
        **_followed(of.entry),
        "one_bar_later": _followed(of.later),
        "open_events": of.open,
        "unknown_events": of.unknown,
    }


def _followed(of: Followed) -> dict[str, Json]:
    return {
        "n_events": of.events,
        "n_days": of.days,
        "hits": of.hits,
        "hit_rate": of.share,
        "interval_events": _ends(of.on_events),
        "interval_days": _ends(of.on_days),
        "median": of.median,
        "mean": of.mean,
        "worst": of.worst,
        "best": of.best,
    }


def _ends(of: Interval | None) -> list[Json] | None:
    return None if of is None else [of.low, of.high]


def _hits(of: Followed, direction: str, horizon: str) -> str:
    on = f"; of {count(of.days, 'day')} " if of.days < of.events else ", "
    sure = f"{share(of.share)}{on}likely {_between(of.on_days)}"
    return f"{horizon} later {direction} {of.hits:,} of {of.events:,} ({sure})"


def _between(of: Interval | None) -> str:
    return UNKNOWN if of is None else f"{share(of.low).removesuffix('%')}–{share(of.high)}"


def _moved(of: float | None) -> str:
    return UNKNOWN if of is None else percent(of, 1, signed=True)
