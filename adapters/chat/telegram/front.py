"""Telegram as a chat: translates both ways and holds no texts of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog
from telegram import Bot, Update
from telegram.error import BadRequest, TelegramError

from adapters.chat.base import (
    Barred,
    Delivery,
    MenuEntry,
    Notes,
    Outcome,
    Place,
    Reception,
    Retry,
    Sent,
)
from adapters.chat.presses import NOTICE
from adapters.chat.telegram.answering import Answering, Parts, Turn, at_once, seen_as
from adapters.chat.telegram.lanes import Lanes
from adapters.chat.telegram.menu import set_menus
from adapters.chat.telegram.outcomes import BARRED, NOT_TEXT, SOON, outcome
from adapters.chat.telegram.places import NAME
from adapters.chat.telegram.polling import Backoff, Polling, Raw, Take
from adapters.chat.telegram.posting import Post, Poster
from adapters.chat.telegram.request import ATTEMPT, HIDDEN, LIBRARY_URL, Attempt, Request
from adapters.chat.telegram.rights import Rights
from adapters.chat.telegram.settings import TelegramSettings
from adapters.chat.telegram.updates import Heard, chat_of, heard
from adapters.chat.telegram.webhook import Listener

log = structlog.get_logger()


class Telegram:
    """One bot. Places are chats, and the topics of forums. `now` is the market's moment, `wall` the clock's.

    `turn` is waited for before each answer; deliveries come when it is theirs.
    """

    name = NAME

    def __init__(
        self,
        settings: TelegramSettings,
        notes: Notes,
        now: Callable[[], datetime],
        wall: Callable[[], datetime],
        turn: Turn = at_once,
    ) -> None:
        self._settings = settings
        self._notes = notes
        self._wall = wall
        self._request = Request(settings)
        self._bot = Bot(HIDDEN, LIBRARY_URL, request=self._request, get_updates_request=self._request)
        self._poster = Poster(self._request, self._bot, notes)
        self._rights = Rights(self._bot, wall)
        self._parts = Parts(self._bot, self._poster, self._rights, notes, now, wall, settings.operators, turn)
        self._connecting = asyncio.Lock()
        self._connected = False

    @property
    def refused_markup(self) -> int:
        """How many texts Telegram refused and took without markup: each is a fault of ours."""
        return self._poster.refused_markup

    async def send(self, delivery: Delivery) -> Outcome:
        """One try within the deadline."""
        attempt, connected = Attempt(), False
        context = ATTEMPT.set(attempt)
        try:
            async with asyncio.timeout((delivery.deadline - self._wall()).total_seconds()):
                await self._connect()
                attempt.connected, connected = False, True
                return Sent(str(await self._deliver(delivery)))
        except TimeoutError:
            return Retry(SOON, certain=not (connected and attempt.connected), reason="no answer within the deadline")
        except TelegramError as error:
            verdict = outcome(error, delivery.to)
            return verdict if connected or not isinstance(verdict, Retry) else replace(verdict, certain=True)
        finally:
            ATTEMPT.reset(context)

    async def serve(self, menu: Sequence[MenuEntry], reception: Reception) -> None:
        """Answer until cancelled. Raises Barred where the token is refused."""
        await self._patiently(self._connect)
        await self._patiently(partial(set_menus, self._bot, menu, sorted(self._settings.operators), self._notes))
        answering = Answering(self._parts, {entry.spec.name: entry.who for entry in menu}, reception)
        barred: list[Barred] = []
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    await self._listen(partial(self._take, Lanes(group), answering))
                except Barred as found:
                    barred.append(found)
        except* Barred:  # an answer met it first; what it was to answer comes again
            barred.append(Barred(BARRED))
        if barred:
            raise barred[0]

    async def find(self, named: str) -> Place | None:
        """The group or channel that people call `@name`; None where there is none that we can see."""
        return await self._rights.find(named) if await self._is_connected() else None

    async def owns(self, person: str, place: Place) -> bool:
        """Whether that person is the place's own, or an admin of it."""
        return await self._is_connected() and await self._rights.owns(person, place)

    async def can_send(self, place: Place) -> bool:
        """Whether we may write there: a channel takes posts of admins with that right alone."""
        return await self._is_connected() and await self._rights.can_send(place)

    async def link(self) -> str:
        """The address that opens a chat with the bot."""
        await self._connect()
        return f"https://t.me/{self._bot.username}"

    async def aclose(self) -> None:
        """Close all connections."""
        self._connected = False
        await self._request.shutdown()

    async def _is_connected(self) -> bool:
        try:
            await self._connect()
        except TelegramError:
            return False
        return True

    async def _connect(self) -> None:
        """Open the connections and learn who we are, once. Raises TelegramError."""
        if self._connected:
            return
        async with self._connecting:
            if not self._connected:
                await self._request.initialize()
                await self._bot.get_me()  # the library's own start hides why a token was refused
                self._connected = True

    async def _deliver(self, delivery: Delivery) -> int:
        """Show what is delivered; the id of the message that shows it."""
        message = delivery.message
        reply = None if delivery.replies_to is None else int(delivery.replies_to)
        post = Post(delivery.to, message, NOTICE, reply, message.silent)
        if delivery.edits is None:
            return await self._poster.show(post)
        edited = int(delivery.edits)
        try:
            return await self._poster.edit(post, edited)
        except BadRequest as error:
            if not NOT_TEXT.search(error.message):
                raise
            return await self._poster.recaption(post, edited)

    async def _listen(self, take: Take) -> None:
        """Take what comes, by webhook or by asking."""
        if self._settings.webhook is not None:
            listener = Listener(self._bot, self._settings.webhook)
            await listener.run(take, partial(self._patiently, listener.announce))
            return
        await self._patiently(self._ask_ourselves)
        request = Request(self._settings)
        await request.initialize()
        try:
            await Polling(request, self._notes, self._bot.id).run(take)
        finally:
            await request.shutdown()

    async def _ask_ourselves(self) -> None:
        """Telegram gives updates to who asks only while no webhook is set; what waits there is kept."""
        await self._bot.delete_webhook(drop_pending_updates=False)

    def _take(self, lanes: Lanes, answering: Answering, raw: Raw) -> asyncio.Task[None] | None:
        """Begin to deal with an update behind what its chat sent before."""
        try:
            update = Update.de_json(dict(raw), self._bot)
            found = heard(update, self._bot.username)
        except (AttributeError, KeyError, TypeError, ValueError):
            log.warning("update not understood", update=raw.get("update_id"))
            return None
        if found is None:
            return None
        return lanes.start(chat_of(update), partial(_dealt_with, answering, found, seen_as(update.update_id)))

    async def _patiently(self, do: Callable[[], Awaitable[None]]) -> None:
        """Do it, again and again while Telegram is away. Raises Barred."""
        backoff = Backoff()
        while True:
            try:
                await do()
            except TelegramError as error:
                await backoff.failed(error)
            else:
                return


async def _dealt_with(answering: Answering, found: Heard, seen: str) -> None:
    try:
        await answering.deal(found, seen)
    except Barred:
        raise
    except Exception:  # a loop's outer edge: one person's update must not end the service
        log.exception("update failed", seen=seen)
