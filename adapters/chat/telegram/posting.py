"""Posting: a neutral message as the calls of the Bot API that show it, new or in the place of another."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from telegram import Bot
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError

from adapters.chat.base import Message as Told
from adapters.chat.base import Notes, Picture, Place, Refusal
from adapters.chat.notes import note, noted
from adapters.chat.presses import KEPT
from adapters.chat.telegram.buttons import Keyboard, keyboards
from adapters.chat.telegram.markup import MORE, Page, caption, pages, title
from adapters.chat.telegram.outcomes import (
    NO_PICTURES,
    NOT_EDITABLE,
    NOT_TEXT,
    STALE_FILE,
    UNCHANGED,
    outcome,
)
from adapters.chat.telegram.places import target
from adapters.chat.telegram.request import MaybeSent, Request, Upload

log = structlog.get_logger()

BETWEEN_PAGES = 1.1
"""Seconds between the messages that one is told in: a chat takes about one a second."""

FILES_KEPT = timedelta(days=30)
_NO_PREVIEW = {"is_disabled": True}
_ATTACHED = "picture"


@dataclass(frozen=True, slots=True)
class Post:
    """One message for one place. `kind` is that of its buttons; `reply` the message that it answers."""

    place: Place
    message: Told
    kind: str
    reply: int | None = None
    silent: bool = False


class Poster:
    """Shows messages. `refused_markup` counts those whose markup Telegram refused: each is a fault of ours."""

    def __init__(self, request: Request, bot: Bot, notes: Notes) -> None:
        self._request = request
        self._bot = bot
        self._notes = notes
        self.refused_markup = 0

    async def show(self, post: Post) -> int:
        """Post it, a picture with its words below if they fit; the id of the first message. Raises TelegramError."""
        boards = await self._boards(post)
        told = post.message
        if told.document is not None or (told.picture is not None and (told.alert is None or _fits(post, boards))):
            try:
                return await self._media(post, boards)
            except BadRequest as error:
                if told.document is not None or not NO_PICTURES.search(error.message):
                    raise
        return await self._texts(post, boards)

    async def replace(self, post: Post, message: int, *, pictured: bool = False) -> int:
        """Show it in the place of that message where Telegram can, else as a new one. Raises TelegramError."""
        if post.message.document is not None or (post.message.picture is not None) != pictured:
            return await self.show(post)
        try:
            return await self.edit(post, message)
        except BadRequest as error:
            if NOT_EDITABLE.search(error.message):
                return await self.show(post)
            raise

    async def edit(self, post: Post, message: int) -> int:
        """Show it in the place of that message. Raises TelegramError, also where that message is gone."""
        boards = await self._boards(post)
        try:
            if post.message.picture is not None:
                return await self._new_picture(post, boards, message)
            return await self._new_text(post, boards, message)
        except BadRequest as error:
            if UNCHANGED.search(error.message):
                return message
            raise

    async def recaption(self, post: Post, message: int) -> int:
        """Show it below the picture of that message. Raises TelegramError, also where there is no room for it."""
        below = caption(post.message)
        boards = await self._boards(post)
        if below is None or len(boards) > 1:
            raise BadRequest("no room below the picture")
        try:
            await self._request.call("editMessageCaption", _edit(post, message, boards) | _caption(below))
        except BadRequest as error:
            if not UNCHANGED.search(error.message):
                raise
        return message

    async def _boards(self, post: Post) -> Sequence[Keyboard]:
        """The keyboards of a message; what does not travel with its buttons is kept."""
        boards = keyboards(post.message.buttons, post.kind, self._bot.username, shared=post.place.shared)
        for board in boards:
            for key, line in board.notes.items():
                await note(self._notes, key, line, KEPT)
        return boards

    async def _texts(self, post: Post, boards: Sequence[Keyboard], first: int | None = None) -> int:
        """Its words, page by page, behind a message of it that was `first`; buttons below the last."""
        parts = _padded(pages(post.message), boards)
        below: Mapping[int, Keyboard] = dict(zip(range(len(parts) - len(boards), len(parts)), boards, strict=True))
        for n, part in enumerate(parts):
            try:
                if first is not None:
                    await asyncio.sleep(BETWEEN_PAGES)
                sent = await self._text(post, part, [below[n]] if n in below else [], post.reply if n == 0 else None)
            except TelegramError as error:
                if first is None:
                    raise
                raise MaybeSent("only a part of it was taken") from error
            first = sent if first is None else first
        if first is None:
            raise AssertionError("a message has at least one page")
        return first

    async def _text(self, post: Post, page: Page, boards: Sequence[Keyboard], reply: int | None) -> int:
        call = partial(self._request.call, "sendMessage")
        given = _new(post, boards, reply) | {"link_preview_options": _NO_PREVIEW}
        try:
            return _id(await call(given | {"text": page.html, "parse_mode": ParseMode.HTML}))
        except BadRequest as error:
            if not self._is_ours(error, post):
                raise
            return _id(await call(given | {"text": page.plain}))

    def _is_ours(self, error: BadRequest, post: Post) -> bool:
        """Whether the text itself was refused: it is then sent once more without markup."""
        refused = isinstance(outcome(error, post.place), Refusal) and not (
            UNCHANGED.search(error.message) or NOT_EDITABLE.search(error.message) or NOT_TEXT.search(error.message)
        )
        if refused:
            self.refused_markup += 1
            log.warning("markup refused by Telegram", reason=error.message, times=self.refused_markup)
        return refused

    async def _media(self, post: Post, boards: Sequence[Keyboard]) -> int:
        """The picture or file with its words below it, or with the headline and the words as their own messages."""
        whole = _fits(post, boards)
        below = (caption(post.message) if whole else None) or title(post.message)
        given = _new(post, boards if whole else [], post.reply) | _caption(below)
        document, picture = post.message.document, post.message.picture
        if document is not None:
            file = {"document": (document.name, document.content, "application/octet-stream")}
            first = _id(await self._request.call("sendDocument", given, file))
        elif picture is not None:
            first = await self._photo(picture, given)
        else:
            raise AssertionError("a message without a file has no media")
        if not whole:
            await self._texts(post, boards, first)
        return first

    async def _photo(self, picture: Picture, given: Mapping[str, object]) -> int:
        known = await self._file(picture)
        if known is not None:
            try:
                return _id(await self._request.call("sendPhoto", {**given, "photo": known}))
            except BadRequest as error:
                if not STALE_FILE.search(error.message):
                    raise
        sent = await self._request.call("sendPhoto", given, {"photo": _upload(picture)})
        await self._uploaded(picture, sent)
        return _id(sent)

    async def _new_text(self, post: Post, boards: Sequence[Keyboard], message: int) -> int:
        first, *rest = _padded(pages(post.message), boards)
        if rest:  # an edit can show one message only
            return await self.show(post)
        call = partial(self._request.call, "editMessageText")
        given = _edit(post, message, boards) | {"link_preview_options": _NO_PREVIEW}
        try:
            await call(given | {"text": first.html, "parse_mode": ParseMode.HTML})
        except BadRequest as error:
            if not self._is_ours(error, post):
                raise
            await call(given | {"text": first.plain})
        return message

    async def _new_picture(self, post: Post, boards: Sequence[Keyboard], message: int) -> int:
        picture, below = post.message.picture, caption(post.message)
        if picture is None or below is None or len(boards) > 1:
            return await self.show(post)
        known = await self._file(picture)
        media = {"type": "photo", "media": known or f"attach://{_ATTACHED}", **_caption(below)}
        given = _edit(post, message, boards) | {"media": media}
        sent = await self._request.call("editMessageMedia", given, {} if known else {_ATTACHED: _upload(picture)})
        if known is None:
            await self._uploaded(picture, sent)
        return message

    async def _file(self, picture: Picture) -> str | None:
        return await noted(self._notes, self._file_note(picture))

    async def _uploaded(self, picture: Picture, sent: object) -> None:
        """Remember what Telegram calls the picture, so that it is uploaded once: the largest of its sizes."""
        sizes = sent.get("photo") if isinstance(sent, dict) else None
        largest = sizes[-1] if isinstance(sizes, list) and sizes else None
        name = largest.get("file_id") if isinstance(largest, dict) else None
        if isinstance(name, str):
            await note(self._notes, self._file_note(picture), name, FILES_KEPT)

    def _file_note(self, picture: Picture) -> str:
        return f"telegram:file:{self._bot.id}:{hashlib.sha256(picture.png).hexdigest()[:32]}"


def _fits(post: Post, boards: Sequence[Keyboard]) -> bool:
    return len(boards) <= 1 and caption(post.message) is not None


def _padded(parts: Sequence[Page], boards: Sequence[Keyboard]) -> Sequence[Page]:
    """The pages, and more where there are more keyboards than pages to hold them."""
    return [*parts, *(Page(MORE, MORE) for _ in range(len(boards) - len(parts)))]


def _new(post: Post, boards: Sequence[Keyboard], reply: int | None) -> dict[str, object]:
    """Where a new message goes, and how."""
    chat, topic = target(post.place)
    answering = None if reply is None else {"message_id": reply, "allow_sending_without_reply": True}
    return {
        "chat_id": chat,
        "message_thread_id": topic,
        "disable_notification": post.silent or None,
        "reply_parameters": answering,
        "reply_markup": _markup(boards),
    }


def _edit(post: Post, message: int, boards: Sequence[Keyboard]) -> dict[str, object]:
    """Which message is edited, and its new buttons."""
    return {"chat_id": target(post.place)[0], "message_id": message, "reply_markup": _markup(boards)}


def _caption(page: Page) -> dict[str, object]:
    return {"caption": page.html, "parse_mode": ParseMode.HTML}


def _upload(picture: Picture) -> Upload:
    return picture.name, picture.png, "image/png"


def _id(sent: object) -> int:
    """The id of the message that was taken: `{"message_id": 17, ...}`."""
    found = sent.get("message_id") if isinstance(sent, dict) else None
    if not isinstance(found, int):
        raise MaybeSent("an answer without a message")
    return found


def _markup(boards: Sequence[Keyboard]) -> dict[str, object] | None:
    if not boards:
        return None
    return {
        "inline_keyboard": [
            [
                {"text": key.label, "url": key.url} if key.url else {"text": key.label, "callback_data": key.data}
                for key in row
            ]
            for row in boards[0].rows
        ]
    }
