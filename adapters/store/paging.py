"""Walks over what may be large, a page at a time. What comes or goes meanwhile may be missing or given twice."""

from collections.abc import AsyncIterator, Sequence

from adapters.store.client import Client, Primary, Reply, Word
from adapters.store.replies import listed, text


async def members(client: Client, key: str, page: int) -> AsyncIterator[Sequence[str]]:
    """The members of a set."""
    async for found in _walk(client, ("SSCAN", key), ("COUNT", page)):
        names = [text(name) for name in found]
        for start in range(0, len(names), page):
            yield names[start : start + page]


async def fields(client: Client, key: str, page: int) -> AsyncIterator[Sequence[Reply]]:
    """The fields and values of a hash, flat."""
    async for found in _walk(client, ("HSCAN", key), ("COUNT", page)):
        yield found


async def names_like(client: Client, pattern: str, page: int) -> AsyncIterator[str]:
    """The keys that match."""
    for primary in await client.primaries():
        async for found in _walk(primary, ("SCAN",), ("MATCH", pattern, "COUNT", page)):
            for name in found:
                yield text(name)


async def _walk(of: Client | Primary, before: Sequence[str], after: Sequence[Word]) -> AsyncIterator[Sequence[Reply]]:
    cursor = "0"
    while True:
        next_, found = listed(await of.do(*before, cursor, *after))
        yield listed(found)
        cursor = text(next_)
        if cursor == "0":
            return
