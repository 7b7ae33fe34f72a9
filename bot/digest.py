"""What a span brought to a place, in lines: what fired and ended, what was held back and why, drift, blind spells."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import groupby

from adapters.store.base import Final
from adapters.venues.base import Health
from bot.budget import score
from bot.gates import ACKED, IN_CASCADE, IN_WAVE, NOT_LOUD, OVER_BUDGET, QUIET, RESOLVED_OFF, STOPPED
from bot.notices import COINS_NAMED, Told
from bot.phrases import clock, count, moment, venue
from bot.swallowed import LISTED, Ends
from bot.wording import headline
from signals.drift import Drift
from signals.event import Event
from signals.notice import About, Notice, notice_id
from signals.rules.lifecycle import Change
from signals.units import duration

_HELD: Mapping[str, str] = {
    QUIET: "held by quiet hours",
    "muted": "muted",
    OVER_BUDGET: "over budget",
    IN_CASCADE: "said by a cascade of the same coin",
    IN_WAVE: "part of a market-wide cascade",
    ACKED: "acked",
    NOT_LOUD: "left out by noise loud",
    RESOLVED_OFF: "left out by resolved off",
    STOPPED: "while stopped",
    "gone": "while nothing could be sent here",
    Final.EXPIRED: "too late to be sent",
    Final.DEAD: "refused by the chat",
    Final.UNKNOWN: "of unknown outcome",
}
"""What kept alerts from being heard, in the order in which it is told."""


@dataclass(frozen=True, slots=True)
class Account:
    """What a span brought: its alerts, oldest first, and how each ended; the rules that drift; the venues in trouble.

    `dark` names what has no data now.
    """

    since: datetime
    until: datetime
    events: Sequence[Event]
    ends: Ends
    drifts: Sequence[tuple[int, Drift]] = ()
    silent: Sequence[Health] = ()
    dark: Sequence[str] = ()


def digest(of: Told, past: Account, day: date, now: datetime) -> Notice:
    """The digest of a local date: its id is of the place and the date, so a date has one."""
    return Notice(
        id=notice_id(About.DIGEST, of.name, day.isoformat()),
        about=About.DIGEST,
        at=past.until,
        label=of.label,
        headline=f"Digest of {day.day} {day:%b %Y}: {total(past)}",
        lines=tuple(lines(past, of.zone, now)),
        buttons=(("Rules", "/alerts"),),
    )


def after_quiet(of: Told, past: Account, now: datetime) -> Notice | None:
    """What quiet hours held back, each episode in one line with its own time; None where that is nothing."""
    held = _ended_by(past, Final.SKIPPED, QUIET)
    if not held:
        return None
    told = [_episode(list(events), of.zone, now) for _, events in groupby(sorted(held, key=_by_episode), _key)]
    said = [text for _, text in sorted(told)]
    more = len(said) - MOST_HELD
    return Notice(
        id=notice_id(About.QUIET, of.name, past.until.isoformat()),
        about=About.QUIET,
        at=past.until,
        label=of.label,
        headline=f"Quiet hours are over: {count(len(held), 'alert')} held",
        lines=(*([f"{more} before these:"] if more > 0 else []), *said[-MOST_HELD:]),
        buttons=(("Rules", "/alerts"),),
    )


MOST_HELD = 20
"""Episodes that a summary lists."""


def total(past: Account) -> str:
    """How many alerts there were, and how many were sent."""
    if not past.events:
        return "no alerts"
    sent = sum(past.ends.get(event.id, (None, ""))[0] is Final.SENT for event in past.events)
    return f"{count(len(past.events), 'alert')}, {sent} sent"


def lines(past: Account, zone: tzinfo, now: datetime) -> Iterator[str]:
    """All that is known of the span."""
    yield from _changes(past)
    for gate, called in _HELD.items():
        held = _held_by(past, gate)
        if held:
            yield f"{count(len(held), 'alert')} {called}{_listed(gate)}"
            yield from _named(gate, held, zone, now)
    waiting = sum(event.id not in past.ends for event in past.events)
    if waiting:
        yield f"{count(waiting, 'alert')} not sent yet."
    for number, drift in past.drifts:
        yield f"Rule #{number} fired {drift.fired} times in 7 days; {drift.usual:g} are usual."
    for of in past.silent:
        since = f" since {moment(of.down_since, now, zone)}" if of.down_since else ""
        yield f"{venue(of.venue)} does not answer{since}: {of.why}."
    if past.dark:
        yield f"No data now: {', '.join(past.dark)}."


def _changes(past: Account) -> Iterator[str]:
    changes = Counter(event.change for event in past.events)
    if not past.events:
        yield "Nothing fired and nothing ended."
        return
    coins = Counter(event.coin for event in past.events if event.change is Change.FIRED).most_common(COINS_NAMED)
    by_coin = f": {', '.join(f'{coin} {times}' for coin, times in coins)}" if coins else ""
    ended = f"{count(changes[Change.REMINDED], 'reminder')}, {count(changes[Change.RESOLVED], 'end')}."
    yield f"Fired {count(changes[Change.FIRED], 'time')}{by_coin}; {ended}"


def _held_by(past: Account, gate: str) -> Sequence[Event]:
    """The alerts that a gate or an outcome of that name kept from being heard."""
    if gate in set(Final):
        return [event for event in past.events if past.ends.get(event.id, ("", ""))[0] == gate]
    return _ended_by(past, Final.SKIPPED, gate)


def _ended_by(past: Account, outcome: Final, gate: str) -> Sequence[Event]:
    def by_it(how: Final | None, why: str) -> bool:
        return how is outcome and (why == gate or why.startswith((f"{gate} ", f"{gate}:")))

    return [event for event in past.events if by_it(*past.ends.get(event.id, (None, "")))]


def _listed(gate: str) -> str:
    """What follows where the alerts are named."""
    return {OVER_BUDGET: ", the best of them first:", Final.EXPIRED: ":"}.get(gate, ".")


def _named(gate: str, held: Sequence[Event], zone: tzinfo, now: datetime) -> Iterator[str]:
    """Those that nobody heard of elsewhere, by name."""
    if gate == OVER_BUDGET:
        best = sorted(held, key=score, reverse=True)[:LISTED]
        yield from (f"{moment(event.at, now, zone)} · {headline(event)}" for event in best)
    if gate == Final.EXPIRED:
        yield from (f"{duration(now - event.at)} old · {headline(event)}" for event in held[:LISTED])


def _key(event: Event) -> str:
    return event.episode


def _by_episode(event: Event) -> tuple[str, datetime]:
    return event.episode, event.at


def _episode(events: Sequence[Event], zone: tzinfo, now: datetime) -> tuple[datetime, str]:
    """One episode of which alerts were held, with its own times: that it fired, went on, and is over by now."""
    first, last = events[0], events[-1]
    over = last.change is Change.RESOLVED
    if over and len(events) == 1:
        return first.at, f"{moment(first.at, now, zone)} · {headline(first)}"
    again = sum(event.change is Change.REMINDED for event in events[1:])
    reminded = f", {count(again, 'reminder')}" if again else ""
    ended = f", over at {clock(last.at, zone)} after {duration(last.at - last.fired_at)}" if over else ""
    return first.at, f"{moment(first.at, now, zone)} · {headline(first)}{reminded}{ended}"
