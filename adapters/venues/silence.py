"""A stream that ends at once: what a venue answers where it has none."""

from collections.abc import AsyncIterator
from typing import Never


class Silence(AsyncIterator[Never]):
    """Nothing comes, and then it is over."""

    async def __anext__(self) -> Never:
        raise StopAsyncIteration
