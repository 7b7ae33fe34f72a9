"""The laws of the language, on generated rules and on any text."""

import re
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import FrameType

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from signals.model import ALL, Unit
from signals.registry import SIGNALS
from signals.rules import words
from signals.rules.language import Vocabulary, canonical, parse
from signals.rules.metrics import LEVEL, METRICS, MOVERS, PRICE_MOVE, RANGES, Measure, of_signal
from signals.rules.model import EVERY_COIN, Compare, Condition, Draft, Problem
from signals.rules.reading import LONGEST
from tests.signals.rules.vocabulary import COINS, VENUES, VOCABULARY, rule

MEASURES = (*METRICS.values(), PRICE_MOVE, *(of_signal(signal) for signal in SIGNALS))
PERCENTS = (Unit.RATE_8H, Unit.RATE_YEAR, Unit.FRACTION)
MINUTE = timedelta(minutes=1)


@st.composite
def lines(draw: st.DrawFn, measure: Measure, least: float, most: float) -> float:
    """A number of the measure between two bounds, as a person could type it: few digits, or very many."""
    scale = 2 if measure.unit in PERCENTS else 0
    places = draw(st.integers(0, 8))
    low, high = (Decimal(repr(bound)).scaleb(scale + places) for bound in (least, most))
    assume(int(low) <= int(high))
    number = Decimal(draw(st.integers(int(low), int(high)))).scaleb(-places)
    assume(abs(number) < 10**12)
    return float(number.scaleb(-scale)) + 0.0


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """Any condition that the language can say."""
    measure = draw(st.sampled_from(MEASURES))
    window = draw(st.sampled_from(measure.windows))
    if measure.signal is not None and draw(st.booleans()):
        signal = measure.signal
        compare = Compare.BELOW if signal.fire < signal.clear else Compare.ABOVE
        return Condition(measure.name, window, compare, signal.fire, signal.clear, measure.unit, stock=True)
    least, most = RANGES[measure.unit]
    absolute = measure.name in MOVERS and window != LEVEL and draw(st.booleans())
    compare = Compare.AT_LEAST if absolute else draw(st.sampled_from(Compare))
    line = draw(lines(measure, 1e-10 if absolute else least, most))
    assume(line > 0 or not absolute)
    clear, own = measure.band.clear(line, compare) + 0.0, draw(st.booleans())
    if own:
        bounds = (line, most) if compare.downward else (0.0 if absolute else least, line)
        clear = draw(lines(measure, *bounds))
        assume(clear > line if compare.downward else clear < line)
    return Condition(measure.name, window, compare, line, clear, measure.unit, absolute=absolute, own_clear=own)


