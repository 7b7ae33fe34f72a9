"""What can go wrong between a call and its answer, by command."""

from dataclasses import dataclass
from enum import Enum, auto


class Trouble(Enum):
    """What happens to one call."""

    SLOW_AFTER = auto()  # accepted, and not answered in time
    CUT_AFTER = auto()  # accepted, and the connection is closed
    CUT_BODY = auto()  # accepted, and half of the answer is sent
    CUT_BEFORE = auto()  # the connection is closed before anything is accepted
    BAD_GATEWAY = auto()  # 502 with HTML, and nobody knows
    HTML = auto()  # accepted, and answered by 200 with HTML


@dataclass(frozen=True)
class Refused(Exception):
    """An answer of the Bot API that is not ok."""

    status: int
    description: str
    parameters: dict[str, int] | None = None

    def as_json(self) -> dict[str, object]:
        more = {"parameters": self.parameters} if self.parameters else {}
        return {"ok": False, "error_code": self.status, "description": self.description, **more}


def bad(description: str) -> Refused:
    return Refused(400, f"Bad Request: {description}")


def flooded(seconds: int) -> Refused:
    return Refused(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


UNAUTHORISED = Refused(401, "Unauthorized")
NOT_FOUND = Refused(404, "Not Found")
BLOCKED = Refused(403, "Forbidden: bot was blocked by the user")
KICKED = Refused(403, "Forbidden: bot was kicked from the group chat")
DEACTIVATED = Refused(403, "Forbidden: user is deactivated")
STRANGER = Refused(403, "Forbidden: bot can't initiate conversation with a user")
NO_WRITING = Refused(400, "Bad Request: CHAT_WRITE_FORBIDDEN")
OTHER_POLLER = Refused(
    409,
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
)
WEBHOOK_ACTIVE = Refused(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first")
