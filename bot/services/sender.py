"""The sender of one platform: claims lane heads, passes the gates, renders, sends, and records the outcome."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from adapters.chat.base import ChatPlatform, Delivery, Gone, Message, Migrated, Refusal, Retry, Sent
from adapters.store.base import Claim, Epoch, Final, Held, Idle, Store, StoreError
from adapters.store.place_settings import PlaceSettings
from bot.charts.pictures import Illustrator
from bot.clock import Clock
from bot.gates import OVER_BUDGET, Passage, passage, passage_of_notice
from bot.services.budget import Budgets
from signals.event import Event
from signals.notice import Notice
from signals.rules.lifecycle import Change

log = structlog.get_logger()

LEASE = timedelta(seconds=90)
LEADERSHIP = timedelta(seconds=10)
RENEW = timedelta(seconds=3)
SEND_WITHIN = timedelta(seconds=60)
LOOK_AGAIN = 0.2
"""Seconds after which an idle sender looks for new entries."""


class Render(Protocol):
    """What a place is told as a message; `repeat` where an earlier send of it may have been taken."""

    def __call__(self, of: Event | Notice, now: datetime, settings: PlaceSettings, *, repeat: bool) -> Message:
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
        self._budgets = Budgets(store)
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
        settings = await self._store.settings(claim.place)
        way = await self._passage(claim, told, settings)
        if way.held:
            await self._finish(claim, Final.SKIPPED, way.held)
            return True
        message = self._render(told, self._market.now(), settings, repeat=claim.ambiguous > 0)
        await self._send(claim, told, replace(message, silent=message.silent or way.silent), settings)
        return True

    async def _passage(self, claim: Claim, told: Event | Notice, settings: PlaceSettings) -> Passage:
        """How the gates let it through, the budget last."""
        place, now = claim.place, self._market.now()
        if isinstance(told, Notice):
            return passage_of_notice(told, settings)
        rule = next((rule for rule in await self._store.of(place) if rule.id == told.rule_id), None)
        way = passage(told, rule, settings, now)
        if way.held or await self._budgets.admit(told, place, settings, claim.entry, now):
            return way
        return Passage(OVER_BUDGET)

    async def _send(self, claim: Claim, told: Event | Notice, message: Message, settings: PlaceSettings) -> None:
        reply = mention = None
        if isinstance(told, Event):
            if told.change is Change.FIRED:
                mention = dict(settings.mentions).get(told.rule_number)
            else:
                reply = await self._store.message_of(claim.place, told.episode)
        if self._illustrator is not None:
            message = await self._illustrator.illustrated(message, told, claim.place, settings)
        outcome = await self._platform.send(
            Delivery(
                key=claim.entry,
                to=claim.place,
                message=message,
                deadline=self._wall.now() + SEND_WITHIN,
                replies_to=reply,
                mention=mention,
            )
        )
        match outcome:
            case Sent(id=message_id):
                await self._finish(claim, Final.SENT, "", message_id)
            case Retry(after=after, certain=certain, reason=reason):
                log.info("send put off", place=str(claim.place), reason=reason, certain=certain)
                await self._store.retry(claim, self._wall.now() + after, certain=certain)
            case Gone(reason=reason):
                await self._store.change(claim.place, lambda of: replace(of, gone=reason), f"gone:{claim.entry}")
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
