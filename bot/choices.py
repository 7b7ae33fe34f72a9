"""The words that complete a command's arguments, as the market and the place have them now."""

from collections.abc import Sequence

from adapters.chat.base import Place, Words
from adapters.store.base import Store, StoreError
from bot.commands.admin import VERBS
from bot.commands.settable import SETTINGS
from bot.commands.top import TOPS
from bot.zones import zone_of
from signals.base import Signal
from signals.rules.language import Vocabulary
from signals.rules.suggest import suggest


def choices(store: Store, signals: Sequence[Signal]) -> Words:
    """What the last closed moment knows, signals, whole rules, and a place's own; none while the store is away."""

    async def words(kind: str, place: Place, typed: str) -> Sequence[str]:
        try:
            match kind:
                case "coin" | "venue":
                    return await _market(store, kind)
                case "signal":
                    return [signal.name for signal in signals]
                case "setting":
                    return list(SETTINGS)
                case "top":
                    return list(TOPS)
                case "admin":
                    return list(VERBS)
                case "sentence":
                    return await _sentences(store, signals, place, typed)
                case "rule":
                    return [f"#{rule.number}" for rule in await store.of(place)]
                case _:
                    return ()
        except StoreError:
            return ()

    return words


async def _market(store: Store, kind: str) -> Sequence[str]:
    cycle = await store.latest()
    if cycle is None:
        return ()
    return sorted(cycle.readings) if kind == "coin" else cycle.venues


async def _sentences(store: Store, signals: Sequence[Signal], place: Place, typed: str) -> Sequence[str]:
    cycle = await store.latest()
    if cycle is None:
        return ()
    zone = zone_of((await store.settings(place)).zone)
    return suggest(typed, Vocabulary(cycle.readings.keys(), cycle.venues, signals, cycle.at, zone))
