"""The words that complete a command's arguments, as the market and the place have them now."""

from collections.abc import Sequence

from adapters.chat.base import Place, Words
from adapters.store.base import Store, StoreError
from bot.commands.market import venues_of
from bot.commands.settable import SETTINGS
from signals.base import Signal


def choices(store: Store, signals: Sequence[Signal]) -> Words:
    """Coins and venues of the last moment, signals, settings, and a place's rules; none while the store is away."""

    async def words(kind: str, place: Place, typed: str) -> Sequence[str]:
        del typed
        try:
            match kind:
                case "coin" | "venue":
                    return await _market(store, kind)
                case "signal":
                    return [signal.name for signal in signals]
                case "setting":
                    return list(SETTINGS)
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
    return sorted(cycle.readings) if kind == "coin" else venues_of(cycle)
