"""Data written by older versions of perpwatch, brought up to date when the store is opened.

Each value is replaced only where it still is what was read, so several processes may do this at once, die in the
middle, and begin again; values that are up to date are left alone.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import msgspec

from adapters.chat.base import Place, place_of
from adapters.store import codec, keys
from adapters.store.base import StoreRefused, rule_id
from adapters.store.client import Client
from adapters.store.packed import pack
from adapters.store.paging import members, names_like
from adapters.store.place_settings import Mute, PlaceSettings
from adapters.store.replies import listed, pairs, raw, text
from signals.rules.lifecycle import AlertState
from signals.rules.model import Draft, Rule

SCHEMA = 3
"""Version of the data: 2 keeps rules packed and states with their revision, 3 each setting of a place by itself."""

A_PAGE = 100
_LONG_SINCE = datetime(1970, 1, 1, tzinfo=UTC)


class _Rule(msgspec.Struct, array_like=True):
    draft: Draft
    created: datetime


class _Mute(msgspec.Struct):
    subject: str
    until: datetime | None
    from_: datetime = _LONG_SINCE


class _Settings(msgspec.Struct):
    stopped: bool
    mutes: tuple[_Mute, ...]


async def bring_up_to_date(client: Client) -> None:
    """Mark the data as of our version, after migrating older ones. Raises StoreRefused for those of a newer one."""
    await client.do("SET", keys.SCHEMA, SCHEMA, "NX")
    stored = int(text(await client.do("GET", keys.SCHEMA)))
    if stored > SCHEMA:
        raise StoreRefused(
            f"The store holds data of a newer perpwatch (schema {stored}, this one writes {SCHEMA}). "
            "Upgrade perpwatch, or use another data folder (PERPWATCH_DATA)."
        )
    if stored == 1:
        await _rules_and_states(client)
    if stored < SCHEMA:
        await _all_settings(client)
        await client.step("migrated", [keys.SCHEMA, keys.CHANGES], stored, SCHEMA)


async def _rules_and_states(client: Client) -> None:
    async for places in members(client, keys.PLACES, A_PAGE):
        for place in places:
            await _fields(client, keys.rules(place_of(place)), partial(_rule, place))
    async for rule_ids in members(client, keys.STATES, A_PAGE):
        for id_ in rule_ids:
            await _fields(client, keys.states(id_), _state)


async def _all_settings(client: Client) -> None:
    async for key in names_like(client, keys.settings(Place("*", "*")), A_PAGE):
        (old,) = listed(await client.do("MGET", key))  # of what is migrated already it gives nothing, and no error
        if old is not None:
            said = [word for of in codec.settings(_settings(raw(old))).items() for word in of]
            await client.step("migrate_settings", [key], raw(old), *said)


async def _fields(client: Client, key: str, migrated: Callable[[str, bytes], bytes | None]) -> None:
    """Each field of a hash migrated, where it has to be."""
    for field, value in list(pairs(await client.do("HGETALL", key))):
        new = migrated(text(field), raw(value))
        if new is not None:
            await client.step("migrate_field", [key], text(field), raw(value), new)


def _rule(place: str, field: str, old: bytes) -> bytes | None:
    """A rule was its change in digits, a space, and draft and moment as maps."""
    change, _, written = old.partition(b" ")
    if not change.isdigit():
        return None
    of, number = msgspec.msgpack.decode(written, type=_Rule), int(field)
    return pack(Rule(rule_id(place_of(place), number), place, number, 1, of.draft, of.created, int(change)))


def _state(_track: str, old: bytes) -> bytes | None:
    """A state stood behind its version, time and event in words."""
    head, _, rest = old.partition(b" ")
    if not head.isdigit():
        return None
    at, event, state = rest.split(b" ", 2)
    return codec.kept(1, int(head), int(at), event.decode(), msgspec.msgpack.decode(state, type=AlertState))


def _settings(old: bytes) -> PlaceSettings:
    """All settings of a place in one; a mute of the oldest did not say since when it holds."""
    of = msgspec.msgpack.decode(old, type=_Settings)
    return PlaceSettings(of.stopped, mutes=tuple(Mute(mute.subject, mute.until, mute.from_) for mute in of.mutes))
