"""When nobody on a platform is sent anything, and why: what the platform asked for holds after a restart, too."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from adapters.chat.base import Limited
from adapters.chat.pace import Pacer
from adapters.store.base import Store
from bot.clock import AS_FAST_AS_IT_GOES, Clock
from bot.services.rhythm import Rhythm

log = structlog.get_logger()

LASTS = timedelta(seconds=5)
"""How long after its end a stillness counts as going on: what caused it may still be there, and is tried first."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Nobody is sent anything, because of that, since then and until then at least."""

    why: Limited
    since: datetime
    until: datetime


class Stillness:
    """Of one platform. `wall` times it; alerts that it makes late say so by the `market`'s time."""

    def __init__(self, store: Store, platform: str, wall: Clock, market: Clock, pacer: Pacer, rhythm: Rhythm) -> None:
        self._store = store
        self._platform = platform
        self._wall = wall
        self._market = market
        self._pacer = pacer
        self._rhythm = rhythm
        self._rest: Rest | None = None

    @property
    def is_on(self) -> bool:
        """Whether nothing may be sent now."""
        return self._rest is not None and self._wall.now() < self._rest.until

    @property
    def rest(self) -> Rest | None:
        """Why nobody is sent anything; None while everybody may be."""
        return self._rest if self._rest is not None and self._wall.now() < self._rest.until + LASTS else None

    async def resume(self) -> None:
        """Go on with the one that whoever sent before us was told to keep."""
        now = self._wall.now()
        until = await self._store.quiet(self._platform, now)
        if until is not None and not self.is_on:
            self._begin(until - now, Limited.EVERYBODY)

    async def begin(self, length: timedelta, why: Limited) -> None:
        """Nothing to anybody for so long, whoever sends then; over a token that is refused only while it is ours."""
        if self._begin(length, why):
            seconds = length.total_seconds()
            log.warning("nobody is sent anything", platform=self._platform, why=str(why), seconds=seconds)
        if self._rest is not None and why is not Limited.TOKEN:  # whoever starts with another one need not wait
            await self._store.quieten(self._platform, self._rest.until)

    def _begin(self, length: timedelta, why: Limited) -> bool:
        """Whether it is a new one: what goes on is one, however often it is heard of."""
        now, before = self._wall.now(), self.rest
        goes_on = before is not None and before.why is why
        until = max(before.until, now + length) if before is not None else now + length
        self._rest = Rest(why, before.since if before is not None and goes_on else now, until)
        self._pacer.rest_all(length)
        if self._market.speed != AS_FAST_AS_IT_GOES:
            self._rhythm.pause(self._market.now() + length * self._market.speed, why)
        return not goes_on
