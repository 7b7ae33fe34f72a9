"""The stores that must keep every promise: in memory, on the embedded server, and on Debian's redis-server."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from adapters.store.base import Store
from adapters.store.client import Client
from adapters.store.registry import MEMORY, open_store
from tests.servers import DEBIAN, redis_server, valkey

NO_DEBIAN = pytest.mark.skipif(DEBIAN is None, reason="redis-server is not on PATH; CI installs it")


@pytest.fixture(scope="module", params=["memory", "embedded", pytest.param("redis-server", marks=NO_DEBIAN)])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    servers: dict[str, Callable[[Path], object]] = {"embedded": valkey, "redis-server": redis_server}
    if request.param == "memory":
        yield MEMORY
        return
    with servers[request.param](tmp_path_factory.mktemp("store")) as found:  # type: ignore[attr-defined] # both are context managers
        yield found


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    if url != MEMORY:
        client = Client(url)
        await client.do("FLUSHALL")
        await client.aclose()
    opened = await open_store(url)
    yield opened
    await opened.aclose()
