"""Did you mean: which words a mistyped one may stand for."""

from collections.abc import Iterable, Sequence

_MOST = 2
_LONG = 6
_LEAST_BEGINNING = 3


def nearest(word: str, known: Iterable[str]) -> Sequence[str]:
    """The unique known word that begins with `word`, else those with fewest slips: one word, or two on a tie.

    One slip is allowed, two from six letters on; two neighbours swapped are one slip. Case does not matter.
    """
    typed = word.lower()
    spelled = {name.lower(): name for name in known}
    begun = [name for name in spelled if name.startswith(typed)] if len(typed) >= _LEAST_BEGINNING else []
    if len(begun) == 1:
        return [spelled[begun[0]]]
    allowed = 2 if len(typed) >= _LONG else 1
    far = {name: slips(typed, name) for name in spelled if abs(len(name) - len(typed)) <= allowed}
    least = min(far.values(), default=allowed + 1)
    return [spelled[name] for name, count in far.items() if count == least <= allowed][:_MOST]


def slips(one: str, other: str) -> int:
    """How many letters to add, drop, change, or swap with a neighbour, make one word the other."""
    before, last = list[int](), list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, wanted in enumerate(other, start=1):
            cheapest = min(row[j - 1] + 1, last[j] + 1, last[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cheapest = min(cheapest, before[j - 2] + 1)
            row.append(cheapest)
        before, last = last, row
    return last[-1]
