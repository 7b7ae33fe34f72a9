"""What of a claimed batch goes through the gates, and how the rest of it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from adapters.chat.base import Place
from adapters.store.base import Claim, Final, Store
from adapters.store.batch import Ends, Waiting
from adapters.store.place_settings import PlaceSettings
from bot.clock import Clock
from bot.gates import OVER_BUDGET, Passage, passage, passage_of_notice
from bot.services.budget import Budgets
from bot.telling import has_expired, too_old
from signals.event import Event
from signals.notice import Notice


@dataclass(frozen=True, slots=True)
class Going:
    """What of a batch is to be sent, and how; the other entries with how they end."""

    told: Sequence[Event | Notice]
    silent: bool
    ends: Ends


class Passing:
    """The gates of all places, at the moment of `market`; alerts older than `expires` are no news."""

    def __init__(self, store: Store, market: Clock, expires: timedelta) -> None:
        self._store = store
        self._market = market
        self._expires = expires
        self._budgets = Budgets(store)

    async def going(self, claim: Claim, settings: PlaceSettings) -> Going:
        """What of the batch goes through the gates."""
        told, silent, ends = list[Event | Notice](), True, dict[str, tuple[Final, str]]()
        for one in claim.batch:
            if one.told is None:
                ends[one.entry] = Final.DEAD, "the stored alert cannot be read"
                continue
            way = await self._passage(claim.place, one, settings)
            if isinstance(way, Passage):
                told.append(one.told)
                silent = silent and way.silent
            else:
                ends[one.entry] = way
        return Going(told, silent, ends)

    async def _passage(self, place: Place, one: Waiting, settings: PlaceSettings) -> Passage | tuple[Final, str]:
        """How the gates let it through, the budget last, which counts what it lets through; else how it ends."""
        now, told = self._market.now(), one.told
        if isinstance(told, Notice) or told is None:
            way = passage_of_notice(told, settings) if told else Passage()
            return (Final.SKIPPED, way.held) if way.held else way
        rule = next((rule for rule in await self._store.of(place) if rule.id == told.rule_id), None)
        way = passage(told, rule, settings, now)
        if way.held:
            return Final.SKIPPED, way.held
        if has_expired(told, now, self._expires) and not one.revived:
            return Final.EXPIRED, too_old(self._expires)
        if not await self._budgets.admit(told, place, settings, one.entry, now):
            return Final.SKIPPED, OVER_BUDGET
        return way
