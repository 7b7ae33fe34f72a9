"""What the trial is about: coins that go over a line and back, rules on them, and what must be told of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from adapters.chat.base import Place
from adapters.venues.base import Label
from signals.aggregate import Cycle, Ledger
from signals.bars import Bars
from signals.event import alert_id
from signals.living import is_living
from signals.model import ALL, Instrument, Metric, Observation, Unit
from signals.panel import resolutions
from signals.rules.lifecycle import Change
from signals.rules.model import Compare, Condition, Draft, Rule
from tests.adapters.store.stories import T0

HOUR = timedelta(hours=1)
PLATFORMS = ("telegram", "discord")
COINS = ("AAA", "BBB", "CCC", "DDD")
PLACES = [Place(platform, f"{n}") for platform in PLATFORMS for n in range(1, 5)]
LISTENERS = ("listener1", "listener2", "listener3")
"""Places on the lists of some rules that have no rule of their own: they are told nothing, and each entry says so."""

CHANGING = Place("telegram", "changing")
"""A place whose rules come and go all the time."""

LINE = 0.001
LIVING = 2
"""Places of each platform with a rule that lives."""


def draft(coin: str, *, lives: bool = False) -> Draft:
    condition = Condition("funding", timedelta(0), Compare.ABOVE, LINE, LINE, Unit.RATE_8H)
    if lives:
        condition = Condition("cascade", timedelta(0), Compare.ABOVE, 0.5, 0.25, Unit.STATE)
    return Draft((coin,), ALL, (condition,), timedelta(0), None, once=False)


@dataclass(frozen=True)
class Told:
    """One alert on a coin that a place must be told of, `n` moments from the start; of one that lives its episode."""

    id: str
    place: str
    n: int
    coin: str
    episode: str = ""


class Market:
    """Closed moments, as many as are asked for, and what they mean for rules that were there from the start."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(f"{seed} market")
        self._instruments = [Instrument("okx", coin, coin, 1.0, frozenset({Metric.FUNDING})) for coin in COINS]
        self._ledger = Ledger()
        self._ledger.expect(self._instruments)
        self._bars = Bars(resolutions(HOUR))
        self._hot = dict.fromkeys(COINS, False)
        self.cycles: list[Cycle] = []
        self.flips: list[tuple[int, str, Change]] = []
        """Which coin went where at which moment."""

    def go_on(self, moments: int) -> None:
        """Close so many more."""
        for _ in range(moments):
            n = len(self.cycles) + 1
            at = T0 + n * HOUR
            for coin in COINS:
                if n > 2 and self._rng.random() < 0.09:
                    self._hot[coin] = not self._hot[coin]
                    self.flips.append((n, coin, Change.FIRED if self._hot[coin] else Change.RESOLVED))
            values = {coin: 2 * LINE if hot else 0.0 for coin, hot in self._hot.items()}
            self._ledger.take(
                [
                    Observation(Metric.FUNDING, "okx", c, c, v, at, at, 2 * HOUR, 8 * HOUR, 8.0, at, v)
                    for c, v in values.items()
                ]
            )
            cycle = self._ledger.read(at, Label.LIVE)
            self.cycles.append(replace(cycle, bars=self._bars.close(cycle)))

    def told(self, rule: Rule | tuple[str, str], place: str) -> Iterator[Told]:
        """What is told of a rule (or of its id and its coin) at a place."""
        id_, of = (rule.id, rule.draft.coins[0]) if isinstance(rule, Rule) else rule
        lives, episode = isinstance(rule, Rule) and is_living(rule.draft.condition.name), ""
        for n, coin, change in self.flips:
            if coin == of:
                alert = alert_id(id_, 1, coin, change, T0 + n * HOUR)
                episode = alert if change is Change.FIRED else episode
                yield Told(alert, place, n, coin, episode if lives else "")

    def grown(self, rule: Rule, place: str) -> Iterator[Told]:
        """What of a rule that lives is told in the place of its first message."""
        (coin,), grew = rule.draft.coins, Change.GREW
        ends = [*(n for n, of, change in self.flips if of == coin), len(self.cycles) + 1]
        for told, ended in zip(self.told(rule, place), ends[1:], strict=True):
            for n in range(told.n + 1, ended) if told.id == told.episode else ():
                yield Told(alert_id(rule.id, 1, coin, grew, T0 + n * HOUR), place, n, coin, told.episode)


def rules() -> Sequence[tuple[Place, Draft]]:
    """Two rules for each place, of some a rule that lives among them."""
    coins = [(n, place, more, COINS[(n + more) % len(COINS)]) for n, place in enumerate(PLACES) for more in (0, 1)]
    return [(place, draft(coin, lives=more == 1 and n % 4 < LIVING)) for n, place, more, coin in coins]
