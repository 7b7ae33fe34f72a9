"""What the budget of a place lets through: counted in the store, so that a restart begins no new day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.chat.base import Place
from adapters.store.base import Store
from adapters.store.place_settings import PlaceSettings
from bot.budget import LOOKED_BACK, bar, counts, score
from bot.swallowed import LOOKED_BACK as ALERTS_LOOKED_AT
from bot.zones import zone_of
from signals.event import Event
from signals.rules.model import Loudness

BAR_HOLDS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Bar:
    """A bar, for how many a day it was found, and when."""

    score: float
    most: int
    at: datetime


class Budgets:
    """The budgets of all places."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bars: dict[Place, _Bar] = {}

    async def admit(self, event: Event, place: Place, settings: PlaceSettings, entry: str, now: datetime) -> bool:
        """Whether the alert may be sent there, which counts it. A loud one always may, and counts."""
        most = settings.budget
        if most is None:
            return True
        if not counts(event):
            return await self._was_told(event, place)
        loud = event.loudness is Loudness.LOUD
        if not loud and score(event) < await self._bar(place, most, now):
            return False
        day = now.astimezone(zone_of(settings.zone)).date()
        return await self._store.admit(place, day, entry, None if loud else most)

    async def _was_told(self, event: Event, place: Place) -> bool:
        """Whether its firing was: the end of what nobody heard of is no news."""
        return event.loudness is Loudness.LOUD or await self._store.message_of(place, event.episode) is not None

    async def _bar(self, place: Place, most: int, now: datetime) -> float:
        known = self._bars.get(place)
        if known is None or known.most != most or not now - BAR_HOLDS < known.at <= now:
            ids = [rule.id for rule in await self._store.of(place)]
            fires = await self._store.fires(ids, now - LOOKED_BACK)
            first = min((at for of in fires.values() for at in of), default=None)
            told = await self._store.recent(ids, ALERTS_LOOKED_AT)
            known = self._bars[place] = _Bar(bar(told, first, most, now), most, now)
        return known.score
