"""The stores that must keep every promise: in memory, embedded, on Debian's redis-server, and on a cluster."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from adapters.store.base import Store
from adapters.store.registry import MEMORY, open_store
from tests.cluster import cluster_url
from tests.servers import DEBIAN, emptied, redis_server, valkey

NO_DEBIAN = pytest.mark.skipif(DEBIAN is None, reason="redis-server is not on PATH; CI installs it")


SERVERS: dict[str, Callable[[Path], AbstractContextManager[str]]] = {"embedded": valkey, "redis-server": redis_server}
KINDS = ["memory", "embedded", pytest.param("redis-server", marks=NO_DEBIAN), "cluster"]


@pytest.fixture(scope="session")
def of_a_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with cluster_url(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "memory":
        yield MEMORY
    elif request.param == "cluster":
        yield request.getfixturevalue("of_a_cluster")
    else:
        with SERVERS[request.param](tmp_path_factory.mktemp("store")) as found:
            yield found


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    await emptied(url)
    opened = await open_store(url)
    yield opened
    await opened.aclose()
