"""Logs: events as lines, without secrets and without control characters."""

import logging
import re
from pathlib import Path

import structlog
from structlog.typing import EventDict, WrappedLogger

_SECRETS = (
    re.compile(r"\d{6,12}:[A-Za-z0-9_-]{30,}"),
    re.compile(r"(?<=://)[^/\s@]*:[^/\s@]+(?=@)"),
    re.compile(r"(?<=Bot )[\w.-]{20,}"),
    re.compile(r"[\w-]{18,}\.[\w-]{6}\.[\w-]{20,}"),
    re.compile(r"(?<=/api/webhooks/)[\w/-]+"),
)
NOISY = ("httpx", "httpcore", "telegram", "telegram.ext", "aiohttp.access", "discord")
"""Libraries of which only warnings are kept."""

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def redact(text: str) -> str:
    """The text without tokens, passwords in URLs, webhook paths, control and bidi characters."""
    for secret in _SECRETS:
        text = secret.sub("[hidden]", text)
    return _UNSEEN.sub("", text)


def configure(level: str, file: Path | None) -> None:
    """Send events to the file, or to standard error where there is none."""
    handler: logging.Handler = logging.FileHandler(file) if file else logging.StreamHandler()
    handler.setFormatter(_Redacted("%(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.raiseExceptions = False  # an event that finds no room would be shown with all that it hides
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _line,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


class _Redacted(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """`time level event key=value …`, a traceback below it."""
    trace = event.pop("exception", "")
    head = f"{event.pop('timestamp')} {event.pop('level'):<7} {event.pop('event')}"
    rest = "".join(f" {key}={value}" for key, value in event.items())
    return f"{head}{rest}\n{trace}" if trace else head + rest
