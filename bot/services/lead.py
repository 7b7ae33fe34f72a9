"""The right to do what one process does at a time, such as sending for a platform: asked for, renewed, given away."""

import contextlib
from datetime import timedelta

from adapters.store.base import Epoch, Held, Store, StoreError
from bot.clock import Clock

LEADERSHIP = timedelta(seconds=10)
RENEW = timedelta(seconds=3)


class Lead:
    """What one process knows of its own right: to send for a platform, or to judge a part of the coins."""

    def __init__(self, store: Store, of: str, owner: str, wall: Clock) -> None:
        self._store = store
        self._of = of
        self._owner = owner
        self._wall = wall
        self._renewed = wall.now()
        self.epoch: Epoch | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether it is ours and need not be renewed yet."""
        return self.epoch is not None and self._wall.now() - self._renewed < RENEW

    @property
    def is_sure(self) -> bool:
        """Whether nobody else can have it by now."""
        return self._wall.now() - self._renewed <= LEADERSHIP

    async def take(self) -> Epoch | None:
        """Renew it, or ask for it; None while somebody else has it."""
        now = self._wall.now()
        if self.epoch is not None and not await self._store.renew(self.epoch, now, LEADERSHIP):
            self.epoch = None
        if self.epoch is None:
            led = await self._store.lead(self._of, self._owner, now, LEADERSHIP)
            if isinstance(led, Held):
                return None
            self.epoch = led
        self._renewed = now
        return self.epoch

    async def keep(self) -> None:
        """Renew it, if it is ours."""
        with contextlib.suppress(StoreError):  # what is sent is recorded without it
            now = self._wall.now()
            if self.epoch is not None and await self._store.renew(self.epoch, now, LEADERSHIP):
                self._renewed = now

    async def leave(self) -> None:
        """Let the next one in at once, if it is ours."""
        epoch, self.epoch = self.epoch, None
        if epoch is not None:
            with contextlib.suppress(StoreError):  # it then ends by itself, LEADERSHIP after it was last renewed
                await self._store.resign(epoch)
