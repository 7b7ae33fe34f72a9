"""What is told amid a cascade, and cascades of many coins as one event, on markets that are lived through."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain

import pytest

from adapters.venues.acts import ALL_COINS, Act
from signals.book import Rules
from signals.cells import Cells, Vectors
from signals.engine import Engine
from signals.event import Event
from signals.panel import Panel
from signals.part import WHOLE, Part, parts
from signals.registry import BY_NAME, SIGNALS
from signals.rules.lifecycle import Change
from tests.adapters.venues.test_simulated import MINUTE, Life, market, rule


def fall(coins: Sequence[str], starts: int, oi: float = -0.06) -> Act:
    return Act(
        "fall", starts, starts + 15, tuple(coins), 120, price=-0.035, oi=oi, liq_long=300, liq_short=10, volume=6
    )


@cache
def past() -> Sequence[Panel]:
    """What was before the start, whatever happens then."""
    return [*market(()).past()]


@cache
def told(
    acts: tuple[Act, ...], sentences: tuple[str, ...], minutes: int = 32, part: Part = WHOLE
) -> Mapping[str, Sequence[Event]]:
    """All that rules tell, by rule, judged as the evaluator does it."""
    life, engine = Life(market(acts)), Engine(BY_NAME, Rules(), part=part)
    events: dict[str, list[Event]] = {sentence: [] for sentence in sentences}
    for panel in past():
        life.bars.append(panel)
    for minute, cycle in enumerate(life.live(minutes)):
        cells = Cells(cycle, Vectors(life.bars.panel(), SIGNALS, rows=1), life.source.step)
        if minute == 1:
            for number, sentence in enumerate(sentences, start=1):
                engine.put(rule(number, sentence))
        for judged in chain.from_iterable(engine.judge(cells)):
            if judged.event is not None:
                events[sentences[judged.rule.number - 1]].append(judged.event)
    return events


IN_IT = ("BTC liqspike > 25x", "BTC oi 15m falls by 4%")
APART = ("BTC liq.long 15m > $2M", "SOL liqspike > 20x")


def night() -> Mapping[str, Sequence[Event]]:
    """BTC falls in a cascade; as much is liquidated on SOL, of which nobody takes positions off."""
    acts = (fall(["BTC"], 5), fall(["SOL"], 5, oi=0.0))
    return told(acts, ("BTC cascade", *IN_IT, *APART, "SOL cascade"), 50)


def of(events: Sequence[Event], change: Change) -> Sequence[Event]:
    return [event for event in events if event.change is change]


def test_it_begins_grows_every_minute_and_ends_once() -> None:
    events = night()["BTC cascade"]

    changes = [event.change for event in events]
    sums = [next(fact.value for fact in event.facts if fact.label == "liquidated") for event in events]
    assert changes[0] is Change.FIRED
    assert changes[-1] is Change.RESOLVED
    assert set(changes[1:-1]) == {Change.GREW}
    assert len(changes) == 1 + (events[-1].at - events[0].at) // MINUTE
    assert sums == sorted(sums, key=lambda of: of or 0)
    assert len({event.episode for event in events}) == 1
    assert len({event.id for event in events}) == len(events)


@pytest.mark.parametrize("sentence", IN_IT)
def test_a_part_of_a_cascade_says_since_when_and_of_which_side(sentence: str) -> None:
    (began,), (part,) = (of(night()[one], Change.FIRED) for one in ("BTC cascade", sentence))

    assert (part.amid, part.amid_side) == (began.at, "long")


@pytest.mark.parametrize("sentence", APART)
def test_what_is_no_part_of_one_does_not_say_so(sentence: str) -> None:
    (alone,) = of(night()[sentence], Change.FIRED)

    assert alone.amid is None


def test_liquidations_of_which_no_positions_go_are_no_cascade() -> None:
    assert not night()["SOL cascade"]


def test_of_many_coins_at_once_one_is_told_with_the_sums_of_all() -> None:
    coins = ALL_COINS[:6]
    events = told((fall(coins, 5),), ("* cascade", "BTC,ETH cascade"))

    fired, grown = (of(events["* cascade"], change) for change in (Change.FIRED, Change.GREW))
    leaders = [event for event in fired if event.wave == event.coin]
    assert {event.coin for event in fired} == set(coins)
    assert len(leaders) == 1
    assert all(event.wave == leaders[0].coin for event in fired if event.at >= leaders[0].at)
    assert all(event.wave == next(one.wave for one in fired if one.coin == event.coin) for event in grown)
    (wide,) = (fact for fact in of_leader(grown)[5].facts if fact.label == "market-wide")
    assert wide.text == "6 coins"
    assert {event.wave for event in events["BTC,ETH cascade"]} == {""}


def of_leader(events: Sequence[Event]) -> Sequence[Event]:
    return [event for event in events if event.wave == event.coin]


@pytest.mark.parametrize(
    "acts",
    [(fall(ALL_COINS[:4], 5),), (fall(ALL_COINS[:2], 2), fall(ALL_COINS[2:4], 8), fall(ALL_COINS[4:6], 14))],
)
def test_few_coins_or_coins_apart_are_events_of_their_own(acts: tuple[Act, ...]) -> None:
    fired = of(told(acts, ("* cascade",))["* cascade"], Change.FIRED)

    assert len(fired) > 3
    assert {event.wave for event in fired} == {""}


def test_evaluators_that_share_the_coins_out_find_the_same_event() -> None:
    acts, sentences = (fall(ALL_COINS[:6], 5),), ("* cascade",)

    whole, *shared = (told(acts, sentences, 18, part)["* cascade"] for part in (WHOLE, *parts(2)))

    assert all(shared)
    assert {event.id: event for of in shared for event in of} == {event.id: event for event in whole}
    assert any(event.wave for event in whole)
