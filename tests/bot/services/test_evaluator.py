"""The evaluator judges each moment once, live as in replay, and loses and invents nothing over a restart."""

import asyncio
import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from adapters.store.alert_port import Commit, Committed, Effort
from adapters.store.base import Quota, Store, StoreUnavailable
from adapters.store.memory import MemoryStore
from adapters.store.venue_port import WATCHED
from adapters.venues.recording import Recording
from bot.clock import AS_FAST_AS_IT_GOES, Clock
from bot.replay import Replay
from bot.services import evaluator
from bot.services.evaluator import Evaluator
from bot.services.poller import Poller
from signals.base import Signal
from signals.event import Event
from signals.negfunding import NegFunding
from signals.panel import Panel, Series, to_ms
from signals.part import WHOLE, Part
from signals.registry import SIGNALS
from signals.rules.lifecycle import AlertState, Change, Phase
from signals.rules.model import Rule
from tests import virtual
from tests.bot.services.markets import HOME, SENTENCE, asked, played, playing, running, story, told, until
from tests.recordings import START

HOUR = timedelta(hours=1)
SENTENCES = (SENTENCE, "* price 4h rises by 0.4%", "BTC oi 8h falls by 0.3% for 2h", "ETH volume 4h > $2B")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return story(tmp_path_factory.mktemp("story"))


async def told_of_all(store: Store, rules: Sequence[Rule]) -> list[Event]:
    """What was told of each rule, one after the other."""
    return [event for rule in rules for event in await told(store, rule)]


@pytest.fixture(scope="module")
def whole(market: Recording) -> list[Event]:
    """What one evaluator tells that lives through all of it."""

    async def live() -> list[Event]:
        store = MemoryStore()
        rules = [await asked(store, sentence) for sentence in SENTENCES]
        await played(market, store, market.end)
        return await told_of_all(store, rules)

    return virtual.run(live)


def facts(events: Sequence[Event]) -> list[Event]:
    """Events without what only names the rule and its place."""
    return [replace(e, id="", episode="", rule_id="", rule_number=0, change_number=0) for e in events]


def test_live_tells_just_what_replay_tells_of_the_same_recording(market: Recording, whole: list[Event]) -> None:
    replayed = [played.event for played in Replay(market, SENTENCES, SIGNALS).run(None, None)]
    by_rule = sorted(replayed, key=lambda event: (event.rule_number, event.at, event.coin))
    assert {e.change for e in whole} >= {Change.FIRED, Change.RESOLVED}
    assert len({e.name for e in whole}) == len(SENTENCES)
    assert facts(sorted(whole, key=lambda event: (event.rule_number, event.at, event.coin))) == facts(by_rule)


@pytest.mark.parametrize("hours", [20, 30, 33, 40, 65, 80])
def test_a_restart_anywhere_changes_nothing_of_what_is_told(market: Recording, whole: list[Event], hours: int) -> None:
    async def live() -> list[Event]:
        store = MemoryStore()
        rules = [await asked(store, sentence) for sentence in SENTENCES]
        for stop in (market.start + hours * HOUR, market.start + (hours + 3) * HOUR, market.end):
            await played(market, store, stop)
        return await told_of_all(store, rules)

    assert virtual.run(live) == whole


class Killed(Exception):
    """The end of the evaluator's process."""


class Dying(MemoryStore):
    """A store that works, but whose evaluator dies right after its nth commit, before the moment is marked."""

    def __init__(self, commits: int) -> None:
        super().__init__()
        self.lives = commits

    async def commit(self, *each: Commit, part: Part = WHOLE) -> Sequence[Committed]:
        done = list[Committed]()
        for one in each:
            done += await super().commit(one, part=part)
            self.lives -= 1
            if self.lives == 0:
                raise Killed
        return done


@pytest.mark.parametrize("commits", range(1, 12, 2))
def test_an_evaluator_that_dies_between_commit_and_mark_neither_loses_nor_repeats(
    market: Recording, whole: list[Event], commits: int
) -> None:
    async def live() -> list[Event]:
        store = Dying(commits)
        rules = [await asked(store, sentence) for sentence in SENTENCES]
        with pytest.RaisesGroup(Killed, flatten_subgroups=True):
            await played(market, store, market.end)
        await played(market, store, market.end)
        return await told_of_all(store, rules)

    assert virtual.run(live) == whole


def test_a_rule_made_while_it_is_true_waits_until_it_was_false(market: Recording) -> None:
    async def live() -> Sequence[Event]:
        store = MemoryStore()
        await played(market, store, market.start + timedelta(hours=40))
        rule = await asked(store)
        await played(market, store, market.end)
        return await told(store, rule)

    assert virtual.run(live) == []


