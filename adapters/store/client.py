"""The one factory of Redis clients, and the only module that may import redis.

The library would repeat a write whose reply was lost, and so do it twice: here it never repeats. What is asked
again is a step of ours, each of which may be called twice. Every failure leaves as a StoreError.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, cast
from urllib.parse import urlsplit

from hiredis import pack_command
from redis.asyncio import BlockingConnectionPool, Connection, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterDownError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from adapters.pulse import beat
from adapters.store.base import StoreError, StoreRefused, StoreUnavailable, StoreWontWrite
from adapters.store.scripts import scripts
from adapters.store.together import Together

Reply: TypeAlias = "int | bytes | list[Reply] | None"
Word: TypeAlias = "str | bytes | int | float"

BLOCK_MS = 2000
"""How long a blocking read waits: half of its socket's timeout."""

LINES: Final = 12
"""Connections on which commands travel; what is asked meanwhile waits for one of them, with others."""

COPIED_WITHIN = 200
"""Milliseconds in which a replica is to have what was written."""

ASKED_AGAIN_AFTER: Final = (0.05, 0.25)
"""Seconds before a step whose reply was lost is asked again."""

MOST_AT_ONCE = 64
"""Commands on their way: one more to a node of a cluster would be refused by the library."""

_NO_NUMBER = "PERPWATCH_REDIS_URL has a port or a database that is no number."
_SCHEMES = ("redis", "rediss", "unix", "valkey", "valkeys")
_PASSWORD = (
    "The store refuses the user name or the password. "  # noqa: S105 - a sentence about one
    "Write both into PERPWATCH_REDIS_URL: redis://USER:PASSWORD@HOST:6379/0."
)


def _packed(_: Connection, name: str | bytes, *words: Word) -> list[bytes]:
    """A command as bytes, made in C as where the library is not asynchronous; the first word may be several."""
    return [pack_command((*name.split(), *words))]


def connect(url: str, *, blocking: bool = False) -> Redis:
    """A client that never repeats a command by itself. Raises StoreRefused for what is no URL of a store."""
    try:
        pool = BlockingConnectionPool.from_url(_known(url), max_connections=16, timeout=2.0, **_manners(url, blocking))
    except ValueError:
        raise StoreRefused(_NO_NUMBER) from None
    pool.connection_class = type("Packing", (pool.connection_class,), {"pack_command": _packed})
    client = Redis.from_pool(pool)
    client.response_callbacks.clear()  # replies as they came over the wire
    return client


def connect_cluster(url: str, *, blocking: bool = False) -> RedisCluster:
    """The same for a cluster, of which the URL names one node. Raises StoreRefused for what is no URL of a store."""
    try:
        client = RedisCluster.from_url(_known(url), max_connections=MOST_AT_ONCE, **_manners(url, blocking))
    except ValueError:
        raise StoreRefused(_NO_NUMBER) from None
    except RedisClusterException:
        raise StoreRefused("A cluster has one database: end PERPWATCH_REDIS_URL with /0.") from None
    for name in [name for name in client.response_callbacks if not name.startswith(("COMMAND", "CLUSTER"))]:
        del client.response_callbacks[name]  # replies as they came over the wire, but for what the library itself asks
    client.result_callbacks.clear()
    return client


def _known(url: str) -> str:
    """The URL as the library knows it."""
    scheme = urlsplit(url).scheme
    if scheme not in _SCHEMES:
        raise StoreRefused(
            "PERPWATCH_REDIS_URL is not the URL of a store. Write redis://HOST:6379/0, with a password "
            "redis://USER:PASSWORD@HOST:6379/0, with TLS rediss://…, or unix:///PATH."
        )
    return url.replace("valkey", "redis", 1) if scheme.startswith("valkey") else url


def _manners(url: str, blocking: bool) -> dict[str, object]:  # noqa: FBT001 - what connect was asked
    """No repeating, no waiting without end, and nothing but bytes."""
    return {
        "socket_connect_timeout": 1.0,
        "socket_timeout": 4.0 if blocking else 2.0,
        "health_check_interval": 0,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_error": [],
        "protocol": 2,
        **({} if urlsplit(url).scheme == "unix" else {"socket_keepalive": True}),
    }


