"""Buttons below a message: what each says, what travels with it, and how many stand in a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.chat.base import Button
from adapters.chat.presses import note_of, packed, token_of
from adapters.chat.rendering import clean

MOST = 100
"""Buttons below one message."""

DATA = 64
"""Bytes that travel with a button."""

LABEL = 60
"""Characters of a button's label; phones show fewer."""

_IN_A_ROW = 4
_ROW = 30
"""Characters that stand beside each other on a phone."""

_WATCH = "/watch "
_PAYLOAD_WATCH, _PAYLOAD_TOKEN, _PAYLOAD_SHARED = "w-", "t-", "r-"
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
PAYLOAD = 64
"""Characters that a deep link may carry."""


@dataclass(frozen=True, slots=True)
class Key:
    """One button as it is shown: pressing it sends `data`, or opens `url`."""

    label: str
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Keyboard:
    """Rows of buttons, and the lines that are to be kept under their notes."""

    rows: tuple[tuple[Key, ...], ...]
    notes: Mapping[str, str]


def keyboards(buttons: Sequence[Button], kind: str, bot: str, *, shared: bool) -> Sequence[Keyboard]:
    """The buttons of a message in as many keyboards as they need; in a shared place `alone` ones lead away from it."""
    chunks = [buttons[start : start + MOST] for start in range(0, len(buttons), MOST)]
    return [_keyboard(chunk, kind, bot, shared=shared) for chunk in chunks]


def payload_of(line: str) -> tuple[str, str | None]:
    """What a deep link to that line carries, and the token under which the line is to be kept if one is needed."""
    coin = line.removeprefix(_WATCH)
    if line.startswith(_WATCH) and coin and set(coin) <= _SAFE and len(_PAYLOAD_WATCH + coin) <= PAYLOAD:
        return _PAYLOAD_WATCH + coin, None
    token = token_of(line)
    return _PAYLOAD_TOKEN + token, token


def line_of(payload: str) -> tuple[str, str | None]:
    """The line that a payload stands for, or the token under which it was kept; neither if it is not ours."""
    if payload.startswith(_PAYLOAD_WATCH):
        return _WATCH + payload.removeprefix(_PAYLOAD_WATCH), None
    for prefix in (_PAYLOAD_TOKEN, _PAYLOAD_SHARED):
        if payload.startswith(prefix):
            return "", payload.removeprefix(prefix)
    return "", None


def link_note(token: str) -> str:
    """The key of the note that keeps the line of a deep link, apart from those of buttons: a link can be made up."""
    return f"link:{token}"


def _keyboard(buttons: Sequence[Button], kind: str, bot: str, *, shared: bool) -> Keyboard:
    keys, notes = [], {}
    for button in buttons:
        label = _label(button.label)
        if button.alone and shared:
            payload, token = payload_of(button.command)
            keys.append(Key(label, url=f"https://t.me/{bot}?start={payload}"))
            note = link_note
        else:
            data, token = packed(kind, button.command, DATA)
            keys.append(Key(label, data=data))
            note = note_of
        if token is not None:
            notes[note(token)] = button.command
    return Keyboard(_rows(keys), notes)


def _label(text: str) -> str:
    label = clean(text).strip() or "·"
    return label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"


def _rows(keys: Sequence[Key]) -> tuple[tuple[Key, ...], ...]:
    """Short ones side by side, long ones below each other."""
    rows: list[tuple[Key, ...]] = []
    for key in keys:
        last = rows[-1] if rows else ()
        taken = sum(len(other.label) + 2 for other in last)
        if last and len(last) < _IN_A_ROW and taken + len(key.label) <= _ROW:
            rows[-1] = (*last, key)
        else:
            rows.append((key,))
    return tuple(rows)
