"""Notes, addresses, who is allowed in, and what is being forgotten, in memory."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from adapters.chat.base import Place
from adapters.store import keys


class MemoryFronts:
    """The port of fronts. Notes live by the clock of the loop."""

    def __init__(self) -> None:
        super().__init__()
        self._notes: dict[tuple[str, str], tuple[float, str]] = {}
        self._addresses: dict[str, dict[str, str]] = defaultdict(dict)
        self._allowed: set[Place] = set()
        self._denied: set[Place] = set()
        self._quiet: dict[str, datetime] = {}
        self._erasing: dict[Place, datetime] = {}

    async def note(self, platform: str, key: str) -> str | None:
        ends, text = self._notes.get((platform, key), (0.0, ""))
        return text if ends > _now() else None

    async def keep_note(self, platform: str, key: str, text: str, lives: timedelta) -> None:
        self._notes[platform, key] = _now() + lives.total_seconds(), text

    async def readdress(self, place: Place, address: Place) -> None:
        known = self._addresses[place.platform]
        to = known.get(address.id, address.id)
        to = address.id if to == place.id else to
        for name in [place.id, *(name for name, at in known.items() if at == place.id)]:
            known[name] = to
        known.pop(to, None)

    async def addresses(self, platform: str) -> Mapping[str, str]:
        return dict(self._addresses[platform])

    async def allow(self, who: Place) -> None:
        self._allowed.add(who)
        self._denied.discard(who)

    async def deny(self, who: Place) -> None:
        self._denied.add(who)
        self._allowed.discard(who)

    async def allowed(self) -> frozenset[Place]:
        return frozenset(self._allowed)

    async def denied(self) -> frozenset[Place]:
        return frozenset(self._denied)

    async def quieten(self, platform: str, until: datetime) -> None:
        self._quiet[platform] = max(until, self._quiet.get(platform, until))

    async def quiet(self, platform: str, now: datetime) -> datetime | None:
        until = self._quiet.get(platform, now)
        return until if until > now else None

    async def erase(self, place: Place, at: datetime) -> None:
        self._erasing[place] = at
        self._allowed.discard(place)
        self._denied.discard(place)
        self._addresses[place.platform].pop(place.id, None)
        named = re.compile(keys.mention(place.id))
        notes = {key: of for key, of in self._notes.items() if key[0] == place.platform}
        for key in [key for key, of in notes.items() if named.search(key[1]) or named.search(of[1])]:
            del self._notes[key]

    async def erasing(self) -> Mapping[Place, datetime]:
        return dict(self._erasing)

    async def erased(self, place: Place) -> None:
        self._erasing.pop(place, None)


def _now() -> float:
    return asyncio.get_running_loop().time()
