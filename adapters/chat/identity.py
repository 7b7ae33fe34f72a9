"""Who a bot is, asked once with its token: for `perpwatch check`."""

from dataclasses import dataclass

PATIENCE = 10.0
"""Seconds that a platform may take to say it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the bot is called, the link by which people come to it, and who else takes what comes in, if anybody."""

    name: str
    link: str
    taken_by: str = ""


class Unidentified(Exception):
    """The platform does not say who the bot is: the sentence says what to do."""
