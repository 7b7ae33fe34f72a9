"""What people type behind a command, as values; a mistake is one sentence that names the cure."""

import re
from collections.abc import Collection, Sequence
from datetime import timedelta

from adapters.chat.base import Invocation
from bot.charts.build import TOPICS
from bot.phrases import shortened
from signals.rules.nearest import nearest
from signals.rules.scope import resolve
from signals.units import duration

FEW = 10
"""Coins that are named one by one."""
LONGEST_MUTE = timedelta(days=30)
LONGEST_ARGUMENTS = 300
"""Characters."""

_SPAN = re.compile(r"([0-9]{1,6})(s|m|h|d|w)", re.ASCII)
_NUMBER = re.compile(r"#?([0-9]{1,9})", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class Mistake(Exception):
    """What was typed cannot be used: one sentence that names the cure, and lines that would work."""

    def __init__(self, sentence: str, *repairs: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.repairs = repairs


def words_of(invocation: Invocation) -> Sequence[str]:
    """The words behind a command. Raises Mistake where there is far too much."""
    if len(invocation.arguments) > LONGEST_ARGUMENTS:
        raise Mistake(f"That is too long: write at most {LONGEST_ARGUMENTS} characters.")
    return invocation.arguments.replace(",", " ").split()


def mended(invocation: Invocation, word: str, by: str) -> str:
    """The whole line with one word replaced."""
    return " ".join([f"/{invocation.name}", *(by if typed == word else typed for typed in words_of(invocation))])


def coin_of(invocation: Invocation, word: str, coins: Collection[str]) -> str:
    """The coin that the word names: `eth`, `$ETH`, `ETH-USDT`, `1000pepe`. Raises Mistake, with the nearest coins."""
    bare, _, venue = word.lstrip("$#").partition("@")
    found = resolve(f"${bare}", coins)
    if found is None:
        near = nearest(bare, coins)
        named = f" Name one that I follow: {', '.join(sorted(coins))}."
        cure = "" if near else named if len(coins) <= FEW else " The largest that I follow are in /oi."
        raise Mistake(
            f"I do not follow {shortened(bare.upper())}.{cure}", *(mended(invocation, word, name) for name in near)
        )
    if venue:
        said = f"Leave @{shortened(venue)} out: one venue alone is for rules; an answer shows each venue."
        raise Mistake(said, mended(invocation, word, found))
    return found


def one_coin(invocation: Invocation, coins: Collection[str]) -> str | None:
    """The one coin behind a command, None where none is named. Raises Mistake."""
    words = words_of(invocation)
    if len(words) > 1:
        known = [coin for coin in (resolve(word, coins) for word in words[:2]) if coin]
        if len(words) == len(known) + 1 == 2 and _SPAN.fullmatch(words[1].lower()):
            line = f"/{invocation.name} {known[0]}"
            if invocation.name in TOPICS:
                chart = f"/chart {invocation.name} {known[0]} {words[1]}"
                raise Mistake("This tells what is now. How it was before is a chart:", chart, line)
            raise Mistake(f"This tells what is now: leave {words[1]} out.", line)
        raise Mistake(
            f"One coin at a time, such as: /{invocation.name} ETH", *(f"/{invocation.name} {coin}" for coin in known)
        )
    return coin_of(invocation, words[0], coins) if words else None


def rule_number(word: str) -> int | None:
    """The number in `3` or `#3`; None where it is no number."""
    found = _NUMBER.fullmatch(word)
    return int(found[1]) if found else None


def length_of(word: str) -> timedelta | None:
    """The duration in `30m`, `2h`, `7d`; None where it is none."""
    found = _SPAN.fullmatch(word.lower())
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]]) if found else None


def span(word: str) -> timedelta | None:
    """The same. Raises Mistake where it is nothing or too long."""
    length = length_of(word)
    if length is None:
        return None
    if not timedelta(0) < length <= LONGEST_MUTE:
        raise Mistake(f"For how long? From 1s to {duration(LONGEST_MUTE)}, such as 30m, 2h or 7d.")
    return length
