"""Studies in words and as facts for machines."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from adapters.chat.base import Json
from adapters.venues.base import Label
from bot.phrases import count, iso, source, window
from bot.study import Answer, Kept
from signals.chance import DRAWS, Interval
from signals.rules.canonical import canonical
from signals.study import FEW, SEED, Finding, Followed, Study
from signals.units import UNKNOWN, number, percent

MOST_COINS = 12
"""Coins that are told one by one."""

_WIDTH = 26


def words(said: Answer, of: Kept) -> Iterator[str]:
    """The study for people, line by line."""
    study, way = said.whole, said.whole.direction
    yield canonical(said.draft)
    yield f"Asked: was the price {way} {window(study.horizon)} later?{_asked(said)}"
    yield f"On: {of.name}, {_span(study)}, bars of {window(study.step)}, {count(len(study.coins), 'coin')}."
    yield f"{source(of.label) or 'LIVE market'} from {of.source}."
    if of.label is Label.SIMULATED:
        yield "The market is invented: these numbers say nothing about a real one and enter no record."
    yield ""
    yield f"Verdict: {study.finding}.{_why(study)}"
    yield ""
    yield from _table(study)
    yield ""
    yield from _remarks(study)
    by_coin = said.by_coin()
    if len(by_coin) > 1:
        yield ""
        yield from _coins(by_coin)


def facts(said: Answer, of: Kept) -> Mapping[str, Json]:
    """The study for machines: shares, moves and rates are fractions, times are UTC."""
    return {
        "rule": canonical(said.draft),
        "data": of.name,
        "label": of.label.value,
        "source": of.source,
        **numbers(said.whole),
        "by_coin": {coin: numbers(own) for coin, own in said.by_coin().items()},
    }


def numbers(of: Study) -> dict[str, Json]:
    """One study as facts."""
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


def _asked(said: Answer) -> str:
    """Who named the direction, where it was not the one who asked."""
    if said.claimed:
        return f" That is the signal's claim. --direction {_other(said)} asks the other way."
    return ""


def _other(said: Answer) -> str:
    return "down" if said.whole.direction == "up" else "up"


def _span(of: Study) -> str:
    return f"{_day(of.first)} to {_day(of.last)}"


def _day(at: datetime | None) -> str:
    return f"{at.day} {at:%b %Y}" if at is not None else UNKNOWN


def _why(of: Study) -> str:
    """What the verdict rests on."""
    match of.finding:
        case Finding.TOO_FEW:
            return f" {count(of.entry.events, 'event')}; below {FEW} nothing is concluded."
        case Finding.EDGE:
            return " The interval on days lies above the base rate, also for an entry one bar later."
        case Finding.NO_EDGE if of.is_first_bar_only:
            return " What there is lives in the first bar: for an entry one bar later it is gone."
        case Finding.NO_EDGE:
            return ""


def _table(of: Study) -> Iterator[str]:
    entry, later, way = of.entry, of.later, of.direction
    yield _row("", "at the close", "one bar later")
    yield _row("events, on days", *(f"{one.events:,}, {one.days:,}" for one in (entry, later)))
    yield _row(f"{way} after {window(of.horizon)}", *(f"{_share(one.share)} ({one.hits:,})" for one in (entry, later)))
    yield _row("  95% on events", *(_interval(one.on_events) for one in (entry, later)))
    yield _row("  95% on days", *(_interval(one.on_days) for one in (entry, later)))
    yield _row(f"{way} after any bar", _share(of.base_rate))
    yield _row("as good by chance", UNKNOWN if of.p is None else f"p {number(of.p, 3)}")
    yield _row("middle, mean move", *(f"{_move(one.median)}, {_move(one.mean)}" for one in (entry, later)))
    yield _row("worst, best move", *(f"{_move(one.worst)}, {_move(one.best)}" for one in (entry, later)))


def _row(name: str, *cells: str) -> str:
    return (f"{name:<{_WIDTH}}" + "".join(f"{cell:<{_WIDTH}}" for cell in cells)).rstrip()


def _share(of: float | None) -> str:
    return UNKNOWN if of is None else percent(of, 1)


def _interval(of: Interval | None) -> str:
    return UNKNOWN if of is None else f"{_share(of.low)} to {_share(of.high)}"


def _move(of: float | None) -> str:
    return UNKNOWN if of is None else percent(of, 2, signed=True)


def _remarks(of: Study) -> Iterator[str]:
    """What the numbers leave out."""
    unjudged = f"{_share(of.no_data)} of the bars could not be judged and count nowhere"
    yield f"{unjudged}; “any bar” is any of {of.bars:,} others."
    if of.open:
        yield f"Of {count(of.open, 'event')} the outcome is not known: no price {window(of.horizon)} later."
    apart = f"the next one of its coin counts {window(of.horizon)} later"
    yield f"An event is a bar at whose close the rule holds; {apart}."
    yield f"p: the events were moved in time {DRAWS:,} times; so many of those did as well."
    yield "What followed before is not what will follow."


def _coins(by_coin: Mapping[str, Study]) -> Iterator[str]:
    """Each coin in a line, those with most events first."""
    order = sorted(by_coin, key=lambda coin: (-by_coin[coin].entry.events, coin))
    way = by_coin[order[0]].direction
    yield "".join(f"{title:<14}" for title in ("coin", "events", way, "any bar", "verdict")).rstrip()
    for coin in order[:MOST_COINS]:
        own = by_coin[coin]
        cells: Sequence[str] = (coin, f"{own.entry.events:,}", _share(own.entry.share), _share(own.base_rate))
        yield "".join(f"{cell:<14}" for cell in (*cells, own.finding)).rstrip()
    if len(order) > MOST_COINS:
        yield f"and {count(len(order) - MOST_COINS, 'coin')} more; --coin shows one of them, --json all."
