"""Who may change what a chat has asked for: its creator and administrators, asked of Telegram, remembered a while."""

from collections.abc import Callable
from datetime import datetime, timedelta

from telegram import Bot, ChatMember
from telegram.error import BadRequest, Forbidden, TelegramError

from adapters.chat.base import Place
from adapters.chat.telegram.places import place_in, target
from adapters.chat.telegram.updates import may_write

REMEMBERED = timedelta(seconds=60)
MOST = 10_000
"""Standings that are remembered at a time."""

_PUBLIC = "https://t.me/"


class Rights:
    """What Telegram says of people's standing, and of our own."""

    def __init__(self, bot: Bot, now: Callable[[], datetime]) -> None:
        self._bot = bot
        self._now = now
        self._known: dict[tuple[int, str], tuple[datetime, bool]] = {}

    async def owns(self, person: str, place: Place) -> bool:
        """Whether that person may change what the place has asked for; not, where Telegram does not say."""
        if not place.shared:
            return person == place.id
        chat, _ = target(place)
        if person == str(chat):  # an admin who speaks as the group itself
            return True
        until, known = self._known.get((chat, person), (self._now(), False))
        if self._now() < until:
            return known
        try:
            member = await self._bot.get_chat_member(chat, int(person))
        except (BadRequest, Forbidden):
            found = False
        except TelegramError:
            return False
        else:
            found = member.status in (ChatMember.OWNER, ChatMember.ADMINISTRATOR)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[chat, person] = (self._now() + REMEMBERED, found)
        return found

    async def find(self, named: str) -> Place | None:
        """The group or channel that people call `@name`, or its id; None where there is none that we can see."""
        name = named.removeprefix(_PUBLIC)
        try:
            wanted = int(name) if name.startswith("-") else f"@{name.removeprefix('@')}"
            chat = await self._bot.get_chat(wanted)
        except (ValueError, TelegramError):
            return None
        return place_in(chat.id) if chat.type != chat.PRIVATE else None

    async def can_send(self, place: Place) -> bool:
        """Whether we may write there; not, where Telegram does not say."""
        chat, _ = target(place)
        if not place.shared:
            return True
        try:
            seen = await self._bot.get_chat(chat)
            member = await self._bot.get_chat_member(chat, self._bot.id)
        except TelegramError:
            return False
        return may_write(member, channel=seen.type == seen.CHANNEL)
