"""A living event is one message: it begins, grows in its place, survives what goes wrong, and ends with a reply."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chat.base import Delivery, Outcome, Place, Refusal, Retry, Sent
from adapters.chat.pace import Pace, Pacer
from adapters.store.alert_port import Commit, Committed
from adapters.store.base import Final, RuleChange, Saved, Store
from adapters.store.memory import MemoryStore
from adapters.store.place_settings import Mute, PlaceSettings
from adapters.store.registry import open_store
from bot.clock import Clock
from bot.gates import IN_CASCADE, IN_WAVE, UNTOLD
from bot.services.fanout import Fanout
from bot.services.growth import EDITS, REFUSED, SUPERSEDED, TOO_SOON, Growth
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.telling import told
from signals.event import Event, alert_id
from signals.model import Fact, Unit
from signals.rules.lifecycle import AlertState, Change, Phase
from signals.rules.model import Compare, Rule
from tests import virtual
from tests.adapters.store.stories import MANY, T0, event, subscribed
from tests.bot.services.markets import running, until
from tests.bot.services.test_sender import Strict
from tests.servers import valkey

MINUTE = timedelta(minutes=1)
HERE = Place("telegram", "42")


@dataclass
class Chat(Strict):
    """A chat as people see it: each message with its words, and what it answers."""

    shown: dict[str, str] = field(default_factory=dict)
    replies: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    troubles: list[Outcome] = field(default_factory=list)
    answers_no_edits: bool = False

    async def send(self, delivery: Delivery) -> Outcome:
        kind = "edit" if delivery.edits else "reply" if delivery.replies_to else "new"
        self.calls.append(kind)
        await asyncio.sleep(3600 if delivery.edits and self.answers_no_edits else 0.05)
        if self.troubles:
            return self.troubles.pop(0)
        if delivery.edits and delivery.edits not in self.shown:
            return Refusal("message to edit not found")
        id_ = delivery.edits or str(len(self.shown) + 1)
        lines = (delivery.message.headline, *delivery.message.lines, *delivery.message.after)
        self.shown[id_] = "\n".join("".join(piece.text for piece in one) for one in lines)
        if delivery.replies_to:
            self.replies[id_] = delivery.replies_to
        return Sent(id_)


def facts(dollars: float, oi: float = -0.04, price: float = -0.03) -> tuple[Fact, ...]:
    return (
        Fact("liquidated", dollars, Unit.USD, "forced selling"),
        Fact("side", 0.9, Unit.FRACTION, "longs"),
        Fact("OI in coins", oi, Unit.FRACTION),
        Fact("price", price, Unit.FRACTION),
    )


@dataclass
class Night:
    """One place with one rule on cascades; its evaluator is these steps, the rest is real."""

    store: Store
    rule: Rule
    chat: Chat
    clock: Clock
    version: int = 0
    state: AlertState = field(default_factory=AlertState)
    given: list[Event] = field(default_factory=list)

    async def judges(self, change: Change, minute: int, dollars: float = 0.0, wave: str = "") -> Event:
        """The rule's next transition, in the store with its state; nothing is sent yet."""
        at = T0 + minute * MINUTE
        fired_at = at if change is Change.FIRED else self.state.fired_at or at
        told_ = replace(
            event(self.rule, alert_id(self.rule.id, 1, "ETH", change, at), at, change),
            episode=alert_id(self.rule.id, 1, "ETH", Change.FIRED, fired_at),
            name="cascade",
            unit=Unit.STATE,
            value=0.0 if change is Change.RESOLVED else 1.0,
            line=0.5,
            clear=0.25,
            compare=Compare.ABOVE,
            fired_at=fired_at,
            since=fired_at,
            facts=facts(dollars),
            label="LIVE",
            wave=wave,
        )
        over = change is Change.RESOLVED
        self.state = AlertState(Phase.FIRING, at=at, armed=True, met_since=at, fired_at=fired_at, told_at=at)
        one = Commit((self.rule.id, "ETH"), 1, self.version, at, None if over else self.state, told_)
        assert await self.store.commit(one) == [Committed.OK]
        assert await self.store.commit(one) == [Committed.ALREADY]
        self.version = 0 if over else self.version + 1
        self.given.append(told_)
        await Fanout(self.store, ("telegram",), self.clock.now).expand(told_)
        return told_

    async def sends(self) -> None:
        """A sender that begins anew, until nothing waits."""
        pacer = Pacer(Pace(), 0.0)
        sender = Sender(self.store, self.chat, "here", self.clock, self.clock, Voice(told), pacer)

        async def done() -> bool:
            return not await self.store.waiting(HERE)

        async with running(sender.run):
            await until(done)

    async def tells(self, change: Change, minute: int, dollars: float = 0.0, wave: str = "") -> Event:
        told_ = await self.judges(change, minute, dollars, wave)
        await asyncio.sleep(EDITS.every)
        await self.sends()
        return told_

    async def ends(self) -> list[tuple[Final, str]]:
        return [(outcome, why) for _, outcome, why in (await self.store.outcomes(HERE, 99))[::-1]]


