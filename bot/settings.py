"""Settings: from the environment, built once, each with one clear sentence when it is wrong."""

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from adapters.chat.base import Place
from adapters.store.base import Quota
from adapters.venues.client import Endpoints
from adapters.venues.registry import VENUES

PREFIX = "PERPWATCH_"

KEYLESS = tuple(name for name, opening in VENUES.items() if not opening.needs_key)
"""Venues that need no key."""

_ENDPOINTS: Mapping[str, tuple[str, str]] = {
    f"{PREFIX}VENUE_{name.upper()}_{part.upper()}": (name, part) for name in VENUES for part in ("rest", "spot", "ws")
}
"""The variables that put another server in a venue's place."""


class BadSettings(Exception):
    """A setting cannot be used; the message is a sentence that names the cure."""


class Settings(BaseSettings):
    """What an operator may choose. Every field is the environment variable PERPWATCH_<NAME>."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    data: Path = Field(Path("~/.local/share/perpwatch"), description="folder of the embedded store and the log")
    redis_url: SecretStr | None = Field(
        None, description="external Valkey or Redis, 7.0 or newer, instead of the embedded one"
    )
    rule_limit: Annotated[int, Field(ge=1, le=10_000)] = Field(50, description="rules that one person may have")
    shared_rule_limit: Annotated[int, Field(ge=1, le=10_000)] = Field(
        200, description="rules that a group or a channel may have"
    )
    venues: str = Field(
        "binance,bybit,okx,gate,bitget,hyperliquid", description="live venues to watch, separated by commas"
    )
    coinglass_key: SecretStr | None = Field(None, description="key of CoinGlass v4, which adds its venues")
    egress: str = Field("main", description="name of the address that calls leave from: who shares it shares budgets")
    instance: str = Field("main", description="name of this instance: a restarted one leads again at once")
    log_level: str = Field("info", description="debug, info, warning or error")

    def quota(self, place: Place) -> Quota:
        """How much that place may have."""
        return Quota(self.shared_rule_limit if place.shared else self.rule_limit)

    @field_validator("data")
    @classmethod
    def _at_home(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("venues")
    @classmethod
    def _known_venues(cls, value: str) -> str:
        names = [name.strip().lower() for name in value.split(",") if name.strip()]
        unknown = sorted(set(names) - set(KEYLESS))
        if unknown:
            raise ValueError(f"there is no live venue {unknown[0]}; known are {', '.join(KEYLESS)}")
        if not names:
            raise ValueError(f"name at least one of {', '.join(KEYLESS)}")
        return ",".join(dict.fromkeys(names))

    @field_validator("log_level")
    @classmethod
    def _a_level(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error"}:
            raise ValueError("write debug, info, warning or error")
        return value.lower()


def load(environment: Mapping[str, str]) -> Settings:
    """The settings of this environment. Raises BadSettings, which never repeats a value: it may be a secret."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | set(_ENDPOINTS)
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}."
            raise BadSettings(f"There is no setting {name}; {hint}")
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise BadSettings(f"{name} cannot be used: {first['msg'].removeprefix('Value error, ')}.") from None


def endpoints(environment: Mapping[str, str]) -> Mapping[str, Endpoints]:
    """Where each venue is: its own base URLs, or those of the environment. Raises BadSettings for an unusable one."""
    from adapters.venues.http import BadEndpoint, Http  # noqa: PLC0415 - it loads aiohttp, needed for live markets

    found = {name: opening.endpoints for name, opening in VENUES.items()}
    for variable, (venue, part) in _ENDPOINTS.items():
        url = environment.get(variable, "").rstrip("/")
        if not url:
            continue
        try:
            Http([url])
        except BadEndpoint as error:
            raise BadSettings(f"{variable} cannot be used: {error}") from None
        found[venue] = replace(found[venue], **{part: url})
    return found
