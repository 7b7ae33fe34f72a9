"""All ports on one Valkey or Redis, 7.0 or newer."""

from itertools import count

from adapters.store.base import CHANGES_KEPT, StoreInfo, StoreRefused
from adapters.store.client import Client
from adapters.store.migration import bring_up_to_date
from adapters.store.redis_alerts import RedisAlerts
from adapters.store.redis_fronts import RedisFronts
from adapters.store.redis_market import RedisMarkets
from adapters.store.redis_outbox import RedisOutboxes
from adapters.store.redis_rules import RedisRules
from adapters.store.redis_venues import RedisVenues
from adapters.store.replies import listed, raw, text
from adapters.store.shelf import Shelf

OLDEST = (7, 0)


class RedisStore(RedisMarkets, RedisVenues, RedisFronts, RedisRules, RedisAlerts, RedisOutboxes):
    """The service's store; open it with `open_redis`."""

    def __init__(self, client: Client, changes_kept: int = CHANGES_KEPT) -> None:
        self._client = client
        self._changes_kept = changes_kept
        self._shelf = Shelf(self)
        self._given = {}
        self._calls = count(1)

    async def forget(self, rule_id: str, before: int | None) -> None:
        """Drop what older revisions left; None stands for the revision that is stored now."""
        await super().forget(rule_id, await self._revision(rule_id) if before is None else before)

    async def info(self) -> StoreInfo:
        """What the store is and how safe it keeps things."""
        said = await _said(self._client)
        valkey = said.get("valkey_version")
        fsync = await self._fsync() if said.get("aof_enabled") == "1" else ""
        details = {
            "always": "every write is on disk before it is acknowledged",
            "everysec": "appendfsync everysec: a power cut may cost about a second of acknowledged writes",
            "no": "appendfsync no: a power cut may cost what the system had not written yet",
            "": "appendonly is off: a crash of the store may cost everything since its last snapshot",
        }
        return StoreInfo(
            product="Valkey" if valkey else "Redis",
            version=valkey or said.get("redis_version", "unknown"),
            durable=fsync == "always",
            detail=details.get(fsync, "how often it writes to disk could not be read"),
        )

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def _fsync(self) -> str:
        try:
            found = listed(await self._client.do("CONFIG", "GET", "appendfsync"))
        except StoreRefused:  # managed servers hide their configuration
            return "hidden"
        return text(found[1]) if len(found) > 1 else "hidden"


async def open_redis(url: str) -> RedisStore:
    """The store at that URL, once it is known to serve us. Raises StoreUnavailable or StoreRefused."""
    client = Client(url)
    try:
        _serves(await _said(client))
        await bring_up_to_date(client)
    except BaseException:  # whatever it was, no connection stays open
        await client.aclose()
        raise
    return RedisStore(client)


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


async def _said(client: Client) -> dict[str, str]:
    """What INFO says."""
    lines = raw(await client.do("INFO", "everything")).decode(errors="replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)