class Client:
    """One Redis-protocol server or cluster: commands, blocking reads, and steps, which are scripts called by hash."""

    def __init__(self, url: str, *, cluster: bool = False) -> None:
        self._redis: Redis | RedisCluster = connect_cluster(url) if cluster else connect(url)
        self._blocking = connect_cluster(url, blocking=True) if cluster else connect(url, blocking=True)
        self._where = _where(url)
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._together = Together(self._sent, LINES)

    async def do(self, *command: Word, at: ClusterNode | None = None) -> Reply:
        """One command, of a cluster at that node or where its key is.

        Not repeated: use it for reads and for writes that may be lost or doubled harmlessly.
        """
        return await self._spoken(self._asked(command, at))

    async def primaries(self) -> Sequence["Primary"]:
        """Each server that keeps a part of the keys: one, or those of a cluster."""
        if not isinstance(self._redis, RedisCluster):
            return [Primary(self)]
        await self._spoken(_initialized(self._redis))
        return [Primary(self, node) for node in self._redis.get_primaries()]

    async def wait(self, *command: Word) -> Reply:
        """One command that blocks for up to BLOCK_MS."""
        return await self._spoken(_ask(self._blocking, *command))

    async def many(self, commands: Sequence[Sequence[Word]]) -> Sequence[Reply]:
        """Reads, and writes that may be doubled harmlessly, in one round trip."""
        if not commands:
            return []
        if isinstance(self._redis, Redis):
            return cast("list[Reply]", await self._spoken(self._together.ask(*commands)))
        pipe = self._redis.pipeline(transaction=False)
        for command in commands:
            pipe.execute_command(*command)
        return cast("list[Reply]", await self._spoken(self._in_turn(pipe.execute)))

    async def step(self, name: str, keys: Sequence[str], *arguments: Word) -> Reply:
        """One atomic step of `lua/`, asked again where its reply was lost: each may be called twice."""
        for pause in ASKED_AGAIN_AFTER:
            try:
                return await self._step(name, keys, arguments)
            except StoreUnavailable:
                await asyncio.sleep(pause)
        return await self._step(name, keys, arguments)

    async def steps(self, name: str, calls: Sequence[tuple[Sequence[str], Sequence[Word]]]) -> Sequence[Reply]:
        """The same step for many keys and arguments in one round trip: each is atomic, all may be called twice."""
        for pause in ASKED_AGAIN_AFTER:
            try:
                return await self._steps(name, calls)
            except StoreUnavailable:
                await asyncio.sleep(pause)
        return await self._steps(name, calls)

    async def copied(self, key: str) -> bool:
        """Whether a replica of the server that keeps the key has all that was written there, where there is one.

        Waits for COPIED_WITHIN at most. That key is written: a server answers for what came over the same connection.
        """
        node = None
        if isinstance(self._redis, RedisCluster):
            await self._spoken(_initialized(self._redis))
            node = self._redis.get_node_from_key(key)
            if self._redis.get_node_from_key(key, replica=True) is None:
                return True
        elif b"connected_slaves:0" in cast("bytes", await self.do("INFO", "replication")):
            return True
        there = {} if node is None else {"target_nodes": node}
        pipe = self._redis.pipeline(transaction=False)
        pipe.execute_command("SET", key, "")
        pipe.execute_command("WAIT", 1, COPIED_WITHIN, **there)
        _, copies = cast("list[int]", await self._spoken(self._in_turn(pipe.execute)))
        return copies > 0

    async def aclose(self) -> None:
        """Close all connections."""
        await self._together.aclose()
        for redis in (self._redis, self._blocking):
            await (redis.aclose() if isinstance(redis, RedisCluster) else redis.aclose(close_connection_pool=True))

    async def _asked(self, command: Sequence[Word], at: ClusterNode | None = None) -> object:
        """One command: together with others, but for a cluster, whose servers each have lines of their own."""
        if isinstance(self._redis, RedisCluster):
            return await self._in_turn(lambda: _ask(self._redis, *command, at=at))
        return (await self._together.ask(command))[0]

    async def _sent(self, commands: Sequence[Sequence[Word]]) -> Sequence[object]:
        """What each is answered, or refused with."""
        if len(commands) == 1:
            return [await self._alone(commands[0])]
        pipe = cast("Redis", self._redis).pipeline(transaction=False)
        for command in commands:
            pipe.execute_command(*command)
        return cast("list[object]", await pipe.execute(raise_on_error=False))

    async def _alone(self, command: Sequence[Word]) -> object:
        """The same of one, at less cost."""
        try:
            return await _ask(self._redis, *command)
        except RedisError as error:
            return error

    async def _step(self, name: str, keys: Sequence[str], arguments: Sequence[Word]) -> Reply:
        text, digest = _SCRIPTS[name]
        try:
            return await self._spoken(self._asked(("EVALSHA", digest, len(keys), *keys, *arguments)))
        except _NotLoaded:
            return await self._spoken(self._asked(("EVAL", text, len(keys), *keys, *arguments)))

    async def _steps(self, name: str, calls: Sequence[tuple[Sequence[str], Sequence[Word]]]) -> Sequence[Reply]:
        text, digest = _SCRIPTS[name]
        try:
            return await self.many([("EVALSHA", digest, len(keys), *keys, *arguments) for keys, arguments in calls])
        except _NotLoaded:  # those before it were executed, which a step that may be called twice does not mind
            return await self.many([("EVAL", text, len(keys), *keys, *arguments) for keys, arguments in calls])

    async def _in_turn(self, ask: Callable[[], Awaitable[object]]) -> object:
        """What is asked of a cluster, once there is room for it."""
        async with self._room:
            return await ask()

    async def _spoken(self, asked: Awaitable[object]) -> Reply:
        try:
            reply = cast("Reply", await _cancellable(asked))
        except NoScriptError:
            raise _NotLoaded from None
        except (RedisError, RedisClusterException, OSError) as error:
            raise _sentence(error, self._where) from None
        except AttributeError:  # the library writes to a connection that it has closed, as at a failover
            raise _sentence(RedisConnectionError(), self._where) from None
        beat()
        return reply


