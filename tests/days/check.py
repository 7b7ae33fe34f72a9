"""What must be true of the days: alerts are true, those of a judge to whom nothing happens, and come once."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.store.batch import Final
from signals.event import Event
from signals.part import WHOLE
from signals.rules.lifecycle import Change
from tests.crash.history import Model, Outcome, judge
from tests.crash.market import Told
from tests.days.market import STEP
from tests.days.schedule import COINS, START, Kind
from tests.days.service import CHANGING, NEVER, TRUE, Service
from tests.platforms import is_poison

EASIER, HARDER = 0.8, 1.2
"""A line counts so many times where a hair would decide: for what fired, and for what has ended or had to fire."""

SEEN_WITHIN = timedelta(minutes=15)
"""The age of what is judged, at most."""

LASTS = timedelta(minutes=30)
"""What is true for so long should be told of, unless it falls into the dark."""

LEAST_TOLD = 0.6
"""The share that is told of with all that goes wrong: a service that is mute tells no lies either."""

HINDER = (
    Kind.CLOCK,
    Kind.STORE,
    Kind.REPLIES,
    Kind.LIMITED,
    Kind.FLOOD,
    Kind.TROUBLE,
    Kind.SILENT,
    Kind.RESTART,
)
"""What may make an alert too old to be sent."""


@dataclass(frozen=True)
class Found:
    """What is wrong, by kind, and what was counted."""

    wrong: Mapping[str, Sequence[str]]
    counts: Mapping[str, object]


def checked(of: Service) -> Found:
    """Everything, once the days are over."""
    wrong = defaultdict[str, list[str]](list)
    wrong["command"] = of.wrong
    wrong["not what was judged"] = [*_unlike_the_judge(of)]
    wrong["not true"] = [*_untrue(of)]
    wrong["not at rest"] = [*_waiting(of)]
    wrong["expired for nothing"] = [*_expired(of)]
    happened, told = _episodes(of)
    if told < LEAST_TOLD / max(1.0, of.schedule.often) * happened:
        wrong["mute"] = [f"{told} of {happened} true episodes were told"]
    counts: dict[str, object] = {"true episodes": happened, "told": told, "alerts": len(of.store.written)}
    for platform, wire in of.wires.items():
        verdict = judge(platform, _model(of, platform), wire.log, _outcomes(of, platform), {})
        for kind, said in verdict.wrong.items():
            wrong[f"{platform}: {kind}"] = said
        wrong[f"{platform}: before the rest was over"] = wire.early
        counts[platform] = dict(verdict.counts)
    return Found({kind: said for kind, said in wrong.items() if said}, counts)


def _unlike_the_judge(of: Service) -> Iterator[str]:
    """Alerts that only one of the two told, or told otherwise."""
    told, wanted = of.store.written, of.store.judge.told
    for id_ in sorted({*told, *wanted}, key=lambda id_: (told.get(id_) or wanted[id_]).at):
        if told.get(id_) != wanted.get(id_):
            event = told.get(id_) or wanted[id_]
            how = "missing" if id_ not in told else "invented" if id_ not in wanted else "other"
            yield f"{how}: {_named(event)}"


def _untrue(of: Service) -> Iterator[str]:
    """Alerts of what never happened, and ends of what goes on."""
    for event in of.store.written.values():
        _, sentence = of.rules.get(event.rule_id, (None, ""))
        claim = TRUE.get(sentence)
        if sentence in NEVER:
            yield _named(event)
        if claim is None or event.change is Change.REMINDED:
            continue
        fired = event.change is Change.FIRED
        times = EASIER if fired else HARDER
        seen = [event.at - age for age in (timedelta(0), STEP, 2 * STEP, SEEN_WITHIN)]
        if not any(claim(of.truth, event.coin, at, times) is fired for at in seen):
            yield _named(event)


def _named(event: Event) -> str:
    return f"{event.at:%m-%d %H:%M} {event.coin} {event.change} {event.value} by {event.rule_id}: {event.sentence}"


def _waiting(of: Service) -> Iterator[str]:
    store, latest = of.store, of.store._cycles[-1].at
    if (judged := store._left[WHOLE][0]) != latest:
        yield f"judged up to {judged} of {latest}"
    if store._waiting:
        yield f"{len(store._waiting)} events are not fanned out"
    for platform, outbox in store._platforms.items():
        for place, lane in outbox.lanes.items():
            if lane:
                yield f"{len(lane)} entries wait at {platform}:{place}"


def _expired(of: Service) -> Iterator[str]:
    """Those that became too old though nothing hindered them."""
    for platform, outbox in of.store._platforms.items():
        for place, entries in outbox.log.items():
            for entry, outcome, _ in entries:
                event = of.store.written.get(entry.rpartition(":")[2])
                if outcome is not Final.EXPIRED or event is None:
                    continue
                ended = of.ended.get(f"{platform}:{entry}", of.schedule.end)
                if not of.schedule.touched(event.at - timedelta(hours=1), ended, HINDER):
                    yield f"{_named(event)} at {place}"


def _episodes(of: Service) -> tuple[int, int]:
    """How often something was true for long, and how often that was told to who had asked."""
    fired = defaultdict[tuple[str, str], list[datetime]](list)
    for event in of.store.written.values():
        if event.change is Change.FIRED:
            fired[event.rule_id, event.coin].append(event.at)
    count = Counter[bool]()
    for rule, sentence in of.rules.values():
        claim = TRUE.get(sentence)
        for coin in COINS if claim is not None else ():
            if coin not in rule.draft.coins and sentence[0] != "*":
                continue
            at, since = START + timedelta(hours=2), None
            while at < of.schedule.end:
                holds = claim is not None and claim(of.truth, coin, at, HARDER)
                if holds and since is None:
                    since = at
                if not holds and since is not None:
                    if at - since >= LASTS:
                        count[any(since <= when <= at + SEEN_WITHIN for when in fired[rule.id, coin])] += 1
                    since = None
                at += STEP
    return sum(count.values()), count[True]


def _model(of: Service, platform: str) -> Model:
    """What its places must, and may, be told."""
    ended = {(one.id, one.place): one.outcome for one in _outcomes(of, platform)}
    must, may, silent = list[Told](), list[Told](), list[Told]()
    for event in of.store.written.values():
        place, _, _ = event.rule_id.rpartition("/")
        name, _, at = place.partition(":")
        if name != platform:
            continue
        told = Told(event.id, at, (event.at - START) // STEP, event.coin)
        if place == str(CHANGING):
            may.append(told)
        else:
            (silent if ended.get((event.id, at)) == Final.EXPIRED else must).append(told)
    return Model(must, may + silent, silent, (), is_poison, 1)


def _outcomes(of: Service, platform: str) -> Sequence[Outcome]:
    """How each entry of an alert ended, in the order of the lanes."""
    outbox = of.store._platforms[platform]
    return [
        Outcome(place, entry.split(":")[1], entry.split(":")[2], outcome)
        for place, entries in outbox.log.items()
        for entry, outcome, _ in entries
        if entry.split(":")[2] in of.store.written
    ]
