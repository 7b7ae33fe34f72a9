"""What an update says, as plain values: somebody typed or pressed, we came or were sent away, a chat has moved."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from telegram import (
    CallbackQuery,
    Chat,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberRestricted,
    ChatMemberUpdated,
    Message,
    Update,
)
from telegram.constants import ChatID

from adapters.chat.base import Place
from adapters.chat.telegram.places import is_private, place_in, place_of_message

WANTED = ("message", "callback_query", "my_chat_member")
"""The kinds of update that are asked for: an edited command is none, so that it does not act twice."""

_COMMAND = re.compile(r"/(?P<name>\w+)(?:@(?P<bot>\w+))?(?:\s+(?P<rest>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Typed:
    """Words for us. `name` is empty where they are no command; `owner` None where it is to be asked.

    `addressed`: they name us, or nobody else can be meant.
    """

    place: Place
    person: str
    owner: bool | None
    name: str
    rest: str
    addressed: bool
    at: datetime
    message: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button under a `message`, which is not `known` any more where it is too old."""

    place: Place
    person: str
    owner: bool | None
    travelled: str
    query: str
    message: int
    known: bool
    pictured: bool


@dataclass(frozen=True, slots=True)
class Came:
    """The place can be written to."""

    place: Place


@dataclass(frozen=True, slots=True)
class Left:
    """The place cannot be written to."""

    place: Place
    reason: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A group has become a supergroup."""

    place: Place
    new: Place


Heard: TypeAlias = Typed | Pressed | Came | Left | Moved


def heard(update: Update, bot: str) -> Heard | None:
    """What the update says to the bot of that name; None if it is none of its business."""
    if update.callback_query is not None:
        return _pressed(update.callback_query)
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member)
    if update.message is not None:
        return _moved(update.message) or _typed(update.message, bot)
    return None


def chat_of(update: Update) -> int:
    """The chat whose updates must stay in order; 0 where there is none."""
    return update.effective_chat.id if update.effective_chat is not None else 0


def _pressed(query: CallbackQuery) -> Pressed | None:
    message = query.message
    if message is None or query.data is None:
        return None
    private = is_private(message.chat)
    return Pressed(
        place=place_of_message(message) if isinstance(message, Message) else place_in(message.chat.id),
        person=str(query.from_user.id),
        owner=True if private else None,
        travelled=query.data,
        query=query.id,
        message=message.message_id,
        known=message.is_accessible,
        pictured=isinstance(message, Message) and message.text is None,
    )


def _typed(message: Message, bot: str) -> Typed | None:
    by = _person(message)
    if message.text is None or by is None:
        return None
    person, owner = by
    private = is_private(message.chat)
    found = _COMMAND.fullmatch(message.text.strip())
    if found is None and (not private or message.text.startswith("/")):
        return None
    named = found["bot"] if found else None
    if named is not None and named.lower() != bot.lower():
        return None
    return Typed(
        place=place_of_message(message),
        person=person,
        owner=owner,
        name=found["name"].lower() if found else "",
        rest=_lines(found["rest"] or "" if found else message.text),
        addressed=private or named is not None,
        at=message.date,
        message=message.message_id,
    )


def _person(message: Message) -> tuple[str, bool | None] | None:
    """Who speaks, and whether that is an owner: an admin without a name speaks as the group itself."""
    if message.is_automatic_forward:
        return None
    if message.sender_chat is not None:
        return str(message.sender_chat.id), message.sender_chat.id == message.chat.id
    sender = message.from_user
    if sender is None or sender.is_bot or sender.id in (ChatID.ANONYMOUS_ADMIN, ChatID.FAKE_CHANNEL):
        return None
    return str(sender.id), True if is_private(message.chat) else None


def _lines(text: str) -> str:
    """The text as it was typed, its lines kept apart: what cannot be seen is refused in words, as everywhere."""
    return "\n".join(text.splitlines()).strip()


def _moved(message: Message) -> Moved | None:
    if message.migrate_to_chat_id is not None:
        return Moved(place_in(message.chat.id), place_in(message.migrate_to_chat_id))
    if message.migrate_from_chat_id is not None:
        return Moved(place_in(message.migrate_from_chat_id), place_in(message.chat.id))
    return None


def _membership(change: ChatMemberUpdated) -> Came | Left:
    place = place_in(change.chat.id)
    if change.new_chat_member.status in (ChatMember.LEFT, ChatMember.BANNED):
        reason = "blocked by the person" if is_private(change.chat) else "removed from the chat"
        return Left(place, reason)
    writes = may_write(change.new_chat_member, channel=change.chat.type == Chat.CHANNEL)
    return Came(place) if writes else Left(place, "not allowed to write there")


def may_write(member: ChatMember, *, channel: bool) -> bool:
    """Whether a member with that standing may write; a channel takes posts of admins with that right."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member and member.can_send_messages
    if channel:
        return member.status == ChatMember.OWNER or (
            isinstance(member, ChatMemberAdministrator) and bool(member.can_post_messages)
        )
    return member.status in (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER)
