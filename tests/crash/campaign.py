"""The trial: starts the processes, kills them at named points, pauses them, and judges what is left."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from random import Random

from adapters.chat.base import Place
from adapters.store import keys
from adapters.store.base import Saved
from adapters.store.redis import open_redis
from signals.living import is_living
from signals.part import parts
from signals.rules.model import Rule
from tests.adapters.store.stories import T0
from tests.crash import loops
from tests.crash.history import Model, Outcome, Verdict, attempts, judge
from tests.crash.loops import QUOTA, Setting, Work, fork
from tests.crash.market import CHANGING, COINS, LISTENERS, PLATFORMS, Market, Told, rules
from tests.crash.points import NAMED, Crash, nowhere
from tests.crash.stores import AWAY, Alone, Home, Three
from tests.crash.unknown import Unknown
from tests.crash.wire import CALM, ROUGH, Chances, log_of
from tests.platforms import is_poison

MOMENTS = 120
"""Moments of one episode; after each all must come to rest."""

STUCK, STUCK_ON_CLUSTER = 10.0, 30.0
"""Seconds within which all comes to rest once nobody is killed any more, twenty times as fast as for people."""

STORE_DIES = 0.008
"""How likely the store's server is killed at one look."""

GONE = "moments were gone before they were judged"
"""What an evaluator says when closed moments were lost with a primary."""

LOOKS_EVERY = 0.2
"""Seconds between looks at which moment was closed last."""

TELLS_WITHIN = 1.0
"""Seconds that a process has to say where it stands."""

MOST_POINTS = 80
PAUSE = (0.6, 1.1)
"""Seconds for which a sender is stopped: longer than its lead lasts."""

KINDS = {
    "evaluator": ("evaluator", loops.evaluate),
    "fan-out": ("fan-out", loops.fan_out),
    "sender telegram a": ("sender", loops.send),
    "sender discord a": ("sender", loops.send),
    "people": ("people", loops.change),
}
SECONDS = {
    "evaluator b": ("evaluator", loops.evaluate),
    "fan-out b": ("fan-out", loops.fan_out),
    "sender telegram b": ("sender", loops.send),
    "sender discord b": ("sender", loops.send),
}
"""Those of which there may be a second one at the same time."""


class Mode(StrEnum):
    """What is done to the processes."""

    KILL = "kill"
    """Processes are killed at named points, and those that lead or hold a part are paused beyond their lease."""
    STORE = "store"
    """Besides, the store's server is killed."""
    TERM = "term"
    """Senders are asked to end in the middle of sends: platforms have no faults, and no message may come twice."""
    QUIET = "quiet"
    """Nothing goes wrong, but steps are asked for twice."""
    CLUSTER = "cluster"
    """Processes are killed, and primaries of the cluster on which they work are lost."""


@dataclass
class Report:
    """What was done and what came of it."""

    words: str
    """The words of the command that tries the same."""
    kills: Counter[str] = field(default_factory=Counter)
    store_kills: int = 0
    slowest_return: float = 0.0
    """Seconds from a store's death until it, or a replica of it, served."""
    unknown_writes: int = 0
    """Acknowledged writes that were lost with primaries of a cluster."""
    lost_with_them: dict[str, list[str]] = field(default_factory=dict)
    """What came of that, by kind: it is what a takeover costs, and not counted as wrong."""
    terms: int = 0
    slowest_end: float = 0.0
    """Seconds that the slowest process took to end when it was asked to."""
    pauses: int = 0
    episodes: int = 0
    seconds: float = 0.0
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    @property
    def again(self) -> str:
        """What draws the same market, faults and deaths; how long each takes is the machine's."""
        return f"scripts/campaign {self.words}"

    @property
    def killed(self) -> int:
        return sum(self.kills.values())

    def as_json(self) -> dict[str, object]:
        return {
            "killed": self.killed,
            "points": len(self.kills),
            **vars(self),
            "sound": not self.wrong,
            "again": self.again,
        }


class Stuck(Exception):
    """What waits did not come to rest."""


@dataclass(frozen=True)
class Clustered:
    """How a trial on a cluster is set: see `Three`."""

    cut: float = 0.0
    copies: int = 0


