"""Growth: the one message of a living event, changed in its place while it goes on.

An edit is of the episode's newest event alone: whatever comes later says all that the earlier would have said.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from adapters.chat.base import Line, Place
from adapters.chat.pace import Limit, Slots
from adapters.store.base import Final, Store
from bot.gates import IN_CASCADE, IN_WAVE, UNTOLD
from bot.phrases import line
from bot.swallowed import LOOKED_BACK, ends_of
from signals.event import Event
from signals.living import is_living
from signals.notice import Notice
from signals.rules.lifecycle import Change, Phase
from signals.rules.model import Rule

EDITS = Limit(10.0, burst=3)
"""A place's messages are changed so often at most: every change is a call that an alert has to wait for."""

SUPERSEDED = "a newer one says more"
TOO_SOON = "changed a moment ago"
REFUSED = "its message cannot be changed"
AMONG_OTHERS = "others waited with it"

FEW = 10_000
"""Places whose last changes are remembered."""


def last_of(told: Event | Notice) -> Event | None:
    """The last growth of what ends there: its message is changed once more before the end is said."""
    ends = isinstance(told, Event) and told.change is Change.RESOLVED and is_living(told.name)
    return replace(told, change=Change.GREW) if isinstance(told, Event) and ends else None


def left_out_of(told: Mapping[str, Event | Notice]) -> Collection[str]:
    """The entries of a batch that would change a message, but for the last one where there is nothing else to tell."""
    grow = [entry for entry, one in told.items() if isinstance(one, Event) and one.change is Change.GREW]
    return grow if len(grow) < len(told) else grow[:-1]


def _name(rule: Rule) -> str:
    return rule.draft.condition.name


class Growth:
    """What became of living events in the places of one platform."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._edits: dict[Place, Slots] = {}

    async def held(self, event: Event, place: Place, rules: Sequence[Rule], now: float) -> str:
        """Why it is not told there, as another message of these rules says it; empty where it is. `now` in seconds."""
        if not is_living(event.name):
            return await self._inhibited(event, place, rules)
        if event.wave not in ("", event.coin) and await self._leads(event):
            return IN_WAVE
        if event.change is Change.FIRED:
            return ""
        if await self._store.message_of(place, event.episode) is None:
            return UNTOLD
        return await self._growth(event, place, now) if event.change is Change.GREW else ""

    async def meanwhile(self, told: Event | Notice, place: Place, rules: Sequence[Rule]) -> Sequence[Line]:
        """What was held back because of the cascade that ends, counted."""
        if last_of(told) is None or not isinstance(told, Event):
            return ()
        ends = ends_of(await self._store.outcomes(place, LOOKED_BACK))
        events = await self._store.recent([rule.id for rule in rules if not is_living(_name(rule))], LOOKED_BACK)
        held = [e for e in events if e.coin == told.coin and e.amid is not None and told.fired_at <= e.at <= told.at]
        names = sorted({e.name for e in held if ends.get(e.id) == (Final.SKIPPED, IN_CASCADE)})
        return (line(f"It has said what these would have: {', '.join(names)}. See /why."),) if names else ()

    async def _leads(self, event: Event) -> bool:
        """Whether the rule tells of the coin that the wave is told under: a hold may have kept it from firing."""
        _, state = await self._store.state(event.rule_id, event.wave, event.revision)
        return state.phase is Phase.FIRING

    async def _growth(self, event: Event, place: Place, now: float) -> str:
        _, state = await self._store.state(event.rule_id, event.coin, event.revision)
        if (state.fired_at, state.told_at) != (event.fired_at, event.at):
            return SUPERSEDED
        edits = self._of(place)
        if edits.free > now:
            return TOO_SOON
        edits.wait(now)
        return ""

    async def _inhibited(self, event: Event, place: Place, rules: Sequence[Rule]) -> str:
        if event.amid is None:
            return ""
        sides = "", event.amid_side
        on = [rule.id for rule in rules if is_living(_name(rule)) and rule.draft.condition.side in sides]
        begun = [one for one in await self._store.recent(on, LOOKED_BACK) if one.change is Change.FIRED]
        told = any(one.coin == event.coin and one.at >= event.amid and not one.shadow for one in begun)
        if told and event.change is Change.RESOLVED:
            return UNTOLD if await self._store.message_of(place, event.episode) is None else ""
        return IN_CASCADE if told else ""

    def _of(self, place: Place) -> Slots:
        while len(self._edits) > FEW:
            del self._edits[next(iter(self._edits))]
        return self._edits.setdefault(place, Slots(EDITS))
