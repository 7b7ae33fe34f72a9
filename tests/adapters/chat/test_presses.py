"""What a button stands for comes back from what travels, whatever it is."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.presses import ANSWER, NOTICE, TOKEN, note_of, packed, token_of, unpacked

LIMITS = st.sampled_from([64, 100])
KINDS = st.sampled_from([ANSWER, NOTICE])


@given(kind=KINDS, line=st.text(max_size=200), limit=LIMITS)
def test_a_line_travels_whole_or_under_its_token(kind: str, line: str, limit: int) -> None:
    travelled, token = packed(kind, line, limit)
    back = unpacked(travelled)

    assert back == ((kind, None, line) if token is None else (kind, token, ""))
    assert 1 <= len(travelled.encode()) <= limit


@given(line=st.text(alphabet=st.characters(codec=None, categories=["Cs", "Cc", "Cf"]), min_size=1, max_size=9))
def test_what_cannot_be_written_travels_under_a_token(line: str) -> None:
    travelled, token = packed(ANSWER, line, 64)

    assert token == token_of(line)
    assert travelled.isascii()


def test_a_line_that_just_fits_needs_no_note() -> None:
    assert packed(NOTICE, "/" + "x" * 62, 64) == ("n/" + "x" * 62, None)
    assert packed(NOTICE, "/" + "x" * 63, 64)[1] == token_of("/" + "x" * 63)
    assert packed(NOTICE, "/" + "é" * 31 + "x", 64)[1] is not None


def test_a_line_that_looks_like_a_token_travels_under_one() -> None:
    assert packed(ANSWER, "~abc", 64)[1] == token_of("~abc")


def test_a_token_is_short_and_the_same_for_the_same_line() -> None:
    token = token_of("/why A-7F3K")

    assert len(token) == TOKEN
    assert token == token_of("/why A-7F3K") != token_of("/why A-7F3L")
    assert note_of(token) == f"press:{token}"
