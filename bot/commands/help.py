"""`/help`: every command with what it is for, or one command with an example."""

from collections.abc import Callable, Mapping, Sequence

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Parameter, Who
from bot.commands.arguments import Mistake, words_of
from bot.commands.base import Command, Desk
from bot.commands.report import reply
from bot.commands.topics import LANGUAGE, MEANINGS, example, topic
from bot.phrases import bold, code, line, shortened
from signals.model import Metric
from signals.rules.metrics import METRICS
from signals.rules.nearest import nearest

SPEC = CommandSpec(
    "help",
    "What you can ask, or one command, metric or signal explained",
    (Parameter("topic", "Command, metric or signal, such as alert, ls.top or negfunding"),),
    "/help alert",
)

_MORE: Mapping[str, Sequence[str]] = {
    "alert": (
        f"What: {', '.join(METRICS)}, or a signal of /signals.",
        "Coins: ETH · BTC,ETH · watchlist · * for all · ETH@okx for one venue.",
        "Line: < <= > >= with a unit (-0.01%, $10M, 2.4M coins, 20x), or rises by, falls by, moves by.",
        "A moment instead of a state: crosses up 0%, crosses down $3000, crosses 0% for both ways.",
        "Or by the coin's own past: p5 (lower than 95% of 90 days), z3 (three own spreads), 3x (its usual sum).",
        "Up to four conditions with and. Behind them: for 15m (how long it must hold), every 4h (reminders),",
        "every off, once, until 7d, clear -0.005%, shadow 7d (in silence), loud, quiet, ungated, note and your words.",
        "The answer shows what the rule would have done; Save makes it a rule, nothing is saved before.",
    ),
    "edit": ("Such as: /edit #3 for 30m · /edit #3 every off loud · /edit #3 ETH funding < -0.02%.",),
    "mute": ("Such as: /mute ETH 2h · /mute #3 until clear · /mute funding 8h · /mute 1h for all · /unmute.",),
    "ls": tuple(f"{name} is {MEANINGS[name]}" for name in (Metric.LS, Metric.LS_TOP, Metric.LS_POS)),
    "import": ("Such as: /import ETH funding < -0.01%; watch ETH SOL; paused BTC oi 4h falls by 5%.",),
    "watch": ("Rules on them begin with watchlist: /alert watchlist funding < -0.01%.",),
}
"""What an example alone does not say."""


def helping(commands: Callable[[], Mapping[str, Command]]) -> Command:
    """The command that explains these, itself among them; they are looked up when it is asked."""

    async def answer(invocation: Invocation, desk: Desk) -> Message:
        known = {name: command.spec for name, command in commands().items()}
        words = words_of(invocation)
        return _one(words[0], known, desk) if words else _all(known)

    return Command(SPEC, Who.ANY, answer)


def _all(known: Mapping[str, CommandSpec]) -> Message:
    return reply(
        "📖",
        line(bold("What you can ask")),
        lines=tuple(line(code(usage(spec)), f"  {spec.help}") for spec in known.values()),
        small="One of them: /help alert · a metric or a signal: /help ls.top, /help negfunding. Not advice.",
        data=(("commands", [{"name": s.name, "help": s.help, "example": s.example} for s in known.values()]),),
    )


def _one(word: str, known: Mapping[str, CommandSpec], desk: Desk) -> Message:
    bare = word.lower().removeprefix("/")
    spec = known.get("alert" if bare in LANGUAGE else bare)
    about = topic(bare, desk.signals) if spec is None else None
    if about is not None:
        return about
    if spec is None:
        near = nearest(bare, (*known, *METRICS, *(signal.name for signal in desk.signals)))
        said = f"There is no command, metric or signal {shortened(word)}; see /help."
        raise Mistake(said, *(f"/help {name}" for name in near))
    return reply(
        "📖",
        line(bold(usage(spec)), f" · {spec.help}"),
        lines=(
            *(line(code(p.name), f"  {p.help}{'' if p.required else ' (may be left out)'}") for p in spec.parameters),
            *(line(said) for said in _MORE.get(spec.name, _meant(spec.name))),
            line("Example: ", code(spec.example)),
        ),
        buttons=(Button(spec.example, spec.example),),
        data=(("name", spec.name), ("help", spec.help), ("example", spec.example)),
    )


def _meant(name: str) -> Sequence[str]:
    """What a metric of the same name means, and how a rule asks for it."""
    return (f"{name} is {MEANINGS[name]}", f"In a rule: {example(name)}") if name in MEANINGS else ()


def usage(spec: CommandSpec) -> str:
    """The command with its arguments: `/mute [SUBJECT] [TIME]`."""
    named = [p.name.upper() if p.required else f"[{p.name.upper()}]" for p in spec.parameters]
    return " ".join([f"/{spec.name}", *named])
