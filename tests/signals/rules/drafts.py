"""Rules as data, out of everything that the language can say."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import assume
from hypothesis import strategies as st

from signals.model import ALL, Unit, Yardstick
from signals.rules import ends
from signals.rules.canonical import canonical
from signals.rules.metrics import LEVEL, METRICS, MOVERS, PRICE_MOVE, Measure, of_signal
from signals.rules.model import EVERY_COIN, WATCHLIST, Compare, Condition, Crossing, Draft, Loudness
from signals.rules.notes import LONGEST_NOTE
from signals.rules.reading import LONGEST
from tests.signals.rules.vocabulary import COINS, NOW, VENUES, VOCABULARY

SIGNALS = {signal.name: signal for signal in VOCABULARY.signals}
MEASURES = (*METRICS.values(), PRICE_MOVE, *(of_signal(signal) for signal in SIGNALS.values()))
PERCENTS = (Unit.RATE_8H, Unit.RATE_YEAR, Unit.FRACTION)
MINUTE = timedelta(minutes=1)


@st.composite
def lines(draw: st.DrawFn, measure: Measure, least: float, most: float) -> float:
    """A number of the measure between two bounds, as a person could type it: few digits, or very many."""
    scale = 2 if measure.unit in PERCENTS or measure.yardstick is Yardstick.RANK else 0
    places = draw(st.integers(0, 8))
    low, high = (Decimal(repr(bound)).scaleb(scale + places) for bound in (least, most))
    assume(int(low) <= int(high))
    number = Decimal(draw(st.integers(int(low), int(high)))).scaleb(-places)
    assume(abs(number) < 10**12)
    return float(number.scaleb(-scale)) + 0.0


@st.composite
def signal_alone(draw: st.DrawFn, measure: Measure, side: str) -> Condition:
    """A signal with its own levels."""
    signal = SIGNALS[measure.name]
    window = draw(st.sampled_from(measure.windows))
    return Condition(signal.name, window, signal.compare, signal.fire, signal.clear, signal.unit, side=side, stock=True)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """Any condition that the language can say."""
    plain = draw(st.sampled_from(MEASURES))
    sides = sorted(plain.signal.sides) if plain.signal else []
    side = str(draw(st.sampled_from(["", *sides])))
    if plain.signal is not None and (plain.unit is Unit.STATE or draw(st.booleans())):
        return draw(signal_alone(plain, side))
    measure = plain.by(draw(st.sampled_from([Yardstick.VALUE, *sorted(plain.yardsticks)])))
    window = draw(st.sampled_from(measure.windows))
    ways = [*Crossing] if measure.signal is None else []
    crossing = draw(st.sampled_from([None, None, *ways]))
    moves = measure.name in MOVERS and window != LEVEL and measure.yardstick is Yardstick.VALUE
    absolute = crossing is None and moves and draw(st.booleans())
    compare = Compare.AT_LEAST if absolute else draw(st.sampled_from(Compare))
    if crossing:
        compare = Compare.BELOW if crossing is Crossing.DOWN else Compare.ABOVE
    least, most = measure.range
    line = draw(lines(measure, 1e-10 if absolute else least, most))
    assume(line > 0 or not absolute)
    clear, own = measure.clear(line, compare, crossed=crossing is not None), crossing is None and draw(st.booleans())
    if own:
        bounds = (line, most) if compare.downward else (0.0 if absolute else least, line)
        clear = draw(lines(measure, *bounds))
        assume(clear > line if compare.downward else clear < line)
    condition = Condition(measure.name, window, compare, line, clear, measure.unit, measure.yardstick, side)
    return replace(condition, absolute=absolute, own_clear=own, crossing=crossing)


NAMED = st.lists(st.sampled_from(COINS), min_size=1, max_size=5, unique=True).map(tuple)
COIN_LISTS = st.sampled_from([(EVERY_COIN,), (WATCHLIST,)]) | NAMED
HOLDS = st.integers(0, 86_400).map(lambda n: timedelta(seconds=n)) | st.integers(0, 1440).map(lambda n: MINUTE * n)
REPEATS = st.none() | st.integers(1, 10_080).map(lambda n: MINUTE * n)
ENDS = st.none() | st.integers(1, 366 * 1440).map(lambda n: ends.whole(NOW + MINUTE * n))
SHADOWS = st.none() | st.integers(24, 720).map(lambda n: timedelta(hours=n))
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
SIGNS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters=TURNING)
NOTES = st.just("") | st.text(SIGNS, max_size=LONGEST_NOTE).map(lambda text: " ".join(text.split()))


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Any rule that the language can say."""
    several = draw(st.lists(conditions(), min_size=1, max_size=draw(st.sampled_from([1, 1, 2, 4]))))
    crossings = [condition for condition in several if condition.crossing]
    assume(len(crossings) <= 1)
    venue = ALL if any(one.name in SIGNALS for one in several) else draw(st.sampled_from((ALL, *VENUES)))
    once = draw(st.booleans())
    draft = Draft(
        draw(COIN_LISTS),
        venue,
        tuple(several),
        draw(HOLDS),
        None if once or crossings else draw(REPEATS),
        once,
        draw(ENDS),
        draw(SHADOWS),
        draw(st.sampled_from(Loudness)),
        draw(st.booleans()),
        draw(NOTES),
    )
    assume(len(canonical(draft)) <= LONGEST)
    return draft
