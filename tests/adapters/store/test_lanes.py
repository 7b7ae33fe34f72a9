"""Both stores deal with lanes alike, whatever senders ask of them, late, twice, or when another one leads."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from adapters.chat.base import Place
from adapters.store.base import Claim, Epoch, Fenced, Final, RuleChange, Store
from adapters.store.memory import MemoryStore
from adapters.store.redis import open_redis
from signals.notice import About, Notice
from signals.rules.lifecycle import Change
from signals.rules.model import Rule
from tests.adapters.store.stories import LEASE, T0, TTL, event, saved
from tests.servers import emptied, valkey

PLACES = (Place("telegram", "1"), Place("telegram", "10"), Place("telegram", "-100.5"))
SECOND = timedelta(seconds=1)
KINDS = (
    *("fire", "fire", "grow", "claim", "claim", "claim", "finish", "finish", "finish", "retry", "retry", "claim"),
    *("post", "wait", "lead", "renew", "resign", "revive", "wait"),
)
ACTS = st.tuples(st.sampled_from(KINDS), st.integers(0, 5), st.booleans())
OWNERS = ("main", "standby")
SEEDED = (Phase.generate,)
"""A failure is not made smaller, which would take minutes."""

LENGTHS = (SECOND, 5 * SECOND, TTL, LEASE, LEASE + SECOND, 20 * SECOND)


@dataclass
class Side:
    """One of the stores with whoever asks it, who remembers what was answered."""

    store: Store
    rules: list[Rule] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    async def settles(self) -> None:
        """Each place has a rule; that of the first is told everywhere."""
        for number, place in enumerate(PLACES):
            self.rules.append(await saved(self.store, seen=f"{number}", place=place))
        for rule in self.rules:
            await self.store.subscribe("telegram", RuleChange(rule.change, rule.id, rule))
        told = [replace(self.rules[0], place=str(place)) for place in PLACES]
        for number, rule in enumerate(told):
            await self.store.subscribe("telegram", RuleChange(len(PLACES) + 1 + number, rule.id, rule))

    async def does(self, what: str, number: int, now: datetime, name: str, *, flag: bool) -> object:
        """The answer to one act."""
        place = PLACES[number % len(PLACES)]
        match what:
            case "fire" | "grow":
                change = Change.GREW if what == "grow" else Change.FIRED
                one = event(self.rules[number % len(PLACES)], name, now, change)
                one = replace(one, episode=name, name="cascade" if flag else "funding")
                return [await self.store.fan_out("telegram", one, 2, now) for _ in range(3)]
            case "post":
                about = About.DIGEST if flag else About.SAMPLE
                return [await self.store.post(place, Notice(name, about, now, "LIVE", name), now) for _ in range(2)]
            case "lead":
                led = await self.store.lead("telegram", OWNERS[flag], now, TTL)
                self.epochs += [led] if isinstance(led, Epoch) else []
                return led
            case "renew" | "resign" | "claim" if self.epochs:
                return await self._leads(what, self.epochs[-1 if flag or number else 0], now)
            case "finish" | "retry" if self.claims:
                claim = self.claims[-1 - (number if flag else 0) % len(self.claims)]
                return await (self._finishes if what == "finish" else self._gives_back)(claim, number, now, flag=flag)
            case "revive":
                letters = await self.store.dead("telegram")
                return [await self.store.revive(letters[0], now) for _ in range(2)] if letters else None
            case _:
                return None

    async def _leads(self, what: str, epoch: Epoch, now: datetime) -> object:
        if what == "renew":
            return await self.store.renew(epoch, now, TTL)
        if what == "resign":
            return await self.store.resign(epoch)
        try:
            claim = await self.store.claim(epoch, now, LEASE)
        except Fenced:
            return "fenced"
        self.claims += [claim] if isinstance(claim, Claim) else []
        return claim

    async def _finishes(self, claim: Claim, number: int, now: datetime, *, flag: bool) -> object:
        end = (Final.SENT, Final.SENT, Final.SENT, Final.SKIPPED, Final.EXPIRED, Final.DEAD)[number]
        apart = {one.entry: (Final.EXPIRED, "old") for one in claim.batch[:number]} if flag else {}
        return await self.store.finish(claim, end, "why", f"m {now:%H%M%S}", now + number * SECOND, apart)

    async def _gives_back(self, claim: Claim, number: int, now: datetime, *, flag: bool) -> object:
        later, poison = now + number * SECOND, number > 2
        return await self.store.retry(claim, later, certain=flag or poison, poison=poison, reason="refused")

    async def left(self) -> object:
        """All that can be read of the lanes."""
        episodes = [claim.event.episode for claim in self.claims if claim.event]
        told = [await self.store.message_of(place, episode) for episode in episodes for place in PLACES]
        dead = [(of.place, of.entry, of.reason, of.told) for of in await self.store.dead("telegram")]
        ends = [await self.store.outcomes(place, 999) for place in PLACES]
        return [await self.store.waiting(place) for place in PLACES], ends, told, dead


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("store")) as found:
        yield found


@given(st.lists(st.tuples(ACTS, st.booleans()), min_size=20, max_size=60))
@settings(max_examples=60, deadline=None, phases=SEEDED)
async def test_both_stores_answer_alike_whatever_senders_ask(
    url: str, acts: list[tuple[tuple[str, int, bool], bool]]
) -> None:
    await emptied(url)
    server = await open_redis(url)
    one, other = Side(server), Side(MemoryStore())
    try:
        for side in (one, other):
            await side.settles()
        now = T0
        for at, ((what, number, flag), twice) in enumerate([(("lead", 0, False), False), *acts]):
            now += LENGTHS[number] if what == "wait" else SECOND
            for _ in range(2 if twice and what in ("finish", "retry", "renew", "resign") else 1):
                answers = [await side.does(what, number, now, f"E{at}", flag=flag) for side in (one, other)]
                assert answers[0] == answers[1], f"act {at}: {what}"
        assert await one.left() == await other.left()
    finally:
        await server.aclose()
