"""The sender of one platform: claims lane heads, passes the gates, renders, sends, and records the outcome."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from adapters.chat.base import (
    ChatPlatform,
    Delivery,
    Gone,
    Limited,
    Message,
    Migrated,
    Outcome,
    Place,
    Refusal,
    Retry,
    Sent,
)
from adapters.chat.pace import Kind, Pacer
from adapters.store.base import Claim, Epoch, Final, Held, Idle, Store, StoreError
from adapters.store.place_settings import PlaceSettings
from bot.charts.pictures import Illustrator
from bot.clock import Clock
from bot.gates import OVER_BUDGET, Passage, passage, passage_of_notice
from bot.living import UNCHANGEABLE
from bot.services.budget import Budgets
from bot.services.growth import REFUSED, Growth, last_of
from bot.services.reach import mark_gone
from signals.event import Event
from signals.notice import Notice
from signals.rules.lifecycle import Change

log = structlog.get_logger()

LEASE = timedelta(seconds=90)
LEADERSHIP = timedelta(seconds=10)
RENEW = timedelta(seconds=3)
SEND_WITHIN = timedelta(seconds=60)
SLOT_WITHIN = 20.0
"""Seconds that an entry waits for its slot; with its send that is less than a lease."""

DRAIN_WITHIN = 25.0
"""Seconds for which a sender that stops waits for its sends."""

LOOK_AGAIN = 0.2
"""Seconds after which an idle sender looks for new entries."""

AT_ONCE, AHEAD = 30, 2
"""Sends in flight, and how many of them may still wait for their slot: those might be taken for sent after a crash."""


NOTHING = timedelta(0)


class Render(Protocol):
    """What a place is told as a message; `repeat` where an earlier send of it may have been taken."""

    def __call__(self, of: Event | Notice, now: datetime, settings: PlaceSettings, *, repeat: bool) -> Message:
        """The message."""
        ...


@dataclass(frozen=True, slots=True)
class Voice:
    """How alerts are told: in words, and with the pictures that places want where somebody paints them."""

    render: Render
    illustrator: Illustrator | None = None


class Sender:
    """One platform's deliveries. `wall` times leases and deadlines, `market` what alerts and mutes speak of."""

    def __init__(
        self,
        store: Store,
        platform: ChatPlatform,
        owner: str,
        wall: Clock,
        market: Clock,
        voice: Voice,
        pacer: Pacer,
    ) -> None:
        self._store = store
        self._platform = platform
        self._owner = owner
        self._wall = wall
        self._market = market
        self._voice = voice
        self._pacer = pacer
        self._budgets = Budgets(store)
        self._growth = Growth(store)
        self._epoch: Epoch | None = None
        self._renewed = wall.now()
        self._addresses: Mapping[str, str] = {}
        self._quiet: datetime | None = None
        """Until when the platform wants nothing."""
        self._flying = set[asyncio.Task[None]]()
        self._pacing = set[asyncio.Task[None]]()
        """Those of them that have not begun to send."""
        self._moved = asyncio.Event()
        """One of them has begun to send, or has ended."""

    async def run(self) -> None:
        """Lead, send, and renew the lead until cancelled; then wait for what is in flight, and let the next one in."""
        try:
            while True:
                epoch = await self._lead()
                self._land()
                rest = await self._begin(epoch) if epoch is not None and self._has_room() else LOOK_AGAIN
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(rest):
                        await self._moved.wait()
                self._moved.clear()
        finally:
            await self._drain()
            if self._epoch is not None:
                with contextlib.suppress(StoreError):  # the lead then ends by itself, LEADERSHIP after its last renewal
                    await self._store.resign(self._epoch)

    async def _lead(self) -> Epoch | None:
        """The right to send: asked for, and renewed in time; None while somebody else has it."""
        now = self._wall.now()
        if self._epoch is not None and now - self._renewed < RENEW:
            return self._epoch
        if self._epoch is not None and not await self._store.renew(self._epoch, now, LEADERSHIP):
            self._epoch = None
        if self._epoch is None:
            led = await self._store.lead(self._platform.name, self._owner, now, LEADERSHIP)
            if isinstance(led, Held):
                return None
            self._epoch = led
        self._renewed = now
        self._addresses = await self._store.addresses(self._platform.name)
        self._quiet = await self._store.quiet(self._platform.name, now)
        if self._quiet is not None:
            self._pacer.rest_all(self._quiet - now)
        return self._epoch

    def _has_room(self) -> bool:
        quiet = self._quiet is not None and self._wall.now() < self._quiet
        return not quiet and len(self._flying) < AT_ONCE and len(self._pacing) < AHEAD

    async def _begin(self, epoch: Epoch) -> float:
        """Take the head of the next due lane; the seconds until there may be another one."""
        now = self._wall.now()
        claim = await self._store.claim(epoch, now, LEASE)
        if isinstance(claim, Idle):
            return min(LOOK_AGAIN, (claim.due - now).total_seconds()) if claim.due else LOOK_AGAIN
        task = asyncio.create_task(self._deal(claim))
        self._flying.add(task)
        self._pacing.add(task)
        task.add_done_callback(self._goes)
        return 0.0

    def _goes(self, task: asyncio.Task[None]) -> None:
        """The task sends, or has ended: there is room for another one."""
        self._pacing.discard(task)
        self._moved.set()

    def _land(self) -> None:
        """Let go of what has ended; raises what one of them failed with."""
        ended = {task for task in self._flying if task.done()}
        self._flying -= ended
        failed = [error for task in ended if not task.cancelled() and (error := task.exception())]
        if failed:
            raise failed[0]

    async def _drain(self) -> None:
        """What waits for its slot is given back, what is being sent has its time, and the lead is kept for it."""
        for task in self._pacing:
            task.cancel()
        clock = asyncio.get_running_loop().time
        ends, flying = clock() + DRAIN_WITHIN, self._flying
        while flying and clock() < ends:
            _, flying = await asyncio.wait(flying, timeout=min(RENEW.total_seconds(), ends - clock()))
            await self._stay()
        for task in flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)

    async def _stay(self) -> None:
        """Keep the lead, if it is ours."""
        with contextlib.suppress(StoreError):  # what is sent is recorded without it
            now = self._wall.now()
            if self._epoch is not None and await self._store.renew(self._epoch, now, LEADERSHIP):
                self._renewed = now

    async def _deal(self, claim: Claim) -> None:
        """Bring the entry to its outcome, or give it back."""
        task = asyncio.current_task()
        try:
            await self._pass(claim)
        except asyncio.CancelledError:
            with contextlib.suppress(StoreError):  # its lease then runs out, and it may be a repeat
                await self._store.retry(claim, self._wall.now(), certain=task in self._pacing)
            raise

    async def _pass(self, claim: Claim) -> None:
        told = claim.event or claim.notice
        if told is None:
            await self._finish(claim, Final.DEAD, "the stored alert cannot be read")
            return
        settings = await self._store.settings(claim.place)
        way = await self._passage(claim, told, settings)
        if way.held:
            await self._finish(claim, Final.SKIPPED, way.held)
        elif gap := self._pacer.gap(self._address(claim.place)):
            await self._store.retry(claim, self._wall.now() + gap, certain=True)
        else:
            delivery = await self._delivery(claim, told, settings, silent=way.silent)
            closing = await self._closing(claim, told, settings, delivery)
            if closing is not None:
                await self._send(claim, closing)

    async def _passage(self, claim: Claim, told: Event | Notice, settings: PlaceSettings) -> Passage:
        """How the gates let it through, the budget last."""
        place, now = claim.place, self._market.now()
        if isinstance(told, Notice):
            return passage_of_notice(told, settings)
        rules = await self._store.of(place)
        rule = next((rule for rule in rules if rule.id == told.rule_id), None)
        way = passage(told, rule, settings, now)
        if not way.held and (held := await self._growth.held(told, place, rules, self._wall.now().timestamp())):
            return Passage(held)
        if way.held or await self._budgets.admit(told, place, settings, claim.entry, now):
            return way
        return Passage(OVER_BUDGET)

    async def _delivery(self, claim: Claim, told: Event | Notice, settings: PlaceSettings, *, silent: bool) -> Delivery:
        reply = mention = None
        if isinstance(told, Event):
            if told.change is Change.FIRED:
                mention = dict(settings.mentions).get(told.rule_number)
            elif told.change is not Change.GREW:
                reply = await self._store.message_of(claim.place, told.episode)
        message = self._voice.render(told, self._market.now(), settings, repeat=claim.ambiguous > 0)
        message = replace(message, silent=message.silent or silent)
        if self._voice.illustrator is not None:
            message = await self._voice.illustrator.illustrated(message, told, claim.place, settings)
        ends, edits = self._wall.now() + SEND_WITHIN, await self._growth.edits(told, claim.place)
        return Delivery(claim.entry, self._address(claim.place), message, ends, reply, edits, mention)

    async def _closing(
        self, claim: Claim, told: Event | Notice, settings: PlaceSettings, ends: Delivery
    ) -> Delivery | None:
        """Change the message that has ended a last time; what then says its end, None where that must wait."""
        last = last_of(told)
        if last is None or ends.replies_to is None:
            return ends
        meanwhile = await self._growth.meanwhile(told, claim.place, await self._store.of(claim.place))
        ends = replace(ends, message=replace(ends.message, after=(*meanwhile, *ends.message.after)))
        said = self._voice.render(last, self._market.now(), settings, repeat=False)
        outcome = await self._try(replace(ends, message=said, edits=ends.replies_to, replies_to=None))
        match outcome:
            case Retry():
                await self._put_off(claim, replace(outcome, certain=True))  # its end was not said yet
                return None
            case Refusal():
                return replace(ends, message=replace(ends.message, after=(*ends.message.after, UNCHANGEABLE)))
            case _:
                return ends

    async def _send(self, claim: Claim, delivery: Delivery) -> None:
        outcome = await self._try(delivery)
        if isinstance(outcome, Migrated):
            log.info("place moved", place=str(claim.place), new=str(outcome.new))
            await self._store.readdress(claim.place, outcome.new)
            self._addresses = await self._store.addresses(self._platform.name)
            outcome = await self._try(replace(delivery, to=outcome.new))
        match outcome:
            case Sent(id=message_id):
                await self._finish(claim, Final.SENT, "", message_id, self._pacer.gap(self._address(claim.place)))
            case Retry():
                await self._put_off(claim, outcome)
            case Gone(reason=reason):
                await mark_gone(self._store, claim.place, reason, f"gone:{claim.entry}")
                await self._finish(claim, Final.SKIPPED, f"gone: {reason}")
            case Refusal() if delivery.edits is not None:
                await self._finish(claim, Final.SKIPPED, REFUSED)
            case Refusal(reason=reason):
                log.warning("send refused", place=str(claim.place), reason=reason)
                await self._store.retry(claim, self._wall.now() + RENEW, certain=True, poison=True)
            case Migrated():
                await self._store.retry(claim, self._wall.now() + RENEW, certain=True)

    async def _try(self, delivery: Delivery) -> Outcome:
        """One send in its slot, unless somebody else may lead by now."""
        try:
            async with asyncio.timeout(SLOT_WITHIN):
                await self._pacer.slot(Kind.ALERT, delivery.to)
        except TimeoutError:
            return Retry(timedelta(0), certain=True, reason="no slot")
        if self._wall.now() - self._renewed > LEADERSHIP:
            return Retry(timedelta(0), certain=True, reason="the lead may be lost")
        task = asyncio.current_task()
        if task is not None:
            self._goes(task)
        try:
            async with asyncio.timeout(SEND_WITHIN.total_seconds() + 1.0):
                return await self._platform.send(replace(delivery, deadline=self._wall.now() + SEND_WITHIN))
        except TimeoutError:
            return Retry(RENEW, certain=False, reason="no answer")

    async def _put_off(self, claim: Claim, outcome: Retry) -> None:
        """The place waits for just the time that was named; all do where it is a general one."""
        log.info("send put off", place=str(claim.place), reason=outcome.reason, certain=outcome.certain)
        now, after = self._wall.now(), outcome.after
        if outcome.limited is not None:
            rest = self._pacer.refused(self._address(claim.place), after)
            if outcome.limited is Limited.EVERYBODY:
                rest = max(rest or after, after)
                self._pacer.rest_all(rest)
            if rest is not None:
                log.warning(
                    "platform wants nothing for a while", platform=self._platform.name, seconds=rest.total_seconds()
                )
                self._quiet = max(self._quiet or now, now + rest)
                await self._store.quieten(self._platform.name, self._quiet)
        await self._store.retry(claim, now + after, certain=outcome.certain)

    async def _finish(
        self, claim: Claim, outcome: Final, reason: str, message_id: str = "", gap: timedelta = NOTHING
    ) -> None:
        await self._store.finish(claim, outcome, reason, message_id, self._wall.now() + gap)

    def _address(self, place: Place) -> Place:
        return Place(place.platform, self._addresses.get(place.id, place.id))
