"""To whom a front hands on what comes in, in tests: hears, remembers, and answers what it was told to."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.chat.base import CommandSpec, Invocation, MenuEntry, Message, Parameter, Place, Text, Tone, Who


@dataclass(frozen=True)
class Entry:
    """A command as menus offer it."""

    spec: CommandSpec
    who: Who = Who.ANY
    private: bool = True


COIN = Parameter("coin", "Coin, such as ETH", choices="coin")
RULE = Parameter("rule", "Such as: ETH funding < -0.01% for 15m", required=True, choices="sentence")
NUMBER = Parameter("number", "Number of the rule", required=True, choices="rule")

MENU: Sequence[MenuEntry] = (
    Entry(CommandSpec("funding", "Funding", (COIN,)), private=False),
    Entry(CommandSpec("alert", "Make a rule", (RULE,)), Who.OWNER),
    Entry(CommandSpec("alerts", "Rules", (COIN,)), Who.OWNER),
    Entry(CommandSpec("edit", "Change a rule", (NUMBER, Parameter("rule", "A sentence"))), Who.OWNER),
    Entry(CommandSpec("admin", "Service"), Who.OPERATOR),
)


def message(text: str, **more: object) -> Message:
    """A short answer."""
    return Message(Tone.ANSWER, "📊", (Text(text),), **more)  # type: ignore[arg-type]


@dataclass
class Heard:
    """A reception: `says` are answers by the name of the command, `takes` the seconds that an answer takes."""

    says: dict[str, Message] = field(default_factory=dict)
    takes: float = 0.0
    asked: list[Invocation] = field(default_factory=list)
    told: list[tuple[str, ...]] = field(default_factory=list)
    finished: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, invocation: Invocation) -> Message:
        self.asked.append(invocation)
        self.begun.set()
        await asyncio.sleep(self.takes)
        self.finished += 1
        return self.says.get(invocation.name) or message(f"{invocation.name} {invocation.arguments}".strip())

    async def overheard(self, invocation: Invocation) -> Message | None:
        return None

    async def came(self, place: Place) -> None:
        self.told.append(("came", str(place)))

    async def left(self, place: Place, reason: str) -> None:
        self.told.append(("left", str(place), reason))

    async def moved(self, place: Place, new: Place) -> None:
        self.told.append(("moved", str(place), str(new)))


@dataclass
class Remembered:
    """Notes in memory. Reading or writing takes that many seconds, and fails while it is `broken`."""

    takes: float = 0.0
    broken: bool = False
    kept: dict[str, tuple[str, timedelta]] = field(default_factory=dict)

    async def read(self, key: str) -> str | None:
        await self._work()
        return self.kept[key][0] if key in self.kept else None

    async def write(self, key: str, text: str, lives: timedelta) -> None:
        await self._work()
        self.kept[key] = (text, lives)

    async def _work(self) -> None:
        await asyncio.sleep(self.takes)
        if self.broken:
            raise ConnectionError("the store is away")


@dataclass
class Vocabulary:
    """Words to complete from. They take that many seconds, and fail while they are `broken`."""

    takes: float = 0.0
    broken: bool = False

    async def __call__(self, kind: str, place: Place, typed: str) -> Sequence[str]:
        await asyncio.sleep(self.takes)
        if self.broken:
            raise ConnectionError("the store is away")
        words = {
            "coin": ["BTC", "ETH", "ETHW"],
            "venue": ["binance", "bybit"],
            "rule": [f"#1 of {place}"],
            "sentence": [f"{typed} < -0.01%", f"{typed} {'x' * 100}", "ETH oi > 1%"],
        }
        return words.get(kind, ())


@dataclass
class Wall:
    """A clock that is set by hand."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at
