"""The link by which the bot is invited: it asks for just the permissions that sending needs."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import urlencode

NEEDED: Mapping[str, int] = {
    "view_channel": 1 << 10,
    "send_messages": 1 << 11,
    "embed_links": 1 << 14,
    "attach_files": 1 << 15,
    "read_message_history": 1 << 16,
}
"""The permissions asked for, by the names that Discord gives them."""

_PAGE = "https://discord.com/oauth2/authorize"


def invitation(application: int) -> str:
    """The link that adds the bot to a server, with its commands."""
    asked = {
        "client_id": application,
        "scope": "bot applications.commands",
        "permissions": sum(NEEDED.values()),
    }
    return f"{_PAGE}?{urlencode(asked)}"


def application_of(token: str) -> int | None:
    """The id of the application that a token is for, which is its first part; None where it is none."""
    first = token.partition(".")[0]
    try:
        said = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return int(said) if said.isdigit() else None
