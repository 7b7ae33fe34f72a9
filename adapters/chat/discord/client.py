"""The connection to Discord: no message content, one sync of the commands when they differ, and who comes and goes."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

import discord
import structlog
from discord.gateway import KeepAliveHandler

from adapters.chat.base import Notes, Place, Reception
from adapters.chat.discord.answering import NAME, Answering, Talk
from adapters.chat.discord.dress import Dressed
from adapters.chat.discord.sessions import Sessions
from adapters.chat.discord.tree import Tree, digest
from adapters.chat.discord.wire import counting
from adapters.chat.notes import note, noted

log = structlog.get_logger()

LONGEST_PAUSE = 30.0
"""Seconds that discord.py waits for a limit by itself; longer ones come back to us."""

KNOWN_FOR = timedelta(days=30)
"""How long it is remembered which commands were set; they are set again after that."""

GRACE = timedelta(seconds=5)
"""How long answers that are on their way may take when the connection is closed."""

NORMAL = 1000
"""The code of a connection that ends as it should."""


class Connection(discord.Client):
    """One connection. It is used once: after it ended another one is made."""

    def __init__(
        self,
        answering: Answering,
        tree: Tree,
        notes: Notes,
        answered: Callable[[int], None],
        sessions: Sessions,
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_PAUSE,
            http_trace=counting(answered),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
        )
        self.answering = answering
        self._tree = tree
        self._notes = notes
        self._sessions = sessions
        self._busy: set[asyncio.Task[None]] = set()

    @property
    def reception(self) -> Reception:
        """To whom it hands on what comes in."""
        return self.answering.reception

    async def setup_hook(self) -> None:
        """Give what a former process announced, and set the commands: only if they are not those that were set last."""
        if self.application_id is None:
            return
        resuming = asyncio.create_task(self.answering.resume(self._give))
        self._busy.add(resuming)
        resuming.add_done_callback(self._busy.discard)
        key, own = f"discord:commands:{self.application_id}", digest(self._tree)
        if await noted(self._notes, key) == own:
            return
        try:
            await self.http.bulk_upsert_global_commands(self.application_id, payload=self._tree)
        except discord.HTTPException as error:
            if error.status != 400:
                raise
            log.exception("commands refused; those set before stay", status=error.status)
            return
        await note(self._notes, key, own, KNOWN_FOR)
        log.info("commands set", commands=len(self._tree))

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Count each session that begins. Raises Spent where none may."""
        await self._sessions.begin(self)
        await super().before_identify_hook(shard_id, initial=initial)

    async def _give(self, token: str, said: Dressed) -> None:
        """Show the answer in place of what was announced."""
        hook = discord.Webhook.partial(self.application_id or 0, token, client=self)
        await hook.edit_message(  # type: ignore[call-overload] # the library knows messages by number only
            "@original",
            embed=said.embed,
            attachments=said.files,
            view=said.view,
            allowed_mentions=said.mentions,
        )

    async def close(self) -> None:
        """Let answers that are on their way arrive, then close."""
        others = {task for task in self._busy if task is not asyncio.current_task()}
        if others and not self.is_closed():
            await asyncio.wait(others, timeout=GRACE.total_seconds())
        for thread in threading.enumerate():  # nobody else closes the socket of a session that never came about
            if isinstance(thread, KeepAliveHandler) and thread.ws.call_hooks == self._connection.call_hooks:
                await thread.ws.close(code=NORMAL)
        await super().close()

    async def on_interaction(self, talk: Talk) -> None:
        """Somebody uses a command, presses a button, sends a form, or types."""
        task = asyncio.current_task()
        if task is None:
            return
        self._busy.add(task)
        try:
            await self.answering.take(talk)
        finally:
            self._busy.discard(task)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """We were added to a server: its channels can be written to again."""
        await self._each(guild.text_channels, self.reception.came)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """We were removed from a server, or it is no more."""
        await self._each((*guild.text_channels, *guild.threads), self._left("the bot was removed from the server"))

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """A channel is no more."""
        await self._each([channel], self._left("the channel was deleted"))

    async def on_raw_thread_delete(self, thread: discord.RawThreadDeleteEvent) -> None:
        """A thread is no more."""
        await self.reception.left(_place(thread.thread_id), "the thread was deleted")

    def _left(self, reason: str) -> Callable[[Place], Awaitable[None]]:
        async def left(place: Place) -> None:
            await self.reception.left(place, reason)

        return left

    async def _each(self, channels: Iterable[discord.abc.Snowflake], tell: Callable[[Place], Awaitable[None]]) -> None:
        for channel in channels:
            await tell(_place(channel.id))


def _place(channel: int) -> Place:
    return Place(NAME, f"-{channel}")
