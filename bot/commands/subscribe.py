"""`/subscribe` and `/unsubscribe`: a signal with its own levels, on some coins or on all."""

from collections.abc import Mapping, Sequence

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Parameter, Who
from bot.commands import change
from bot.commands.arguments import Mistake, coin_of, mended, rule_number, words_of
from bot.commands.base import Command, Desk
from bot.commands.market import latest, vocabulary
from bot.commands.report import reply
from bot.commands.saving import save
from bot.phrases import bold, code, line, shortened
from bot.wording import problem
from signals.base import Signal
from signals.rules.canonical import canonical
from signals.rules.language import parse
from signals.rules.model import EVERY_COIN, Problem, Rule
from signals.rules.nearest import nearest
from signals.rules.scope import written
from signals.rules.words import EVERY_WORDS


async def subscribe(invocation: Invocation, desk: Desk) -> Message:
    """The rule that a signal with these coins makes; without a signal, the signals to choose from."""
    signals = {signal.name: signal for signal in desk.signals}
    words = words_of(invocation)
    if not words:
        return _choice(signals)
    signal, others = _signal(invocation, words, signals)
    cycle = await latest(desk)
    coins = [coin_of(invocation, word, cycle.readings) for word in others if word.lower() not in EVERY_WORDS]
    scope = ",".join(written(coin) for coin in dict.fromkeys(coins)) or EVERY_COIN
    draft = parse(f"{scope} {signal.name}", vocabulary(cycle, desk))
    return problem(draft) if isinstance(draft, Problem) else await save(draft, invocation, desk, invocation.seen)


async def unsubscribe(invocation: Invocation, desk: Desk) -> Message:
    """The rules of a bare signal are gone, or the one with that number."""
    words = words_of(invocation)
    if len(words) == 1 and rule_number(words[0]) is not None:
        return await change.delete(invocation, desk)
    own = [rule for rule in await desk.store.of(invocation.place) if rule.draft.condition.stock]
    names = sorted({rule.draft.condition.name for rule in own})
    if not words:
        raise Mistake("Which one? Name a signal or a rule, such as #3.", *(f"/unsubscribe {name}" for name in names))
    ending = [rule for rule in own if words == [rule.draft.condition.name]]
    if not ending:
        near = nearest(words[0], names)
        raise Mistake(
            f"Nothing here is subscribed to {shortened(' '.join(words))}. See /alerts.",
            *(f"/unsubscribe {name}" for name in near),
        )
    for rule in ending:
        await desk.store.remove(rule.id, invocation.place, f"{invocation.seen}:{rule.number}")
    return _ended(ending)


def _signal(
    invocation: Invocation, words: Sequence[str], signals: Mapping[str, Signal]
) -> tuple[Signal, Sequence[str]]:
    """The one signal among the words, and the other words. Raises Mistake."""
    named = [word for word in words if word.lower() in signals]
    if len(named) > 1:
        raise Mistake("One signal at a time.", *(f"/subscribe {name.lower()}" for name in named[:2]))
    if not named:
        near = nearest(words[0], signals)
        known = "" if near else f" There are: {', '.join(signals)}."
        raise Mistake(
            f"I do not know the signal {shortened(words[0])}.{known}",
            *(mended(invocation, words[0], name) for name in near),
        )
    return signals[named[0].lower()], [word for word in words if word != named[0]]


def _choice(signals: Mapping[str, Signal]) -> Message:
    return reply(
        "🔔",
        line(bold("Which signal?"), " Name it, and coins if not all: ", code("/subscribe negfunding ETH")),
        lines=tuple(line(code(signal.name), f" · {signal.title}") for signal in signals.values()),
        buttons=tuple(Button(name, f"/subscribe {name}") for name in signals),
        data=(("signals", list(signals)),),
    )


def _ended(ended: Sequence[Rule]) -> Message:
    numbers = ", ".join(f"#{rule.number}" for rule in ended)
    return reply(
        "🗑️",
        line(bold(f"Ended: {numbers}")),
        lines=tuple(line(code(canonical(rule.draft))) for rule in ended),
        data=(("removed", [rule.number for rule in ended]),),
    )


SUBSCRIBE = Command(
    CommandSpec(
        "subscribe",
        "Be told of a signal, on some coins or on all",
        (
            Parameter("signal", "Signal, such as negfunding", choices="signal"),
            Parameter("coins", "Coins, such as ETH SOL; all if none", choices="coin"),
        ),
        "/subscribe negfunding ETH",
    ),
    Who.OWNER,
    subscribe,
)

UNSUBSCRIBE = Command(
    CommandSpec(
        "unsubscribe",
        "End a subscription, by signal or by number",
        (Parameter("what", "Signal, or rule such as #3", choices="signal"),),
        "/unsubscribe negfunding",
    ),
    Who.OWNER,
    unsubscribe,
)
