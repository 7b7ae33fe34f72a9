"""Sessions on Discord's gateway: counted over restarts, for it takes the token from whoever begins a thousand a day."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import discord
import msgspec
import structlog

from adapters.chat.base import Notes
from adapters.chat.discord.wire import NETWORK
from adapters.chat.notes import note, noted

log = structlog.get_logger()

MOST = 20
"""Sessions that are begun within any day at most."""

AT_ONCE = 10
"""Of these, how many are begun as soon as they are wanted; the others are spread over a day."""

SPARED = 20
"""Sessions that Discord would still grant and that are left to whoever else uses the token."""

DAY = timedelta(hours=24)
LOOK = 1.0
"""Seconds between looks at the clock, which may be set."""

PATIENCE = 10.0
"""Seconds that Discord may take to say how many it grants."""


class Spent(Exception):
    """No session may begin now."""


def next_start(begun: Sequence[datetime], now: datetime) -> datetime:
    """When the next session may begin after these, which are in order; not before now."""
    lately = [at for at in begun if now - at < DAY]
    if len(lately) < AT_ONCE:
        return now
    return max(now, lately[-1] + DAY / (MOST - AT_ONCE))


class Sessions:
    """Of one bot. `deaf` is told until when nothing can be heard of Discord, and None once it can."""

    def __init__(self, notes: Notes, wall: Callable[[], datetime], deaf: Callable[[datetime | None], None]) -> None:
        self._notes = notes
        self._wall = wall
        self._deaf = deaf
        self._ours: set[datetime] = set()

    async def wait(self, client: discord.Client) -> None:
        """Wait until a session of the client, which is logged in, may begin; until it is closed at the longest."""
        now = self._wall()
        until = max(next_start(await self._begun(client), now), await _granted(client, now))
        if until <= now:
            return
        log.warning("Discord is not listened to: a day's sessions are used up", until=until.isoformat())
        self._deaf(until)
        try:
            while self._wall() < until and not client.is_closed():  # noqa: ASYNC110 - a clock tells nobody
                await asyncio.sleep(LOOK)
        finally:
            self._deaf(None)

    async def begin(self, client: discord.Client) -> None:
        """Count a session that begins now. Raises Spent where none may."""
        now, begun = self._wall(), await self._begun(client)
        if next_start(begun, now) > now:
            raise Spent
        self._ours = {at for at in (*begun, now) if now - at < DAY}
        await note(self._notes, _key(client), msgspec.json.encode(sorted(self._ours)).decode(), DAY)

    async def _begun(self, client: discord.Client) -> Sequence[datetime]:
        """All of the last day, in order: of this process, and of those before it and beside it."""
        text = await noted(self._notes, _key(client))
        return sorted({*self._ours, *(msgspec.json.decode(text, type=list[datetime]) if text else [])})


async def _granted(client: discord.Client, now: datetime) -> datetime:
    """When Discord itself grants one that nobody else needs; now also where it does not say."""
    try:
        async with asyncio.timeout(PATIENCE):
            limit = (await client.http.get_bot_gateway())[2]
    except (discord.DiscordException, *NETWORK):
        return now
    return now if limit["remaining"] > SPARED else now + timedelta(milliseconds=limit["reset_after"])


def _key(client: discord.Client) -> str:
    return f"discord:sessions:{client.application_id}"
