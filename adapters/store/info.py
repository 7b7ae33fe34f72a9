"""What a store is, for `perpwatch check` and `/status`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """For `perpwatch check` and `/status`."""

    product: str
    version: str
    durable: bool
    detail: str
