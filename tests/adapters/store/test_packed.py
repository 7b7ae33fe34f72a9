"""Rules as bytes: all of them come back, a usual one is small, and no word of the language is without a number."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store import packed
from adapters.store.base import KeptDraft
from adapters.store.packed import pack, pack_kept, unpack, unpack_kept
from signals.model import ALL, Unit, Yardstick
from signals.rules.model import Compare, Condition, Crossing, Draft, Loudness, Rule
from tests.adapters.store.stories import T0, draft

LENGTHS = st.integers(0, 90 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
MOMENTS = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.sampled_from(["ETH", "1000PEPE", "liq.long", "über", "n" * 40])
CONDITIONS = st.builds(
    Condition,
    NAMES,
    LENGTHS,
    st.sampled_from(Compare),
    NUMBERS,
    NUMBERS,
    st.sampled_from(Unit),
    st.sampled_from(Yardstick),
    st.sampled_from(["", "long", "short"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.none() | st.sampled_from(Crossing),
)
DRAFTS = st.builds(
    Draft,
    st.lists(NAMES, min_size=1, max_size=4).map(tuple) | st.sampled_from([("*",), ("watchlist",)]),
    st.sampled_from([ALL, "okx"]),
    st.lists(CONDITIONS, min_size=1, max_size=4).map(tuple),
    LENGTHS,
    st.none() | LENGTHS,
    st.booleans(),
    st.none() | MOMENTS,
    st.none() | LENGTHS,
    st.sampled_from(Loudness),
    st.booleans(),
    st.text(max_size=20),
    st.lists(NAMES, max_size=2).map(tuple),
)
RULES = st.builds(
    lambda number, revision, what, at, change, paused: Rule(
        f"telegram:-7/{number}", "telegram:-7", number, revision, what, at, change, paused
    ),
    st.integers(1, 10_000),
    st.integers(1, 10_000),
    DRAFTS,
    MOMENTS,
    st.integers(1, 2**40),
    st.booleans(),
)

STORED = (
    "950902ce695ba7c0019a0192a3455448a3425443a36f6b789199a766756e64696e6703cb3fee666666666666cb3feccc"
    "cccccccccd09cd38401501a46c6f6e67cd012cc00bce695ba7c0ce00093a80a3776879"
)


@given(RULES)
@settings(max_examples=60)
def test_every_rule_comes_back_as_it_was(rule: Rule) -> None:
    assert unpack(rule.id, rule.place, rule.number, pack(rule)) == rule


@given(DRAFTS)
@settings(max_examples=20)
def test_a_draft_that_waits_keeps_what_was_filled_in(what: Draft) -> None:
    found = unpack_kept(pack_kept(KeptDraft(what, None, 3)))

    assert found == KeptDraft(what, None, 3)
    assert found.draft.filled == what.filled


def test_a_usual_rule_fits_the_small_block_of_a_hash() -> None:
    rule = Rule("telegram:123456789/50", "telegram:123456789", 50, 3, draft(), T0, 20_000_000)

    assert len(pack(rule)) <= 64


def test_every_word_of_the_language_has_a_number() -> None:
    assert set(packed.UNITS) == set(Unit)
    assert set(packed.COMPARES) == set(Compare)
    assert set(packed.YARDSTICKS) == set(Yardstick)
    assert set(packed.CROSSINGS) == {None, *Crossing}
    assert set(packed.LOUDNESSES) == set(Loudness)


def test_the_numbers_of_words_never_change() -> None:
    """What is stored is a place in these; a new word stands at the end."""
    units = [
        "usd",
        "coins",
        "rate_8h",
        "rate_year",
        "fraction",
        "ratio",
        "multiple",
        "spreads",
        "votes",
        "rank",
        "hours",
    ]
    assert [str(unit) for unit in packed.UNITS][: len(units)] == units
    assert [str(compare) for compare in packed.COMPARES] == ["<", "<=", ">", ">="]
    assert [str(yardstick) for yardstick in packed.YARDSTICKS] == ["", "p", "z", "x"]
    assert [str(crossing) for crossing in packed.CROSSINGS] == ["None", "up", "down", "either"]
    assert [str(loudness) for loudness in packed.LOUDNESSES] == ["", "loud", "quiet"]


def test_a_rule_packed_by_the_first_version_that_did_is_still_read() -> None:
    stored = bytes.fromhex(STORED)
    condition = Condition(
        "funding",
        timedelta(hours=4),
        Compare.AT_LEAST,
        0.95,
        0.9,
        Unit.RANK,
        Yardstick.RANK,
        "long",
        absolute=True,
        own_clear=True,
        crossing=Crossing.DOWN,
    )
    what = Draft(
        ("ETH", "BTC"),
        "okx",
        (condition,),
        timedelta(minutes=5),
        None,
        once=True,
        until=T0,
        shadow=timedelta(days=7),
        loudness=Loudness.QUIET,
        ungated=True,
        note="why",
    )
    rule = Rule("terminal:local/4", "terminal:local", 4, 2, what, T0, 9, paused=True)

    assert unpack("terminal:local/4", "terminal:local", 4, stored) == rule
    assert pack(rule) == stored
