"""What an operator sets for Discord; the token is shown nowhere."""

from dataclasses import dataclass, field

API = "https://discord.com/api/v10"
GATEWAY = "wss://gateway.discord.gg"
"""Where Discord is, unless another server stands in for it."""


@dataclass(frozen=True, slots=True)
class DiscordSettings:
    """One bot. `operators` are ids of people who may use it everywhere."""

    token: str = field(repr=False)
    api: str = API
    gateway: str = GATEWAY
    operators: frozenset[str] = frozenset()