async def night(store: Store | None = None) -> Night:
    of = store or MemoryStore()
    return Night(of, await subscribed(of, HERE), Chat(), Clock(T0))


async def story(of: Night) -> Night:
    """It begins, grows twice and ends, and everything is sent in time."""
    await of.tells(Change.FIRED, 0, 1e6)
    await of.tells(Change.GREW, 1, 2e6)
    await of.tells(Change.GREW, 2, 3e6)
    await of.tells(Change.RESOLVED, 20, 4e6)
    return of


def test_it_is_one_message_that_is_changed_in_its_place_and_ended_by_a_reply() -> None:
    async def live() -> Night:
        return await story(await night())

    of = virtual.run(live)

    assert of.chat.calls == ["new", "edit", "edit", "edit", "reply"]
    assert of.chat.replies == {"2": "1"}
    assert "$4M liquidated, 90% longs: forced selling" in of.chat.shown["1"]
    assert "long cascade: over" in of.chat.shown["1"]
    assert "It lasted 20m" in of.chat.shown["2"]


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[Store]:
    with valkey(tmp_path) as url:
        store = await open_store(url)
        yield store
        await store.aclose()


async def test_it_is_the_same_on_a_server(embedded: Store) -> None:
    of = await night(embedded)
    for change, minute in ((Change.FIRED, 0), (Change.GREW, 1), (Change.GREW, 2), (Change.RESOLVED, 20)):
        await of.judges(change, minute, 1e6 * (minute + 1))
        await of.sends()

    assert of.chat.calls == ["new", "edit", "edit", "edit", "reply"]
    assert "$21M liquidated" in of.chat.shown["1"]
    told_of = await embedded.recent([of.rule.id], 9)
    assert [one.change for one in told_of] == [Change.RESOLVED, Change.FIRED]  # its growth is no part of the past


def test_what_waited_is_told_by_the_newest_alone() -> None:
    async def live() -> Night:
        of = await night()
        await of.tells(Change.FIRED, 0, 1e6)
        for minute in (1, 2, 3):
            await of.judges(Change.GREW, minute, minute * 1e6)
        await of.sends()
        return of

    of = virtual.run(live)

    assert of.chat.calls == ["new", "edit"]
    assert "$3M" in of.chat.shown["1"]
    assert [why for _, why in virtual.run(of.ends)] == ["", SUPERSEDED, SUPERSEDED, ""]


def test_growth_of_what_ended_meanwhile_is_told_by_its_end() -> None:
    async def live() -> Night:
        of = await night()
        await of.tells(Change.FIRED, 0, 1e6)
        await of.judges(Change.GREW, 1, 2e6)
        await of.tells(Change.RESOLVED, 16, 3e6)
        return of

    assert virtual.run(live).chat.calls == ["new", "edit", "reply"]


def test_nothing_is_changed_where_the_first_message_was_never_sent() -> None:
    async def live() -> Night:
        of = await night()
        await of.store.change(HERE, lambda asked: replace(asked, stopped=True), "stop")
        await of.tells(Change.FIRED, 0, 1e6)
        await of.store.change(HERE, lambda asked: replace(asked, stopped=False), "start")
        await of.tells(Change.GREW, 1, 2e6)
        return of

    of = virtual.run(live)

    assert not of.chat.calls
    assert virtual.run(of.ends)[-1] == (Final.SKIPPED, UNTOLD)