COIN_LISTS = st.just((EVERY_COIN,)) | st.lists(st.sampled_from(COINS), min_size=1, max_size=5, unique=True).map(tuple)
HOLDS = st.integers(0, 86_400).map(lambda n: timedelta(seconds=n)) | st.integers(0, 1440).map(lambda n: MINUTE * n)
REPEATS = st.none() | st.integers(1, 10_080).map(lambda n: MINUTE * n)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Any rule that the language can say."""
    condition = draw(conditions())
    is_signal = condition.name in {signal.name for signal in SIGNALS}
    venue = ALL if is_signal else draw(st.sampled_from((ALL, *VENUES)))
    once = draw(st.booleans())
    every = None if once else draw(REPEATS)
    return Draft(draw(COIN_LISTS), venue, (condition,), draw(HOLDS), every, once)


@given(drafts())
@settings(max_examples=400, deadline=None)
def test_the_text_of_a_rule_says_that_rule_and_nothing_is_filled_in(draft: Draft) -> None:
    read = parse(canonical(draft), VOCABULARY)

    assert read == draft
    assert isinstance(read, Draft)
    assert read.filled == ()
    assert canonical(read) == canonical(draft)


def neighbours(draft: Draft) -> list[Draft]:
    """Rules that differ from it in one thing."""
    one = draft.condition
    strict = {Compare.BELOW: Compare.AT_MOST, Compare.ABOVE: Compare.AT_LEAST}
    loose = {other: compare for compare, other in strict.items()}
    near = [
        replace(draft, hold=draft.hold + timedelta(seconds=1)),
        replace(draft, once=True, every=None),
        replace(draft, once=False, every=MINUTE * 3),
        replace(draft, once=False, every=None),
        replace(draft, coins=draft.coins[::-1]),
        replace(draft, coins=("ETH",)),
        replace(draft, venue="okx"),
        replace(draft, conditions=(replace(one, own_clear=not one.own_clear),)),
        replace(draft, conditions=(replace(one, compare={**strict, **loose}[one.compare]),)),
        replace(draft, conditions=(replace(one, line=float(Decimal(repr(one.line)) + Decimal("0.001"))),)),
    ]
    return [other for other in near if not (one.stock or one.absolute) or other.conditions == draft.conditions]


@given(drafts(), drafts())
@settings(max_examples=150, deadline=None)
def test_equal_rules_have_equal_texts_and_different_rules_different_ones(one: Draft, other: Draft) -> None:
    for pair in (other, *neighbours(one)):
        same = one == pair
        assert same is (canonical(one) == canonical(pair))


BITS = st.integers(0, 2**LONGEST - 1)
TYPOGRAPHIC = {"-": "\u2212", " ": " \u00a0", "<": "&lt;", ">": "&gt;", "<=": "\u2264", ">=": "&gt;="}


@given(drafts(), BITS, BITS)
@settings(max_examples=150, deadline=None)
def test_case_blanks_and_typographic_signs_do_not_change_a_rule(draft: Draft, case: int, signs: int) -> None:
    mixed = "".join(
        letter.swapcase() if case >> i & 1 and letter not in "mM" else letter
        for i, letter in enumerate(canonical(draft))
    )
    pieces = re.findall(r"[<>]=|.", mixed)
    noisy = "".join(TYPOGRAPHIC.get(piece, piece) if signs >> i & 1 else piece for i, piece in enumerate(pieces))
    assume(len(noisy) <= LONGEST)

    assert parse(noisy, VOCABULARY) == draft


PIECES = st.sampled_from(
    [
        *METRICS,
        *words.RESERVED,
        *words.COMPARISONS,
        *words.MOVES,
        *COINS,
        *VENUES,
        "@",
        ",",
        "%",
        "$",
        "bp",
        "coins",
        "-",
        "5%",
        "-0,01%",
        "10m",
        "$10M",
        "20x",
        "p5",
        "z-3",
        "4h",
        "15m",
        "3d",
        "0",
        ".5",
        "1e9",
        "9" * 30,
        "ETHH",
        "fundin",
    ]
)
SENTENCES = st.lists(PIECES, max_size=14).map(" ".join) | st.lists(PIECES, max_size=20).map("".join)


@given(
    SENTENCES | st.text(max_size=LONGEST + 20) | st.builds(lambda a, b: f"{a} {b}", drafts().map(canonical), SENTENCES)
)
@settings(max_examples=700, deadline=None)
@example("ETH price > 5 for 999999w")
@example("$ funding < 0%")
@example("ETH oi falls")
@example("ETH price > ,,,1")
def test_any_text_is_a_rule_or_a_problem_whose_offers_are_rules(text: str) -> None:
    read = parse(text, VOCABULARY)

    if isinstance(read, Draft):
        assert parse(canonical(read), VOCABULARY) == read
        return
    start, end = read.span
    assert 0 <= start <= end <= max(len(text), LONGEST)
    assert all(isinstance(parse(line, VOCABULARY), Draft) for line in read.repairs)


MANY_COINS = Vocabulary([f"{a}{b}{c}X" for a in "ABCDEFGHIJ" for b in "ABCDEFGH" for c in "ABCDEFGH"], VENUES, SIGNALS)

WORST = (
    ("", "A", ""),
    ("", "1", ""),
    ("", ",", ""),
    ("ABX", " ", ""),
    ("", "ABX,", ""),
    ("", "USDT", ""),
    ("AAAX funding < ", "1,1.", ""),
    ("AAAX funding < ", "- $", ""),
    ("AAAX liq > 10m ", "for 5m ", ""),
    ("AAAX price > ", "9", "%"),
    ("", "is ", ""),
    ("AAAX funding ", "is ", ""),
    ("", "&lt;", ""),
    ("", "\u2265", ""),
    ("", "note ", ""),
)
"""What may stand before, in the middle as often as it fits, and after."""


def calls(text: str) -> int:
    """How many functions are called to read a text, those of C included."""
    count = 0

    def profile(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        del frame, arg
        count += event in ("call", "c_call")

    parse(text, MANY_COINS)
    sys.setprofile(profile)
    try:
        parse(text, MANY_COINS)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(("before", "middle", "after"), WORST)
def test_the_work_grows_no_faster_than_the_line(before: str, middle: str, after: str) -> None:
    def line(length: int) -> str:
        return before + middle * ((length - len(before) - len(after)) // len(middle)) + after

    half, whole = line(LONGEST // 2), line(LONGEST)

    assert isinstance(parse(whole, MANY_COINS), Problem)
    assert calls(whole) <= 2.2 * calls(half)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_every_metric_can_be_said_from_end_to_end_of_its_range(name: str) -> None:
    measure = METRICS[name]
    examples = {Unit.USD: "$1000M", Unit.COINS: "10B coins", Unit.RATIO: "2.5"}
    value = examples.get(measure.unit, "12.5%")

    draft = rule(f"ETH {name} >= {value}")

    assert draft.condition.unit is measure.unit
    assert RANGES[measure.unit][0] <= draft.condition.line <= RANGES[measure.unit][1]
