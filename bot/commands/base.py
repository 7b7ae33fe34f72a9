"""The contract of a command."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Protocol, TypeAlias

from adapters.chat.base import ChatPlatform, CommandSpec, Invocation, Message, Who
from adapters.store.base import Quota, Store
from adapters.store.place_settings import PLAIN, PlaceSettings
from bot.commands.recent import Recent
from bot.health import Health
from bot.zones import zone_of
from signals.base import Signal


class Reader(Protocol):
    """What reads the market: a store, the signals, and the shortest bar."""

    @property
    def store(self) -> Store:
        """Where the market is kept."""
        ...

    @property
    def signals(self) -> Sequence[Signal]:
        """The signals that rules may name."""
        ...

    @property
    def step(self) -> timedelta:
        """The shortest bar of the market."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands work with: the store, the signals, and the market's present moment."""

    store: Store
    signals: Sequence[Signal]
    now: datetime
    version: str
    started: datetime
    quota: Quota
    step: timedelta
    """The shortest bar of the market that is shown."""
    patience: timedelta
    """How long an answer waits for a dry run."""
    front: ChatPlatform | None = None
    """The platform that the command came from, where it runs here."""
    health: Health | None = None
    """How the process that answers is, where it is one that runs."""
    settings: PlaceSettings = PLAIN
    """What the place has asked for, as it stood when the command came."""
    recent: Recent = field(default_factory=Recent)
    """What others have found out about the market's present moment."""

    @property
    def zone(self) -> tzinfo:
        """The zone in which times are told."""
        return zone_of(self.settings.zone)


Answer: TypeAlias = Callable[[Invocation, Desk], Awaitable[Message]]


@dataclass(frozen=True, slots=True)
class Command:
    """One command: what menus show, who may use it, and its answer."""

    spec: CommandSpec
    who: Who
    answer: Answer
    private: bool = True
    """Whether the answer is for the person alone, where the platform can do that."""
