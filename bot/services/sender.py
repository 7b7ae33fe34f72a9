"""The sender of one platform: claims lane heads, passes the gates, renders, sends, and records the outcome."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from adapters.chat.base import ChatPlatform, Delivery, Gone, Message, Migrated, Place, Refusal, Retry, Sent
from adapters.store.base import Claim, Epoch, Final, Held, Idle, Store, StoreError
from bot.charts.pictures import Illustrator
from bot.clock import Clock
from bot.gates import STOPPED, shut
from signals.event import Event
from signals.notice import About, Notice
from signals.rules.lifecycle import Change

log = structlog.get_logger()

LEASE = timedelta(seconds=90)
LEADERSHIP = timedelta(seconds=10)
RENEW = timedelta(seconds=3)
SEND_WITHIN = timedelta(seconds=60)
LOOK_AGAIN = 0.2
"""Seconds after which an idle sender looks for new entries."""


class Render(Protocol):
    """What is told as a message; `repeat` where an earlier send of it may have been taken."""

    def __call__(self, of: Event | Notice, now: datetime, *, repeat: bool) -> Message:
        """The message."""
        ...


class Sender:
    """One platform's deliveries. `wall` times leases and deadlines, `market` what alerts and mutes speak of."""

    def __init__(
        self,
        store: Store,
        platform: ChatPlatform,
        owner: str,
        wall: Clock,
        market: Clock,
        render: Render,
        illustrator: Illustrator | None = None,
    ) -> None:
        self._store = store
        self._platform = platform
        self._owner = owner
        self._wall = wall
        self._market = market
        self._render = render
        self._illustrator = illustrator
        self._epoch: Epoch | None = None
        self._renewed = wall.now()

    async def run(self) -> None:
        """Lead, send, and renew the lead until cancelled; then let the next one in at once."""
        try:
            while True:
                epoch = await self._lead()
                if epoch is None or not await self.step(epoch):
                    await asyncio.sleep(LOOK_AGAIN)
        finally:
            if self._epoch is not None:
                with contextlib.suppress(StoreError):  # the lead then ends by itself, LEADERSHIP after its last renewal
                    await self._store.resign(self._epoch)

    async def step(self, epoch: Epoch) -> bool:
        """Deal with the head of the next due lane; false if nothing was due."""
        claim = await self._store.claim(epoch, self._wall.now(), LEASE)
        if isinstance(claim, Idle):
            return False
        told = claim.event or claim.notice
        if told is None:
            await self._finish(claim, Final.DEAD, "the stored alert cannot be read")
            return True
        gate = await self._gate(claim.place, told)
        if gate:
            await self._finish(claim, Final.SKIPPED, gate)
            return True
        await self._send(claim, told)
        return True

    async def _gate(self, place: Place, told: Event | Notice) -> str:
        """What holds this back, or nothing: a sample goes through, for it shows that the way is free."""
        settings = await self._store.settings(place)
        if isinstance(told, Notice):
            return STOPPED if settings.stopped and told.about is not About.SAMPLE else ""
        rule = next((rule for rule in await self._store.of(place) if rule.id == told.rule_id), None)
        return shut(told, rule, settings, self._market.now())

    async def _send(self, claim: Claim, told: Event | Notice) -> None:
        reply = None
        if isinstance(told, Event) and told.change is not Change.FIRED:
            reply = await self._store.message_of(claim.place, told.episode)
        message = self._render(told, self._market.now(), repeat=claim.ambiguous > 0)
        if self._illustrator is not None:
            message = await self._illustrator.illustrated(message, told, claim.place)
        outcome = await self._platform.send(
            Delivery(
                key=claim.entry,
                to=claim.place,
                message=message,
                deadline=self._wall.now() + SEND_WITHIN,
                replies_to=reply,
            )
        )
        match outcome:
            case Sent(id=message_id):
                await self._finish(claim, Final.SENT, "", message_id)
            case Retry(after=after, certain=certain, reason=reason):
                log.info("send put off", place=str(claim.place), reason=reason, certain=certain)
                await self._store.retry(claim, self._wall.now() + after, certain=certain)
            case Gone(reason=reason):
                await self._finish(claim, Final.SKIPPED, f"gone: {reason}")
            case Refusal(reason=reason):
                log.warning("send refused", place=str(claim.place), reason=reason)
                await self._store.retry(claim, self._wall.now() + RENEW, certain=True, poison=True)
            case Migrated(new=new):
                await self._finish(claim, Final.SKIPPED, f"moved to {new}")

    async def _finish(self, claim: Claim, outcome: Final, reason: str, message_id: str = "") -> None:
        await self._store.finish(claim, outcome, reason, message_id, self._wall.now())

    async def _lead(self) -> Epoch | None:
        """The right to send: asked for, and renewed in time; None while somebody else has it."""
        now = self._wall.now()
        if self._epoch is not None and now - self._renewed >= RENEW:
            if not await self._store.renew(self._epoch, now, LEADERSHIP):
                self._epoch = None
            self._renewed = now
        if self._epoch is None:
            led = await self._store.lead(self._platform.name, self._owner, now, LEADERSHIP)
            if isinstance(led, Held):
                return None
            self._epoch, self._renewed = led, now
        return self._epoch
