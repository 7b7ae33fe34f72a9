"""What a place is told that is no transition: a sample, a report, a remark on a rule."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class About(StrEnum):
    """What a notice is about."""

    SAMPLE = "sample"
    """Asked for, to see that alerts arrive."""
    MUTE = "mute"
    """What a mute held back, now that it is over."""
    SHADOW = "shadow"
    """What a rule in shadow would have told."""
    ENDED = "ended"
    """A rule whose time is over."""
    DRIFT = "drift"
    """A rule that fires far from its usual rate."""
    QUIET = "quiet"
    """What quiet hours held back, now that they are over."""
    DIGEST = "digest"
    """What a day brought."""
    OPERATOR = "operator"
    """What those who run the service have to say."""
    EXPIRED = "expired"
    """Alerts that were too old when they could have been sent."""


def notice_id(about: About, *parts: str) -> str:
    """The id of a notice: made of what it is about, so that the same is told once."""
    text = "|".join((about, *parts))
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:16]


@dataclass(frozen=True, slots=True)
class Notice:
    """Said in words already: a headline, lines, lines to be typed, and buttons as (label, line).

    `at` is when it became true; a sample tells how long it was on its way since then.
    """

    id: str
    about: About
    at: datetime
    label: str
    headline: str
    lines: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()

    @property
    def can_wait(self) -> bool:
        """Whether alerts of all places go first."""
        return self.about not in (About.SAMPLE, About.EXPIRED)
