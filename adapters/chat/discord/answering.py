"""Interactions: commands, presses, forms and completion, each acknowledged in time and answered where it belongs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

import discord
import structlog

from adapters.chat.base import Invocation, MenuEntry, Place, Reception
from adapters.chat.discord.buttons import ALONE, FORM, Pressed, opened, panel, pressed
from adapters.chat.discord.dress import Dressed, dressed, formed
from adapters.chat.discord.incoming import Incoming, incoming
from adapters.chat.discord.lines import Lines
from adapters.chat.discord.markup import page
from adapters.chat.discord.outcomes import ANSWERED
from adapters.chat.discord.tree import line_of
from adapters.chat.discord.unanswered import Unanswered
from adapters.chat.discord.wire import NETWORK
from adapters.chat.discord.words import Completion
from adapters.chat.presses import ANSWER, NOTICE

log = structlog.get_logger()

NAME = "discord"
OLD = "old"
"""What is said of a press whose line is not known any more."""

LATE = "late"
"""What is said of a question that could not be answered; its arguments are the line."""

SOON = timedelta(milliseconds=750)
"""An answer that takes longer is announced first: Discord waits for three seconds and no more."""

AT_ONCE = timedelta(0)

Talk: TypeAlias = "discord.Interaction[discord.Client]"

Give: TypeAlias = "Callable[[str, Dressed], Awaitable[None]]"
"""Shows the answer in place of what was announced under that token. Raises discord.HTTPException or one of NETWORK."""


@dataclass(frozen=True, slots=True)
class Way:
    """How an answer comes: in place of the message that was pressed, or as a new one, `hidden` from others."""

    edits: bool = False
    hidden: bool = False


@dataclass(slots=True)
class Answering:
    """Hands on what comes in. `late` counts answers that nobody waited for any more."""

    menu: Mapping[str, MenuEntry]
    reception: Reception
    lines: Lines
    completion: Completion
    unanswered: Unanswered
    now: Callable[[], datetime]
    operators: frozenset[str] = frozenset()
    late: int = field(default=0)

    async def take(self, talk: Talk) -> None:
        """Answer one interaction."""
        came = incoming(talk.data or {})
        try:
            match talk.type:
                case discord.InteractionType.application_command:
                    await self._command(talk, came)
                case discord.InteractionType.autocomplete:
                    await self._complete(talk, came)
                case discord.InteractionType.component:
                    await self._press(talk, came)
                case discord.InteractionType.modal_submit:
                    await self._submit(talk, came)
                case _:
                    return
        except discord.HTTPException as error:
            if error.code not in ANSWERED:
                raise
            self.late += 1
            log.info("an answer came too late", code=error.code, late=self.late)

    async def resume(self, give: Give) -> None:
        """Give what a former process announced; what ended that process too is said to have come too late."""
        for of in await self.unanswered.left():
            await self.unanswered.keep(of.token, of.asked, again=True)
            line = f"/{of.asked.name} {of.asked.arguments}".strip()
            asked = replace(of.asked, name=LATE, arguments=line) if of.again else of.asked
            try:
                await give(of.token, await self._told(asked))
            except NETWORK as error:
                log.info("an announced answer waits for the next start", reason=type(error).__name__)
                continue
            except discord.HTTPException as error:
                log.info("an announced answer could not be given", code=error.code)
            await self.unanswered.gave(of.token)

    async def _command(self, talk: Talk, came: Incoming) -> None:
        entry = self.menu.get(came.name)
        hidden = entry is None or entry.private or came.channel is not None
        await self._answer(talk, Way(hidden=_seen_by_others(talk) and hidden), self._used(talk, came))

    async def _used(self, talk: Talk, came: Incoming) -> Invocation:
        """What a command with its options says."""
        place = _own(talk) if came.channel is None else _shared(came.channel)
        return self._said(talk, place, came.name, line_of(self.menu.get(came.name), came.filled))

    async def _complete(self, talk: Talk, came: Incoming) -> None:
        option, channel = came.focused, came.channel
        place = _shared(channel) if channel is not None and _manages(talk, channel) else _own(talk)
        found: Sequence[str] = ()
        if option is not None:
            found = await self.completion.choices(self.menu.get(came.name), option.name, str(option.value), place)
        await talk.response.autocomplete([discord.app_commands.Choice(name=each, value=each) for each in found])

    async def _press(self, talk: Talk, came: Incoming) -> None:
        press = pressed(came.travelled)
        if press.kind == FORM:
            await self._open(talk, press)
        else:
            await self._answer(talk, self._way(talk, press), self._line(talk, press))

    async def _open(self, talk: Talk, press: Pressed) -> None:
        """Show the form, which must be the first response; a line that is not at hand in time is old."""
        finding = asyncio.ensure_future(self.lines.whole(press))
        await asyncio.wait({finding}, timeout=SOON.total_seconds())
        whole = finding.result() if finding.done() else None
        finding.cancel()
        if whole is None:
            old = self._line(talk, Pressed(ALONE, OLD))
            await self._answer(talk, Way(hidden=_seen_by_others(talk)), old, AT_ONCE)
            return
        custom_id, form = opened(whole)
        await talk.response.send_modal(formed(custom_id, form))

    async def _submit(self, talk: Talk, came: Incoming) -> None:
        press = pressed(came.custom_id)
        said = Pressed(press.kind, f"{press.line} {came.text}", channel=press.channel)
        await self._answer(talk, self._way(talk, said), self._line(talk, said))

    async def _line(self, talk: Talk, press: Pressed) -> Invocation:
        """What the line of a press says, on the place that the press acts on."""
        whole = await self.lines.whole(press) or Pressed(press.kind, OLD)
        name, _, arguments = whole.line.partition(" ")
        place = _place(talk, whole)
        return self._said(talk, place, name.removeprefix("/"), arguments.strip(), is_press=True)

    async def _answer_to(self, asked: Awaitable[Invocation]) -> Dressed:
        return await self._told(await asked)

    async def _told(self, asked: Invocation) -> Dressed:
        """The answer, whose buttons act on the same place."""
        message = await self.reception.answer(asked)
        under = panel(message.buttons, ANSWER, asked.place.id[1:] if asked.place.shared else None)
        await self.lines.keep(under.kept)
        return dressed(page(message, missing=under.missing), under)

    def _way(self, talk: Talk, press: Pressed) -> Way:
        """An answer is replaced, unless others see it who are not concerned; an alert stays."""
        others = _seen_by_others(talk)
        if press.kind != ANSWER:
            return Way(hidden=others)
        message = talk.message
        if not others or (message is not None and message.flags.ephemeral):
            return Way(edits=True)
        asked = message.interaction_metadata if message is not None else None
        entry = self.menu.get(press.line.partition(" ")[0].removeprefix("/"))
        open_ = entry is not None and not entry.private
        return Way(edits=True) if open_ and asked is not None and asked.user == talk.user else Way(hidden=True)

    async def _answer(self, talk: Talk, way: Way, asking: Awaitable[Invocation], within: timedelta = SOON) -> None:
        """Say it as soon as it is there; where that is not soon, tell Discord that it will come."""
        asked = asyncio.ensure_future(asking)
        task = asyncio.ensure_future(self._answer_to(asked))
        await asyncio.wait({task}, timeout=within.total_seconds())
        if not task.done():
            await self._announce(talk, way, asked, task)
            return
        said = await task
        if way.edits:
            await talk.response.edit_message(
                embed=said.embed, attachments=said.files, view=said.view, allowed_mentions=said.mentions
            )
        else:
            await talk.response.send_message(
                embed=said.embed,
                files=said.files,
                view=said.view,
                ephemeral=way.hidden,
                silent=True,
                allowed_mentions=said.mentions,
            )

    async def _announce(
        self, talk: Talk, way: Way, asked: Awaitable[Invocation], answer: asyncio.Future[Dressed]
    ) -> None:
        """Tell Discord that the answer will come, and give it when it is there; one of us does, whatever happens."""
        noting = asyncio.ensure_future(self.unanswered.keep(talk.token, await asked))
        try:
            await talk.response.defer(ephemeral=way.hidden, thinking=not way.edits)
            said = await answer
            await talk.edit_original_response(
                embed=said.embed, attachments=said.files, view=said.view, allowed_mentions=said.mentions
            )
        except discord.HTTPException:
            await answer  # what was asked for is done, though nobody waits for the answer
            await self._given(talk.token, noting)
            raise
        await self._given(talk.token, noting)

    async def _given(self, token: str, noting: asyncio.Future[None]) -> None:
        """It is waited for no more, once that it was is noted."""
        await noting
        await self.unanswered.gave(token)

    def _said(self, talk: Talk, place: Place, name: str, arguments: str, *, is_press: bool = False) -> Invocation:
        return Invocation(
            place=place,
            person=str(talk.user.id),
            name=name,
            arguments=arguments,
            seen=f"{NAME}:{talk.id}",
            at=self.now(),
            operator=str(talk.user.id) in self.operators,
            owner=not place.shared or _manages(talk, place.id[1:]),
            pressed=is_press,
        )


def _own(talk: Talk) -> Place:
    """The private place of whoever is there."""
    return Place(NAME, str(talk.user.id))


def _shared(channel: str) -> Place:
    return Place(NAME, f"-{channel}")


def _place(talk: Talk, press: Pressed) -> Place:
    """What a press acts on: the channel that it names, the one that an alert stands in, or the presser's own place."""
    if press.channel is not None:
        return _shared(press.channel)
    if press.kind == NOTICE and talk.guild_id is not None:
        return _shared(str(talk.channel_id))
    return _own(talk)


def _manages(talk: Talk, channel: str) -> bool:
    """Whether the person manages the server that the channel is in, which is the one that we are in."""
    known = talk.client.get_channel(int(channel))
    guild = getattr(known, "guild", None)
    here = guild is not None and guild.id == talk.guild_id
    return here and (talk.permissions.manage_guild or talk.permissions.administrator)


def _seen_by_others(talk: Talk) -> bool:
    """Whether anybody but that person and us can read there."""
    return talk.guild_id is not None or bool(talk.context.private_channel)
