"""What the platforms of several tests share."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256

from adapters.chat.base import ChatPlatform, MenuEntry, Place, Reception

POISON = 150
"""One of so many alerts is never taken by a platform of the trials."""


def is_poison(id_: str) -> bool:
    """Whether that alert is one of them."""
    return int(sha256(id_.encode()).hexdigest(), 16) % POISON == 0


class WrittenTo(ChatPlatform):
    """One that is written to alone: nobody writes back, looks after anything, or can be found."""

    async def serve(self, menu: Sequence[MenuEntry], reception: Reception) -> None:
        await asyncio.Event().wait()

    async def find(self, named: str) -> Place | None:
        return None

    async def owns(self, person: str, place: Place) -> bool:
        return False

    async def can_send(self, place: Place) -> bool:
        return True

    async def aclose(self) -> None:
        """Nothing is held."""
