"""The command menus: who sees which commands, set only when they have changed."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)
from telegram.error import BadRequest, Forbidden

from adapters.chat.base import MenuEntry, Notes, Who
from adapters.chat.notes import note, noted

log = structlog.get_logger()

MOST, DESCRIPTION = 100, 256
KEPT = timedelta(days=30)
"""After so long they are set again, whatever we remember."""


def menus(menu: Sequence[MenuEntry], operators: Sequence[str]) -> Sequence[tuple[BotCommandScope, list[BotCommand]]]:
    """Each scope with its commands: all in private, those that read in groups, all for admins, more for operators."""
    reading = [entry for entry in menu if entry.who is Who.ANY]
    owned = [entry for entry in menu if entry.who is not Who.OPERATOR]
    return [
        (BotCommandScopeAllPrivateChats(), _commands(owned)),
        (BotCommandScopeAllGroupChats(), _commands(reading)),
        (BotCommandScopeAllChatAdministrators(), _commands(owned)),
        *((BotCommandScopeChat(int(person)), _commands(menu)) for person in sorted(operators)),
    ]


async def set_menus(bot: Bot, menu: Sequence[MenuEntry], operators: Sequence[str], notes: Notes) -> None:
    """Set each menu that is not the one that was set last. Raises TelegramError."""
    for scope, commands in menus(menu, operators):
        wanted = hashlib.sha256(repr((scope.to_dict(), [c.to_dict() for c in commands])).encode()).hexdigest()
        key = f"telegram:menu:{bot.id}:{scope.type}:{getattr(scope, 'chat_id', '')}"
        if await noted(notes, key) == wanted:
            continue
        try:
            await bot.set_my_commands(commands, scope=scope)
        except (BadRequest, Forbidden) as error:  # an operator who never wrote to us has no menu yet
            log.info("menu not set", scope=scope.type, reason=error.message)
            continue
        await note(notes, key, wanted, KEPT)


def _commands(entries: Sequence[MenuEntry]) -> list[BotCommand]:
    return [BotCommand(entry.spec.name, entry.spec.help[:DESCRIPTION]) for entry in entries[:MOST]]
