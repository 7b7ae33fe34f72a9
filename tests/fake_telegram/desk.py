"""What a front needs around it in tests: a clock that is set, notes in memory, and a reception that remembers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from adapters.chat.base import CommandSpec, Invocation, Message, Place, Text, Tone, Who

START = datetime(2026, 11, 23, 14, 17, 5, tzinfo=UTC)


@dataclass
class Clock:
    """The moment that a test has set."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def pass_(self, **span: float) -> None:
        self.at += timedelta(**span)


@dataclass
class Notes:
    """Notes in memory, each as long as it lives; while they are away nothing is kept or found."""

    clock: Clock
    kept: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    writes: int = 0
    are_away: bool = False

    async def read(self, key: str) -> str | None:
        self._look()
        text, until = self.kept.get(key, ("", self.clock.at))
        return text if self.clock.at < until else None

    async def write(self, key: str, text: str, lives: timedelta) -> None:
        self._look()
        text.encode()  # a store keeps bytes
        self.writes += 1
        self.kept[key] = (text, self.clock.at + lives)

    def _look(self) -> None:
        if self.are_away:
            raise OSError("the store is away")


@dataclass(frozen=True)
class Entry:
    spec: CommandSpec
    who: Who = Who.ANY
    private: bool = True


MENU = (
    Entry(CommandSpec("funding", "Funding by venue"), private=False),
    Entry(CommandSpec("start", "Greeting"), Who.OWNER),
    Entry(CommandSpec("alert", "Make a rule"), Who.OWNER),
    Entry(CommandSpec("watch", "Watch coins"), Who.OWNER),
    Entry(CommandSpec("admin", "Numbers"), Who.OPERATOR),
)


def said(text: str, **more: object) -> Message:
    return Message(Tone.ANSWER, "📊", (Text(text),), **more)  # type: ignore[arg-type]


async def echo(invocation: Invocation) -> Message:
    """What was asked, as an answer."""
    return said(f"/{invocation.name} {invocation.arguments}".strip())


@dataclass
class Reception:
    """Remembers what was handed on; `reply` makes the answers, `knows` are the plain words that are understood."""

    reply: Callable[[Invocation], Awaitable[Message]] = echo
    knows: Sequence[str] = ()
    asked: list[Invocation] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def holds_slow(self) -> asyncio.Event:
        """From now on `slow` is answered only once that is set, anything else at once, both with what was asked."""
        gate = asyncio.Event()

        async def waits(invocation: Invocation) -> Message:
            if invocation.arguments == "slow":
                await gate.wait()
            return said(invocation.arguments)

        self.reply = waits
        return gate

    async def answer(self, invocation: Invocation) -> Message:
        self.asked.append(invocation)
        self.heard.set()
        return await self.reply(invocation)

    async def overheard(self, invocation: Invocation) -> Message | None:
        return await self.answer(invocation) if invocation.name in self.knows else None

    async def came(self, place: Place) -> None:
        self.events.append(("came", str(place)))

    async def left(self, place: Place, reason: str) -> None:
        self.events.append(("left", f"{place} {reason}"))

    async def moved(self, place: Place, new: Place) -> None:
        self.events.append(("moved", f"{place} {new}"))

    @property
    def lines(self) -> list[str]:
        return [f"/{asked.name} {asked.arguments}".strip() for asked in self.asked]
