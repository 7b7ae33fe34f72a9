"""Updates may come twice: each is dealt with once, and answered alike."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from adapters.chat.base import Invocation, Message, Place, Reception

REMEMBERED = 256
"""Answers that are kept: platforms repeat an update soon, and after a restart its effects are still known."""

_Asked: TypeAlias = tuple[Place, str, str]


class Once:
    """A reception in front of another one."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._answers: OrderedDict[_Asked, asyncio.Future[Message | None]] = OrderedDict()

    async def answer(self, invocation: Invocation) -> Message:
        """The answer to a command or a press."""
        said = await self._once("answer", invocation, self._reception.answer)
        if said is None:
            raise AssertionError("a command is always answered")
        return said

    async def overheard(self, invocation: Invocation) -> Message | None:
        """The answer to plain words in a private place; None where they are neither a command nor meant as a rule."""
        return await self._once("overheard", invocation, self._reception.overheard)

    async def came(self, place: Place) -> None:
        """The place can be written to again."""
        await self._reception.came(place)

    async def left(self, place: Place, reason: str) -> None:
        """The place cannot be written to any more."""
        await self._reception.left(place, reason)

    async def moved(self, place: Place, new: Place) -> None:
        """The place has another id from now on."""
        await self._reception.moved(place, new)

    async def _once(
        self, how: str, invocation: Invocation, ask: Callable[[Invocation], Awaitable[Message | None]]
    ) -> Message | None:
        key = invocation.place, how, invocation.seen
        if key not in self._answers:
            self._answers[key] = asyncio.ensure_future(ask(invocation))
            while len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        answer = self._answers[key]
        try:
            return await asyncio.shield(answer)
        finally:
            if answer.done() and (answer.cancelled() or answer.exception() is not None):
                self._answers.pop(key, None)
