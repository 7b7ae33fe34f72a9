"""Notices: looks at rules and places aside of the market's pace, and posts what they should be told once."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog

from adapters.chat.base import Place, place_of
from adapters.store.base import Store
from adapters.venues.base import Label
from bot.notices import drifted, mute_over, shadow_over
from bot.swallowed import LOOKED_BACK, ended_at, ends_of, going_on, swallowed
from signals.base import Signal
from signals.drift import SPAN, drift
from signals.notice import Notice
from signals.rules.model import Rule
from signals.rules.neighbours import step

log = structlog.get_logger()

BETWEEN_PAGES = 0.2
BETWEEN_ROUNDS = 20.0
"""Seconds: a million rules are looked at without hurry."""

WITHIN = timedelta(days=5)
"""How late something may be told: less than an id of the outbox is remembered."""


class Notices:
    """Posts notices into the lanes that alerts take. Each has an id made of what it is about, so it is told once."""

    def __init__(self, store: Store, signals: Sequence[Signal], now: Callable[[], datetime]) -> None:
        self._store = store
        self._signals = signals
        self._now = now

    async def run(self) -> None:
        """Look around until cancelled."""
        while True:
            await self.round(BETWEEN_PAGES)
            await asyncio.sleep(BETWEEN_ROUNDS)

    async def round(self, pause: float = 0.0) -> None:
        """Look at every rule and its place once."""
        latest = await self._store.latest()
        if latest is None:
            return
        label, places = Label(latest.label), set[Place]()
        async for page in self._store.rules():
            places.update(place_of(rule.place) for rule in page)
            await self._shadows(page, label)
            await self._drifts(page, label)
            await asyncio.sleep(pause)
        for place in sorted(places, key=str):
            await self._mutes(place, label)

    async def _shadows(self, rules: Iterable[Rule], label: Label) -> None:
        now = self._now()
        for rule in rules:
            if rule.draft.shadow is None or rule.paused:
                continue
            end = rule.created + rule.draft.shadow
            if end <= now < end + WITHIN:
                told = await self._store.recent([rule.id], LOOKED_BACK)
                told = [event for event in told if event.revision == rule.revision and event.at <= end]
                await self._post(place_of(rule.place), shadow_over(rule, end, told, label))

    async def _drifts(self, rules: Sequence[Rule], label: Label) -> None:
        now = self._now()
        on = [rule for rule in rules if not rule.paused and rule.draft.shadow is None]
        fires = await self._store.fires([rule.id for rule in on], now - SPAN)
        for rule in on:
            found = drift(fires.get(rule.id, ()), rule.created, now)
            if found is not None:
                harder = step(rule.draft, self._signals).harder
                await self._post(place_of(rule.place), drifted(rule, found, harder, now, label))

    async def _mutes(self, place: Place, label: Label) -> None:
        settings = await self._store.settings(place)
        if not settings.mutes:
            return
        rules = await self._store.of(place)
        ids = [rule.id for rule in rules]
        events = await self._store.recent(ids, LOOKED_BACK)
        ends = ends_of(await self._store.outcomes(place, LOOKED_BACK))
        states = await self._store.states_of(ids)
        for mute in settings.mutes:
            over = mute.until
            if over is None and not going_on(mute, rules, states):
                over = ended_at(mute, events)
            if over is not None and over <= self._now() < over + WITHIN:
                await self._post(place, mute_over(str(place), mute, over, swallowed(mute, events, ends), label))

    async def _post(self, place: Place, notice: Notice) -> None:
        if await self._store.post(place, notice, self._now()):
            log.info("notice", about=notice.about, place=str(place), id=notice.id)
