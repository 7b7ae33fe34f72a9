"""What an operator sets for Telegram; the token is shown nowhere."""

import re
from dataclasses import dataclass, field

URL = "https://api.telegram.org"
"""Where the Bot API is, unless another server stands in for it."""

SECRET = 32
"""Characters that a webhook's secret must have at least: it is all that tells Telegram from others."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram sends what comes in: the public `url`, and where we listen for it behind a proxy with TLS."""

    url: str
    secret: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8443

    def __post_init__(self) -> None:
        if len(self.secret) < SECRET or not _SECRET.fullmatch(self.secret):
            raise ValueError(f"the webhook's secret must be {SECRET} to 256 of A-Z a-z 0-9 _ -")


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """One bot. `operators` are ids of people who may use it everywhere; without a webhook it asks by itself."""

    token: str = field(repr=False)
    url: str = URL
    proxy: str | None = field(default=None, repr=False)
    operators: frozenset[str] = frozenset()
    webhook: Webhook | None = None
