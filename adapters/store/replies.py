"""Replies of the server as the types that they stand for."""

from collections.abc import Iterator

from adapters.store.base import StoreRefused
from adapters.store.client import Reply


def text(reply: Reply) -> str:
    """A string."""
    if isinstance(reply, bytes):
        return reply.decode()
    raise _odd(reply)


def raw(reply: Reply) -> bytes:
    """Bytes as they were stored."""
    if isinstance(reply, bytes):
        return reply
    raise _odd(reply)


def number(reply: Reply) -> int:
    """A whole number."""
    if isinstance(reply, int):
        return reply
    raise _odd(reply)


def listed(reply: Reply) -> list[Reply]:
    """A list; nothing counts as an empty one."""
    if reply is None:
        return []
    if isinstance(reply, list):
        return reply
    raise _odd(reply)


def pairs(reply: Reply) -> Iterator[tuple[Reply, Reply]]:
    """A flat list as pairs: fields and values."""
    flat = listed(reply)
    return zip(flat[::2], flat[1::2], strict=True)


def entries(reply: Reply) -> Iterator[tuple[str, dict[str, bytes]]]:
    """The entries of a stream: id and fields."""
    for entry in listed(reply):
        id_, fields = listed(entry)
        yield text(id_), {text(name): raw(value) for name, value in pairs(fields)}


def read(reply: Reply) -> Iterator[tuple[str, dict[str, bytes]]]:
    """The entries of the one stream that XREAD was asked for; none where it timed out."""
    for stream in listed(reply):
        _, found = listed(stream)
        yield from entries(found)


def _odd(reply: Reply) -> StoreRefused:
    return StoreRefused(f"The store answered with {type(reply).__name__} where something else belongs. Is it a Redis?")
