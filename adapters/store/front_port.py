"""The port of fronts: notes, addresses, who is allowed in, a platform that must be quiet, and forgetting a place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from adapters.chat.base import Place


class FrontStore(Protocol):
    """What fronts and those who run the service keep. A person is named as their private place is."""

    async def note(self, platform: str, key: str) -> str | None:
        """What was noted under the key, while it lives."""
        ...

    async def keep_note(self, platform: str, key: str, text: str, lives: timedelta) -> None:
        """Note the text for that long, in place of what was noted under the key."""
        ...

    async def readdress(self, place: Place, address: Place) -> None:
        """From now on the place is reached there; it keeps its name. An address that moves on takes its place along."""
        ...

    async def addresses(self, platform: str) -> Mapping[str, str]:
        """The ids of the places that moved, each with the id where it is reached now."""
        ...

    async def allow(self, who: Place) -> None:
        """Let the place or person in, and lift what the operator stopped."""
        ...

    async def deny(self, who: Place) -> None:
        """Let the place or person in no more, and send nothing there."""
        ...

    async def allowed(self) -> frozenset[Place]:
        """Who was let in."""
        ...

    async def denied(self) -> frozenset[Place]:
        """Whom the operator stopped."""
        ...

    async def quieten(self, platform: str, until: datetime) -> None:
        """Send nothing to the platform before then; an earlier end changes nothing."""
        ...

    async def quiet(self, platform: str, now: datetime) -> datetime | None:
        """Until when nothing may be sent to the platform; None where it may."""
        ...

    async def erase(self, place: Place, at: datetime) -> None:
        """Take away all about the place, but what tells the readers of changes that its rules are gone."""
        ...

    async def erasing(self) -> Mapping[Place, datetime]:
        """The places of which that is still there, each with the moment at which it was erased."""
        ...

    async def erased(self, place: Place) -> None:
        """Take that away too, and whatever was left since: then nothing names the place.

        A reader that has not heard of it loads everything again. For some days the place's last number is kept under
        a salted digest, so that no rule of it has the id of one that a late evaluator still judges.
        """
        ...


def name_of(place: Place, addresses: Mapping[str, str]) -> Place:
    """The name of the place that is reached there; of several, which one chain of moves leaves, the shortest id."""
    names = [name for name, address in addresses.items() if address == place.id]
    return Place(place.platform, min(names, key=lambda name: (len(name), name))) if names else place


@dataclass(frozen=True, slots=True)
class PlatformNotes:
    """The notes of one platform's front."""

    store: FrontStore
    platform: str

    async def read(self, key: str) -> str | None:
        """What was written under the key, while it lives."""
        return await self.store.note(self.platform, key)

    async def write(self, key: str, text: str, lives: timedelta) -> None:
        """Keep the text for that long."""
        await self.store.keep_note(self.platform, key, text, lives)
