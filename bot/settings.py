"""Settings: from the environment, built once, each with one clear sentence when it is wrong."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
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


TOKENS: Mapping[str, re.Pattern[str]] = {
    "telegram": re.compile(r"[0-9]{5,16}:[A-Za-z0-9_-]{30,}"),
    "discord": re.compile(r"[A-Za-z0-9_-]{18,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{20,}"),
}
"""How the token of each platform's bots looks."""

_WHERE = {
    "telegram": "@BotFather gives it, as in 123456789:AA…",
    "discord": "the Developer Portal gives it under Bot, in three parts with dots between",
}
_PERSON = re.compile(r"(telegram|discord):[0-9]{1,20}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{32,256}")


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
    telegram_api: str = Field("https://api.telegram.org", description="where the Telegram Bot API is")
    telegram_proxy: SecretStr | None = Field(None, description="proxy of calls to Telegram, such as http://host:3128")
    telegram_webhook: str | None = Field(
        None, description="public https address at which Telegram calls us; not set: we ask Telegram ourselves"
    )
    telegram_webhook_secret: SecretStr | None = Field(None, description="what Telegram's calls must carry")
    telegram_listen: str = Field("127.0.0.1:8443", description="where we listen for Telegram's calls")
    discord_api: str = Field("https://discord.com/api/v10", description="where the Discord API is")
    discord_gateway: str = Field("wss://gateway.discord.gg", description="where the Discord gateway is")
    expire_minutes: Annotated[int, Field(ge=3, le=1440)] = Field(
        30, description="minutes after which an alert that could not be sent is no news any more"
    )
    operators: str | None = Field(None, description="who operates this service: platform:id, separated by commas")
    invited_only: bool = Field(default=False, description="answer only those whom an operator let in")
    instance: str = Field("main", description="name of this instance: a restarted one leads again at once")
    parts: Annotated[int, Field(ge=1, le=64)] = Field(
        1, description="parts that the coins are shared out to, each judged by one evaluator"
    )
    log_level: str = Field("info", description="debug, info, warning or error")

    def operators_of(self, platform: str) -> frozenset[str]:
        """The numbers of that platform's people who operate this service."""
        people = (person.split(":") for person in (self.operators or "").split(",") if person)
        return frozenset(number for name, number in people if name == platform)

    def operates(self, person: Place) -> bool:
        """Whether that person, named by the private place, operates this service."""
        return person.id in self.operators_of(person.platform)

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

    @field_validator("operators")
    @classmethod
    def _people(cls, value: str | None) -> str | None:
        people = [person.strip() for person in (value or "").split(",") if person.strip()]
        if not all(_PERSON.fullmatch(person) for person in people):
            raise ValueError("write platform:number, such as telegram:123456789 or discord:123456789012345678")
        return ",".join(people) or None

    @field_validator("telegram_listen")
    @classmethod
    def _an_address(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
            raise ValueError("write an address and a port, such as 127.0.0.1:8443")
        return value

    @field_validator("telegram_api", "telegram_webhook", "discord_api", "discord_gateway")
    @classmethod
    def _safe_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        scheme = "wss" if info.field_name == "discord_gateway" else "https"
        if value is not None and not is_safe(value, scheme):
            raise ValueError(f"write an address that begins with {scheme}://; without TLS only this computer's own")
        return value.rstrip("/") if value is not None else None

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _a_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("write 32 to 256 of A-Z, a-z, 0-9, _ and -")
        return value

    @model_validator(mode="after")
    def _webhook_is_whole(self) -> "Settings":
        if self.telegram_webhook is not None and self.telegram_webhook_secret is None:
            raise ValueError("PERPWATCH_TELEGRAM_WEBHOOK needs PERPWATCH_TELEGRAM_WEBHOOK_SECRET")
        return self

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
        said = first["msg"].removeprefix("Value error, ")
        if not first["loc"]:
            raise BadSettings(f"{said}.") from None
        raise BadSettings(f"{PREFIX}{str(first['loc'][0]).upper()} cannot be used: {said}.") from None


def tokens(environment: Mapping[str, str]) -> Mapping[str, SecretStr]:
    """The token of each platform's bot: `TELEGRAM_TOKEN`, or what `TELEGRAM_TOKEN_FILE` holds. Raises BadSettings."""
    return {platform: token for platform in TOKENS if (token := _token(platform, environment)) is not None}


def _token(platform: str, environment: Mapping[str, str]) -> SecretStr | None:
    name = f"{platform.upper()}_TOKEN"
    token, file = environment.get(name, "").strip(), environment.get(f"{name}_FILE", "")
    if file and not token:
        try:
            token = Path(file).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no text"
            raise BadSettings(f"{name}_FILE cannot be read: {why}.") from None
    if not token:
        return None
    if not TOKENS[platform].fullmatch(token):
        raise BadSettings(f"{name} is not a bot's token: {_WHERE[platform]}.")
    return SecretStr(token)


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


def is_safe(address: str, scheme: str) -> bool:
    """Whether what is sent to that address cannot be read on the way: TLS, or this computer itself."""
    parts = urlsplit(address)
    if parts.scheme == scheme:
        return bool(parts.hostname)
    return parts.scheme == scheme.removesuffix("s") and parts.hostname in ("127.0.0.1", "localhost", "::1")
