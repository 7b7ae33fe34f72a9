"""The contract of a chat platform: neutral messages out, invocations in, outcomes as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from adapters.chat.chart import Chart


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
    """A run of text in one style. It holds no markup; fronts escape it.

    `at` is the instant that the text says, for platforms that show each reader their own time.
    """

    text: str
    style: Style = Style.PLAIN
    at: datetime | None = None


Line: TypeAlias = tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of short cells under a header; the first column is left-aligned, the others right-aligned."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A line to be changed before it is sent: `head` stays as it is, `text` is offered for change."""

    head: str
    text: str


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press. `command` is the line that pressing it stands for.

    `alone`: it acts in the private place of whoever presses it, wherever it is shown.
    `form`: what is opened instead on platforms that have forms.
    """

    label: str
    command: str
    alone: bool = False
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as it is sent. `alt` says the same in words."""

    png: bytes
    name: str
    alt: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file that a person asked for."""

    content: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is said, without any platform's markup.

    In order: `icon` and `headline` (with the short `alert` id if it is an alert), `lines`, `table`, `after`
    (more lines), `small` print, `buttons`. `simulated` puts SIMULATED first. `data` are the same facts for
    machines (`ask --json`). `chart` asks for the `picture`, which is made on the way to the platform.
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
    chart: Chart | None = None
    picture: Picture | None = None
    document: Document | None = None


Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One send: `key` is the nonce, `replies_to` and `edits` are platform message ids.

    An edit changes that message or is refused: where it is gone, nothing new is shown in its place.

    `mention` is the platform's id of a role that an admin chose to be called by this rule. `tried` is set after a
    try of unknown outcome: the message may be there since then.
    """

    key: str
    to: Place
    message: Message
    deadline: datetime
    replies_to: str | None = None
    edits: str | None = None
    mention: str | None = None
    tried: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform took it, under this id."""

    id: str


class Limited(StrEnum):
    """Whom a platform makes wait: who is written to too fast, everybody, or everybody as it refuses the bot's token."""

    PLACE = "place"
    EVERYBODY = "everybody"
    TOKEN = "token"  # noqa: S105 - a reason, and no token


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now: try after that long. `certain` = the platform surely did not take it.

    `limited` says who waits where the platform says so; `after` is the time that it named, if it did.
    """

    after: timedelta
    certain: bool
    reason: str
    limited: Limited | None = None


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

    `owner`: the person may change what the place has asked for. An operator may do so anywhere. `pressed`: it came
    from a button.
    """

    place: Place
    person: str
    name: str
    arguments: str
    seen: str
    at: datetime
    operator: bool = False
    owner: bool = False
    pressed: bool = False


class Who(StrEnum):
    """Who may use a command."""

    ANY = "any"
    OWNER = "owner"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a command.

    `choices` names a vocabulary to complete from: coin, venue, signal, rule, setting, or sentence for a whole rule.
    """

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


class MenuEntry(Protocol):
    """A command as menus offer it."""

    @property
    def spec(self) -> CommandSpec:
        """What menus show."""
        ...

    @property
    def who(self) -> Who:
        """Who may use it."""
        ...

    @property
    def private(self) -> bool:
        """Whether its answer is for the eyes of the person who asks alone, where the platform can do that."""
        ...


class Words(Protocol):
    """The words that complete a parameter with those `choices` in a place, as known now."""

    async def __call__(self, kind: str, place: Place, typed: str) -> Sequence[str]:
        """The words, the likeliest first; for `sentence` whole lines that begin with what is typed."""
        ...


class Notes(Protocol):
    """What a front keeps for itself, in words and not for ever: lines of buttons, what menus were set, file ids."""

    async def read(self, key: str) -> str | None:
        """What was written under the key, while it lives."""
        ...

    async def write(self, key: str, text: str, lives: timedelta) -> None:
        """Keep the text for that long."""
        ...


class Reception(Protocol):
    """To whom a front hands on what comes in."""

    async def answer(self, invocation: Invocation) -> Message:
        """The answer to a command or a press."""
        ...

    async def overheard(self, invocation: Invocation) -> Message | None:
        """The answer to plain words in a private place; None where they are neither a command nor meant as a rule."""
        ...

    async def came(self, place: Place) -> None:
        """The place can be written to again: it was unblocked, or we were added to it."""
        ...

    async def left(self, place: Place, reason: str) -> None:
        """The place cannot be written to any more."""
        ...

    async def moved(self, place: Place, new: Place) -> None:
        """The place has another id from now on."""
        ...


class Barred(Exception):
    """The platform will not have us until a person mends something: the sentence says what."""


class ChatPlatform(Protocol):
    """A front: translates, holds no texts."""

    @property
    def name(self) -> str:
        """The platform part of its places."""
        ...

    async def send(self, delivery: Delivery) -> Outcome:
        """One try within the deadline. Refusals are values, not exceptions."""
        ...

    async def serve(self, menu: Sequence[MenuEntry], reception: Reception) -> None:
        """Read commands and answer them until cancelled, or until the person leaves. Raises Barred."""
        ...

    async def find(self, named: str) -> Place | None:
        """The place that people call by that name, such as `@channel`; None where there is none that we can see."""
        ...

    async def owns(self, person: str, place: Place) -> bool:
        """Whether that person may change what the place has asked for: its own person, or an admin of a shared one."""
        ...

    async def can_send(self, place: Place) -> bool:
        """Whether we may write there, as far as that can be told before trying."""
        ...

    async def aclose(self) -> None:
        """Let go of all connections."""
        ...
