"""Answering: what comes in is handed on as an invocation, and what is said to it is shown where it was asked."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

import structlog
from telegram import Bot
from telegram.error import TelegramError

from adapters.chat.base import Barred, Invocation, Limited, Message, Notes, Place, Reception, Retry, Who
from adapters.chat.notes import noted
from adapters.chat.presses import ANSWER, NOTICE, note_of, unpacked
from adapters.chat.telegram.buttons import line_of, link_note
from adapters.chat.telegram.markup import pages
from adapters.chat.telegram.outcomes import BARRED, outcome
from adapters.chat.telegram.places import NAME
from adapters.chat.telegram.posting import Post, Poster
from adapters.chat.telegram.rights import Rights
from adapters.chat.telegram.updates import Came, Heard, Left, Moved, Pressed, Typed

log = structlog.get_logger()

OLD = "old"
"""The command that stands for a button or a link whose line is no longer known."""

LATE = "late"
"""The command that stands for a question that has waited too long; its arguments are the line."""

TOO_LATE = timedelta(minutes=10)
POPUP = 200
"""Characters that are shown above a chat in answer to a press."""

SOON = 0.4
"""Seconds after which a press is acknowledged though its answer is not there yet: the person's app waits for that.

With a store that takes half a second to note the press it is acknowledged within a second all the same.
"""

PATIENCE = timedelta(seconds=30)
"""An answer that Telegram asks to hold back for longer is not shown any more."""

START = "start"

RIGHTS = "rights"
"""The code of an answer to who may not: it is for the eyes of the person who pressed alone."""

Turn: TypeAlias = Callable[[Place], Awaitable[None]]
"""Waits until an answer may be sent to a place."""


async def at_once(place: Place) -> None:
    """Every answer may be sent at once."""
    del place


@dataclass(frozen=True, slots=True)
class Parts:
    """What answering works with. `now` is the market's moment, `wall` the clock's."""

    bot: Bot
    poster: Poster
    rights: Rights
    notes: Notes
    now: Callable[[], datetime]
    wall: Callable[[], datetime]
    operators: Collection[str]
    turn: Turn


@dataclass(frozen=True, slots=True)
class Answering:
    """Deals with what was heard, by a reception; `menu` says who may use each command."""

    parts: Parts
    menu: Mapping[str, Who]
    reception: Reception

    async def deal(self, heard: Heard, seen: str) -> None:
        """Hand it on and show what is said to it. Raises TelegramError where that cannot be shown, and Barred."""
        match heard:
            case Typed():
                await self._typed(heard, seen)
            case Pressed():
                await self._pressed(heard, seen)
            case Came(place=place):
                await self.reception.came(place)
            case Left(place=place, reason=reason):
                await self.reception.left(place, reason)
            case Moved(place=place, new=new):
                await self.reception.moved(place, new)
            case _:
                assert_never(heard)

    async def _typed(self, typed: Typed, seen: str) -> None:
        if typed.name not in self.menu and not typed.addressed:  # in a group it may be for another bot
            return
        if not typed.name:
            name, arguments = _split(typed.rest)
            said = await self.reception.overheard(await self._invocation(typed, name, arguments, seen))
        else:
            name, arguments = await self._meant(typed)
            said = await self.reception.answer(await self._invocation(typed, name, arguments, seen))
        if said is not None:
            reply = typed.message if typed.place.shared else None
            await self._show(Post(typed.place, said, ANSWER, reply, said.silent))

    async def _meant(self, typed: Typed) -> tuple[str, str]:
        """The command and its arguments: what a deep link stands for, and a question that comes too late as such."""
        name, arguments = typed.name, typed.rest
        if name == START and arguments:
            line, token = line_of(arguments)
            if token is not None:
                line = await noted(self.parts.notes, link_note(token)) or f"/{OLD}"
            name, arguments = _split(line or f"/{START}")
        if self.menu.get(name) is Who.ANY and self.parts.wall() - typed.at > TOO_LATE:
            return LATE, f"/{name} {arguments}".strip()
        return name, arguments

    async def _pressed(self, pressed: Pressed, seen: str) -> None:
        kind = unpacked(pressed.travelled)[0]
        answering = asyncio.ensure_future(self._told(pressed, seen))
        above: str | None = None
        try:
            try:
                await asyncio.wait({answering}, timeout=SOON)
                above = answering.result()[1] if answering.done() else None
            finally:
                await self._acknowledge(pressed, above)
            said, alone = await answering
        finally:
            answering.cancel()
        if above is not None:
            return
        if kind == ANSWER and pressed.known and alone is None:
            await self._show(Post(pressed.place, said, kind), pressed.message, pictured=pressed.pictured)
        else:
            await self._show(Post(pressed.place, said, ANSWER, pressed.message, silent=True))

    async def _told(self, pressed: Pressed, seen: str) -> tuple[Message, str | None]:
        """The answer to the line of a press, and its words where they are for the person alone."""
        kind, token, line = unpacked(pressed.travelled)
        if token is not None:
            line = await noted(self.parts.notes, note_of(token)) or ""
        name, arguments = _split(line) if line and kind in (ANSWER, NOTICE) else (OLD, "")
        said = await self.reception.answer(await self._invocation(pressed, name, arguments, seen))
        return said, _above(said) if name == OLD or dict(said.data).get("code") == RIGHTS else None

    async def _acknowledge(self, pressed: Pressed, text: str | None) -> None:
        """End the press for the person's app, with words if there are any."""
        with contextlib.suppress(TelegramError):  # too old to be answered: nobody waits any more
            await self.parts.bot.answer_callback_query(pressed.query, text, show_alert=text is not None)

    async def _invocation(self, by: Typed | Pressed, name: str, arguments: str, seen: str) -> Invocation:
        asked = self.menu.get(name) is not Who.ANY
        owner = by.owner if by.owner is not None else asked and await self.parts.rights.owns(by.person, by.place)
        return Invocation(
            place=by.place,
            person=by.person,
            name=name,
            arguments=arguments,
            seen=seen,
            at=self.parts.now(),
            operator=by.person in self.parts.operators,
            owner=owner,
            pressed=isinstance(by, Pressed),
        )

    async def _show(self, post: Post, instead_of: int | None = None, *, pictured: bool = False) -> None:
        """Show an answer; once more where Telegram surely did not take it and asks for a short wait. Raises Barred."""
        for last in (False, True):
            await self.parts.turn(post.place)
            try:
                if instead_of is None:
                    await self.parts.poster.show(post)
                else:
                    await self.parts.poster.replace(post, instead_of, pictured=pictured)
            except TelegramError as error:
                verdict = outcome(error, post.place)
                if isinstance(verdict, Retry) and verdict.limited is Limited.TOKEN:
                    raise Barred(BARRED) from None
                if last or not isinstance(verdict, Retry) or not verdict.certain or verdict.after > PATIENCE:
                    log.info("answer not shown", place=str(post.place), outcome=repr(verdict))
                    return
                await asyncio.sleep(verdict.after.total_seconds())
            else:
                return


def seen_as(update: int) -> str:
    """The id under which an update acts once."""
    return f"{NAME}:{update}"


def _split(line: str) -> tuple[str, str]:
    """The command of a line without its slash, and the rest."""
    head, _, rest = line.strip().partition(" ")
    return (head.removeprefix("/").lower() if head.startswith("/") else head), rest.strip()


def _above(said: Message) -> str:
    """What is shown above the chat instead of in it."""
    return pages(said)[0].plain[:POPUP]
