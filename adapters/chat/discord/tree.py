"""The slash commands, made from the menu as Discord wants them, and what a person filled in as one line."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from adapters.chat.base import Json, MenuEntry, Parameter, Who
from adapters.chat.discord.escape import cut

Tree: TypeAlias = list[dict[str, Json]]
"""All commands, in the order of the menu."""

CHANNEL = "channel"
"""The option that names the channel which a command acts on."""

CHANNEL_HELP = "Channel that it is for; to change anything there you need Manage Server"
"""The one text of this front: no other platform has such an option."""

HELP = 100
OPTIONS = 25
COMMAND = 8000
"""Limits of Discord: characters of one help, options of a command, characters of a whole command."""

_CHAT_INPUT = 1
_STRING, _CHANNEL = 3, 7
_TEXT, _NEWS, _NEWS_THREAD, _PUBLIC_THREAD, _PRIVATE_THREAD = 0, 5, 10, 11, 12
_CHANNELS: list[Json] = [_TEXT, _NEWS, _NEWS_THREAD, _PUBLIC_THREAD, _PRIVATE_THREAD]
_SERVER, _PERSON = 0, 1
_IN_SERVER, _IN_DIRECT_MESSAGES, _IN_OTHERS = 0, 1, 2
_MANAGE_SERVER = 1 << 5


def tree(menu: Sequence[MenuEntry]) -> Tree:
    """The commands of the menu. Those for operators are shown by default to those who manage a server."""
    return [_command(entry) for entry in menu]


def digest(commands: Tree) -> str:
    """What changes when the commands do."""
    return hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()


def weight(command: Mapping[str, Json]) -> int:
    """Characters of a command as Discord counts them: names, helps and values of it and its options."""
    own = len(str(command["name"])) + len(str(command["description"]))
    options = command.get("options")
    within = options if isinstance(options, list) else []
    return own + sum(weight(option) for option in within if isinstance(option, dict))


def line_of(entry: MenuEntry | None, filled: Mapping[str, str]) -> str:
    """What was filled in, in the order of the command's parameters; what it does not know comes last."""
    known = [p.name for p in entry.spec.parameters] if entry is not None else []
    own = CHANNEL in known
    others = [name for name in filled if name not in known and (own or name != CHANNEL)]
    return " ".join(filled[name].strip() for name in (*known, *others) if filled.get(name, "").strip())


def aims(entry: MenuEntry) -> bool:
    """Whether the command can be told which channel it acts on: what it is about is a place, not the market."""
    named = {parameter.name for parameter in entry.spec.parameters}
    return entry.private and entry.who is not Who.OPERATOR and CHANNEL not in named and len(named) < OPTIONS


def _command(entry: MenuEntry) -> dict[str, Json]:
    in_order = sorted(entry.spec.parameters, key=lambda parameter: not parameter.required)[:OPTIONS]
    options: list[Json] = [_option(parameter) for parameter in in_order]
    if aims(entry):
        options.append(
            {
                "type": _CHANNEL,
                "name": CHANNEL,
                "description": CHANNEL_HELP,
                "required": False,
                "channel_types": _CHANNELS,
            }
        )
    return {
        "type": _CHAT_INPUT,
        "name": entry.spec.name,
        "description": cut(entry.spec.help, HELP),
        "options": options,
        "default_member_permissions": str(_MANAGE_SERVER) if entry.who is Who.OPERATOR else None,
        "contexts": [_IN_SERVER, _IN_DIRECT_MESSAGES, _IN_OTHERS],
        "integration_types": [_SERVER, _PERSON],
    }


def _option(parameter: Parameter) -> dict[str, Json]:
    return {
        "type": _STRING,
        "name": parameter.name,
        "description": cut(parameter.help, HELP),
        "required": parameter.required,
        "autocomplete": bool(parameter.choices),
    }