@dataclass(frozen=True, slots=True)
class Blinking(NegFunding):
    """Calm for twenty hours, unknown for one, and met from then on."""

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        bars = panel.at(self.step(window))
        hours = (bars.times - to_ms(START)) // 3_600_000
        score = np.select([hours < 20, hours > 20], [0.01, -0.01], np.nan)
        return np.repeat(score[:, np.newaxis], len(bars.coins), axis=1)[-(rows or len(hours)) :]


@pytest.mark.parametrize("restarts_at", [19, 20, 21])
def test_a_rule_that_was_armed_is_armed_still_where_a_restart_finds_it_in_the_dark(
    market: Recording, restarts_at: int
) -> None:
    async def live(*stops: datetime) -> Sequence[Event]:
        store = MemoryStore()
        signals = [Blinking() if of.name == Blinking().name else of for of in SIGNALS]
        rule = await asked(store, "ETH negfunding", signals=signals)
        for stop in stops:
            await played(market, store, stop, signals)
        return await told(store, rule)

    whole = virtual.run(lambda: live(market.end))

    assert [(event.change, event.at) for event in whole] == [(Change.FIRED, START + 21 * HOUR)]
    assert virtual.run(lambda: live(START + restarts_at * HOUR, market.end)) == whole


@pytest.mark.parametrize("while_it_runs", [True, False])
def test_a_rule_made_just_before_its_line_is_crossed_fires_though_nobody_read_its_number_before(
    market: Recording, while_it_runs: bool
) -> None:
    async def live(stop: datetime | None) -> Sequence[Event]:
        store = MemoryStore()
        if stop is None:
            rule = await asked(store)
            await played(market, store, market.end)
        elif while_it_runs:
            async with playing(market, store) as judged:
                await judged(stop)
                rule = await asked(store)
                await judged(market.end)
        else:
            await played(market, store, stop)
            rule = await asked(store)
            await played(market, store, market.end)
        return await told(store, rule)

    whole = virtual.run(lambda: live(None))
    fired = next(event for event in whole if event.change is Change.FIRED)

    assert virtual.run(lambda: live(fired.at - market.step)) == whole[whole.index(fired) :]


@pytest.mark.parametrize("while_it_runs", [True, False])
def test_a_removed_rule_is_no_longer_judged_and_leaves_no_state(market: Recording, while_it_runs: bool) -> None:
    async def live() -> tuple[int, Sequence[Event]]:
        store = MemoryStore()
        rule = await asked(store)
        await played(market, store, market.start + timedelta(hours=40))
        assert await store.states_of([rule.id])

        async def forgotten() -> bool:
            return not await store.states_of([rule.id])

        async with running(Evaluator(store, SIGNALS, market.step).run):
            if while_it_runs:
                await asyncio.sleep(1)
            await store.remove(rule.id, HOME, "2")
            await until(forgotten)
        await played(market, store, market.end)
        return len(await store.states_of([rule.id])), await told(store, rule)

    assert virtual.run(live) == (0, [])


def test_a_state_that_is_newer_in_the_store_is_taken_over(market: Recording) -> None:
    """Another evaluator had the rule wait when we would have fired: so nothing of that episode is told, nor its end."""

    async def live() -> tuple[Sequence[Change], Sequence[Change]]:
        alone, store = MemoryStore(), MemoryStore()
        first = await asked(alone)
        await played(market, alone, market.end)
        events = await told(alone, first)
        episode = [event for event in events if event.fired_at == events[0].at]
        rule = await asked(store)
        poller = Poller(market, store, Clock(market.start, AS_FAST_AS_IT_GOES))
        evaluator = Evaluator(store, SIGNALS, market.step)
        await evaluator._load()
        waits = AlertState(at=episode[0].at, armed=True, waiting=True)
        await store.commit(Commit((rule.id, "ETH"), 1, 0, episode[0].at, waits, None))
        at, committed = market.start, []
        while at < episode[-1].at:
            at += market.step
            committed += await evaluator.judge(await poller.close(at))
        return [event.change for event in episode], [of.event.change for of in committed if of.event]

    alone, beside = virtual.run(live)

    assert alone[0] is Change.FIRED
    assert alone[-1] is Change.RESOLVED
    assert beside == []


def test_it_keeps_the_names_of_the_coins_that_have_rules(market: Recording) -> None:
    async def live() -> list[bytes | None]:
        store, kept = MemoryStore(), []
        await asked(store, "* price 4h rises by 0.4%")
        rule = await asked(store, "SOL, BTC funding.settled < -0.5%")
        await played(market, store, market.start + 3 * HOUR)
        kept.append(await store.learned(WATCHED))
        await store.remove(rule.id, HOME, "remove it")
        await played(market, store, market.start + 6 * HOUR)
        return [*kept, await store.learned(WATCHED)]

    assert virtual.run(live) == [b"BTC SOL", b""]


