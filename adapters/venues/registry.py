"""Live venues by name: where each is, and how it is opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.venues import (
    binance_client,
    bitget_client,
    bybit_client,
    coinglass_client,
    gate_client,
    hyperliquid_client,
    okx_client,
)
from adapters.venues.client import Endpoints, LiveVenue, Wiring


@dataclass(frozen=True, slots=True)
class Opening:
    """Where a venue is by default, and how it is opened."""

    endpoints: Endpoints
    open: Callable[[Wiring], LiveVenue]
    needs_key: bool = False


VENUES: Mapping[str, Opening] = {
    "binance": Opening(binance_client.ENDPOINTS, binance_client.Binance),
    "bitget": Opening(bitget_client.ENDPOINTS, bitget_client.Bitget),
    "bybit": Opening(bybit_client.ENDPOINTS, bybit_client.Bybit),
    "coinglass": Opening(coinglass_client.ENDPOINTS, coinglass_client.CoinGlass, needs_key=True),
    "gate": Opening(gate_client.ENDPOINTS, gate_client.Gate),
    "hyperliquid": Opening(hyperliquid_client.ENDPOINTS, hyperliquid_client.Hyperliquid),
    "okx": Opening(okx_client.ENDPOINTS, okx_client.Okx),
}
