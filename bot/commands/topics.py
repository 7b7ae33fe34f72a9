"""What `/help` says of a word that is no command: a metric, a signal, or the language of rules."""

from collections.abc import Mapping, Sequence

from adapters.chat.base import Button, Message
from bot.commands.report import reply
from bot.conditions import own_levels
from bot.phrases import METRICS as NAMES
from bot.phrases import bold, code, line, window
from signals.base import Signal
from signals.model import Metric, Yardstick
from signals.rules.metrics import METRICS, Measure
from signals.units import duration

LANGUAGE = frozenset({"rule", "rules", "sentence", "language"})
"""Words for what `/help alert` explains."""

MEANINGS: Mapping[str, str] = {
    Metric.FUNDING: "the running rate per 8h, over venues by open interest; below zero shorts pay longs.",
    Metric.FUNDING_SETTLED: "the rate that was really paid last, per 8h.",
    Metric.FUNDING_APR: "the running rate as a simple yearly one.",
    Metric.FUNDING_SPREAD: "the highest running rate of a venue less the lowest, per 8h.",
    Metric.OI: "change of open interest in coins, over the venues present at both ends.",
    Metric.OI_LEVEL: "open interest in coins, one-sided: every contract has a long and a short.",
    Metric.OI_USD: "open interest in dollars, which moves with the price.",
    Metric.LS: "accounts that are long divided by accounts that are short; not money.",
    Metric.LS_TOP: "the same among the largest 20% of accounts by margin, not by result.",
    Metric.LS_POS: "what those accounts hold: their longs divided by their shorts.",
    Metric.TAKER: "what takers bought divided by what they sold.",
    Metric.LIQ: "dollars of forced closes that venues showed, longs and shorts together; ≥ where they show a sample.",
    Metric.LIQ_LONG: "dollars of longs that were closed by force, which is selling.",
    Metric.LIQ_SHORT: "dollars of shorts that were closed by force, which is buying.",
    Metric.RATIO: "spot divided by futures volume, the same venues on both legs.",
    Metric.PRICE: "the mark price over venues; with a window how far it moved.",
    Metric.BASIS: "mark less index price, as a share of the index.",
    Metric.VOLUME: "dollars of futures traded.",
}
_EXAMPLES: Mapping[str, str] = {
    Metric.FUNDING: "< -0.01%",
    Metric.FUNDING_SETTLED: "< 0%",
    Metric.FUNDING_APR: "> 50%",
    Metric.FUNDING_SPREAD: "> 0.02%",
    Metric.OI: "4h falls by 5%",
    Metric.OI_LEVEL: "> p95",
    Metric.OI_USD: "> $5B",
    Metric.LS: "> 2.5",
    Metric.LS_TOP: "> 2.5",
    Metric.LS_POS: "> 1.5",
    Metric.TAKER: "1h > 1.5",
    Metric.LIQ: "15m > $10M",
    Metric.LIQ_LONG: "15m > 5x",
    Metric.LIQ_SHORT: "15m > 5x",
    Metric.RATIO: "24h < 0.1",
    Metric.PRICE: "1h falls by 3%",
    Metric.BASIS: "< -0.1%",
    Metric.VOLUME: "1h > 3x",
}
_OWN_PAST: Mapping[Yardstick, str] = {
    Yardstick.RANK: "p5 (its rank in 90 days)",
    Yardstick.SPREADS: "z3 (own spreads)",
    Yardstick.MULTIPLE: "3x (its usual sum)",
}


def topic(word: str, signals: Sequence[Signal]) -> Message | None:
    """What it means and how a rule asks for it; None where it is neither a metric nor a signal."""
    signal = next((of for of in signals if of.name == word), None)
    if signal is not None:
        return _of_signal(signal)
    return _of_metric(METRICS[word]) if word in METRICS else None


def example(metric: str) -> str:
    """A rule on it."""
    return f"/alert ETH {metric} {_EXAMPLES[metric]}"


def _of_metric(of: Measure) -> Message:
    over = [f"Over {', '.join(window(w) for w in of.windows if w)}."] if any(of.windows) else []
    if of.window:
        over = [f"{over[0]} If none is written: {window(of.window)}."]
    by = [_OWN_PAST[each] for each in _OWN_PAST if each in of.yardsticks]
    rule = example(of.name)
    return reply(
        "📖",
        line(bold(of.name), f" · {NAMES.get(of.name, of.name)}"),
        lines=(
            line(f"It is {MEANINGS[of.name]}"),
            *(line(said) for said in over),
            *([line(f"Also by the coin's own past: {', '.join(by)}.")] if by else []),
            line("In a rule: ", code(rule)),
        ),
        buttons=(Button(rule, rule), Button("Rules", "/help alert")),
        data=(("metric", of.name), ("unit", str(of.unit)), ("windows", [window(w) for w in of.windows if w])),
    )


def _of_signal(of: Signal) -> Message:
    fires, ends = own_levels(of)
    held = f" for {duration(of.hold)}" if of.hold else ""
    sides = [f"Sides: {', '.join(f'{of.name}.{side}' for side in sorted(of.sides))}."] if of.sides else []
    windows = [f"Over {', '.join(window(w) for w in of.windows)}."] if any(of.windows) else []
    return reply(
        "📖",
        line(bold(of.name), f" · {of.title}"),
        lines=(
            line(f"Fires {fires}{held}, ends {ends}."),
            *(line(said) for said in (*windows, *sides)),
            line(f"It reads {', '.join(sorted(of.needs))}."),
            line("What followed it before: ", code(f"/track {of.name}")),
        ),
        buttons=(Button("Be told", f"/subscribe {of.name} ETH"), Button("Record", f"/track {of.name}")),
        data=(("signal", of.name), ("unit", str(of.unit)), ("fire", of.fire), ("clear", of.clear)),
    )
