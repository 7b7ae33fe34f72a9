"""Places that cannot be written to any more."""

from dataclasses import replace

from adapters.chat.base import Place
from adapters.store.base import Store


async def mark_gone(store: Store, place: Place, reason: str, seen: str) -> None:
    """Note why nothing can be sent to the place; of one that has no rules nothing is noted."""
    if await store.of(place):
        await store.change(place, lambda of: replace(of, gone=reason), seen)
