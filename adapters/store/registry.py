"""Stores by the scheme of their URL."""

from adapters.store.base import Store
from adapters.store.memory import MemoryStore
from adapters.store.redis import open_redis

MEMORY = "memory://"
"""The store that keeps nothing, for tests and answers about recordings."""


async def open_store(url: str) -> Store:
    """The store at that URL, checked. Raises StoreUnavailable or StoreRefused."""
    return MemoryStore() if url == MEMORY else await open_redis(url)
