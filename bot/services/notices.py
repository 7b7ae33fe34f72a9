"""Notices: looks at rules and places aside of the market's pace, and posts what they should be told once."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from adapters.chat.base import Place, place_of
from adapters.store.base import Store, StoreError
from adapters.store.place_settings import Daily, PlaceSettings, Quiet
from adapters.venues.base import Label
from bot.commands.digest import account
from bot.commands.dryrun import rehearsed
from bot.digest import after_quiet, digest
from bot.hours import due, last_due, last_spell
from bot.notices import Told, drift_id, drifted, ended, mute_over, shadow_over
from bot.swallowed import LOOKED_BACK, ended_at, ends_of, going_on, swallowed
from bot.zones import zone_of
from signals.base import Signal
from signals.drift import LEAST_WEEKS, WEEK, by_week, drift
from signals.notice import About, Notice
from signals.rules.model import Draft, Rule
from signals.rules.neighbours import step

log = structlog.get_logger()

BETWEEN_PAGES = 0.2
BETWEEN_ROUNDS = 20.0
"""Seconds: a million rules are looked at without hurry."""

HARDER = 4
"""Harder lines that are tried for a rule that has drifted."""

SETTLED = timedelta(seconds=10)
"""How long after the end of a span the sender may still be at what came in it."""

SAME_DAY = timedelta(hours=12)
"""How late a digest or a summary may be told."""

WITHIN = timedelta(days=5)
"""How late something may be told: less than an id of the outbox is remembered."""


@dataclass(frozen=True, slots=True)
class _Reader:
    """The market as dry runs read it."""

    store: Store
    signals: Sequence[Signal]
    step: timedelta


class Notices:
    """Posts notices into the lanes that alerts take. Each has an id made of what it is about, so it is told once."""

    def __init__(self, store: Store, signals: Sequence[Signal], now: Callable[[], datetime]) -> None:
        self._store = store
        self._signals = signals
        self._now = now
        self._last: dict[tuple[About, str], datetime | str] = {}
        """The last quiet spell and digest of each place, and drift of each rule, that were looked at: just once."""

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
            await self._ends(page, label)
            await self._drifts(page, label)
            await asyncio.sleep(pause)
        for place in sorted(places, key=str):
            await self._of_place(place, label)

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

    async def _ends(self, rules: Iterable[Rule], label: Label) -> None:
        now = self._now()
        for rule in rules:
            end = rule.draft.until
            if end is not None and not rule.paused and end <= now < end + WITHIN:
                await self._post(place_of(rule.place), ended(rule, end, label))

    async def _drifts(self, rules: Sequence[Rule], label: Label) -> None:
        now = self._now()
        on = [rule for rule in rules if not rule.paused and rule.draft.shadow is None and not _is_over(rule, now)]
        fires = await self._store.fires([rule.id for rule in on], now - (LEAST_WEEKS + 1) * WEEK)
        for rule in on:
            fired, before = by_week(fires.get(rule.id, ()), rule.created, now)
            found, id_ = drift(fired, before, (), _unknown), drift_id(rule, now)
            if found is None or self._last.get((About.DRIFT, rule.id)) == id_:
                continue
            with self._looking(About.DRIFT, rule.id, id_):
                would = await self._would_fire(rule)
                found = drift(fired, before, list(would), would.get) or found
                await self._post(place_of(rule.place), drifted(rule, found, now, label))

    async def _would_fire(self, rule: Rule) -> Mapping[Draft, int | None]:
        """Drafts each a step harder than the last, and how often each would have fired this week."""
        reader = _Reader(self._store, self._signals, min(await self._store.steps(), default=WEEK))
        found: dict[Draft, int | None] = {}
        harder = step(rule.draft, self._signals).harder
        while harder is not None and len(found) < HARDER:
            run = await rehearsed(harder, place_of(rule.place), reader)
            week = run.spans.get(WEEK) if run else None
            found[harder] = week.fired if week else None
            harder = step(harder, self._signals).harder
        return found

    async def _of_place(self, place: Place, label: Label) -> None:
        """Its mutes, quiet hours and digest."""
        settings = await self._store.settings(place)
        of = Told(str(place), zone_of(settings.zone), label)
        if settings.mutes:
            await self._mutes(place, settings, of)
        if settings.quiet is not None and not settings.quiet.silent:
            await self._quiet(place, settings.quiet, of)
        if settings.digest is not None:
            await self._digest(place, settings.digest, of)

    async def _quiet(self, place: Place, quiet: Quiet, of: Told) -> None:
        spell = last_spell(quiet, of.zone, self._now())
        if spell is None or not self._is_new(About.QUIET, place, spell[1]):
            return
        with self._looking(About.QUIET, str(place), spell[1]):
            past = await account(self._store, place, *spell, self._now())
            if summary := after_quiet(of, past, self._now()):
                await self._post(place, summary)

    async def _digest(self, place: Place, daily: Daily, of: Told) -> None:
        day, at = last_due(daily.at, of.zone, self._now())
        if at > daily.from_ and self._is_new(About.DIGEST, place, at):
            with self._looking(About.DIGEST, str(place), at):
                since = due(day - timedelta(days=1), daily.at, of.zone)
                past = await account(self._store, place, since, at, self._now())
                await self._post(place, digest(of, past, day, self._now()))

    def _is_new(self, about: About, place: Place, at: datetime) -> bool:
        """Whether what came then is to be told now: not before the sender is done with it, not late, and once."""
        return at + SETTLED <= self._now() < at + SAME_DAY and self._last.get((about, str(place))) != at

    @contextmanager
    def _looking(self, about: About, of: str, at: datetime | str) -> Iterator[None]:
        """Look at it this once, whatever comes of it; but once more where the store was away."""
        self._last[about, of] = at
        try:
            yield
        except StoreError:
            del self._last[about, of]
            raise

    async def _mutes(self, place: Place, settings: PlaceSettings, of: Told) -> None:
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
                await self._post(place, mute_over(of, mute, over, swallowed(mute, events, ends)))

    async def _post(self, place: Place, notice: Notice) -> None:
        if await self._store.post(place, notice, self._now()):
            log.info("notice", about=notice.about, place=str(place), id=notice.id)


def _is_over(rule: Rule, now: datetime) -> bool:
    return rule.draft.until is not None and rule.draft.until <= now


def _unknown(draft: Draft) -> int | None:
    """Nothing is rehearsed yet."""
    del draft
    return None
