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

from signals.model import Unit
from signals.rules import notes, words
from signals.rules.language import canonical, parse
from signals.rules.metrics import METRICS, RANGES
from signals.rules.model import Compare, Crossing, Draft, Loudness, Problem
from signals.rules.reading import LONGEST
from tests.signals.rules.drafts import MINUTE, drafts
from tests.signals.rules.vocabulary import COINS, NOW, VENUES, VOCABULARY, rule


@given(drafts())
@settings(max_examples=200, deadline=None)
def test_the_text_of_a_rule_says_that_rule_and_nothing_is_filled_in(draft: Draft) -> None:
    read = parse(canonical(draft), VOCABULARY)

    assert read == draft
    assert isinstance(read, Draft)
    assert read.filled == ()
    assert canonical(read) == canonical(draft)


def others(draft: Draft) -> list[Draft]:
    """Rules that differ from it in one thing."""
    one, *more = draft.conditions
    strict = {Compare.BELOW: Compare.AT_MOST, Compare.ABOVE: Compare.AT_LEAST}
    loose = {other: compare for compare, other in strict.items()}
    near = [
        replace(draft, hold=draft.hold + timedelta(seconds=1)),
        replace(draft, coins=draft.coins[::-1]),
        replace(draft, coins=("ETH",)),
        replace(draft, venue="okx"),
        replace(draft, until=NOW.replace(second=0, microsecond=0) + MINUTE * 5),
        replace(draft, shadow=timedelta(hours=36)),
        *(replace(draft, loudness=loudness) for loudness in Loudness),
        replace(draft, ungated=not draft.ungated),
        replace(draft, note=f"{draft.note} again".strip()),
        replace(draft, conditions=(one, one, *more)),
        replace(draft, once=not draft.once, every=None),
    ]
    if not any(condition.crossing for condition in draft.conditions):
        near += [replace(draft, once=False, every=MINUTE * 3), replace(draft, once=False, every=None)]
    if not (one.stock or one.absolute or one.crossing):
        varied = (
            replace(one, own_clear=not one.own_clear),
            replace(one, compare={**strict, **loose}[one.compare]),
            replace(one, line=float(Decimal(repr(one.line)) + Decimal("0.001"))),
        )
        near += [replace(draft, conditions=(other, *more)) for other in varied]
    if one.crossing:
        near += [replace(draft, conditions=(replace(one, crossing=way), *more)) for way in Crossing]
    return near


@given(drafts(), drafts())
@settings(max_examples=100, deadline=None)
def test_equal_rules_have_equal_texts_and_different_rules_different_ones(one: Draft, other: Draft) -> None:
    for pair in (other, *others(one)):
        same = one == pair
        assert same is (canonical(one) == canonical(pair))


BITS = st.integers(0, 2**LONGEST - 1)
TYPOGRAPHIC = {"-": "\u2212", " ": " \u00a0", "<": "&lt;", ">": "&gt;", "<=": "\u2264", ">=": "&gt;="}


@given(drafts(), BITS, BITS)
@settings(max_examples=100, deadline=None)
def test_case_blanks_and_typographic_signs_do_not_change_a_rule(draft: Draft, case: int, signs: int) -> None:
    mixed = "".join(
        letter.swapcase() if case >> i & 1 and letter not in "mM" else letter
        for i, letter in enumerate(canonical(replace(draft, note="")))
    )
    pieces = re.findall(r"[<>]=|.", mixed)
    noisy = "".join(TYPOGRAPHIC.get(piece, piece) if signs >> i & 1 else piece for i, piece in enumerate(pieces))
    noted = f"{noisy} {notes.written(draft.note)}" if draft.note else noisy
    assume(len(noted) <= LONGEST)

    assert parse(noted, VOCABULARY) == draft


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
@settings(max_examples=500, deadline=None)
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
    assert all(isinstance(parse(line, VOCABULARY), Draft) for line in read.offers)


MANY = dict.fromkeys(f"{a}{b}{c}X" for a in "ABCDEFGHIJ" for b in "ABCDEFGH" for c in "ABCDEFGH")
MANY_COINS = replace(VOCABULARY, coins=MANY.keys())

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
    ("AAAX ls > 1 ", "and ls > 1 ", ""),
    ("AAAX ls > 1 until ", "2", ""),
    ("AAAX ls > p", "9", ""),
    ("AAAX ls crosses ", "up ", ""),
    ("AAAX liqspike.", "long.", ""),
    ("AAAX ls > 1 note ", "\u202e ", ""),
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
