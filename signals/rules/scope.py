"""Which coins a rule watches, and at which venue."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from signals.model import ALL
from signals.rules import words
from signals.rules.model import EVERY_COIN, WATCHLIST
from signals.rules.problems import Code
from signals.rules.reading import Cursor
from signals.units import canonical

MOST_COINS = 20

_NAME = re.compile(r"[^ ,@<>=&]+")
_COMMA = re.compile(r",")
_AT = re.compile(r"@")
_SEPARATORS = str.maketrans("", "", "-_/:.")
_QUOTES = ("USDT", "USDC", "BUSD", "PERP", "SWAP", "USD")


@dataclass(frozen=True, slots=True)
class Scope:
    """The coins in the given order, each once; `at` is where a venue was named, with its sign."""

    coins: tuple[str, ...]
    venue: str
    at: tuple[int, int]


def take(cursor: Cursor, coins: Collection[str], venues: Collection[str]) -> Scope:
    """The scope that must stand next; raises Refused."""
    first = cursor.take(_NAME)
    many = _many(first)
    if first is None or (many is None and words.plain(first[0]) in words.RESERVED):
        raise cursor.refuse(Code.COIN_MISSING, first or cursor.peek())
    if many and cursor.take(_COMMA):
        raise cursor.refuse(Code.ALONE, first)
    return _at_venue(cursor, (many,) if many else _coins(cursor, first, coins), venues)


def written(coin: str) -> str:
    """The coin as it is typed; `$` where its name is a reserved word."""
    reserved = coin not in (EVERY_COIN, WATCHLIST) and coin.lower() in words.RESERVED
    return f"${coin}" if reserved else coin


def resolve(name: str, coins: Collection[str]) -> str | None:
    """The coin behind a name, exactly, by alias, without separators or without quote endings, in this order."""
    if not name.startswith("$") and name.lower() in words.RESERVED:
        return None
    return next((guess for guess in _guesses(name.lstrip("$#").upper()) if guess in coins), None)


def _guesses(name: str) -> Iterator[str]:
    yield name
    yield canonical("", name)[0]
    rest = name.translate(_SEPARATORS)
    while rest:
        yield rest
        yield canonical("", rest)[0]
        ending = next((quote for quote in _QUOTES if rest.endswith(quote)), None)
        if ending is None:
            return
        rest = rest.removesuffix(ending)


def _coins(cursor: Cursor, first: re.Match[str], known: Collection[str]) -> tuple[str, ...]:
    names = [first]
    while cursor.take(_COMMA):
        name = cursor.take(_NAME)
        if name is None:
            found = cursor.peek()
            raise cursor.refuse(Code.COIN if found else Code.INCOMPLETE, found, detail=() if found else ("coin",))
        names.append(name)
    listed = dict.fromkeys(_coin(cursor, name, known) for name in names)
    if len(listed) > MOST_COINS:
        raise cursor.refuse(Code.COINS, names[-1])
    return tuple(listed)


def _many(name: re.Match[str] | None) -> str | None:
    """What stands for coins that are not named one by one."""
    word = words.plain(name[0]) if name else ""
    if word in words.EVERY_WORDS:
        return EVERY_COIN
    return WATCHLIST if word == WATCHLIST else None


def _coin(cursor: Cursor, name: re.Match[str], known: Collection[str]) -> str:
    if _many(name):
        raise cursor.refuse(Code.ALONE, name)
    coin = resolve(name[0], known)
    if coin is None:
        near = cursor.nearest(name[0].lstrip("$#"), known)
        raise cursor.refuse(Code.COIN, name, [written(other) for other in near], near)
    return coin


def _at_venue(cursor: Cursor, listed: tuple[str, ...], known: Collection[str]) -> Scope:
    sign = cursor.take(_AT)
    if sign is None:
        return Scope(listed, ALL, (cursor.at, cursor.at))
    name = cursor.take(_NAME)
    if name is None or name[0].lower() not in (*known, ALL):
        near: Sequence[str] = cursor.nearest(name[0], known) if name else ()
        raise cursor.refuse(Code.VENUE, name or cursor.peek(), near, tuple(known))
    more = cursor.take(_COMMA) or cursor.take(_AT)
    if more:
        raise cursor.refuse(Code.ONE_VENUE, more)
    return Scope(listed, name[0].lower(), (sign.start(), name.end()))
