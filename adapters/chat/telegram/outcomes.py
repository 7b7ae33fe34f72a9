"""What an error of the Bot API means for a message: one table, the narrowest error first."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
)

from adapters.chat.base import Gone, Limited, Migrated, Outcome, Place, Refusal, Retry
from adapters.chat.telegram.places import place_in, target
from adapters.chat.telegram.request import Flooded, MaybeSent, NotSent

SOON = timedelta(seconds=5)
"""When a send is tried again that nobody said a time for."""

LATER = timedelta(minutes=1)
"""The same where somebody has to mend something first."""

MARGIN = timedelta(seconds=0.5)
"""What is added to the wait that Telegram asks for."""

BARRED = "Telegram does not accept the token: set the one that BotFather gave."

UNAUTHORISED = re.compile("unauthori[sz]ed", re.IGNORECASE)
UNCHANGED = re.compile("message is not modified", re.IGNORECASE)
NOT_TEXT = re.compile("there is no text in the message to edit", re.IGNORECASE)
NOT_EDITABLE = re.compile("message to edit not found|message can't be edited|MESSAGE_ID_INVALID", re.IGNORECASE)
NO_PICTURES = re.compile("rights to send photos|SEND_(PHOTOS|MEDIA)_FORBIDDEN", re.IGNORECASE)
STALE_FILE = re.compile("wrong file identifier|wrong remote file|FILE_REFERENCE", re.IGNORECASE)

Verdict: TypeAlias = Outcome | Callable[[TelegramError, Place], Outcome]


def outcome(error: TelegramError, place: Place) -> Outcome:
    """What becomes of the message to that place."""
    for kind, says, verdict in _TABLE:
        if isinstance(error, kind) and says.search(str(error)):
            return verdict(error, place) if callable(verdict) else verdict
    return Retry(SOON, certain=False, reason="an answer that cannot be read")


def wait_of(error: Flooded) -> timedelta:
    """How long Telegram asks to wait, and a little more."""
    return error.after + MARGIN


def _wait(error: TelegramError, place: Place) -> Outcome:
    del place
    wait = wait_of(error) if isinstance(error, Flooded) else SOON
    return Retry(wait, certain=True, reason="Telegram asks to wait", limited=Limited.PLACE)


def _moved(error: TelegramError, place: Place) -> Outcome:
    new = error.new_chat_id if isinstance(error, ChatMigrated) else target(place)[0]
    return Migrated(place_in(new, target(place)[1]))


def _refused(error: TelegramError, place: Place) -> Outcome:
    del place
    return Refusal(error.message)


def _says(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE)


_ANY = _says("")
_NO_RIGHT = "rights to send|administrator rights|CHAT_(WRITE|SEND_\\w+)_FORBIDDEN|CHAT_(RESTRICTED|ADMIN_REQUIRED)"
_NOT_SENT = Retry(SOON, certain=True, reason="no connection to Telegram")
_MAYBE_SENT = Retry(SOON, certain=False, reason="no answer from Telegram")
_AT_FAULT = Retry(SOON, certain=False, reason="a fault at Telegram")
_NO_TOKEN = Retry(LATER, certain=True, reason="Telegram does not accept the token", limited=Limited.TOKEN)
_NOT_FOUND = replace(_NO_TOKEN, limited=None)
_NOT_ALLOWED = Gone("not allowed to write there")

_TABLE: Sequence[tuple[type[TelegramError], re.Pattern[str], Verdict]] = (
    (NotSent, _ANY, _NOT_SENT),
    (MaybeSent, _ANY, _MAYBE_SENT),
    (Flooded, _ANY, _wait),
    (ChatMigrated, _ANY, _moved),
    (Forbidden, _says("blocked"), Gone("blocked by the person")),
    (Forbidden, _says("kicked|not a member"), Gone("removed from the chat")),
    (Forbidden, _says("deactivated"), Gone("the account is deactivated")),
    (Forbidden, _says("can't initiate"), Gone("the person has not started the chat")),
    (Forbidden, _ANY, _NOT_ALLOWED),
    (BadRequest, _says("chat not found|PEER_ID_INVALID|CHANNEL_PRIVATE"), Gone("the chat is not found")),
    (BadRequest, _says("deactivated"), Gone("the account or group is deactivated")),
    (BadRequest, _says("USER_IS_BLOCKED"), Gone("blocked by the person")),
    (BadRequest, _says("kicked|not a member"), Gone("removed from the chat")),
    (BadRequest, _says("thread not found|TOPIC_(DELETED|CLOSED)"), Gone("the topic is deleted or closed")),
    (BadRequest, _says(_NO_RIGHT), _NOT_ALLOWED),
    (BadRequest, _ANY, _refused),
    (InvalidToken, UNAUTHORISED, _NO_TOKEN),
    (InvalidToken, _ANY, _NOT_FOUND),
    (NetworkError, _ANY, _AT_FAULT),
)
