"""Discord as a chat: translates both ways and holds no texts of its own."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import discord
import structlog

from adapters.chat.base import (
    Barred,
    Delivery,
    Gone,
    Limited,
    MenuEntry,
    Notes,
    Outcome,
    Place,
    Reception,
    Refusal,
    Retry,
    Sent,
    Words,
)
from adapters.chat.discord.answering import NAME, Answering
from adapters.chat.discord.breaker import Breaker
from adapters.chat.discord.buttons import panel
from adapters.chat.discord.client import Connection
from adapters.chat.discord.dress import dressed
from adapters.chat.discord.history import earlier
from adapters.chat.discord.invitation import NEEDED
from adapters.chat.discord.lines import Lines
from adapters.chat.discord.markup import page
from adapters.chat.discord.outcomes import LOST, SOON, banned_for, outcome_of
from adapters.chat.discord.sessions import Sessions, Spent
from adapters.chat.discord.settings import DiscordSettings
from adapters.chat.discord.tree import tree
from adapters.chat.discord.unanswered import Unanswered
from adapters.chat.discord.wire import NETWORK, use
from adapters.chat.discord.words import Completion
from adapters.chat.presses import NOTICE

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=1)
"""Pauses before connecting anew: each twice as long as the one before."""

STEADY = timedelta(minutes=5)
"""A connection that lasted so long was a good one: after it the first pause is the shortest again."""

NONCE = 25
"""Characters of a nonce at most."""

FORGOTTEN = timedelta(seconds=60)
"""After so long Discord may not know a nonce any more, and the channel is asked instead."""

_BAD_TOKEN, _BAD_INTENTS = 4004, 4013
_ID = re.compile(r"<#(\d{1,20})>|(\d{15,20})")


class Discord:
    """One bot. Private places are people's direct messages, shared ones are channels of servers.

    `now` is the market's moment, `wall` the clock of deadlines. `deaf` is told until when no command is heard.
    """

    name = NAME

    def __init__(
        self,
        settings: DiscordSettings,
        notes: Notes,
        words: Words,
        now: Callable[[], datetime],
        wall: Callable[[], datetime],
        deaf: Callable[[datetime | None], None] = lambda _: None,
    ) -> None:
        use(settings.api, settings.gateway)
        self._settings = settings
        self._notes = notes
        self._lines = Lines(notes)
        self._completion = Completion(words)
        self._unanswered = Unanswered(notes)
        self._sessions = Sessions(notes, wall, deaf)
        self._now = now
        self._wall = wall
        self._breaker = Breaker()
        self._connection: Connection | None = None
        self._rooms: dict[str, int] = {}

    async def serve(self, menu: Sequence[MenuEntry], reception: Reception) -> None:
        """Answer until cancelled, connecting anew whenever the connection ends. Raises Barred."""
        pause = FIRST_PAUSE
        while True:
            began = self._wall()
            connection = self.connect(menu, reception)
            try:
                await connection.login(self._settings.token)
                await self._sessions.wait(connection)
                await connection.connect()
            except discord.LoginFailure:
                raise Barred("Discord refuses the token: make a new one and put it into DISCORD_TOKEN.") from None
            except discord.PrivilegedIntentsRequired:
                raise Barred("Discord refuses the bot's intents (4014): allow them on the bot's page.") from None
            except discord.ConnectionClosed as closed:
                if closed.code in (_BAD_TOKEN, _BAD_INTENTS):
                    raise Barred(f"Discord closed the connection for good ({closed.code}).") from None
                log.warning("connection to Discord closed", code=closed.code)
            except Spent:
                log.info("the connection to Discord is begun anew when it may be")
            except (discord.HTTPException, *NETWORK) as error:
                log.warning("Discord is not reached", reason=type(error).__name__)
            except Exception:  # the loop's outer edge: what one event breaks must not end the front
                log.exception("connection to Discord ended")
            finally:
                await connection.close()
            pause = FIRST_PAUSE if self._wall() - began >= STEADY else pause
            await asyncio.sleep(pause.total_seconds())
            pause = min(2 * pause, LONGEST_PAUSE)

    def connect(self, menu: Sequence[MenuEntry], reception: Reception) -> Connection:
        """The next connection, not started yet; what is sent goes through it from now on."""
        by_name = {entry.spec.name: entry for entry in menu}
        answering = Answering(
            by_name, reception, self._lines, self._completion, self._unanswered, self._now, self._settings.operators
        )
        self._connection = Connection(answering, tree(menu), self._notes, self._answered, self._sessions)
        return self._connection

    async def send(self, delivery: Delivery) -> Outcome:
        """One try within the deadline; the same delivery has the same nonce, so that a repeat is not shown twice."""
        rest = self._breaker.rest(self._wall())
        if rest is not None:
            return Retry(rest, certain=True, reason="Discord refused too often", limited=Limited.EVERYBODY)
        connection = self._connection
        if connection is None or connection.user is None or connection.is_closed():
            return Retry(SOON, certain=True, reason="not connected to Discord")
        if not delivery.to.id.removeprefix("-").isdecimal():
            return Refusal("no place of Discord")
        try:
            async with asyncio.timeout((delivery.deadline - self._wall()).total_seconds()):
                return Sent(str(await self._put(connection, delivery)))
        except (discord.DiscordException, TimeoutError, RuntimeError, *NETWORK) as error:
            return await self._failed(connection, delivery.to, error)

    async def find(self, named: str) -> Place | None:
        """The channel that is mentioned, named by its id, or called so where only one is."""
        connection = self._connection
        if connection is None:
            return None
        said = _ID.fullmatch(named.strip())
        if said is not None:
            known = connection.get_channel(int(said[1] or said[2]))
            return Place(NAME, f"-{known.id}") if isinstance(known, discord.abc.GuildChannel | discord.Thread) else None
        name = named.strip().removeprefix("#")
        called = [channel for guild in connection.guilds for channel in guild.text_channels if channel.name == name]
        return Place(NAME, f"-{called[0].id}") if len(called) == 1 else None

    async def owns(self, person: str, place: Place) -> bool:
        """Whether the place is the person's own, or a channel of a server that the person manages."""
        if not place.shared:
            return person == place.id
        connection = self._connection
        channel = connection.get_channel(int(place.id[1:])) if connection is not None else None
        guild = getattr(channel, "guild", None)
        if not isinstance(guild, discord.Guild) or not person.isdecimal():
            return False
        try:
            member = await guild.fetch_member(int(person))
        except (discord.DiscordException, *NETWORK):
            return False
        return member.guild_permissions.manage_guild or member.guild_permissions.administrator

    async def can_send(self, place: Place) -> bool:
        """Whether we may write and show pictures there; a person's own place shows only when it is tried."""
        if not place.shared:
            return True
        channel = self._connection.get_channel(int(place.id[1:])) if self._connection is not None else None
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return False
        ours = channel.permissions_for(channel.guild.me)
        return all(getattr(ours, name) for name in NEEDED)

    async def aclose(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()

    async def _put(self, connection: Connection, delivery: Delivery) -> int:
        """Send or edit, and the id of the message."""
        room = connection.get_partial_messageable(await self._room(connection, delivery.to))
        under = panel(delivery.message.buttons, NOTICE)
        role = delivery.mention if delivery.to.shared else None
        said = dressed(page(delivery.message, role, under.missing), under, role)
        await self._lines.keep(under.kept)
        if delivery.edits is not None:
            edited = await room.get_partial_message(int(delivery.edits)).edit(
                content=said.content,
                embed=said.embed,
                attachments=said.files,
                view=said.view,
                allowed_mentions=said.mentions,
            )
            return edited.id
        if delivery.tried is not None and self._wall() - delivery.tried > FORGOTTEN:
            found = await earlier(room.history, connection.user, said.embed, delivery.tried)
            if found is not None:
                return found
        send = partial(
            room.send,
            said.content,
            embed=said.embed,
            files=said.files,
            view=said.view,
            allowed_mentions=said.mentions,
            nonce=nonce_of(delivery),
            silent=delivery.message.silent,
        )
        answered = delivery.replies_to
        sent = await (send() if answered is None else send(reference=_reference(answered, room.id)))
        return sent.id

    async def _room(self, connection: Connection, place: Place) -> int:
        """The channel of a place; a person's is opened once."""
        if place.shared:
            return int(place.id[1:])
        if place.id not in self._rooms:
            self._rooms[place.id] = (await connection.create_dm(discord.Object(int(place.id)))).id
        return self._rooms[place.id]

    async def _failed(self, connection: Connection, place: Place, error: BaseException) -> Outcome:
        banned = banned_for(error)
        if banned is not None:
            self._breaker.pause(self._wall() + banned)
        if isinstance(error, discord.HTTPException) and error.status == LOST:
            await connection.close()  # the next login tells for sure
        outcome = outcome_of(error, _lacking(connection, place))
        if isinstance(outcome, Gone):
            self._rooms.pop(place.id, None)
        return outcome

    def _answered(self, status: int) -> None:
        self._breaker.answered(status, self._wall())


def nonce_of(delivery: Delivery) -> str:
    """The same for every try of one delivery, and no other."""
    digest = hashlib.sha256(f"{delivery.key}|{delivery.to}".encode()).digest()
    return base64.b32encode(digest).decode("ascii")[:NONCE]


def _reference(message: str, channel: int) -> discord.MessageReference:
    return discord.MessageReference(message_id=int(message), channel_id=channel, fail_if_not_exists=False)


def _lacking(connection: Connection, place: Place) -> str:
    """The permissions that we need and do not have in the channel, in words."""
    channel = connection.get_channel(int(place.id[1:])) if place.shared else None
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return ""
    granted = channel.permissions_for(channel.guild.me).value
    return ", ".join(name.replace("_", " ") for name, bit in NEEDED.items() if not granted & bit)
