"""CoinGlass over the network, for those who have a key: one list of all rates, and open interest coin by coin."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b

from adapters.venues.base import Banned, Batch, Bucket, Cost, Feed, Label, Quality, RateLimited, Refused, Scope, Span
from adapters.venues.client import Client, Endpoints, Wiring
from adapters.venues.coinglass import (
    NAME,
    WRONG_KEY,
    parse_funding,
    parse_instruments,
    parse_open_interest,
    vendors_name,
)
from adapters.venues.manners import REFUSED_FOR, Answer, Manners
from adapters.venues.silence import Silence
from adapters.venues.transport import Request
from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse

ENDPOINTS = Endpoints("https://open-api-v4.coinglass.com")

_PLAN = "plan"


def _number(headers: Mapping[str, str], name: str) -> Mapping[str, int]:
    said = headers.get(name, "")
    return {_PLAN: int(said)} if said.isdecimal() else {}


def _used(bucket: str, headers: Mapping[str, str]) -> Mapping[str, int]:
    """What is used of the plan in this minute."""
    del bucket
    return _number(headers, "api-key-use-limit")


def _limits(bucket: str, headers: Mapping[str, str]) -> Mapping[str, int]:
    """What the plan of this key allows in a minute."""
    del bucket
    return _number(headers, "api-key-max-limit")


MANNERS = Manners(NAME, (Bucket(_PLAN, 30, timedelta(minutes=1)),), _used, limits=_limits)
"""The smallest plan; answers say what the key's own allows."""

_CALL = Cost(_PLAN, 1)
FUNDING = Feed("funding", frozenset({Metric.FUNDING}), timedelta(seconds=30), _CALL, Scope.BULK)
OPEN_INTEREST = Feed(
    "oi",
    frozenset({Metric.OI_LEVEL}),
    timedelta(minutes=2),
    _CALL,
    Scope.EACH,
    most=400,
)
"""Some 20 of the hottest coins on as many exchanges: what the smallest plan leaves beside the list of rates."""


class CoinGlass:
    """What CoinGlass knows of many exchanges. Its budget is that of its key, wherever it is asked from."""

    name = NAME
    label = Label.LIVE
    quality = Quality.BRONZE
    feeds = (FUNDING, OPEN_INTEREST)

    def __init__(self, wiring: Wiring) -> None:
        key = blake2b(wiring.key.encode(), digest_size=4).hexdigest()
        self.client = Client(MANNERS, replace(wiring, egress=f"key-{key}"))
        self._headers: Mapping[str, str] = {"CG-API-KEY": wiring.key}
        self._listed: Answer | None = None
        """The last list of rates, until its instruments are taken over."""
        self._refused_until: datetime | None = None

    async def instruments(self) -> Sequence[Instrument]:
        """Each coin on each exchange of the last list of rates; asked for only where none came since."""
        with self._trying_key():
            answer = self._listed or await self.client.ask(FUNDING, self._request("funding-rate", {}))
            listed = parse_instruments(answer.body, answer.received).listed
        self._listed = None
        return await self.client.enroll(listed)

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        """The rates of all; or the open interest of one coin on all exchanges, told with the first of them."""
        if feed.scope is Scope.EACH:
            return await self._open_interest(of)
        with self._trying_key():
            answer = await self.client.ask(feed, self._request("funding-rate", {}))
            parsed = parse_funding(answer.body, answer.received, self.client.roster.known)
        self._listed = answer
        return self.client.batch(feed, answer, parsed)

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """Nothing: the sides of its liquidations are not documented well enough to be told."""
        del of
        return Silence()

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        """Nothing: its past is sold by plan."""
        del instrument, metric, span, step
        return Silence()

    async def _open_interest(self, of: Sequence[Instrument]) -> Batch:
        """Out of what the list of rates leaves of the plan; nothing where that is used up."""
        if not of or not self._is_first(of[0].symbol):
            return Batch(NAME, OPEN_INTEREST.name, ())
        request = self._request("open-interest", {"symbol": vendors_name(of[0].symbol)})
        try:
            with self._trying_key():
                answer = await self.client.look_up(OPEN_INTEREST, request)
                parsed = parse_open_interest(answer.body, answer.received, self.client.roster.known)
        except RateLimited:
            return Batch(NAME, OPEN_INTEREST.name, ())
        return self.client.batch(OPEN_INTEREST, answer, parsed)

    @contextmanager
    def _trying_key(self) -> Iterator[None]:
        """Says of a key that was refused what to do about it, and asks nothing with it for a while.

        The vendor bans nobody, so a ban that is on record was such a refusal, too.
        """
        now = self.client.now
        if self._refused_until is not None and now < self._refused_until:
            raise Refused(WRONG_KEY)
        try:
            yield
        except (Refused, Banned):
            self._refused_until = now + REFUSED_FOR
            raise Refused(WRONG_KEY) from None

    def _request(self, what: str, params: Mapping[str, str]) -> Request:
        return Request(f"{self.client.endpoints.rest}/api/futures/{what}/exchange-list", params, headers=self._headers)

    def _is_first(self, symbol: str) -> bool:
        """Whether it is the one among the instruments of its coin that stands for them all."""
        coin = vendors_name(symbol)
        return symbol == min((each for each in self.client.roster.known if vendors_name(each) == coin), default="")
