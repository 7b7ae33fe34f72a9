"""Whole sentences that may be meant by one that is being typed."""

from collections.abc import Iterator, Mapping, Sequence

from signals.rules import durations
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Draft
from signals.rules.reading import LONGEST
from signals.rules.scope import written

USUAL: Mapping[str, Sequence[str]] = {
    "funding": ("funding < -0.01%", "funding > 0.05%", "funding < p5", "funding crosses down 0%"),
    "funding.settled": ("funding.settled < 0%", "funding.settled > 0.05%"),
    "funding.apr": ("funding.apr > 30%", "funding.apr < -20%"),
    "price": ("price 1h falls by 3%", "price 1h rises by 3%", "price 24h moves by 10%"),
    "oi": ("oi 4h falls by 5%", "oi 4h rises by 5%", "oi 24h moves by 10%"),
    "oi.level": ("oi.level > p95", "oi.level < p5"),
    "oi.usd": ("oi.usd > p95", "oi.usd > $1B"),
    "liq": ("liq 1h > $10M", "liq 15m > 5x"),
    "liq.long": ("liq.long 1h > $10M", "liq.long 15m > 5x"),
    "liq.short": ("liq.short 1h > $10M", "liq.short 15m > 5x"),
    "ls": ("ls > 2", "ls < 0.8", "ls > p95"),
    "ls.top": ("ls.top > p95", "ls.top < p5"),
    "ls.pos": ("ls.pos > 1.5", "ls.pos < p5"),
    "taker": ("taker 1h > 1.5", "taker 1h < 0.7"),
    "ratio": ("ratio 24h < 0.2", "ratio 24h < p5"),
    "basis": ("basis > 0.3%", "basis < -0.1%"),
    "volume": ("volume 1h > 3x", "volume 1h > $1B"),
}
"""Conditions as people write them, per metric: something to begin with, never filled in unasked."""

MODIFIERS = (
    "for 15m", "for 1h", "for 0s", "every 1h", "every 4h", "every off", "once", "until 7d", "shadow 7d",
    "loud", "quiet", "ungated",
)  # fmt: skip

_UNITS = ("%", "M", "x", " coins")
_MOST_WORDS = 6
"""Words of a phrase that may stand at the end of what is typed."""


def suggest(typed: str, vocabulary: Vocabulary, most: int = 25) -> Sequence[str]:
    """Rules that begin with what is typed, the likeliest first; where none does, what its mistake is mended to."""
    if len(typed) > LONGEST:
        return ()
    found = dict.fromkeys(line for line in _lines(typed.lstrip(), vocabulary) if _is_rule(line, vocabulary))
    if not found:
        read = parse(typed, vocabulary)
        found = dict.fromkeys(() if isinstance(read, Draft) else read.repairs)
    return list(found)[:most]


def _lines(typed: str, vocabulary: Vocabulary) -> Iterator[str]:
    """What may be meant, rules or not."""
    head, space, _ = typed.partition(" ")
    if not space:
        yield from _first(head, vocabulary)
        return
    yield typed.rstrip()
    yield from (typed.rstrip() + unit for unit in _UNITS if typed[-1:].isdigit())
    conditions = _conditions(vocabulary)
    phrases = [*conditions, *MODIFIERS, *(f"and {phrase}" for phrase in conditions)]
    for begun in _ends(typed):
        kept = typed[: len(typed) - len(begun)]
        yield from (kept + phrase for phrase in phrases if phrase.startswith(begun.lower()))


def _first(begun: str, vocabulary: Vocabulary) -> Iterator[str]:
    """Rules on the coins that the first word may name: the shortest name is the likeliest."""
    bare = begun.lstrip("$#").upper()
    coins = sorted((coin for coin in vocabulary.coins if coin.startswith(bare)), key=lambda coin: (len(coin), coin))
    shown = coins[:1] if bare in coins else coins[:5]
    for coin in shown:
        phrases = [own[0] for own in USUAL.values()] if len(shown) > 1 else _conditions(vocabulary)
        yield from (f"{written(coin)} {phrase}" for phrase in phrases)


def _conditions(vocabulary: Vocabulary) -> Sequence[str]:
    """Conditions that a sentence may hold: first one of each metric and signal, then the rest."""
    signals = [
        [f"{s.name} {durations.written(w)}" if len(s.windows) > 1 else s.name for w in s.windows]
        for s in vocabulary.signals
    ]
    of_each = [*USUAL.values(), *signals]
    return [of[0] for of in of_each] + [phrase for of in of_each for phrase in of[1:]]


def _ends(typed: str) -> Iterator[str]:
    """The last words, the longest run of them first, down to nothing behind a blank."""
    begins = [at + 1 for at, sign in enumerate(typed) if sign == " "][-_MOST_WORDS:]
    yield from (typed[at:] for at in begins)


def _is_rule(line: str, vocabulary: Vocabulary) -> bool:
    return isinstance(parse(line, vocabulary), Draft)
