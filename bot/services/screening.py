"""What of a batch goes out: the gates, what grows, what is too old, and the budget last."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from adapters.chat.base import Place
from adapters.store.base import Claim, Final, Store
from adapters.store.batch import Ends, Waiting
from adapters.store.place_settings import PlaceSettings
from bot.clock import Clock
from bot.gates import OVER_BUDGET, Passage, passage, passage_of_notice
from bot.services.budget import Budgets
from bot.services.growth import AMONG_OTHERS, Growth, left_out_of
from bot.telling import has_expired, too_old
from signals.event import Event
from signals.notice import Notice
from signals.rules.lifecycle import Change
from signals.rules.model import Rule


@dataclass(frozen=True, slots=True)
class Going:
    """What of a batch is to be sent, and whether without sound; the other entries with how they end."""

    told: Sequence[Event | Notice]
    silent: bool
    ends: Ends

    @property
    def grows(self) -> bool:
        """Whether it is a message that is changed in its place, which nobody is called to look at."""
        return any(isinstance(told, Event) and told.change is Change.GREW for told in self.told)


class Screening:
    """Of one platform. `wall` times changes of messages, `market` what alerts and mutes speak of."""

    def __init__(self, store: Store, growth: Growth, wall: Clock, market: Clock, expires: timedelta) -> None:
        self._store = store
        self._growth = growth
        self._budgets = Budgets(store)
        self._wall = wall
        self._market = market
        self._expires = expires

    async def of(self, claim: Claim, settings: PlaceSettings) -> Going:
        """What of the batch goes through the gates; what grows is told in its place, alone or not at all."""
        through, silent, ends = dict[str, Event | Notice](), True, dict[str, tuple[Final, str]]()
        for one in claim.batch:
            if one.told is None:
                ends[one.entry] = Final.DEAD, "the stored alert cannot be read"
                continue
            way = await self._passage(claim.place, one, settings)
            if isinstance(way, Passage):
                through[one.entry] = one.told
                silent = silent and way.silent
            else:
                ends[one.entry] = way
        left_out = left_out_of(through)
        ends |= dict.fromkeys(left_out, (Final.SKIPPED, AMONG_OTHERS))
        return Going([told for entry, told in through.items() if entry not in left_out], silent, ends)

    async def _passage(self, place: Place, one: Waiting, settings: PlaceSettings) -> Passage | tuple[Final, str]:
        """How the gates let it through, the budget last, which counts what it lets through; else how it ends."""
        now, told = self._market.now(), one.told
        if isinstance(told, Notice) or told is None:
            way = passage_of_notice(told, settings) if told else Passage()
            return (Final.SKIPPED, way.held) if way.held else way
        rules = await self._store.of(place)
        rule = next((rule for rule in rules if rule.id == told.rule_id), None)
        way = passage(told, rule, settings, now)
        is_led = not told.wave or not passage(replace(told, coin=told.wave), rule, settings, now).held
        seen = told if is_led else replace(told, wave="")  # the alert of all is silent here: each coin has its own
        heard = rules
        if told.amid is not None:
            heard = [rule for rule in rules if not passage(_as_told_by(rule, told), rule, settings, now).held]
        held = way.held or await self._growth.held(seen, place, heard, self._wall.now().timestamp())
        if held:
            return Final.SKIPPED, held
        if has_expired(told, now, self._expires) and not one.revived:
            return Final.EXPIRED, too_old(self._expires)
        if not await self._budgets.admit(told, place, settings, one.entry, now):
            return Final.SKIPPED, OVER_BUDGET
        return way


def _as_told_by(rule: Rule, event: Event) -> Event:
    """The same as that rule would begin to tell of it: whether it is silent here can be asked."""
    name, loudness = rule.draft.condition.name, rule.draft.loudness
    return replace(event, name=name, rule_number=rule.number, loudness=loudness, change=Change.FIRED)
