"""Buttons as they travel in Discord's components, and what a press of one says.

What travels is a letter for the way to answer, where need be the channel that the line acts on, and the line, or the
token of a line that is too long. Nothing about a message is remembered, so its buttons outlive a restart.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from adapters.chat.base import Button, Form
from adapters.chat.discord.escape import cut
from adapters.chat.presses import ANSWER, packed, unpacked
from adapters.chat.rendering import clean

ALONE = "p"
"""The kind of a button that acts on the place of whoever presses it, and is answered to that person alone."""

FORM = "f"
"""The kind of a button that opens a form. What follows is what sending the form says, and what is offered in it."""

TRAVELS = 100
"""Characters of `custom_id`, and of the value of an option."""

LABEL = 80
OPTION = 100
ROW, ROWS = 5, 5
"""Buttons in a row, and rows under a message."""

MOST_BUTTONS = 10
"""More buttons than that become menus to choose from."""

MENU = 25
"""Options of a menu; a menu takes a row."""

MENU_ID = "s"
"""How the id of a menu begins; its options carry what travels."""

_OFFERED = "|"
_AIMED = re.compile(r"#(\d{1,20}) (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pressable:
    """One thing to press: what it is called, and what comes back when it is pressed."""

    label: str
    travels: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What stands under a message: rows of buttons, or menus; `kept` are lines to keep by their tokens."""

    rows: tuple[tuple[Pressable, ...], ...] = ()
    menus: tuple[tuple[Pressable, ...], ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0
    """How many found no room."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a press says: the way to answer, and the line or the token that it is kept under."""

    kind: str
    line: str
    token: str | None = None
    channel: str | None = None
    """The channel that the line acts on; None for the place that the kind says."""


def panel(buttons: Sequence[Button], kind: str, channel: str | None = None) -> Panel:
    """The buttons of a message of that kind; `channel` is what an answer given elsewhere acts on."""
    kept: dict[str, str] = {}
    unique: dict[str, Pressable] = {}
    for button in buttons:
        travels, line = _travelling(button, kind, channel)
        if line is not None:
            kept[line[0]] = line[1]
        unique.setdefault(travels, Pressable(_label(button), travels))
    pressables = list(unique.values())
    if len(pressables) <= MOST_BUTTONS:
        return Panel(rows=tuple(_in(pressables, ROW)), kept=kept)
    room = MENU * ROWS
    return Panel(menus=tuple(_in(pressables[:room], MENU)), kept=kept, missing=max(0, len(pressables) - room))


def pressed(travelled: str) -> Pressed:
    """What came back with a press."""
    kind, token, line = unpacked(travelled)
    return Pressed(kind, "", token) if token is not None else found(kind, line)


def found(kind: str, line: str) -> Pressed:
    """The press of a line that travelled, or was kept."""
    if kind == FORM:
        return Pressed(FORM, line)
    aimed = _AIMED.fullmatch(line)
    return Pressed(kind, aimed[2], channel=aimed[1]) if aimed else Pressed(kind, line)


def opened(press: Pressed) -> tuple[str, Form]:
    """What a form is called by, so that sending it says its whole line, and what it offers."""
    head, _, text = press.line.partition(_OFFERED)
    aimed = _AIMED.fullmatch(head[1:])
    return head, Form(aimed[2] if aimed else head[1:], text)


def _travelling(button: Button, kind: str, channel: str | None) -> tuple[str, tuple[str, str] | None]:
    """What travels with a button, and the token and the line that are to be kept, if any."""
    own = ALONE if button.alone else kind
    aim = f"#{channel} " if channel is not None and not button.alone else ""
    line = aim + button.command
    if button.form is not None and len(own + aim + button.form.head) <= TRAVELS and _OFFERED not in button.form.head:
        own, line = FORM, f"{own}{aim}{button.form.head}{_OFFERED}{button.form.text}"
    travels, token = packed(own, line, TRAVELS)
    return travels, None if token is None else (token, line)


def _label(button: Button) -> str:
    return cut(clean(button.label).strip() or clean(button.command).strip() or ANSWER, LABEL)


def _in(pressables: Sequence[Pressable], many: int) -> Iterator[tuple[Pressable, ...]]:
    """So many at a time."""
    for at in range(0, len(pressables), many):
        yield tuple(pressables[at : at + many])
