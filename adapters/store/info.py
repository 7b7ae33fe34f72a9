"""What a store is, in a few words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """For `perpwatch check` and `/status`."""

    product: str
    version: str
    durable: bool
    detail: str
