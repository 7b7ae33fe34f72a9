"""Rule drift: a rule that fires far more often than it used to, and the nearest tighter line that would not."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from statistics import median

from signals.rules.model import Draft

WEEK = timedelta(days=7)

LEAST_WEEKS = 4
"""Weeks before this one that a usual number of firings needs."""

LEAST_FIRES = 10
"""Firings in a week below which nobody needs a notice."""

TIMES = 3.0
"""A week must have so many times the usual, or the busiest week before it."""

CHANCE = 1e-4
"""How probable so many firings may be at most, if they came by chance at the rate of the busiest week before."""

CALM_AGAIN = 2.0
"""A tighter line is offered where it would have fired this week at most so many times the usual, and at least once."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Fired so often this week, usually so often; `tighter` would have fired `then` times, None where none is near."""

    fired: int
    usual: float
    tighter: Draft | None
    then: int | None


def drift(
    fired: int, before: Sequence[int], tighter: Iterable[Draft], would_fire: Callable[[Draft], int | None]
) -> Drift | None:
    """The notice that a week is due, None where it is none; `before` are the firings of the weeks before it.

    `tighter` are drafts, each a step harder than the last; `would_fire` rehearses one on this week.
    """
    if len(before) < LEAST_WEEKS or fired < LEAST_FIRES:
        return None
    usual, busiest = median(before), max(before)
    if fired < TIMES * max(usual, 1.0) or at_least(fired, max(busiest, 1)) > CHANCE:
        return None
    for draft in tighter:
        then = would_fire(draft)
        if then is not None and 1 <= then <= CALM_AGAIN * max(usual, 1.0):
            return Drift(fired, usual, draft, then)
    return Drift(fired, usual, None, None)


def by_week(fires: Iterable[datetime], created: datetime, now: datetime) -> tuple[int, Sequence[int]]:
    """How often it fired in the last seven days, and in each of the whole weeks before, as far as it was there."""
    times = [*fires]
    weeks = [sum(now - (back + 1) * WEEK <= at < now - back * WEEK for at in times) for back in range(LEAST_WEEKS + 1)]
    there = [count for back, count in enumerate(weeks) if now - (back + 1) * WEEK >= created]
    return weeks[0], there[1:]


def at_least(count: int, mean: float) -> float:
    """The probability of so many events or more where so many are expected and they come by chance (Poisson)."""
    below, term = 0.0, exp(-mean)
    for number in range(count):
        below += term
        term *= mean / (number + 1)
    return max(0.0, 1.0 - below)
