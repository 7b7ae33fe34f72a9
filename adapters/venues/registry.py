"""Live venues by name: where each is, and how it is opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.venues import bybit_client, hyperliquid_client
from adapters.venues.client import Endpoints, LiveVenue, Wiring


@dataclass(frozen=True, slots=True)
class Opening:
    """Where a venue is by default, and how it is opened."""

    endpoints: Endpoints
    open: Callable[[Wiring], LiveVenue]
    needs_key: bool = False


VENUES: Mapping[str, Opening] = {
    "bybit": Opening(bybit_client.ENDPOINTS, bybit_client.Bybit),
    "hyperliquid": Opening(hyperliquid_client.ENDPOINTS, hyperliquid_client.Hyperliquid),
}