def test_a_chat_is_not_changed_all_the_time() -> None:
    async def live() -> list[tuple[Final, str]]:
        of = await night()
        await of.judges(Change.FIRED, 0, 1e6)
        sender = Sender(of.store, of.chat, "here", of.clock, of.clock, Voice(told), Pacer(Pace(), 0.0))
        async with running(sender.run):
            for minute in range(1, 9):
                await of.judges(Change.GREW, minute, 1e6)
                await asyncio.sleep(1)
        return await of.ends()

    whys = [why for _, why in virtual.run(live)]

    assert whys.count(TOO_SOON) == 8 - 1 - EDITS.burst
    assert whys[1 : 2 + EDITS.burst] == [""] * (1 + EDITS.burst)


def test_a_message_that_is_gone_is_not_written_anew_and_its_end_says_so() -> None:
    async def live() -> Night:
        of = await night()
        await of.tells(Change.FIRED, 0, 1e6)
        of.chat.shown["was"] = of.chat.shown.pop("1")
        await of.tells(Change.GREW, 1, 2e6)
        await of.tells(Change.RESOLVED, 16, 3e6)
        return of

    of = virtual.run(live)

    assert of.chat.calls == ["new", "edit", "edit", "reply"]
    assert virtual.run(of.ends)[1] == (Final.SKIPPED, REFUSED)
    assert "could not be changed any more" in of.chat.shown["2"]


TROUBLE = Retry(timedelta(seconds=5), certain=True, reason="trouble")
STEPS = st.lists(st.sampled_from(["grow", "send", "trouble"]), max_size=12)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_whatever_goes_wrong_the_message_comes_first_and_shows_the_last_word_in_the_end(steps: list[str]) -> None:
    """Each `send` is a sender that begins anew, as after a kill."""

    async def live() -> Night:
        of = await night()
        await of.judges(Change.FIRED, 0, 1e6)
        for minute, step in enumerate(steps, start=1):
            if step == "grow":
                await of.judges(Change.GREW, minute, minute * 1e6)
            elif step == "send":
                await of.sends()
            else:
                of.chat.troubles.append(TROUBLE)
        await of.judges(Change.RESOLVED, 99, 99e6)
        await of.sends()
        return of

    of = virtual.run(live)

    assert [of.chat.shown["1"].count("$99M"), of.chat.shown["2"].count("$99M")] == [1, 1]
    assert len(of.chat.shown) == 2
    assert "edit" not in of.chat.calls[: of.chat.calls.index("new")]
    assert of.chat.calls[-1] == "reply"
    assert len({one.id for one in of.given}) == len(of.given)


async def amid(of: Night, coin: str, minute: int = 0, **more: object) -> list[str]:
    """Why a spike's alert, its end, and one apart are held back where a rule told of a cascade of that coin."""
    cascades = replace(of.rule.draft, coins=(coin,), conditions=(replace(of.rule.draft.condition, name="cascade"),))
    made = await of.store.add(HERE, cascades, "2", T0 - MINUTE, MANY)
    assert isinstance(made, Saved)
    at = T0 + minute * MINUTE
    begun = replace(event(made.rule, "CASCADE", at), name="cascade", coin=coin, **more)  # type: ignore[arg-type]
    await of.store.commit(Commit((made.rule.id, coin), 1, 0, at, AlertState(Phase.FIRING, at=at, fired_at=at), begun))
    rules = await of.store.of(HERE)
    growth = Growth(of.store)
    spike = replace(event(of.rule), name="liqspike", amid=T0, amid_side="long")
    ends = replace(spike, change=Change.RESOLVED)
    return [await growth.held(one, HERE, rules, 0.0) for one in (spike, ends, replace(spike, amid=None))]


