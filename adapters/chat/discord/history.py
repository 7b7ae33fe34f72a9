"""What of ours stands in a channel already: for a repeat that comes after Discord has forgotten the nonce."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Protocol

import discord

SKEW = timedelta(seconds=30)
"""By how much Discord's clock may be behind ours."""

READ = 200
"""Messages of a channel that are looked through, the oldest first: ours was among the first after it was sent."""


class History(Protocol):
    """How a channel is read."""

    def __call__(self, *, after: datetime, limit: int, oldest_first: bool) -> AsyncIterator[discord.Message]:
        """Its messages."""
        ...


async def earlier(
    history: History, own: discord.abc.Snowflake | None, embed: discord.Embed, since: datetime
) -> int | None:
    """The id of our message with that title and footer, which has the alert's id, sent since then; None if none is."""
    async for message in history(after=since - SKEW, limit=READ, oldest_first=True):
        if own is not None and message.author.id == own.id and any(_alike(embed, of) for of in message.embeds):
            return message.id
    return None


def _alike(one: discord.Embed, other: discord.Embed) -> bool:
    """Whether both say the same of the same alert; how late it is may have changed."""
    return (one.title, one.footer.text) == (other.title, other.footer.text)
