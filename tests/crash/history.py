"""What the logs of a trial must show, held against a plain model: nothing lost, invented, doubled or out of order."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from signals.part import Part, parts
from tests.crash.market import Told
from tests.crash.wire import LIMITED_FOR

ENDED_AT_ONCE = 0.3
"""Seconds after a refusal within which a sender that died may not have written it down."""


@dataclass(frozen=True)
class Attempt:
    """What a platform wrote down of one call: the message that it made or changed."""

    place: str
    nonce: str
    ids: tuple[str, ...]
    repeat: bool
    did: str
    at: float
    pid: int
    id: str
    edits: str


@dataclass(frozen=True)
class Outcome:
    """How an entry ended, as the store has it: `seq` is its number in the lane."""

    place: str
    seq: str
    id: str
    outcome: str


@dataclass
class Verdict:
    """What is wrong, by kind, and what was counted."""

    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def sound(self) -> bool:
        return not any(self.wrong.values())


def attempts(log: Path) -> Sequence[Attempt]:
    """What that platform wrote down, in order."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [Attempt(**{**json.loads(line), "ids": tuple(json.loads(line)["ids"])}) for line in lines]


@dataclass(frozen=True)
class Model:
    """What must be told, what may be, what waits for places that are told nothing, what grows, what is never taken.

    And the parts that the coins are shared out to: alerts of one keep the order of the moments.
    """

    must: Iterable[Told]
    may: Iterable[Told]
    silent: Iterable[Told]
    grown: Iterable[Told]
    never: Callable[[str], bool]
    parts: int


def judge(
    platform: str, model: Model, found: Sequence[Attempt], ended: Sequence[Outcome], died: Mapping[int, float]
) -> Verdict:
    """Hold a platform's log and the outcomes against the model; `died` is when which sender did."""
    verdict = Verdict()
    wrong, counts = verdict.wrong, verdict.counts
    must = {(told.id, told.place): told for told in model.must}
    may = must | {(told.id, told.place): told for told in model.may}
    silent = {(told.id, told.place): told for told in model.silent}
    grown = {(told.id, told.place): told for told in model.grown}

    sends = [attempt for attempt in found if not attempt.edits]
    taken = [(id_, attempt) for attempt in sends if attempt.did == "taken" for id_ in attempt.ids]
    copies = Counter((id_, attempt.place) for id_, attempt in taken)
    labelled = Counter((id_, attempt.place) for id_, attempt in taken if attempt.repeat)
    counts["taken"] = len(taken)
    counts["repeats"] = sum(copies.values()) - len(copies)
    counts["labelled"] = sum(labelled.values())
    counts["ambiguous"] = sum(attempt.did == "dropped" or attempt.repeat for attempt in sends)
    changed = {(attempt.ids[0], attempt.place) for attempt in found if attempt.edits and attempt.did == "taken"}
    counts["changed"] = len(changed)

    untold = {of for of, told in must.items() if model.never(of[0]) or model.never(told.episode)}
    wrong["lost"] = [f"{of}" for of in must if not copies[of] and of not in untold]
    wrong["phantom"] = [f"{of}" for of in copies if of not in may or model.never(of[0])]
    if platform == "discord":
        wrong["double"] = [f"{of} x{n}" for of, n in copies.items() if n > 1]
    else:
        wrong["unlabelled repeat"] = [f"{of} x{n}" for of, n in copies.items() if n - 1 > labelled[of]]

    wrong["phantom change"] = [*_phantom_changes(found, {**must, **grown})]

    by_entry = Counter((one.id, one.place) for one in ended)
    wrong["queued or ended twice"] = [f"{of} x{n}" for of, n in by_entry.items() if n > 1]
    wrong["no outcome"] = [f"{of}" for of in {*must, *silent, *grown} if not by_entry[of]]
    wrong["outcome of nothing"] = [f"{of}" for of in by_entry if of not in {**may, **silent, **grown}]
    sent = {(one.id, one.place) for one in ended if one.outcome == "sent"}
    wrong["sent, and not taken"] = [f"{of}" for of in sent if not copies[of] and of not in changed]
    wrong["taken, and not sent"] = [f"{of}" for of in must if copies[of] and of not in sent]
    for one in ended:
        counts[one.outcome] += 1

    wrong["order"] = [*_order(taken, ended), *_order_of_data(ended, {**may, **silent, **grown}, model.parts)]
    wrong["too early"] = _too_early(found, died)
    return verdict


def _phantom_changes(found: Sequence[Attempt], known: Mapping[tuple[str, str], Told]) -> Iterator[str]:
    """Changes of messages that are not what an episode says of itself in the place of its own first message."""
    shown = defaultdict[tuple[str, str], set[str]](set)
    for attempt in found:
        if not attempt.edits:
            for id_ in attempt.ids:
                shown[id_, attempt.place].add(attempt.id)
            continue
        told = [known.get((id_, attempt.place)) for id_ in attempt.ids]
        if not all(one and attempt.edits in shown[one.episode, attempt.place] for one in told):
            yield f"{attempt.ids} changes {attempt.edits} of {attempt.place}"


def _order(taken: Sequence[tuple[str, Attempt]], ended: Sequence[Outcome]) -> list[str]:
    """First copies of a place that came before those of earlier entries."""
    numbers = {(one.id, one.place): one.seq for one in ended}
    last: dict[str, tuple[str, str]] = {}
    seen, found = set[tuple[str, str]](), []
    for id_, attempt in taken:
        of = id_, attempt.place
        if of in seen:
            continue
        seen.add(of)
        mine, before = (numbers.get(of, ""), id_), last.get(attempt.place, ("", ""))
        if mine[0] < before[0]:
            found.append(f"{of} first came behind {before}")
        last[attempt.place] = max(mine, before)
    return found


def _order_of_data(ended: Sequence[Outcome], known: Mapping[tuple[str, str], Told], of: int) -> list[str]:
    """Entries of one place, of coins of one part, that stood before those of earlier moments."""
    by_part = defaultdict[tuple[str, Part], list[Told]](list)
    for one in sorted(ended, key=lambda one: one.seq):
        if (one.id, one.place) in known:
            told = known[one.id, one.place]
            part = next(part for part in parts(of) if part.holds(told.coin))
            by_part[one.place, part].append(told)
    return [
        f"{b.id} of moment {b.n} behind {a.id} of {a.n} at {place}"
        for (place, _), ones in by_part.items()
        for a, b in pairwise(ones)
        if b.n < a.n
    ]


def _too_early(found: Sequence[Attempt], died: Mapping[int, float]) -> list[str]:
    """Calls to a place that was told to wait, by senders that knew or could read it."""
    wait: dict[str, Attempt] = {}
    early = []
    for attempt in found:
        before = wait.pop(attempt.place, None)
        if before is not None and attempt.at - before.at < LIMITED_FOR / 20 * 0.9:
            forgotten = before.pid in died and died[before.pid] - before.at < ENDED_AT_ONCE
            if not forgotten:
                early.append(f"{attempt.place} {attempt.ids} after {attempt.at - before.at:.3f} s")
        if attempt.did == "limited":
            wait[attempt.place] = attempt
    return early
