"""The dispatcher: hands each invocation to its command with a desk of what is known now, and keeps track of places."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic_ns

import structlog

from adapters.chat.base import ChatPlatform, Invocation, Message, Place, place_of
from adapters.store.base import Quota, Store, StoreError
from adapters.store.front_port import name_of
from adapters.store.place_settings import PlaceSettings
from bot.charts.painter import Painter
from bot.charts.pictures import painted
from bot.commands.base import Desk
from bot.commands.recent import Recent
from bot.commands.registry import COMMANDS, answer, rule_of
from bot.floods import Floods
from bot.health import Health
from bot.phrases import line
from bot.services.reach import mark_gone
from bot.wording import trouble, unclear
from signals.base import Signal
from signals.units import duration

log = structlog.get_logger()

PATIENCE = timedelta(seconds=2)
"""How long people wait for a dry run; where it takes longer, the answer comes without it."""

AT_A_TIME = 2
DEEP = frozenset({"chart", "alert", "edit", "dryrun", "save", "track", "backtest", "why"})
"""These read the past, so many of them at once: each keeps the store as busy as dozens of other commands."""

STATUS = "status"

AT_HOME = frozenset({"use", "help", "about", "privacy", "forget", "erase", "admin"})
"""Commands that are about the person, whatever place the others act on."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Who comes in: `operates` tells operators by their private place, `invited_only` lets in just whom they let in."""

    operates: Callable[[Place], bool] = lambda _: False
    invited_only: bool = False


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Answers the commands of all platforms. It never calls another loop. `fronts` are the platforms that run here."""

    store: Store
    signals: Sequence[Signal]
    now: Callable[[], datetime]
    started: datetime
    version: str
    quota: Callable[[Place], Quota]
    step: timedelta
    patience: timedelta = PATIENCE
    doors: Doors = field(default_factory=Doors)
    fronts: Mapping[str, ChatPlatform] = field(default_factory=dict)
    floods: Floods = field(default_factory=Floods)
    painter: Painter | None = None
    health: Health | None = None
    deep: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_A_TIME))
    recent: Recent = field(default_factory=Recent)

    async def answer(self, invocation: Invocation) -> Message:
        """The answer; a failure is one sentence for the person and a traceback in the log."""
        return await self._guarded(invocation) or trouble("There is nothing to say to that.")

    async def overheard(self, invocation: Invocation) -> Message | None:
        """The answer to words that are the name of a command, or meant as a rule; None to any others."""
        if invocation.name.lower() in COMMANDS:
            return await self.answer(replace(invocation, name=invocation.name.lower()))
        return await self._guarded(invocation, rules_only=True)

    async def came(self, place: Place) -> None:
        """Alerts are sent there again."""
        log.info("place can be written to", place=str(place))
        named = await self._named(place)
        await self.store.change(named, lambda of: replace(of, gone=""), self._once("came"))

    async def left(self, place: Place, reason: str) -> None:
        """Nothing is sent there until it is back; its rules are kept."""
        log.info("place cannot be written to", place=str(place), reason=reason)
        named = await self._named(place)
        await mark_gone(self.store, named, reason, self._once("left"))

    async def moved(self, place: Place, new: Place) -> None:
        """What is for the place goes to where it is now."""
        log.info("place moved", place=str(place), new=str(new))
        await self.store.readdress(await self._named(place), new)

    def _once(self, what: str) -> str:
        """An id that no other change has."""
        return f"{what}:{monotonic_ns()}"

    async def _guarded(self, invocation: Invocation, *, rules_only: bool = False) -> Message | None:
        try:
            said = await self._known(invocation)
            if rules_only and await rule_of(said, self._desk(said)) is None:
                return None
            async with self.deep if said.name in DEEP else contextlib.nullcontext():
                message = await self._admitted(said)
            return await painted(message, self.painter)
        except StoreError as error:
            return None if rules_only else self._without_store(invocation, error)
        except Exception:  # the loop's outer edge: one person's command must not end the service
            log.exception("command failed", command=invocation.name)
            return trouble("This command failed on my side; the service goes on. The log has the details.")

    def _without_store(self, invocation: Invocation, error: StoreError) -> Message:
        """That it does not serve us; `/status` also says what this process knows by itself."""
        said = trouble(self.health.full if self.health is not None and self.health.full else str(error))
        if self.health is None or invocation.name != STATUS:
            return said
        return replace(said, lines=tuple(line(of) for of in self.health.lines()))

    async def _known(self, invocation: Invocation) -> Invocation:
        """With the name that the place has here, and the rights of an operator."""
        person = Place(invocation.place.platform, invocation.person)
        operator = invocation.operator or self.doors.operates(person)
        return replace(invocation, place=await self._named(invocation.place), operator=operator)

    async def _admitted(self, invocation: Invocation) -> Message:
        """The answer to somebody who may come in and does not ask too often."""
        person = Place(invocation.place.platform, invocation.person)
        if self.doors.invited_only and not invocation.operator:
            allowed = await self.store.allowed()
            if not {person, invocation.place} & allowed:
                return unclear(
                    f"This service answers invited people only. Ask who runs it to let in {person}.", (), "rights"
                )
        wait = None if invocation.operator else self.floods.wait(str(person), invocation.name, self.now())
        if wait is not None:
            return unclear(f"That is too much at a time. Write again in {duration(max(wait, timedelta(seconds=1)))}.")
        settings = await self.store.settings(invocation.place)
        if not invocation.operator and (settings.barred or await self._barred(person, invocation.place)):
            return unclear("Those who run this service have shut out this account or this place.", code="rights")
        if settings.acts_on and not invocation.place.shared and invocation.name not in AT_HOME:
            return await self._elsewhere(invocation, place_of(settings.acts_on))
        return await self._answered(invocation, settings)

    async def _answered(self, invocation: Invocation, settings: PlaceSettings | None = None) -> Message:
        """The answer about that place, unless it is being forgotten: what is saved meanwhile would go with the rest."""
        if invocation.place in await self.store.erasing():
            return unclear("All that was kept of this place is being deleted. Write again in half a minute.")
        return await answer(invocation, self._desk(invocation), settings)

    async def _barred(self, person: Place, place: Place) -> bool:
        """Whether the person is shut out, who is not the place itself."""
        return person != place and (await self.store.settings(person)).barred

    async def _elsewhere(self, invocation: Invocation, place: Place) -> Message:
        """The answer about the place that somebody's commands act on, if they still look after it."""
        front = self.fronts.get(place.platform)
        if front is None or not await front.owns(invocation.person, place):
            return unclear("You do not look after the place any more that your commands act on. Go back: /use me")
        there = replace(invocation, place=place, owner=True)
        message = await self._answered(there)
        name = await self.store.note(place.platform, f"name:{place.id}") or str(place)
        return replace(message, small=f"For {name}; back: /use me. {message.small}".rstrip())

    async def _named(self, place: Place) -> Place:
        """The place by the name that it keeps, wherever it is reached now."""
        return name_of(place, await self.store.addresses(place.platform))

    def _desk(self, invocation: Invocation) -> Desk:
        return Desk(
            store=self.store,
            signals=self.signals,
            now=self.now(),
            version=self.version,
            started=self.started,
            quota=self.quota(invocation.place),
            step=self.step,
            patience=self.patience,
            front=self.fronts.get(invocation.place.platform),
            health=self.health,
            recent=self.recent,
        )
