"""Why a sentence is no rule: one code per mistake; the words for people are made elsewhere."""

from collections.abc import Sequence
from enum import StrEnum

from signals.rules.model import Problem


class Code(StrEnum):
    """What is wrong. `word` below is Problem.word, the text that was misread; `detail` is Problem.detail."""

    LENGTH = "length"
    """More than 300 characters."""
    CHARACTER = "character"
    """A sign that is not ASCII: `word`."""
    INCOMPLETE = "incomplete"
    """The line ends too early; `detail` names what is missing: metric, comparison, value or duration."""
    LATER = "later"
    """`word` belongs to the language but is not built yet."""

    COIN_MISSING = "coin missing"
    """It begins with a condition."""
    COIN = "coin"
    """`word` is not followed; `detail` names near coins."""
    COINS = "coins"
    """More than 20 coins."""
    VENUE = "venue"
    """`word` is not read; `detail` names all venues that are."""
    ONE_VENUE = "one venue"
    """More than one venue, or one inside the list of coins."""

    METRIC = "metric"
    """`word` is neither metric nor signal; `detail` names near ones."""
    SIDE = "side"
    """The signal `detail[0]` has no side `word`; the rest of `detail` are its sides."""
    WINDOW = "window"
    """`detail[0]` is not measured over `word`; the rest of `detail` are its windows; the repair takes the nearest."""
    NO_WINDOW = "no window"
    """`detail[0]` is a level and takes no window `word`; the repair says it as a minimum time."""
    MOVE_WINDOW = "move window"
    """A move of the price without its time."""
    PRICE_MOVE = "price move"
    """A price level with a %: it may be a move without its time."""
    MOVER = "mover"
    """Moves of `detail[0]` are not measured; where it is open interest, the repair says `oi`."""
    MOVE_SIZE = "move size"
    """`word` behind rises, falls or moves by, or behind their clear, is not a size above zero."""
    COMPARISON = "comparison"
    """`word` stands where a comparison belongs."""
    OR = "or"
    """A rule has no or."""

    NUMBER = "number"
    """`word` is no number of at most 12 digits before and 8 behind the dot."""
    COMMA = "comma"
    """A comma in `word`; the repairs are its readings."""
    RANGE = "range"
    """`word` can never be reached by `detail[0]`."""
    PERCENT = "percent"
    """`word` without a % sign can mean two things, 100 times apart."""
    MONEY = "money"
    """`word` without $ and k, M or B."""
    SMALL_M = "small m"
    """`word` with a small m, which is minutes elsewhere."""
    COIN_UNIT = "coin unit"
    """`detail[0]` counts coins; `word` does not say so."""
    SHARE = "share"
    """A % for `detail[0]`, one side divided by the other; the repair is that quotient, `detail[1]`."""
    PLAIN = "plain"
    """A % for `detail[0]`, which is a plain number; the repair is that number, `detail[1]`."""
    TIMES = "times"
    """Times the usual means nothing for `detail[0]`, which can be negative."""
    UNIT = "unit"
    """`word` is in a unit that `detail[0]` does not have; the rest of `detail` are examples of values that fit."""
    SIGNAL_UNIT = "signal unit"
    """The score of the signal `detail[0]` is not written like `word` but like `detail[1]`."""

    CLEAR = "clear"
    """The clear level `word` is not on the calm side of the line."""
    CLEAR_ALONE = "clear alone"
    """A clear level without a line of one's own."""
    DURATION = "duration"
    """`word` is no duration; with `detail`, it is not from `detail[0]` to `detail[1]`."""
    TWICE = "twice"
    """`word` is said twice."""
    ONCE = "once"
    """Once and every exclude each other; the repairs keep one."""
    WORD = "word"
    """`word` is not understood; `detail` names near ones."""


class Refused(Exception):  # it travels inside the parser only; `parse` returns the problem as a value
    """A mistake that was met while reading."""

    def __init__(
        self, code: Code, span: tuple[int, int], word: str = "", repairs: Sequence[str] = (), detail: Sequence[str] = ()
    ) -> None:
        super().__init__(code)
        self.problem = Problem(code, span, word, tuple(repairs), tuple(detail))
