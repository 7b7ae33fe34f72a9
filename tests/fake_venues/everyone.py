"""All fake venues over one market."""

from collections.abc import Mapping, Sequence

from tests.fake_venues.binance import FakeBinance
from tests.fake_venues.bitget import FakeBitget
from tests.fake_venues.bybit import FakeBybit
from tests.fake_venues.coinglass import FakeCoinglass
from tests.fake_venues.faults import Fault
from tests.fake_venues.gate import FakeGate
from tests.fake_venues.hyperliquid import FakeHyperliquid
from tests.fake_venues.market import Market
from tests.fake_venues.okx import FakeOkx
from tests.fake_venues.record import Record
from tests.fake_venues.venue import FakeVenue

KINDS: Sequence[type[FakeVenue]] = (
    FakeBinance,
    FakeBybit,
    FakeOkx,
    FakeGate,
    FakeBitget,
    FakeHyperliquid,
    FakeCoinglass,
)


def everyone(market: Market, faults: Sequence[Fault] = (), record: Record | None = None) -> Mapping[str, FakeVenue]:
    """The six exchanges and CoinGlass by name, with one record of what they do."""
    shared = record or Record()
    return {kind.name: kind(market, faults, shared) for kind in KINDS}