@dataclass(frozen=True, slots=True)
class Primary:
    """A server that keeps a part of the keys, for what concerns servers and not keys."""

    of: Client
    node: ClusterNode | None = None

    async def do(self, *command: Word) -> Reply:
        """One command of that server."""
        return await self.of.do(*command, at=self.node)


async def _initialized(redis: RedisCluster) -> None:
    """Once this returns, the nodes are known."""
    await redis.initialize()


async def _cancellable(asked: Awaitable[object]) -> object:
    """What was asked, unless we were cancelled meanwhile.

    On Python 3.11 `asyncio.wait_for`, with which the library writes, loses a cancellation that comes just as the
    write is done (python/cpython#86296): a loop cancelled in that instant would run for ever. So does it lose one that
    came while nothing was awaited and is delivered only there: that one is taken here, before anything is asked.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        if before:
            await asyncio.sleep(0)
    except asyncio.CancelledError:
        if isinstance(asked, Coroutine):
            asked.close()
        raise
    try:
        return await asked
    finally:
        if task is not None and task.cancelling() > before:
            raise asyncio.CancelledError


def _ask(redis: Redis | RedisCluster, *command: Word, at: ClusterNode | None = None) -> Awaitable[object]:
    there = {} if at is None else {"target_nodes": at}
    return cast("Awaitable[object]", redis.execute_command(*command, **there))


class _NotLoaded(Exception):
    """The server does not know the script yet: it was not executed."""


def _sentence(error: RedisError | RedisClusterException | OSError, where: str) -> StoreError:
    """What went wrong, what to do, and never a password."""
    said = _OF_MANY.sub(r"\1", str(error))
    for kinds, words, becomes, sentence in _ERRORS:
        if isinstance(error, kinds) or said.startswith(words):
            return becomes(sentence.format(where=where, said=said[:120]))
    return StoreRefused(f"The store {where} answers in a way that is not understood. Is it a Redis or Valkey?")


_OF_MANY = re.compile(r"Command # \d+ \(.*\) of pipeline caused error: \(['\"](.*?)['\"],?.*", re.DOTALL)
"""How the library says what the server said of one of many commands."""

_NODE_DOWN = (
    "The cluster {where} has no server for a part of the keys just now: a node is down. "
    "It recovers when a replica takes over or the node is back; CLUSTER NODES says which."
)
_NONE: tuple[type[Exception], ...] = ()
_NEVER: tuple[str, ...] = ()

_ERRORS: Sequence[tuple[tuple[type[Exception], ...], tuple[str, ...], type[StoreError], str]] = (
    ((AuthenticationError,), ("NOAUTH", "WRONGPASS", "invalid username-password"), StoreRefused, _PASSWORD),
    (
        (AuthorizationError, NoPermissionError),
        ("NOPERM",),
        StoreRefused,
        "The store's user may not run a command that perpwatch needs; docs/operations.md lists them.",
    ),
    (
        (OutOfMemoryError,),
        ("OOM",),
        StoreWontWrite,
        "The store {where} is out of memory. Give it more (maxmemory).",
    ),
    (
        (ReadOnlyError,),
        ("READONLY",),
        StoreWontWrite,
        "The store {where} is a read-only replica. A failover ends that; or point PERPWATCH_REDIS_URL to the primary.",
    ),
    (
        _NONE,
        ("MISCONF",),
        StoreWontWrite,
        "The store {where} cannot write to its disk. Make room, or look at its log.",
    ),
    (
        _NONE,
        ("NOREPLICAS",),
        StoreWontWrite,
        "The store {where} has fewer replicas than its min-replicas-to-write asks. Start them.",
    ),
    (
        (BusyLoadingError,),
        ("LOADING",),
        StoreUnavailable,
        "The store {where} is still loading its data. It answers when it is done.",
    ),
    (
        _NONE,
        ("MASTERDOWN", "UNBLOCKED"),
        StoreUnavailable,
        "The store {where} is becoming a replica, or has lost its primary: it is asked again.",
    ),
    (
        (RedisClusterException, ClusterDownError, TryAgainError, AskError),
        _NEVER,
        StoreUnavailable,
        _NODE_DOWN,
    ),
    ((ResponseError,), _NEVER, StoreRefused, "The store {where} refused a command: {said}"),
    (
        (RedisConnectionError, RedisTimeoutError, OSError),
        _NEVER,
        StoreUnavailable,
        "The store {where} does not answer. Start it, or mend PERPWATCH_REDIS_URL.",
    ),
)
"""What an error becomes, the narrowest first: its kinds or how it begins, and the sentence."""


def _where(url: str) -> str:
    parts = urlsplit(url)
    return f"at {parts.path}" if parts.scheme == "unix" else f"at {parts.hostname or 'localhost'}:{parts.port or 6379}"


_SCRIPTS = scripts()
