"""What a lost primary took with it: the alerts that may be amiss because its replica had never been told of them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import count

from signals.event import alert_id
from signals.rules.lifecycle import Change
from signals.rules.model import Rule
from tests.adapters.store.stories import T0
from tests.crash.market import HOUR, Market
from tests.crash.stores import Loss

_ID = re.compile(r"\b[A-Z2-7]{16}\b")
_MOMENT = re.compile(rb"\{m\}cycles\r\n(?:\$\d+\r\n[^\r]*\r\n){0,4}?\$\d+\r\n(\d+)-0\r\n")
_MS = timedelta(milliseconds=1)


class Unknown:
    """Of some losses."""

    def __init__(self, losses: Sequence[Loss], market: Market, rules: Iterable[Rule]) -> None:
        self._commands = b"".join(loss.unknown for loss in losses)
        self._of_moments = {id_ for n in self.moments() for id_ in self._told_of(n, market, rules)}

    def moments(self) -> Sequence[int]:
        """Closed moments, counted from the start."""
        return [round((int(ms) - T0.timestamp() * 1000) * _MS / HOUR) for ms in _MOMENT.findall(self._commands)]

    def apart(self, wrong: Mapping[str, Sequence[str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """What is wrong without and with that excuse."""
        without = {kind: [one for one in found if not self.explains(one)] for kind, found in wrong.items()}
        with_it = {kind: [one for one in found if self.explains(one)] for kind, found in wrong.items()}
        return {k: v for k, v in without.items() if v}, {k: v for k, v in with_it.items() if v}

    def explains(self, said: str) -> bool:
        """Whether an alert that is named there was in a lost write, or of a lost moment."""
        return any(id_ in self._of_moments or id_.encode() in self._commands for id_ in _ID.findall(said))

    def _told_of(self, n: int, market: Market, rules: Iterable[Rule]) -> Iterator[str]:
        """Ids of what a lost moment changed, told then or at the first moments that were kept: one may only arm."""
        lost = self.moments()
        kept = next(later for later in count(n) if later not in lost)
        changed = {coin for at, coin, _ in market.flips if at == n}
        for rule in rules:
            coin = rule.draft.coins[0]
            for at in (n, kept, kept + 1, kept + 2) if coin in changed else ():
                yield from (alert_id(rule.id, 1, coin, change, T0 + at * HOUR) for change in Change)
