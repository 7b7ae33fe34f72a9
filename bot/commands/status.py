"""`/status`: how fresh the market is, how safe the store keeps things, and what became of this place's alerts."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, tzinfo

from adapters.chat.base import CommandSpec, Invocation, Json, Line, Message, Tone, Who
from adapters.store.alert_port import Effort
from adapters.store.base import Final
from adapters.store.info import StoreInfo
from adapters.venues.base import Health, Label
from bot.commands.base import Command, Desk
from bot.commands.rules import muted
from bot.health import HELD_UP, SLOW
from bot.phrases import bold, clock, count, dated, iso, line, venue
from signals.aggregate import Cycle, is_fresh
from signals.model import Observation
from signals.part import WHOLE
from signals.units import age, duration

OUTCOMES = 100
"""Last deliveries that are counted."""

LATE_STREAM = timedelta(minutes=2)
"""How far a stream may be behind the present before that is said."""

BEHIND = 3
"""Closed moments that may wait to be judged before that is said."""

MEGABYTE = 1_000_000

REASONS = 4
"""Reasons for which something was not used that are named."""


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """The market, its venues, the store, this place, and this service."""
    cycle = await desk.store.latest()
    info = await desk.store.info()
    spoken, known = await _heard(cycle, desk) if cycle else ((), None)
    health = await desk.store.reported()
    own = await _own(invocation, desk)
    efforts = await desk.store.efforts()
    broken = sorted({name for effort in efforts for name in effort.broken})
    judging = efforts if invocation.operator else ()
    behind = _behind(cycle, await desk.store.judged(), desk) if cycle else ""
    return Message(
        Tone.ANSWER,
        "📊",
        line(bold("Status"), f" · {_market(cycle, desk)}"),
        lines=(
            *([line(" · ".join(_venue(v, desk) for v in spoken))] if spoken else []),
            *(line(_trouble(of, desk)) for of in health if of.down_since is not None),
            *(line(said) for said in _streams(health, desk)),
            *([known] if known else []),
            *([line(_calls(health))] if health else []),
            line(own.said),
            *([line(_broken(broken))] if broken else []),
            *(line(_missed(*of.missed, desk.zone)) for of in efforts if of.missed),
            *([line(behind)] if behind else []),
            *(line(_held_up(of)) for of in efforts if of.lag > SLOW and not (desk.health and desk.health.is_slow)),
            *(line(_judging(of, desk.zone)) for of in judging),
            line(_store(info)),
            *(line(said) for said in (desk.health.lines() if desk.health else ())),
            line(f"perpwatch {desk.version}{_up(desk)}"),
        ),
        simulated=cycle is not None and cycle.label == Label.SIMULATED,
        data=(
            ("version", desk.version),
            ("level", str(desk.health.level) if desk.health else None),
            ("lag_ms", round(1000 * desk.health.lag, 1) if desk.health else None),
            ("started", iso(desk.started)),
            ("label", cycle.label if cycle else None),
            ("at", iso(cycle.at) if cycle else None),
            ("venues", [_facts(v) for v in spoken]),
            ("health", [_facts_of_health(of) for of in health]),
            ("broken", [*broken]),
            ("judging", [_facts_of_effort(of) for of in judging]),
            ("store", {"product": info.product, "version": info.version, "durable": info.durable}),
            ("place", own.facts),
        ),
    )


def _market(cycle: Cycle | None, desk: Desk) -> str:
    if cycle is None:
        return "no market data yet"
    coins = count(len(cycle.readings), "coin")
    return f"{cycle.label} market, {coins}, last moment {dated(cycle.at, desk.zone)}, {age(desk.now - cycle.at)} ago"


@dataclass(frozen=True, slots=True)
class _Spoken:
    """When a venue last said anything, and how many of its values are still fresh; None where it never spoke."""

    venue: str
    at: datetime | None
    fresh: int
    known: int


async def _heard(cycle: Cycle, desk: Desk) -> tuple[Sequence[_Spoken], Line]:
    """What the moment's tens of thousands of values come to, counted once."""

    async def counted() -> tuple[Sequence[_Spoken], Line]:
        return await asyncio.to_thread(lambda: (_spoken(cycle), _known(cycle)))

    return await desk.recent.of(cycle, "heard", counted)


def _spoken(cycle: Cycle) -> Sequence[_Spoken]:
    seen = defaultdict[str, list[Observation]](list)
    for one in cycle.known:
        seen[one.venue].append(one)
    return [
        _Spoken(name, max((o.at for o in of), default=None), sum(is_fresh(o, cycle.at) for o in of), len(of))
        for name in cycle.venues
        for of in (seen[name],)
    ]


def _venue(spoken: _Spoken, desk: Desk) -> str:
    name = venue(spoken.venue)
    if spoken.at is None:
        return f"{name} silent, never spoke"
    if not spoken.fresh:
        return f"{name} silent since {clock(spoken.at, desk.zone)}"
    partly = "" if spoken.fresh == spoken.known else f" ({spoken.known - spoken.fresh} of {spoken.known} values stale)"
    return f"{name} {age(desk.now - spoken.at)}{partly}"


def _trouble(of: Health, desk: Desk) -> str:
    """Since when and why a venue does not answer, and until when it must not be asked."""
    since = f"since {clock(of.down_since, desk.zone)}" if of.down_since else ""
    ban = f" It is not asked before {dated(of.banned_until, desk.zone)}." if of.banned_until else ""
    return f"⚠ {venue(of.venue)} is in trouble {since}: {of.why}.{ban}"


