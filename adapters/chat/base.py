"""The contract of a chat platform: neutral messages out, invocations in, outcomes as values."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Place:
    """Where rules live and messages go: a chat, a group, a channel, a terminal. `str` is `platform:id`.

    The id of a shared place begins with a minus sign, as Telegram's do by themselves.
    """

    platform: str
    id: str

    @property
    def shared(self) -> bool:
        """Whether several people read it."""
        return self.id.startswith("-")

    def __str__(self) -> str:
        return f"{self.platform}:{self.id}"


def place_of(text: str) -> Place:
    """The place that `str(place)` wrote."""
    platform, _, id_ = text.partition(":")
    return Place(platform, id_)


class Tone(StrEnum):
    """The state of the rule that a message speaks of: it picks colour and icon, never good or bad."""

    FIRING = "firing"
    OVER = "over"
    ANSWER = "answer"
    LOW_TRUST = "low trust"
    NO_DATA = "no data"
    TROUBLE = "trouble"


class Style(StrEnum):
    """How a span of text stands out."""

    PLAIN = "plain"
    BOLD = "bold"
    ITALIC = "italic"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Text:
    """A run of text in one style. It holds no markup; fronts escape it."""

    text: str
    style: Style = Style.PLAIN


Line: TypeAlias = tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of short cells under a header; the first column is left-aligned, the others right-aligned."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press. `command` is the line that pressing it stands for."""

    label: str
    command: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is said, without any platform's markup.

    In order: `icon` and `headline` (with the short `alert` id if it is an alert), `lines`, `table`, `after`
    (more lines), `small` print, `buttons`. `simulated` puts SIMULATED first. `data` are the same facts for
    machines (`ask --json`).
    """

    tone: Tone
    icon: str
    headline: Line
    alert: str | None = None
    lines: tuple[Line, ...] = ()
    table: Table | None = None
    after: tuple[Line, ...] = ()
    small: str = ""
    buttons: tuple[Button, ...] = ()
    simulated: bool = False
    silent: bool = False
    data: "tuple[tuple[str, Json], ...]" = ()


Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One send: `key` is the nonce, `replies_to` and `edits` are platform message ids."""

    key: str
    to: Place
    message: Message
    deadline: datetime
    replies_to: str | None = None
    edits: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform took it, under this id."""

    id: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now: try after that long. `certain` = the platform surely did not take it."""

    after: timedelta
    certain: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Nobody is there any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Migrated:
    """The place has a new name."""

    new: Place


@dataclass(frozen=True, slots=True)
class Refusal:
    """The platform will never take this message."""

    reason: str


Outcome: TypeAlias = Sent | Retry | Gone | Migrated | Refusal


@dataclass(frozen=True, slots=True)
class Invocation:
    """One command as it came in. `seen` is the platform's update id: the same id never acts twice.

    `owner`: the person may change what the place has asked for. An operator may do so anywhere.
    """

    place: Place
    person: str
    name: str
    arguments: str
    seen: str
    at: datetime
    operator: bool = False
    owner: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a command. `choices` names a vocabulary to complete from: coin, venue, signal, rule."""

    name: str
    help: str
    required: bool = False
    choices: str = ""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """What menus show of a command: name without slash, one line of help, its arguments."""

    name: str
    help: str
    parameters: tuple[Parameter, ...] = ()
    example: str = ""


Dispatch: TypeAlias = Callable[[Invocation], Awaitable[Message]]

Words: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""The words that complete a parameter with those `choices`, as known now."""


class ChatPlatform(Protocol):
    """A front: translates, holds no texts."""

    @property
    def name(self) -> str:
        """The platform part of its places."""
        ...

    async def send(self, delivery: Delivery) -> Outcome:
        """One try within the deadline. Refusals are values, not exceptions."""
        ...

    async def serve(self, menu: Sequence[CommandSpec], dispatch: Dispatch) -> None:
        """Read commands and answer them until cancelled, or until the person leaves."""
        ...