def test_names_of_coins_that_an_absent_store_was_not_told_are_kept_at_the_next_moment(market: Recording) -> None:
    class Away(MemoryStore):
        away = True

        async def learn(self, name: str, what: bytes) -> None:
            if self.away:
                raise StoreUnavailable("away")
            await super().learn(name, what)

    async def live() -> bytes | None:
        store = Away()
        await asked(store)
        poller = Poller(market, store, Clock(market.start, AS_FAST_AS_IT_GOES))
        judging = Evaluator(store, SIGNALS, market.step)
        await poller.close(market.start)
        with pytest.RaisesGroup(StoreUnavailable, flatten_subgroups=True):
            await judging.run()
        store.away = False
        async with running(judging.run):
            await poller.close(market.start + HOUR)
            await asyncio.sleep(1)
        return await store.learned(WATCHED)

    assert virtual.run(live) == b"ETH"


def test_what_the_last_moment_took_is_left_for_others_to_show(market: Recording) -> None:
    async def live() -> Sequence[Effort]:
        store = MemoryStore()
        await asked(store)
        await asked(store, "* price 4h rises by 0.4%")
        await played(market, store, market.start + HOUR)
        return await store.efforts()

    (found,) = virtual.run(live)

    assert (found.at, found.counts.rules, found.counts.keys) == (market.start + HOUR, 2, 2)


def test_how_late_its_process_wakes_is_left_for_others_to_show(market: Recording) -> None:
    async def live() -> Sequence[Effort]:
        store = MemoryStore()
        await asked(store)
        poller = Poller(market, store, Clock(market.start, AS_FAST_AS_IT_GOES))
        await Evaluator(store, SIGNALS, HOUR, lag=lambda: 0.3).judge(await poller.close(market.start + HOUR))
        return await store.efforts()

    (found,) = virtual.run(live)

    assert found.lag == 0.3


@dataclass(frozen=True, slots=True)
class Broken(NegFunding):
    """A signal that raises."""

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        del panel, window, rows, side
        raise ArithmeticError("broken")


def test_a_broken_signal_does_not_stop_the_rules_on_others(market: Recording) -> None:
    signals = [Broken() if signal.name == Broken().name else signal for signal in SIGNALS]

    async def live(signals: Sequence[Signal]) -> tuple[Sequence[Event], Sequence[Effort]]:
        store = MemoryStore()
        await asked(store, "* negfunding")
        other = await asked(store)
        await played(market, store, market.start + timedelta(hours=40), signals)
        return await told(store, other), await store.efforts()

    whole, sound = virtual.run(lambda: live(SIGNALS))
    found, effort = virtual.run(lambda: live(signals))

    assert whole
    assert found == whole
    assert [of.broken for of in sound] == [()]
    assert [of.broken for of in effort] == [("negfunding",)]


@pytest.mark.parametrize(("many", "times"), [(1, 2), (1_000, 0)])
def test_what_has_come_to_stay_is_not_looked_over_for_garbage(
    market: Recording, monkeypatch: pytest.MonkeyPatch, many: int, times: int
) -> None:
    frozen = list[int]()
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(1))
    monkeypatch.setattr(evaluator, "MANY", many)

    async def live() -> None:
        store = MemoryStore()
        await asked(store)
        await played(market, store, market.start + HOUR)
        frozen.clear()
        await played(market, store, market.end)

    virtual.run(live)

    when_loaded = 2
    assert len(frozen) == when_loaded + times


