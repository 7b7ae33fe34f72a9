"""All ports on one Valkey or Redis, 7.0 or newer."""

from itertools import count

from adapters.store.base import CHANGES_KEPT, StoreRefused
from adapters.store.client import Client, Primary
from adapters.store.info import StoreInfo
from adapters.store.migration import bring_up_to_date
from adapters.store.redis_alerts import RedisAlerts
from adapters.store.redis_fronts import RedisFronts
from adapters.store.redis_market import RedisMarkets
from adapters.store.redis_outbox import RedisOutboxes
from adapters.store.redis_rules import RedisRules
from adapters.store.redis_venues import RedisVenues
from adapters.store.replies import listed, raw, text
from adapters.store.shared import Shared
from adapters.store.shelf import Shelf

OLDEST = (7, 0)

_DETAILS = {
    "": "appendonly is off: a crash of the store may cost everything since its last snapshot",
    "no": "appendfsync no: a power cut may cost what the system had not written yet",
    "everysec": "appendfsync everysec: a power cut may cost about a second of acknowledged writes",
    "always": "every acknowledged write survives a crash",
}
_LEAST_SAFE_FIRST = ("", "no", "everysec", "hidden", "always")
_FAILOVER = (
    "; when a replica takes over from a lost primary, writes that it had not been told yet are gone, which may cost "
    "alerts and saved rules: set min-replicas-to-write 1, with two replicas each"
)
_HELD = "; a primary without its replica takes no writes (min-replicas-to-write), so a takeover loses next to nothing"
_NO_REPLICA = "; while a primary is down, what it keeps cannot be read or written"


class RedisStore(RedisMarkets, RedisVenues, RedisFronts, RedisRules, RedisAlerts, RedisOutboxes):
    """The service's store; open it with `open_redis`."""

    def __init__(self, client: Client, changes_kept: int = CHANGES_KEPT) -> None:
        self._client = client
        self._changes_kept = changes_kept
        self._shelf = Shelf(self)
        self._newest = Shared(self._read_newest)
        self._seen = Shared(self._read_looked)
        self._given = {}
        self._calls = count(1)

    async def forget(self, rule_id: str, before: int | None) -> None:
        """Drop what older revisions left; None stands for the revision that is stored now."""
        await super().forget(rule_id, await self._revision(rule_id) if before is None else before)

    async def info(self) -> StoreInfo:
        """What the store is and how safe it keeps things: of a cluster, what its least safe server does."""
        primaries = await self._client.primaries()
        said = [await _said(primary) for primary in primaries]
        valkey = said[0].get("valkey_version")
        syncs = {
            await _fsync(primary) if of.get("aof_enabled") == "1" else ""
            for primary, of in zip(primaries, said, strict=True)
        }
        fsync = next((mode for mode in _LEAST_SAFE_FIRST if mode in syncs), "hidden")
        detail = _DETAILS.get(fsync, "how often it writes to disk could not be read")
        if len(primaries) > 1:
            replicas = min(int(of.get("connected_slaves", "0")) for of in said)
            detail = f"a cluster of {len(primaries)} primaries with {_replicas(replicas)}; {detail}"
            held = all("min_slaves_good_slaves" in of for of in said)
            detail += (_HELD if held else _FAILOVER) if replicas else _NO_REPLICA
        return StoreInfo(
            product="Valkey" if valkey else "Redis",
            version=valkey or said[0].get("redis_version", "unknown"),
            durable=fsync == "always",
            detail=detail,
        )

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._client.aclose()


async def open_redis(url: str) -> RedisStore:
    """The store at that URL, once it is known to serve us. Raises StoreUnavailable or StoreRefused."""
    client = await open_client(url)
    try:
        await bring_up_to_date(client)
    except BaseException:  # whatever it was, no connection stays open
        await client.aclose()
        raise
    return RedisStore(client)


async def open_client(url: str) -> Client:
    """A client of the server at that URL, or of the cluster that the server belongs to, where they serve us."""
    client = Client(url)
    try:
        said = await _said(client)
        _serves(said)
    except BaseException:  # the same
        await client.aclose()
        raise
    if said.get("cluster_enabled") != "1":
        return client
    await client.aclose()
    return Client(url, cluster=True)


def _serves(said: dict[str, str]) -> None:
    version = said.get("redis_version", "0")
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < OLDEST:
        raise StoreRefused(
            f"The store is Redis {version}; perpwatch needs Redis 7.0 or newer, or any Valkey. "
            "Upgrade it, or unset PERPWATCH_REDIS_URL to use the embedded store."
        )
    policy = said.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise StoreRefused(
            f"The store evicts keys when it is full (maxmemory-policy {policy}), which loses alerts silently. "
            "Set maxmemory-policy noeviction."
        )


async def _said(of: Client | Primary) -> dict[str, str]:
    """What INFO says."""
    lines = raw(await of.do("INFO", "everything")).decode(errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


async def _fsync(of: Primary) -> str:
    try:
        found = listed(await of.do("CONFIG", "GET", "appendfsync"))
    except StoreRefused:  # managed servers hide their configuration
        return "hidden"
    return text(found[1]) if len(found) > 1 else "hidden"


def _replicas(least: int) -> str:
    return "no replica each" if least == 0 else f"{least} replica{'s' if least > 1 else ''} each"
