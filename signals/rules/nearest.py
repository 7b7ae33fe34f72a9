"""Did you mean: which words a mistyped one may stand for."""

from collections.abc import Iterable, Iterator, Sequence

_OFFERED = 2
_LONG = 6
_LEAST_BEGINNING = 3


def nearest(word: str, known: Iterable[str]) -> Sequence[str]:
    """The unique known word that begins with `word`, else those with fewest slips: one word, or two on a tie.

    One slip is allowed, two from six letters on; two neighbours swapped are one slip. Case does not matter.
    """
    typed = word.lower()
    names = [*known]
    spelled = dict(zip(map(str.lower, names), names, strict=True))
    if typed in spelled:
        return [spelled[typed]]
    begun = [name for name in spelled if name.startswith(typed)] if len(typed) >= _LEAST_BEGINNING else []
    if len(begun) == 1:
        return [spelled[begun[0]]]
    near = [name for name in _alike(typed, spelled) if within(typed, name, 1)]
    if not near and len(typed) >= _LONG:
        near = [name for name in _of_letters_like(typed, spelled) if within(typed, name, 2)]
    return [spelled[name] for name in near[:_OFFERED]]


def within(one: str, other: str, most: int) -> bool:
    """True where so many letters to add, drop, change, or swap with a neighbour, make one word the other."""
    if one == other:
        return True
    if not most or abs(len(one) - len(other)) > most:
        return False
    at, shorter = 0, min(len(one), len(other))
    while at < shorter and one[at] == other[at]:
        at += 1
    rest, wanted = one[at:], other[at:]
    return (
        within(rest[1:], wanted[1:], most - 1)
        or within(rest[1:], wanted, most - 1)
        or within(rest, wanted[1:], most - 1)
        or (rest[:2] == wanted[1::-1] and within(rest[2:], wanted[2:], most - 1))
    )


def _alike(typed: str, names: Iterable[str]) -> Iterator[str]:
    """Those that one slip could make of it: it leaves the first half or the second, or swaps what meets between."""
    length, middle = len(typed), (len(typed) + 1) // 2
    first, second = typed[:middle], typed[middle:]
    swapped = first[:-1] + second[:1] + first[-1:] + second[1:]
    return (
        name
        for name in names
        if -1 <= len(name) - length <= 1 and (name.startswith(first) or name.endswith(second) or name == swapped)
    )


def _of_letters_like(typed: str, names: Iterable[str]) -> Iterator[str]:
    """Those that two slips could make of it: each brings or takes at most two kinds of letters."""
    letters, length = set(typed), len(typed)
    return (name for name in names if -2 <= len(name) - length <= 2 and len(letters ^ set(name)) <= 4)
