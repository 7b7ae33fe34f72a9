"""The dry run over 90 days of hours: in leaps, over all coins at once, against every bar of every coin in turn."""

from collections.abc import Mapping
from datetime import UTC, timedelta

from bench.markets import END, market
from bench.measure import race, report, turn
from signals.judge import policy, verdict
from signals.model import Metric
from signals.panel import Panel, decimal, from_ms
from signals.registry import BY_NAME, SIGNALS
from signals.rehearsal import Rehearsal, rehearse
from signals.rules.language import Vocabulary, parse
from signals.rules.lifecycle import AlertState, Change, Seen, advance
from signals.rules.model import Draft, Problem
from signals.rules.neighbours import step

COINS, DAYS = 600, 98
HOUR, SPAN = timedelta(hours=1), timedelta(days=90)
ONE, EVERY = "C007 funding < -0.01% for 15m", "* funding < -0.01%"
OTHERS = (
    EVERY,
    "* liq 1h > 5x",
    "* oi 4h < z-3",
    "* funding < p5",
    "* liqspike",
    "* divergence",
    "* price 1h moves by 2%",
)


def draft_of(sentence: str, coins: tuple[str, ...]) -> Draft:
    read = parse(sentence, Vocabulary(coins, (), SIGNALS, END, UTC))
    assert not isinstance(read, Problem), read.code
    return read


def in_leaps(draft: Draft, coins: tuple[str, ...], panel: Panel) -> Rehearsal:
    return rehearse(draft, coins, panel, BY_NAME, END)


def fires(of: Rehearsal) -> Mapping[str, int]:
    span = of.spans[SPAN]
    if span is None or len(of.coins) != of.asked:
        raise AssertionError("not all of it was judged: its time means nothing")
    return dict(span.fires)


def bar_by_bar(draft: Draft, coins: tuple[str, ...], panel: Panel) -> Mapping[str, int]:
    """Only the counts of the span, without neighbours."""
    rule, found = policy(draft, HOUR), dict[str, int]()
    since, condition = END - SPAN, draft.condition
    rates = decimal(panel[Metric.FUNDING][-(90 * 24 + 2) :])
    times = [from_ms(ms) for ms in panel.times[-len(rates) :].tolist()]
    for coin in coins:
        state, column = AlertState(), panel.coins.index(coin)
        for at, rate in zip(times, rates[:, column].tolist(), strict=True):
            state, told = advance(state, Seen(at, *verdict(condition, rate)), rule)
            if told is not None and told.change is Change.FIRED and at > since:
                found[coin] = found.get(coin, 0) + 1
    return found


def main() -> None:
    panel = market(COINS, HOUR, DAYS * 24)
    one, every = draft_of(ONE, panel.coins), draft_of(EVERY, panel.coins)
    rows = {
        **race({f"{ONE}: in leaps": lambda: fires(in_leaps(one, one.coins, panel)),
                f"{ONE}: bar by bar": lambda: bar_by_bar(one, one.coins, panel)}, 5),
        **race({f"{EVERY}: in leaps": lambda: fires(in_leaps(every, panel.coins, panel)),
                f"{EVERY}: bar by bar": lambda: bar_by_bar(every, panel.coins, panel)}, 1),
    }  # fmt: skip
    told = sum(fires(in_leaps(every, panel.coins, panel)).values())
    if not told:
        raise AssertionError("nothing fired: equal results prove nothing")
    others: dict[str, str] = {}
    for sentence in OTHERS:
        draft = draft_of(sentence, panel.coins)
        sides = step(draft, SIGNALS)
        beside = [other for other in (sides.easier, sides.harder) if other is not None]
        took = turn(
            lambda draft=draft, beside=beside: rehearse(draft, panel.coins, panel, BY_NAME, END, neighbours=beside)
        )  # type: ignore[misc] # bound
        of = took.result
        assert isinstance(of, Rehearsal)
        rate = "nothing known" if of.a_week is None else f"{of.a_week:.4g} a week"
        others[sentence] = (
            f"{took.cpu:.2f} s of CPU with {len(beside)} neighbours, {len(of.coins)} of {of.asked} coins, {rate}"
        )
    report("rehearsal", "at most 2 s", rows, coins=COINS, hours=DAYS * 24, fires=told, **others)


if __name__ == "__main__":
    main()