@pytest.mark.parametrize(
    ("coin", "minute", "more", "held"),
    [
        ("ETH", 0, {}, [IN_CASCADE, UNTOLD, ""]),
        ("ETH", 2, {}, [IN_CASCADE, UNTOLD, ""]),
        ("ETH", -1, {}, ["", "", ""]),
        ("BTC", 0, {}, ["", "", ""]),
        ("ETH", 0, {"shadow": True}, ["", "", ""]),
        ("ETH", 0, {"change": Change.REMINDED}, ["", "", ""]),
    ],
)
def test_only_where_the_cascade_is_told_its_parts_are_held_back(
    coin: str, minute: int, more: dict[str, object], held: list[str]
) -> None:
    async def live() -> list[str]:
        return await amid(await night(), coin, minute, **more)

    assert virtual.run(live) == held


@pytest.mark.parametrize(
    ("mutes", "ends"),
    [((), (Final.SKIPPED, IN_CASCADE)), ((Mute("cascade", T0 + 60 * MINUTE, T0),), (Final.SENT, ""))],
)
def test_where_the_cascade_is_muted_its_parts_are_told(mutes: tuple[Mute, ...], ends: tuple[Final, str]) -> None:
    async def live() -> list[tuple[Final, str]]:
        of = await night()
        await of.store.change(HERE, lambda _: PlaceSettings(mutes=mutes), "mute")
        await amid(of, "ETH")
        spike = replace(event(of.rule, "SPIKE", T0 + MINUTE), name="liqspike", amid=T0, amid_side="long")
        await of.store.commit(Commit((of.rule.id, "ETH"), 1, 0, spike.at, of.state, spike))
        await Fanout(of.store, ("telegram",), of.clock.now).expand(spike)
        await of.sends()
        return await of.ends()

    assert virtual.run(live) == [ends]


def test_the_end_names_what_was_held_back_meanwhile() -> None:
    async def live() -> Night:
        of = await night()
        cascades = replace(of.rule.draft, conditions=(replace(of.rule.draft.condition, name="cascade"),))
        made = await of.store.add(HERE, cascades, "2", T0 - MINUTE, MANY)
        assert isinstance(made, Saved)
        await of.store.subscribe("telegram", RuleChange(made.rule.change, made.rule.id, made.rule))
        spikes, of.rule = of.rule, made.rule
        await of.tells(Change.FIRED, 0, 1e6)
        spike = replace(event(spikes, "SPIKE", T0 + MINUTE), name="liqspike", amid=T0, amid_side="long")
        await of.store.commit(Commit((spikes.id, "ETH"), 1, 0, spike.at, of.state, spike))
        await Fanout(of.store, ("telegram",), of.clock.now).expand(spike)
        await of.tells(Change.RESOLVED, 20, 2e6)
        return of

    of = virtual.run(live)

    assert of.chat.calls == ["new", "edit", "reply"]
    assert "It has said what these would have: liqspike." in of.chat.shown["2"]
    assert virtual.run(of.ends)[1] == (Final.SKIPPED, IN_CASCADE)


def test_of_a_wave_the_leader_alone_is_told() -> None:
    async def live() -> list[str]:
        of = await night()
        await of.store.commit(Commit((of.rule.id, "BTC"), 1, 0, T0, AlertState(Phase.FIRING, at=T0, fired_at=T0), None))
        growth, one = Growth(of.store), replace(event(of.rule), name="cascade")
        waves = [replace(one, wave=wave) for wave in ("", "ETH", "BTC", "SOL")]
        return [await growth.held(each, HERE, (), 0.0) for each in waves]

    assert virtual.run(live) == ["", "", IN_WAVE, ""]


@pytest.mark.parametrize(("muted", "ends"), [("SOL", (Final.SKIPPED, IN_WAVE)), ("BTC", (Final.SENT, ""))])
def test_where_the_leader_of_a_wave_is_muted_each_coin_is_told(muted: str, ends: tuple[Final, str]) -> None:
    async def live() -> list[tuple[Final, str]]:
        of = await night()
        await of.store.change(HERE, lambda _: PlaceSettings(mutes=(Mute(muted, None, T0),)), "mute")
        await of.store.commit(Commit((of.rule.id, "BTC"), 1, 0, T0, AlertState(Phase.FIRING, at=T0, fired_at=T0), None))
        await of.tells(Change.FIRED, 0, 1e6, wave="BTC")
        return await of.ends()

    assert virtual.run(live) == [ends]
