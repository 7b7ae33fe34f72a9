"""The sender of one platform: claims what heads a lane, passes the gates, renders, sends, and records the outcome."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from adapters.chat.base import (
    ChatPlatform,
    Delivery,
    Gone,
    Limited,
    Line,
    Message,
    Migrated,
    Outcome,
    Place,
    Refusal,
    Retry,
    Sent,
)
from adapters.chat.pace import Kind, Pacer
from adapters.pulse import part_of_loop
from adapters.store.base import Claim, Epoch, Final, Idle, Store, StoreError
from adapters.store.batch import ALIKE, Ends, expired_in
from adapters.store.place_settings import PlaceSettings
from adapters.venues.base import Label
from bot.clock import Clock
from bot.gates import passage_of_notice
from bot.living import UNCHANGEABLE
from bot.services.growth import REFUSED, Growth, last_of
from bot.services.lead import RENEW, Lead
from bot.services.reach import mark_gone
from bot.services.rhythm import Rhythm
from bot.services.screening import Going, Screening
from bot.services.stillness import Stillness
from bot.services.voice import Voice
from bot.telling import PLAINLY, Way, expired
from signals.event import Event
from signals.rules.lifecycle import Change

log = structlog.get_logger()

LEASE = timedelta(seconds=90)
SEND_WITHIN = timedelta(seconds=60)
SLOT_WITHIN = 20.0
"""Seconds that an entry waits for its slot; with its send that is less than a lease."""

CLOSE_WITHIN = 8.0
"""Seconds for the last changes of messages that have ended; with what then says so it is less than a lease."""

DRAIN_WITHIN = 25.0
"""Seconds for which a sender that stops waits for its sends."""

LOOK_AGAIN = 0.2
"""Seconds after which an idle sender looks for entries that nothing woke it for."""

AT_ONCE, AHEAD = 30, 2
"""Sends in flight, and how many of them may still wait for their slot: those might be taken for sent after a crash."""

NOTHING = timedelta(0)

AS_BEFORE = "may be a repeat"
"""Why a message was sent again though an earlier try may have arrived."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a batch ended, which the store is to know."""

    claim: Claim
    outcome: Final
    reason: str
    message_id: str
    next_due: datetime
    apart: Ends


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
        self._lead = Lead(store, platform.name, owner, wall)
        self._wall = wall
        self._market = market
        self._voice = voice
        self._pacer = pacer
        self._growth = Growth(store)
        self._screening = Screening(store, self._growth, wall, market, voice.expires)
        self._rhythm = Rhythm(platform.name.capitalize())
        self._addresses: Mapping[str, str] = {}
        self.stillness = Stillness(store, platform.name, wall, market, pacer, self._rhythm)
        self._owed = dict[str, _Ended]()
        """By the oldest entry how batches ended that the store could not be told of yet."""
        self._flying = set[asyncio.Task[None]]()
        self._pacing = set[asyncio.Task[None]]()
        """Those of them that have not begun to send."""
        self._moved = asyncio.Event()
        """One of them has begun to send, or has ended, or there may be something new."""

    async def run(self) -> None:
        """Lead, send, and renew the lead until cancelled; then wait for what is in flight, and let the next one in."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            await self._work()

    async def _listen(self) -> None:
        """Look for new entries as soon as there are any."""
        part_of_loop("wakes")
        while True:
            with contextlib.suppress(StoreError):  # whoever claims meets it too, and says so
                async for _ in self._store.wakes(self._platform.name):
                    self._moved.set()
            await asyncio.sleep(LOOK_AGAIN)

    async def _work(self) -> None:
        try:
            while True:
                epoch = await self._leading()
                self._land()
                rest = await self._begin(epoch) if epoch is not None and self._has_room() else LOOK_AGAIN
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(rest):
                        await self._moved.wait()
                self._moved.clear()
        finally:
            await self._drain()
            await self._lead.leave()

    async def _leading(self) -> Epoch | None:
        """The right to send, and what goes with it; None while somebody else has it."""
        if self._lead.is_fresh:
            return self._lead.epoch
        epoch = await self._lead.take()
        if epoch is None:
            return None
        self._addresses = await self._store.addresses(self._platform.name)
        self._rhythm.began(self._market.now())
        await self.stillness.resume()
        for ended in list(self._owed.values()):
            await self._record(ended)
        return epoch

    def _has_room(self) -> bool:
        return not self.stillness.is_on and len(self._flying) < AT_ONCE and len(self._pacing) < AHEAD

    async def _begin(self, epoch: Epoch) -> float:
        """Take the head of the next due lane; the seconds until there may be another one."""
        now = self._wall.now()
        asked = asyncio.ensure_future(self._store.claim(epoch, now, LEASE))
        try:
            claim = await asyncio.shield(asked)
        except asyncio.CancelledError:
            await self._give_back(asked)
            raise
        if isinstance(claim, Idle):
            return min(LOOK_AGAIN, (claim.due - now).total_seconds()) if claim.due else LOOK_AGAIN
        task = asyncio.create_task(self._deal(claim))
        self._flying.add(task)
        self._pacing.add(task)
        task.add_done_callback(self._goes)
        return 0.0

    async def _give_back(self, asked: asyncio.Future[Claim | Idle]) -> None:
        """What was claimed just as we were stopped was surely not sent."""
        with contextlib.suppress(StoreError):  # it then counts as one that may have been
            claim = await asked
            if isinstance(claim, Claim):
                await self._store.retry(claim, self._wall.now(), certain=True)

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
            await self._lead.keep()
        for task in flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)
        self._flying.clear()

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
        settings = await self._store.settings(claim.place)
        going = await self._screening.of(claim, settings)
        if not going.told:
            await self._finish(claim, Final.SKIPPED, "", apart=going.ends)
        elif gap := self._pacer.gap(self._address(claim.place)):
            await self._store.retry(claim, self._wall.now() + gap, certain=True)
        elif (delivery := await self._delivery(claim, going, settings)) is not None:
            await self._send(claim, delivery, going)

    async def _delivery(self, claim: Claim, going: Going, settings: PlaceSettings) -> Delivery | None:
        """The message with all that belongs to it; None where it cannot be made or has to wait."""
        reply = mention = edits = None
        events = [told for told in going.told if isinstance(told, Event)]
        fired = [told.rule_number for told in events if told.change is Change.FIRED]
        if fired:
            mentions = dict(settings.mentions)
            mention = next((mentions[number] for number in fired if number in mentions), None)
        elif len(events) == 1:
            first = await self._store.message_of(claim.place, events[0].episode)
            reply, edits = (None, first) if going.grows else (first, None)
        try:
            message = await self._message(claim, going, settings)
        except Exception as error:  # whatever it was, one alert that cannot be told must not stop the others
            log.exception("alert cannot be told", place=str(claim.place), entry=claim.entry)
            why = f"it cannot be put into words ({type(error).__name__})"
            await self._store.retry(claim, self._wall.now() + RENEW, certain=True, poison=True, reason=why)
            return None
        ends = self._wall.now() + SEND_WITHIN
        to, tried = self._address(claim.place), claim.since if claim.ambiguous else None
        delivery = Delivery(claim.key, to, message, ends, reply, edits, mention, tried)
        return await self._closing(claim, going, settings, delivery)

    async def _closing(self, claim: Claim, going: Going, settings: PlaceSettings, ends: Delivery) -> Delivery | None:
        """Change the message of each that has ended a last time; what then says it, None where that must wait."""
        after, waits = list[Line](), None
        with contextlib.suppress(TimeoutError):  # what says the ends says all that their messages would have shown
            async with asyncio.timeout(CLOSE_WITHIN):
                for told in going.told:
                    last = last_of(told)
                    first = await self._store.message_of(claim.place, last.episode) if last else None
                    if last is None or first is None:
                        continue
                    after += await self._growth.meanwhile(told, claim.place, await self._store.of(claim.place))
                    said = self._voice.render([last], self._market.now(), settings, PLAINLY)
                    outcome = await self._try(replace(ends, message=said, replies_to=None, edits=first, mention=None))
                    if isinstance(outcome, Retry):
                        waits = replace(outcome, certain=True)  # its end was not said yet
                        break
                    if isinstance(outcome, Refusal):
                        after.append(UNCHANGEABLE)
        if waits is not None:  # not within that time: given back half, the end would be said by two
            await self._put_off(claim, waits)
            return None
        return replace(ends, message=replace(ends.message, after=(*after, *ends.message.after)))

    async def _message(self, claim: Claim, going: Going, settings: PlaceSettings) -> Message:
        now = self._market.now()
        oldest = min((told.at for told in going.told), default=now)
        why = self._rhythm.why_late(claim.place, oldest)
        missed = claim.missed + expired_in(going.ends)
        way = Way(claim.ambiguous > 0, why, missed, self._voice.expires)
        message = self._voice.render(going.told, now, settings, PLAINLY if going.grows else way)
        message = replace(message, silent=message.silent or going.silent)
        if self._voice.illustrator is not None and len(going.told) == 1:
            message = await self._voice.illustrator.illustrated(message, going.told[0], claim.place, settings)
        return message

    async def _send(self, claim: Claim, delivery: Delivery, going: Going) -> None:
        outcome = await self._try(delivery)
        if isinstance(outcome, Migrated):
            log.info("place moved", place=str(claim.place), new=str(outcome.new))
            await self._store.readdress(claim.place, outcome.new)
            self._addresses = await self._store.addresses(self._platform.name)
            outcome = await self._try(replace(delivery, to=outcome.new))
        match outcome:
            case Sent(id=message_id) if going.grows:  # nobody was told of what expired meanwhile
                changed = dict.fromkeys((one.entry for one in claim.batch), (Final.SENT, ""))
                gap = self._pacer.gap(self._address(claim.place))
                await self._finish(claim, Final.SKIPPED, "", message_id, gap, changed | dict(going.ends))
            case Sent(id=message_id):
                why = AS_BEFORE if claim.ambiguous else ""
                await self._finish(claim, Final.SENT, why, message_id, self._gap(claim.place, going), going.ends)
            case Retry():
                await self._put_off(claim, outcome)
            case Gone(reason=reason):
                await mark_gone(self._store, claim.place, reason, f"gone:{claim.entry}")
                await self._finish(claim, Final.SKIPPED, f"gone: {reason}", apart=going.ends)
            case Refusal() if delivery.edits is not None:
                await self._finish(claim, Final.SKIPPED, REFUSED, apart=going.ends)
            case Refusal(reason=reason):
                log.warning("send refused", place=str(claim.place), reason=reason)
                later, why = self._wall.now() + RENEW, f"refused: {reason}"
                await self._store.retry(claim, later, certain=True, poison=True, reason=why)
            case Migrated():
                await self._store.retry(claim, self._wall.now() + RENEW, certain=True)

    def _gap(self, place: Place, going: Going) -> timedelta:
        """How long the place is left alone after that message."""
        alone = len(going.told) == 1 and isinstance(going.told[0], Event)
        burst = self._rhythm.sent(place, self._market.now(), alone=alone)
        return max(self._pacer.gap(self._address(place)), self._market.takes(burst))

    async def _try(self, delivery: Delivery) -> Outcome:
        """One send in its slot, unless somebody else may lead by now."""
        try:
            async with asyncio.timeout(SLOT_WITHIN):
                await self._pacer.slot(Kind.ALERT, delivery.to)
        except TimeoutError:
            return Retry(timedelta(0), certain=True, reason="no slot")
        if not self._lead.is_sure:
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
        self._rhythm.put_off(claim.place, outcome)
        if outcome.limited is not None:
            general = self._pacer.refused(self._address(claim.place), after)
            if outcome.limited is not Limited.PLACE:
                await self.stillness.begin(max(general or after, after), outcome.limited)
            elif general is not None:
                await self.stillness.begin(general, Limited.EVERYBODY)
        await self._store.retry(claim, now + after, certain=outcome.certain)

    async def _finish(
        self,
        claim: Claim,
        outcome: Final,
        reason: str,
        message_id: str = "",
        gap: timedelta = NOTHING,
        apart: Ends = ALIKE,
    ) -> None:
        self._owed[claim.entry] = _Ended(claim, outcome, reason, message_id, self._wall.now() + gap, apart)
        await self._record(self._owed[claim.entry])

    async def _record(self, of: _Ended) -> None:
        """Tell the store, or once more after it was away: what was sent must not be sent again."""
        claim = of.claim
        left = await self._store.finish(claim, of.outcome, of.reason, of.message_id, of.next_due, of.apart)
        self._owed.pop(claim.entry, None)
        if left and claim.notice is None:  # nothing follows that could tell of them
            now, label = self._market.now(), Label.LIVE  # what is played does not expire
            why = self._rhythm.why_late(claim.place, now - self._voice.expires)
            said = expired(claim.place, claim.entry, left, now, label, why)
            if not passage_of_notice(said, await self._store.settings(claim.place)).held:
                await self._store.post(claim.place, said, self._wall.now())

    def _address(self, place: Place) -> Place:
        return Place(place.platform, self._addresses.get(place.id, place.id))
