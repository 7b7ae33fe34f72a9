"""Requests to the Bot API over aiohttp: what surely did not go out is told from what may have.

The library that makes the calls never sees the token: it is put into the address here, and errors hold fixed texts.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from types import SimpleNamespace
from typing import IO, Protocol, TypeAlias, cast

import aiohttp
import msgspec
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData

from adapters.chat.telegram.settings import TelegramSettings

Upload: TypeAlias = tuple[str, bytes | IO[bytes], str]
"""A file: its name, its content and its kind."""

HIDDEN = "hidden"
"""What the library holds in place of the token."""

LIBRARY_URL = "bot-api:/"
"""What the library puts before it."""

TOTAL, POOL, CONNECT, READ, KEPT = 60.0, 10.0, 5.0, 30.0, 15.0
"""Seconds for a whole call, for a connection out of the pool, for its making, for an answer, and it is kept idle."""

SOON = 5.0
"""Seconds to wait where a refusal does not say how long."""

CONNECTIONS = 64


_USUAL = aiohttp.ClientTimeout(total=TOTAL, connect=POOL, sock_connect=CONNECT, sock_read=READ)


class NotSent(NetworkError):
    """The platform surely did not take it."""


class MaybeSent(NetworkError):
    """The platform may have taken it."""


class Flooded(TelegramError):
    """Telegram asks to wait `after` before the next try."""

    def __init__(self, after: timedelta) -> None:
        super().__init__("too many messages")
        self.after = after


class Body(Protocol):
    """What a call carries; the library's RequestData is one."""

    @property
    def contains_files(self) -> bool:
        """Whether it goes as a form."""
        ...

    @property
    def parameters(self) -> Mapping[str, object]:
        """Its parameters, as JSON has them."""
        ...

    @property
    def json_parameters(self) -> Mapping[str, str]:
        """The same as the fields of a form."""
        ...

    @property
    def multipart_data(self) -> Mapping[str, Upload]:
        """Its files by name."""
        ...


@dataclass(frozen=True, slots=True)
class Parameters:
    """A call of our own: parameters as JSON has them, and files."""

    parameters: Mapping[str, object]
    multipart_data: Mapping[str, Upload] = field(default_factory=dict)

    @property
    def contains_files(self) -> bool:
        """Whether it goes as a form."""
        return bool(self.multipart_data)

    @property
    def json_parameters(self) -> Mapping[str, str]:
        """Its parameters as the fields of a form."""
        return {
            name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for name, value in self.parameters.items()
        }


@dataclass(slots=True)
class Attempt:
    """One call: whether it had a connection, so that something may have gone out."""

    connected: bool = False


ATTEMPT: ContextVar[Attempt | None] = ContextVar("ATTEMPT", default=None)
"""Set by who must know how far a call came that is then given up."""

_NOT_CONNECTED = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)


class Request(BaseRequest):
    """The transport that python-telegram-bot makes its calls with."""

    def __init__(self, settings: TelegramSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._encode = msgspec.json.Encoder().encode

    @property
    def read_timeout(self) -> float:
        """Seconds that an answer may take."""
        return READ

    async def initialize(self) -> None:
        """Open the pool of connections."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEPT),
                trace_configs=[_tracing()],
                proxy=self._settings.proxy,
                raise_for_status=False,
            )

    async def shutdown(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, object]:
        """The object that was answered. Raises TelegramError where it is none; what it was instead is not logged."""
        try:
            answer = msgspec.json.decode(payload, type=dict[str, object])
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise TelegramError("Invalid server response") from None
        if not answer.keys() & {"result", "description"}:
            raise TelegramError("Invalid server response")
        return answer

    async def call(
        self, method: str, parameters: Mapping[str, object], files: Mapping[str, Upload] | None = None
    ) -> object:
        """The result of one call, without the library's objects; parameters that are None are left out.

        Raises TelegramError.
        """
        given = {name: value for name, value in parameters.items() if value is not None}
        body = cast("RequestData", Parameters(given, files or {}))  # its class is final, and its shape is ours
        result: object = await self.post(f"{LIBRARY_URL}/{method}", body)
        return result

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: Body | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and body of one call. Raises NotSent or MaybeSent where there is none, Flooded where it says wait."""
        del write_timeout, connect_timeout, pool_timeout
        call = ATTEMPT.get() or Attempt()
        call.connected = False
        try:
            status, body = await self._call(url.rpartition("/")[2], method, request_data, read_timeout, call)
        except _NOT_CONNECTED:
            raise NotSent("no connection to Telegram") from None
        except (aiohttp.ClientError, OSError):  # a timeout is an OSError
            if call.connected:
                raise MaybeSent("no answer from Telegram") from None
            raise NotSent("no connection to Telegram") from None
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Flooded(_asked(body))
        return status, body

    async def _call(
        self, endpoint: str, method: str, data: Body | None, read: object, call: Attempt
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise NotSent("not connected to Telegram")
        body, kind = self._body(data)
        headers = {"Content-Type": kind} if kind else {}
        limits = _patient(read) if isinstance(read, int | float) and read > READ else _USUAL
        async with self._session.request(
            method,
            f"{self._settings.url}/bot{self._settings.token}/{endpoint}",
            data=body,
            headers=headers,
            timeout=limits,
            trace_request_ctx=call,
            allow_redirects=False,
        ) as answer:
            return answer.status, await answer.read()

    def _body(self, data: Body | None) -> tuple[bytes | aiohttp.FormData | None, str]:
        if data is None:
            return None, ""
        if not data.contains_files:
            return self._encode(data.parameters), "application/json"
        form = aiohttp.FormData()
        for name, value in data.json_parameters.items():
            form.add_field(name, value)
        for name, (filename, content, kind) in data.multipart_data.items():
            form.add_field(name, content, filename=filename, content_type=kind)
        return form, ""


class _Parameters(msgspec.Struct):
    retry_after: float = SOON


class _Refusal(msgspec.Struct):
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


def _asked(body: bytes) -> timedelta:
    """How long a refusal asks to wait: `{"parameters": {"retry_after": 7}, ...}`."""
    try:
        return timedelta(seconds=msgspec.json.decode(body, type=_Refusal).parameters.retry_after)
    except (msgspec.DecodeError, OverflowError):
        return timedelta(seconds=SOON)


def _patient(read: float) -> aiohttp.ClientTimeout:
    """The limits of a call whose answer is waited for on purpose."""
    return aiohttp.ClientTimeout(total=read + READ, connect=POOL, sock_connect=CONNECT, sock_read=read)


def _tracing() -> aiohttp.TraceConfig:
    """Notes on the attempt of a call that it has a connection: from then on something may go out."""

    async def connected(session: aiohttp.ClientSession, context: SimpleNamespace, told: object) -> None:
        del session, told
        context.trace_request_ctx.connected = True

    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_end.append(connected)
    tracing.on_connection_reuseconn.append(connected)
    return tracing
