"""A thousand or two of the lines of which scripts/fuzz rules reads a million, and that it would find a fault."""

import time

from signals.rules.language import Vocabulary
from signals.rules.model import Draft, Problem
from signals.rules.problems import Code
from tests.signals.rules.fuzz import Fuzzer
from tests.signals.rules.vocabulary import rule


def test_no_line_is_read_wrongly() -> None:
    tally = Fuzzer(7).run(range(1_500))

    assert tally.faults == []
    assert tally.rules > 100
    assert tally.offers > 100
    assert len(tally.problems) > 30


def test_the_same_number_of_the_same_seed_is_the_same_line() -> None:
    first, second, other = (Fuzzer(seed) for seed in (3, 3, 4))

    assert [first.line(n) for n in range(50)] == [second.line(n) for n in range(50)]
    assert [first.line(n) for n in range(50)] != [other.line(n) for n in range(50)]


def raised(_: str, __: Vocabulary) -> Draft | Problem:
    raise KeyError("funding")


def of_another_coin(_: str, __: Vocabulary) -> Draft | Problem:
    return Draft(("ETHH",), "okx", rule("ETH funding < 0%").conditions, rule("ETH ls > 1").hold, None, once=True)


def beside(_: str, __: Vocabulary) -> Draft | Problem:
    return Problem(Code.NUMBER, (900, 901))


def slow(_: str, __: Vocabulary) -> Draft | Problem:
    ends = time.thread_time_ns() + 11_000_000
    while time.thread_time_ns() < ends:
        pass
    return Problem(Code.OR, (0, 0))


def test_each_kind_of_fault_is_found() -> None:
    for read in (raised, of_another_coin, beside, slow):
        assert len(Fuzzer(7, read).run(range(3)).faults) == 3
