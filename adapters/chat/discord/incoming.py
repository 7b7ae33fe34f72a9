"""What comes in with an interaction, as typed values."""

from typing import TypeAlias

import msgspec

from adapters.chat.discord.invitation import NEEDED
from adapters.chat.discord.tree import CHANNEL

Value: TypeAlias = str | int | float | bool


class Option(msgspec.Struct):
    """One option that a person fills in."""

    name: str
    value: Value = ""
    focused: bool = False


class Field(msgspec.Struct):
    """A part of a form: a text, or what holds one."""

    value: str = ""
    components: list["Field"] = []
    component: "Field | None" = None


class Channel(msgspec.Struct):
    """A channel that was named, with what the person may do in it."""

    permissions: str = "0"


class Resolved(msgspec.Struct):
    """What the ids in options stand for."""

    channels: dict[str, Channel] = {}


class Incoming(msgspec.Struct):
    """A command with its options, or a press with what travelled, or a form with its text."""

    name: str = ""
    options: list[Option] = []
    custom_id: str = ""
    values: list[str] = []
    components: list[Field] = []
    resolved: Resolved = msgspec.field(default_factory=Resolved)

    @property
    def filled(self) -> dict[str, str]:
        """The options by their names."""
        return {option.name: str(option.value) for option in self.options}

    @property
    def channel(self) -> str | None:
        """The channel that was named, as an id; one that the person cannot see is none."""
        seen = [id_ for id_, of in self.resolved.channels.items() if int(of.permissions) & NEEDED["view_channel"]]
        named = [str(option.value) for option in self.options if option.name == CHANNEL]
        return next((id_ for id_ in named if id_ in seen), None)

    @property
    def focused(self) -> Option | None:
        """The option that is being typed."""
        return next((option for option in self.options if option.focused), None)

    @property
    def travelled(self) -> str:
        """What a press brought back: a button's own id, or the option chosen of a menu."""
        return self.values[0] if self.values else self.custom_id

    @property
    def text(self) -> str:
        """What was written in a form."""
        return _text(self.components)


def incoming(data: object) -> Incoming:
    """Reads `{"name": "funding", "options": [{"name": "coin", "value": "ETH", "type": 3}]}` and its like."""
    return msgspec.convert(data, Incoming)


def _text(fields: list[Field]) -> str:
    for field in fields:
        inner = [*field.components, *([field.component] if field.component is not None else [])]
        text = field.value or _text(inner)
        if text:
            return text
    return ""