class Campaign:
    """One trial in a folder of its own; the seed decides all but the pace of the machine."""

    def __init__(self, folder: Path, mode: Mode, seed: int, on: Clustered = Clustered(), of: int = 1) -> None:
        self._folder = folder
        self._mode = mode
        self._rng = Random(f"{seed} {mode}")
        self._market = Market(seed)
        self._home: Home
        if mode is Mode.CLUSTER:
            self._home = Three(folder / "store", seed, on.cut, on.copies)
            self._report = Report(f"cluster --cut {on.cut} --copies {on.copies} --parts {of} --seed {seed}")
        else:
            self._home = Alone(folder / "store", seed, STORE_DIES if mode is Mode.STORE else 0.0)
            self._report = Report(f"crash --mode {mode} --parts {of} --seed {seed}")
        self._patience = STUCK_ON_CLUSTER if self._home.clustered else STUCK
        quiet = mode in (Mode.QUIET, Mode.TERM)
        given = CALM if mode is Mode.QUIET else Chances(slow=0.03) if mode is Mode.TERM else ROUGH
        twice = 0.3 if mode is Mode.QUIET else 0.02 if mode is Mode.KILL else 0.0
        url, began = self._home.url, time.monotonic()
        self._setting = Setting(url, folder, seed, began, given, twice, quiet, self._home.clustered, of)
        self._redis = self._home.reader
        others = {f"evaluator {part.number}": KINDS["evaluator"] for part in parts(of)[1:]}
        self._kinds = KINDS | others
        self._judged = [keys.judged(part) for part in parts(of)]
        self._running: dict[int, tuple[str, str, Work]] = {}
        self._plans: dict[int, str] = {}
        self._died: dict[int, float] = {}
        self._stopped: dict[int, float] = {}
        self._killing = False
        self._most = 0
        self._rules: list[Rule] = []
        self._hits = folder / "hits"
        self._log = os.open(self._hits, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._read = 0
        self._looked = began
        self._closed = "", began
        """The last closed moment, and since when it is the last one."""
        self._survived = ""
        """The same when a store was last lost: it lives until there is another, or nobody would ever get on."""

    def run(self, kills: int, within: float = 1e9) -> Report:
        """Go on until so many were killed (or asked to end), then judge."""
        began = time.monotonic()
        try:
            asyncio.run(self._settle())
            for platform in PLATFORMS:
                self._start(platform, "platform", loops.serve(platform))
            while self._done < kills and time.monotonic() - began < within:
                self._episode(kills)
            self._end()
            self._judge()
        except Stuck as stuck:
            self._report.wrong["stuck"] = [str(stuck), *self._where_all_stand()]
        finally:
            for pid in self._running:
                os.kill(pid, signal.SIGKILL)
            self._home.stop()
        errors = self._folder / "errors"
        said = errors.read_text().splitlines() if errors.exists() else []
        if self._home.clustered:
            told = [line for line in said if GONE in line]
            said = [line for line in said if GONE not in line]
            self._report.lost_with_them |= {"moments that were told of as lost": told} if told else {}
        if said:
            self._report.wrong["errors"] = said[:80]
        self._report.seconds = round(time.monotonic() - began, 1)
        return self._report

    @property
    def _done(self) -> int:
        report = self._report
        return {Mode.STORE: len(self._home.losses), Mode.TERM: report.terms, Mode.QUIET: report.episodes * 100}.get(
            self._mode, report.killed
        )

    async def _settle(self) -> None:
        """Rules and places, before anything runs."""
        store = await open_redis(self._setting.url)
        for number, (place, draft) in enumerate(rules()):
            saved = await store.add(place, draft, f"{number}", T0, QUOTA)
            assert isinstance(saved, Saved)
            self._rules.append(saved.rule)
        for place in {place for place, _ in rules()} | {CHANGING}:
            await store.change(place, lambda of: replace(of, budget=None), "budget")
        await store.aclose()
        for rule in self._listened():
            platform = rule.place.partition(":")[0]
            self._redis.zadd(keys.subscribers(platform, rule.id), dict.fromkeys(LISTENERS, 0))

    def _listened(self) -> Iterator[Rule]:
        return (rule for rule in self._rules if rule.number == 1 and rule.place.endswith(":1"))

    # one episode

    def _episode(self, kills: int) -> None:
        """Some moments of trouble, then rest."""
        first = len(self._market.cycles)
        self._market.go_on(MOMENTS if self._mode in (Mode.KILL, Mode.CLUSTER) else MOMENTS // 3)
        self._killing = self._mode in (Mode.KILL, Mode.STORE, Mode.CLUSTER)
        self._most = kills
        for name, (kind, work) in self._kinds.items():
            for pid, (other, *_) in list(self._running.items()):
                if other == name and self._killing:  # it was left in peace for the last rest
                    self._end_now(pid)
            if name not in {name for name, *_ in self._running.values()}:
                self._start(name, kind, work)
        seconds = self._rng.sample(sorted(SECONDS), self._rng.choice((0, 1, 1, 2))) if self._killing else []
        for name in seconds:
            kind, work = SECONDS[name]
            self._start(name, kind, work)
        self._close(first)
        self._killing = False
        if self._home.clustered:
            self._home.recover()
            self._close(first)  # the last moments may have been lost with a primary
        self._wait_for_rest()
        self._report.episodes += 1

    def _close(self, first: int) -> None:
        """Have the moments from that one on closed, as far as they are not."""
        self._start("poller", "poller", loops.feed(self._market.cycles[first:]))
        while any(name == "poller" for name, *_ in self._running.values()):
            self._tend()
            self._trouble()
            self._goes_on()

    def _goes_on(self) -> None:
        """Raises Stuck where no moment is closed any more: too much waits before it."""
        now = time.monotonic()
        if now - self._looked < LOOKS_EVERY:
            return
        self._looked = now
        with suppress(*AWAY):
            closed = str(self._redis.xrevrange(keys.CYCLES, count=1)[:1])
            if closed != self._closed[0]:
                self._closed = closed, now
        if now - self._closed[1] > 2 * self._patience:
            raise Stuck(f"no moment was closed for {2 * self._patience} s: {self._left()}: {self._waiting()}")

    def _trouble(self) -> None:
        """By chance a sender is stopped beyond its lease, asked to end, or a store is killed."""
        drawn, now = self._rng.random(), time.monotonic()
        for pid, until in list(self._stopped.items()):
            if now >= until:
                self._wake(pid)
        leading = ("sender", "evaluator") if len(self._judged) > 1 else ("sender",)
        leaders = [pid for pid, (_, kind, _) in self._running.items() if kind in leading and pid not in self._stopped]
        senders = [pid for pid in leaders if self._running[pid][1] == "sender"]
        if self._mode is Mode.TERM:
            if drawn < 0.08 and senders:
                self._ask_to_end(self._rng.choice(senders))
        elif self._killing and drawn < 0.001 and leaders:
            pid = self._rng.choice(leaders)
            os.kill(pid, signal.SIGSTOP)
            self._stopped[pid] = now + self._rng.uniform(*PAUSE)
            self._report.pauses += 1
            name, kind, work = self._running[pid]
            other = _second(name)
            if other not in {name for name, *_ in self._running.values()}:
                self._start(other, kind, work)
        losses = len(self._home.losses)
        self._home.trouble(begin=self._killing and self._closed[0] != self._survived)
        if len(self._home.losses) > losses:
            self._survived = self._closed[0]
        time.sleep(0.003)

    def _wake(self, pid: int) -> None:
        del self._stopped[pid]
        if pid in self._running:
            os.kill(pid, signal.SIGCONT)

    def _ask_to_end(self, pid: int) -> None:
        name, kind, work = self._running[pid]
        began = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        del self._running[pid]
        self._report.slowest_end = max(self._report.slowest_end, round(time.monotonic() - began, 3))
        self._report.terms += 1
        self._start(name, kind, work)

    # processes

    def _start(self, name: str, kind: str, work: Work) -> None:
        doomed = self._killing and kind in NAMED and self._report.killed + len(self._plans) < self._most + 5
        plan, nth = self._target(kind) if doomed else ("", -1)
        most = self._rng.randint(MOST_POINTS // 2, MOST_POINTS) * (1 if plan else 4)
        point = Crash(plan, nth, most, self._log) if doomed else nowhere
        pid = fork(work, replace(self._setting, url=self._home.url), name, point, self._log)
        self._running[pid] = name, kind, work
        if doomed:
            self._plans[pid] = plan

    def _target(self, kind: str) -> tuple[str, int]:
        """A point at which a process of that kind is to die: mostly one that was hit least, if it is any at all.

        Where all points of the kind were hit more than others it mostly lives on for long; so does who closes moments,
        without whom all others have nothing to do.
        """
        names, hits, planned = NAMED[kind], self._report.kills, Counter(self._plans.values())
        least = {of: min(hits[name] for name in names) for of, names in NAMED.items() if of != "poller"}
        often = kind != "poller" and least[kind] <= min(least.values()) + 2
        if not often and self._rng.random() < (0.9 if kind == "poller" else 0.75):
            return "", -1
        rare = min(names, key=lambda name: (hits[name] + planned[name], self._rng.random()))
        name = rare if self._rng.random() < 0.7 else self._rng.choice(names)
        return name, 1 if name.startswith("lead") else self._rng.choice((1, 1, 1, 2, 3))

    def _tend(self) -> None:
        """Take note of who ended, and start them again."""
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid not in self._running:  # the store's server
                continue
            name, kind, work = self._running.pop(pid)
            self._plans.pop(pid, None)
            self._stopped.pop(pid, None)
            self._died[pid] = time.monotonic()
            ended = os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
            if kind == "platform" or (name == "poller" and ended):
                continue
            if name in SECONDS and not self._killing:
                continue
            self._start(name, kind, work)
        if os.fstat(self._log).st_size > self._read:
            hits = self._hits.read_bytes()[self._read :]
            self._report.kills.update(hits.decode().splitlines())
            self._read += len(hits)

    def _wait_for_rest(self) -> None:
        """All that waits is dealt with in time, and no second ones are left."""
        for pid in list(self._stopped):
            self._wake(pid)
        until = time.monotonic() + self._patience
        while True:
            self._tend()
            left = self._left()
            if not left:
                break
            if time.monotonic() > until:
                raise Stuck(f"{left} after {self._patience} s in episode {self._report.episodes}: {self._waiting()}")
            time.sleep(0.01)
        for pid, (name, *_) in list(self._running.items()):
            if name in SECONDS:
                self._end_now(pid)

    def _end_now(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self._died[pid] = time.monotonic()
        self._plans.pop(pid, None)
        self._stopped.pop(pid, None)
        del self._running[pid]

    def _where_all_stand(self) -> Sequence[str]:
        """What each process waits for, as it says itself; one that says nothing does not get to it."""
        for pid in self._running:
            os.kill(pid, signal.SIGUSR1)
        time.sleep(TELLS_WITHIN)
        states = [
            f"{name}: {Path(f'/proc/{pid}/stat').read_text().split()[2]}" for pid, (name, *_) in self._running.items()
        ]
        return [*states, *loops.stands(self._folder).read_text().splitlines()]

    def _left(self) -> dict[str, int]:
        """What still waits."""
        try:
            last = int((self._market.cycles[-1].at - T0).total_seconds() * 1000 + T0.timestamp() * 1000)
            found = {
                "events": int(self._redis.xlen(keys.EVENTS)),
                "moments": any(int(self._redis.get(at) or 0) != last for at in self._judged),
                **{name: int(self._redis.zcard(keys.of_platform(name, "lane"))) for name in PLATFORMS},
            }
        except AWAY:
            return {"store": 1}
        return {name: int(many) for name, many in found.items() if many}

    def _waiting(self) -> str:
        """Where those stand that wait."""
        wall = T0.timestamp() * 1000 + (time.monotonic() - self._setting.began) * 1000 * loops.WALL_SPEED
        said = [f"running {sorted(name for name, *_ in self._running.values())}", f"now {wall:.0f}"]
        for platform in PLATFORMS:
            for name, read in (("leader", "HGETALL"), ("infl", "HGETALL"), ("ready", "ZRANGE"), ("lane", "ZRANGE")):
                found = self._redis.execute_command(
                    read, keys.of_platform(platform, name), *(("0", "5") * (read[0] == "Z"))
                )
                said += [f"{platform} {name} {found}"]
        return "; ".join(said)

    def _end(self) -> None:
        """Stop those that change things, so that nothing is under way; then wait once more."""
        for pid, (name, *_) in list(self._running.items()):
            if name == "people":
                self._end_now(pid)
        self._wait_for_rest()

    # judging

    def _judge(self) -> None:
        never = is_poison if self._setting.chances.poison else lambda _: False
        losses, report = self._home.losses, self._report
        report.store_kills, report.unknown_writes = len(losses), sum(loss.writes for loss in losses)
        report.slowest_return = max((loss.seconds for loss in losses), default=0.0)
        unknown = Unknown(losses, self._market, self._rules)
        for platform in PLATFORMS:
            expected = [told for rule in self._of(platform) for told in self._market.told(rule, _id(rule.place))]
            listened = [rule for rule in self._listened() if rule in self._of(platform)]
            silent = [told for rule in listened for place in LISTENERS for told in self._market.told(rule, place)]
            lives = [rule for rule in self._of(platform) if is_living(rule.draft.condition.name)]
            grown = [told for rule in lives for told in self._market.grown(rule, _id(rule.place))]
            log, ended = attempts(log_of(self._folder, platform)), self._outcomes(platform)
            seen = {id_ for one in log for id_ in one.ids} | {one.id for one in ended}
            changed = self._changed() if CHANGING.platform == platform else ()
            possible = [told for told in changed if told.id in seen]
            model = Model(expected, possible, silent, grown, never, self._setting.parts)
            verdict = judge(platform, model, log, ended, self._died)
            self._also(platform, verdict)
            self._report.counts[platform] = dict(verdict.counts)
            wrong, excused = unknown.apart(verdict.wrong)
            self._report.wrong |= {f"{platform}: {kind}": said[:20] for kind, said in wrong.items()}
            self._report.lost_with_them |= {f"{platform}: {kind}": said for kind, said in excused.items()}

    def _also(self, platform: str, verdict: Verdict) -> None:
        if self._mode in (Mode.QUIET, Mode.TERM):
            for name in ("repeats", "labelled"):
                if verdict.counts[name]:
                    verdict.wrong[f"{name} though nothing was ambiguous"] = [str(verdict.counts[name])]

    def _of(self, platform: str) -> Sequence[Rule]:
        return [rule for rule in self._rules if rule.place.startswith(f"{platform}:")]

    def _changed(self) -> Iterator[Told]:
        """Whatever rules of the changing place might be told; and each update made one rule."""
        given = int(self._redis.hget(keys.NUMBERS, str(CHANGING)) or 0)
        confirmed = self._folder / "confirmed"
        updates, made = map(int, confirmed.read_text().split()) if confirmed.exists() else (0, 0)
        if made < updates:
            self._report.lost_with_them["saved rules"] = [f"{updates - made} of {updates}"]
        if not made <= given <= made + 1 and not self._home.clustered:
            self._report.wrong["updates"] = [f"{given} rules were made of {made} updates"]
        for number in range(1, updates + 2):
            for coin in COINS[:2] if self._home.clustered else COINS[1 - number % 2 : 2 - number % 2]:
                yield from self._market.told((f"{CHANGING}/{number}", coin), CHANGING.id)

    def _outcomes(self, platform: str) -> Sequence[Outcome]:
        places = {place.id for place, _ in rules() if place.platform == platform} | {*LISTENERS, CHANGING.id}
        found = []
        for place in sorted(places):
            for _, said in self._redis.xrange(keys.outcomes(Place(platform, place))):
                _, seq, id_ = said[b"entry"].decode().split(":")
                found.append(Outcome(place, seq, id_, said[b"outcome"].decode()))
        return found


def _second(name: str) -> str:
    """Who takes over from the process of that name while it is paused."""
    if name.startswith("evaluator"):
        return "evaluator b"
    return name[:-1] + ("b" if name[-1] == "a" else "a")


def _id(place: str) -> str:
    return place.partition(":")[2]