@pytest.mark.parametrize("sentence", [SENTENCE, "* price 4h rises by 0.4%"])
def test_whoever_judges_for_the_first_time_tells_what_was_after_a_rule_was_made_and_nothing_from_before(
    market: Recording, sentence: str
) -> None:
    async def live(made: datetime, closed: datetime) -> Sequence[Event]:
        store = MemoryStore()
        poller = Poller(market, store, Clock(market.start, AS_FAST_AS_IT_GOES))
        for hour in range(1, (closed - market.start) // HOUR + 1):
            await poller.close(market.start + hour * HOUR)
        rule = await asked(store, sentence, at=made)
        await played(market, store, market.end)
        return await told(store, rule)

    whole = virtual.run(lambda: live(market.start, market.start))
    fired = next(event for event in whole if event.change is Change.FIRED)

    assert virtual.run(lambda: live(market.start, fired.at + 3 * HOUR)) == whole
    assert virtual.run(lambda: live(fired.at - HOUR, fired.at + 3 * HOUR)) == whole
    late = virtual.run(lambda: live(fired.at + HOUR, fired.at + 3 * HOUR))
    assert [event for event in late if event.episode == fired.episode] == []


def test_moments_that_were_gone_before_they_were_judged_are_told(market: Recording) -> None:
    """The evaluator was away for longer than moments are kept: that is said, and not that nothing happened."""

    async def live(*, gone: bool) -> Effort:
        store = MemoryStore()
        await asked(store)
        await played(market, store, market.start + 10 * HOUR)
        poller = Poller(market, store, Clock(market.start + 10 * HOUR, AS_FAST_AS_IT_GOES))
        for hour in range(11, 31):
            await poller.close(market.start + hour * HOUR)
        while gone and store._cycles[0].at < market.start + 20 * HOUR:
            store._cycles.popleft()
        await played(market, store, market.start + 31 * HOUR)
        (effort,) = await store.efforts()
        return effort

    assert virtual.run(lambda: live(gone=False)).missed is None
    assert virtual.run(lambda: live(gone=True)).missed == (market.start + 10 * HOUR, market.start + 20 * HOUR)


WATCHES = "watchlist funding.settled < -0.01%"


async def watched(store: Store, *coins: str) -> None:
    """The coins that the place watches from now on."""
    await store.watch(HOME, lambda _: coins, f"watch {coins} {await store.last_change()}", Quota(50))


def test_a_coin_that_is_watched_while_nobody_judges_is_armed_by_the_last_judged_moment(market: Recording) -> None:
    async def live(stop: datetime, *first: str) -> Sequence[Event]:
        store = MemoryStore()
        rule = await asked(store, WATCHES)
        await watched(store, *first)
        await played(market, store, stop)
        await watched(store, "BTC", "ETH")
        await played(market, store, market.end)
        return await told(store, rule)

    fired = virtual.run(lambda: live(market.end, "ETH"))[0]
    before = fired.at - market.step

    assert fired.change is Change.FIRED
    assert virtual.run(lambda: live(before, "ETH"))[0].at == fired.at
    assert virtual.run(lambda: live(before, "BTC"))[0].at == fired.at
    assert virtual.run(lambda: live(fired.at, "BTC")) == []


@pytest.mark.parametrize("while_it_runs", [True, False])
def test_a_coin_that_goes_off_the_watchlist_leaves_no_state_and_comes_back_anew(
    market: Recording, while_it_runs: bool
) -> None:
    async def live() -> tuple[Sequence[str], Sequence[Event]]:
        store = MemoryStore()
        rule = await asked(store, WATCHES)
        await watched(store, "ETH")
        await played(market, store, market.start + timedelta(hours=40))
        assert [kept.state.phase for kept in await store.states_of([rule.id])] == [Phase.FIRING]
        if while_it_runs:
            async with running(Evaluator(store, SIGNALS, market.step).run):
                await asyncio.sleep(1)
                await watched(store, "BTC")
                await asyncio.sleep(1)
        else:
            await watched(store, "BTC")
        await played(market, store, market.start + timedelta(hours=41))
        left = [kept.subject[1] for kept in await store.states_of([rule.id])]
        await watched(store, "ETH")
        await played(market, store, market.end)
        return left, await told(store, rule)

    left, events = virtual.run(live)

    assert left == []
    assert [event.change for event in events] == [Change.FIRED]


def test_coins_that_are_imported_while_nobody_judges_leave_alerts_on_the_others_as_they_are(market: Recording) -> None:
    async def live() -> Sequence[Event]:
        store = MemoryStore()
        rule = await asked(store, WATCHES)
        await watched(store, "ETH")
        await played(market, store, market.start + 40 * HOUR)
        await store.add_all(HOME, [], ("BTC",), "import", market.start, Quota(50))
        await played(market, store, market.end)
        return await told(store, rule)

    assert [event.change for event in virtual.run(live) if event.coin == "ETH"] == [Change.FIRED, Change.RESOLVED]


class Slow(MemoryStore):
    """A store whose readers soon fall behind, and that takes long to say what it has."""

    def __init__(self) -> None:
        super().__init__(changes_kept=2)
        self.loads = 0

    async def watchlists(self) -> Mapping[str, tuple[str, ...]]:
        self.loads += 1
        await asyncio.sleep(1)
        return await super().watchlists()


def test_an_evaluator_that_fell_behind_takes_over_everything_between_two_moments(market: Recording) -> None:
    async def live(store: MemoryStore, *, behind: bool) -> list[Event]:
        rules = [await asked(store, sentence) for sentence in SENTENCES]

        async def disturb() -> None:
            while behind:
                await asyncio.sleep(1)
                for number in range(3):
                    await watched(store, f"C{number}")

        async with running(disturb):
            await played(market, store, market.end)
        return [event for rule in rules for event in await told(store, rule)]

    slow = Slow()
    whole = virtual.run(lambda: live(MemoryStore(), behind=False))

    assert virtual.run(lambda: live(slow, behind=True)) == whole
    assert slow.loads > 2
