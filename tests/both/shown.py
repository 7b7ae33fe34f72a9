"""What people see: an answer of each platform as plain words, and the facts in it."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.chat.base import Message
from adapters.chat.rendering import render
from tests.fake_discord.world import Body, Json
from tests.fake_telegram.world import Taken

_STAMP = re.compile(r"<t:(\d+):([ftTR])>")
_ESCAPED = re.compile(r"\\([^\w\s])")
_MARKS = re.compile(r"\*\*|(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])|```|`")
_FACT = re.compile(r"[^\s·,;:()\[\]]*\d(?:[^\s·;()\[\]]*[^\s·,;:.()\[\]])?")
"""A word with a number in it: its sign, its unit, or the number of a rule."""


def on_discord(body: Body) -> str:
    """An answer or an alert as the reader of a phone set to UTC sees it."""
    embeds = _dicts(body.get("embeds"))
    parts = [embed.get(part) for embed in embeds for part in ("title", "description", "footer")]
    texts = [str(part.get("text") if isinstance(part, dict) else part) for part in parts if part]
    return "\n".join(_plain(text) for text in texts)


def on_telegram(taken: Taken) -> str:
    """A message without its entities."""
    return taken.text


def on_the_terminal(message: Message) -> str:
    """What is printed, without the buttons."""
    lines = render(message, colour=False).splitlines()
    return "\n".join(lines[:-1] if message.buttons else lines)


def facts(text: str) -> Counter[str]:
    """Every number that is said, with its sign and unit, and how often."""
    return Counter(_FACT.findall(text))


def buttons(body: Body) -> Sequence[Body]:
    """What can be pressed below an answer on Discord."""
    return [leaf for row in _dicts(body.get("components")) for leaf in _dicts(row.get("components"))]


def choices(body: Body) -> Sequence[str]:
    """What buttons and menus say."""
    found = buttons(body)
    options = [str(option["label"]) for leaf in found for option in _dicts(leaf.get("options"))]
    return [str(leaf["label"]) for leaf in found if "label" in leaf] + options


def _plain(markup: str) -> str:
    return _ESCAPED.sub(r"\1", _MARKS.sub("", _STAMP.sub(_time, markup)))


def _time(stamp: re.Match[str]) -> str:
    at = datetime.fromtimestamp(int(stamp[1]), UTC)
    return f"{at:%H:%M} UTC" if stamp[2] == "t" else f"{at.day} {at:%b %Y %H:%M} UTC"


def _dicts(value: Json) -> Sequence[Body]:
    return [of for of in value if isinstance(of, dict)] if isinstance(value, list) else []
