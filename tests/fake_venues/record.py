"""What a fake venue has done: every request that it served, and every liquidation that it truly sent."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tests.fake_venues.shapes import Asked, Json, when
from tests.fake_venues.values import Forced

MOST_KEPT = 200_000
VARY = frozenset(
    {
        *("symbol", "contract", "coin", "currency_pair", "startTime", "endTime", "start", "end", "from", "to"),
        *("before", "after", "cursor", "offset", "pageNo", "idLessThan"),
    }
)
"""Parameters whose values say which instrument or time is meant, not what is asked."""


@dataclass(frozen=True, slots=True)
class Served:
    """One request: `what` is the query without the values of symbols and times; `status` 0 stands for no answer."""

    venue: str
    method: str
    path: str
    what: str
    at: datetime
    bucket: str
    weight: int
    status: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One liquidation that left the venue in a frame. `coins` are after the multiplier."""

    venue: str
    symbol: str
    coin: str
    position: str
    coins: float
    usd: float
    at: datetime


@dataclass
class Record:
    """Grows while the venues are used. Liquidations are kept once however many connections carried them."""

    served: deque[Served] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    calls: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    by_minute: Counter[tuple[str, str, datetime]] = field(default_factory=Counter)
    sent: dict[tuple[str, str, int, int], Sent] = field(default_factory=dict)
    frames: Counter[str] = field(default_factory=Counter)
    connections: Counter[str] = field(default_factory=Counter)

    def request(self, served: Served) -> None:
        """Count one request."""
        self.served.append(served)
        self.calls[served.venue, served.method, served.path, served.what] += 1
        minute = served.at.replace(second=0, microsecond=0)
        self.by_minute[served.venue, served.bucket, minute] += served.weight

    def liquidation(self, venue: str, each: Forced) -> None:
        """Count one liquidation that was sent."""
        of = each.contract
        pieces = each.coins / of.multiplier
        sent = Sent(venue, of.symbol, of.coin, each.position, each.coins, pieces * each.price, when(each.at_ms))
        self.sent[venue, of.symbol, each.at_ms, each.number] = sent

    def most_a_minute(self) -> Mapping[str, int]:
        """The largest weight that any minute saw, by venue and bucket."""
        most: dict[str, int] = {}
        for (venue, bucket, _), weight in self.by_minute.items():
            name = f"{venue} {bucket}"
            most[name] = max(most.get(name, 0), weight)
        return most

    def report(self) -> Json:
        """All of it as JSON: counts of requests, weights at the most, liquidations by minute, venue and side."""
        minutes: Counter[str] = Counter()
        dollars: Counter[str] = Counter()
        for sent in self.sent.values():
            name = f"{sent.at:%Y-%m-%dT%H:%MZ} {sent.venue} {sent.position}"
            minutes[name] += 1
            dollars[name] += round(sent.usd)
        return {
            "served": {" ".join(call).strip(): count for call, count in sorted(self.calls.items())},
            "most_weight_a_minute": dict(self.most_a_minute()),
            "connections": dict(self.connections),
            "frames": dict(self.frames),
            "liquidations": {name: {"count": minutes[name], "usd": dollars[name]} for name in sorted(minutes)},
        }


def what_is_asked(asked: Asked, body: Mapping[str, Json]) -> str:
    """The query, or the body of a POST, without the values of symbols and times."""
    pairs: list[tuple[str, str]] = [*asked.query.items(), *((name, str(value)) for name, value in body.items())]
    return "&".join(f"{name}={'*' if _varies(name, value) else value}" for name, value in sorted(pairs))


def _varies(name: str, value: str) -> bool:
    return name in VARY or (name in {"instId", "uly"} and value != "ANY") or name == "req"