def _streams(health: Sequence[Health], desk: Desk) -> Iterator[str]:
    """Whose liquidations are not counted at present."""
    late = [of for of in health if of.stream_at is not None and desk.now - of.stream_at > LATE_STREAM]
    if late:
        names = ", ".join(f"{venue(of.venue)} since {clock(of.stream_at or desk.now, desk.zone)}" for of in late)
        yield f"⚠ Liquidations are blind on {names}."


def _calls(health: Sequence[Health]) -> str:
    """How much was asked, and what was refused and why."""
    asked = sum(of.requests for of in health)
    refused = sum((Counter(of.refused) for of in health), Counter[str]())
    why = ", ".join(f"{number} {reason}" for reason, number in refused.most_common(REASONS))
    levels = ", ".join(f"{venue(of.venue)} {of.quality}" for of in health)
    return f"{count(asked, 'call')} today, not used since the start: {why or 'nothing'} · proven: {levels}"


def _facts_of_health(of: Health) -> Json:
    return {
        "venue": of.venue,
        "quality": str(of.quality),
        "answered": iso(of.answered),
        "down_since": iso(of.down_since),
        "why": of.why,
        "banned_until": iso(of.banned_until),
        "stream_at": iso(of.stream_at),
        "requests": of.requests,
        "refused": dict(of.refused),
    }


def _known(cycle: Cycle) -> Line:
    withheld = sum(reading.value is None for of in cycle.readings.values() for reading in of.values())
    total = sum(len(of) for of in cycle.readings.values())
    if not total:
        return line("No venue has answered yet.")
    if not withheld:
        return line(f"All {total} readings are known.")
    return line(f"{withheld} of {total} readings are unknown: too few venues answer. They fire and end nothing.")


@dataclass(frozen=True, slots=True)
class _Own:
    """The place in words and for machines."""

    said: str
    facts: Json


async def _own(invocation: Invocation, desk: Desk) -> _Own:
    store, place = desk.store, invocation.place
    rules, settings = await store.of(place), await store.settings(place)
    silent = [rule for rule in rules if muted(rule, settings.mutes, desk.now)]
    waiting = await store.waiting(place)
    ended = Counter(outcome for _, outcome, _ in await store.outcomes(place, OUTCOMES))
    told = ", ".join(f"{ended[outcome]} {outcome}" for outcome in Final if ended[outcome]) or "none yet"
    stopped = " (stopped, /start goes on)" if settings.stopped else ""
    said = (
        f"Here: {len(rules)} of {count(desk.quota.rules, 'rule')}{stopped}, {len(silent)} muted, {waiting} waiting · "
        f"last {count(OUTCOMES, 'alert')}: {told}"
    )
    facts: dict[str, Json] = {
        "rules": len(rules),
        "muted": len(silent),
        "stopped": settings.stopped,
        "waiting": waiting,
        "outcomes": {str(outcome): number for outcome, number in ended.items()},
    }
    return _Own(said, facts)


def _store(info: StoreInfo) -> str:
    kept = "rules and alerts outlive a crash" if info.durable else "NOT durable: rules are lost with the process"
    detail = f" ({info.detail})" if info.detail else ""
    return f"Store: {info.product} {info.version}".rstrip() + f", {kept}{detail}"


def _broken(names: Sequence[str]) -> str:
    """What cannot be judged, which is a fault of the service and none of the market."""
    return f"⚠ Cannot be computed: {', '.join(names)}. Rules on it wait; the log says why."


def _missed(since: datetime, until: datetime, zone: tzinfo) -> str:
    """That alerts were lost, and when: nobody else can know."""
    when = f"{dated(since, zone)} to {dated(until, zone)}"
    return f"⚠ Not judged: {when}, for the evaluator was away for too long. No alert tells of that time."


def _behind(cycle: Cycle, judged: datetime | None, desk: Desk) -> str:
    """That closed moments wait to be judged, where there are more than a few."""
    if judged is None or cycle.at - judged <= BEHIND * desk.step:
        return ""
    return f"⚠ Judged only up to {dated(judged, desk.zone)}: later moments wait for an evaluator, and are told late."


def _held_up(of: Effort) -> str:
    """That another process, which judges, is slower than it should be."""
    whose = "" if of.part == WHOLE else f" of part {of.part}"
    return f"⚠ The evaluator{whose} was held up for as long as {1000 * of.lag:.0f} ms within a minute: {HELD_UP}."


def _judging(of: Effort, zone: tzinfo) -> str:
    """How much is judged, and what the last moment cost: for operators, since it is about all places."""
    counts, took = of.counts, of.took / timedelta(milliseconds=1)
    rules, cells, states = count(counts.rules, "rule"), count(counts.cells, "cell"), count(counts.kept, "state")
    return (
        f"Judging{'' if of.part == WHOLE else f' {of.part}'}: {rules} on {cells}, {states} kept · "
        f"{clock(of.at, zone)}: {counts.touched} looked at, {of.committed} written, {took:.1f} ms · "
        f"index {counts.bytes / MEGABYTE:.1f} MB"
    )


def _facts_of_effort(of: Effort) -> Json:
    took, lag = round(of.took / timedelta(milliseconds=1), 1), round(1000 * of.lag, 1)
    return {
        "part": str(of.part),
        "at": iso(of.at),
        "took_ms": took,
        "lag_ms": lag,
        "committed": of.committed,
        **asdict(of.counts),
    }


def _up(desk: Desk) -> str:
    """How long it runs, where that is known; a question from outside the service does not know."""
    return f" · up {duration(desk.now - desk.started)} of market time" if desk.now > desk.started else ""


def _facts(spoken: _Spoken) -> Json:
    return {"venue": spoken.venue, "at": iso(spoken.at), "fresh": spoken.fresh, "known": spoken.known}


STATUS = Command(CommandSpec("status", "How fresh and how sound everything is", (), "/status"), Who.ANY, answer)
