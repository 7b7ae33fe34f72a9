"""The troubles of venues: each is logged once when it begins and once when it ends."""

from dataclasses import dataclass
from datetime import datetime

import structlog

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Since when, and why."""

    since: datetime
    why: str


class Troubles:
    """Who is in trouble now."""

    def __init__(self) -> None:
        self._of: dict[str, Trouble] = {}

    def of(self, venue: str) -> Trouble | None:
        """The trouble that lasts; None where all is well."""
        return self._of.get(venue)

    def begin(self, venue: str, at: datetime, why: str) -> None:
        """The venue does not answer; says so unless it did already."""
        if venue not in self._of:
            self._of[venue] = Trouble(at, why)
            log.warning("venue down", venue=venue, at=at, error=why)

    def end(self, venue: str, at: datetime) -> None:
        """The venue answers; says so if it was in trouble."""
        trouble = self._of.pop(venue, None)
        if trouble is not None:
            log.info("venue recovered", venue=venue, down_for=str(at - trouble.since))
