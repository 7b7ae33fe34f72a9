"""`/test`: a marked sample through the real delivery path, which tells how long it was on its way."""

from adapters.chat.base import CommandSpec, Invocation, Message, Parameter, Who
from adapters.store.place_settings import Noise
from adapters.venues.base import Label
from bot import notices
from bot.commands.base import Command, Desk
from bot.commands.change import one_rule
from bot.commands.report import reply
from bot.commands.rules import muted
from bot.gates import NOT_LOUD, QUIET, SHADOW, STOPPED, quiet_now
from bot.phrases import bold, count, line
from signals.rules.model import Loudness, Rule


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """That a sample waits in the lane of this place, and what would hold a real alert back."""
    rule = await one_rule(invocation, desk) if invocation.arguments.strip() else None
    cycle = await desk.store.latest()
    held = held_now(rule, desk)
    label = cycle.label if cycle else Label.LIVE
    sample = notices.sample(str(invocation.place), invocation.seen, rule, held, desk.now, label)
    await desk.store.post(invocation.place, sample, desk.now)
    waiting = await desk.store.waiting(invocation.place)
    return reply(
        "🧪",
        line(bold("A sample is on its way"), f" · {count(waiting, 'message')} waiting here with it"),
        lines=(line("It takes the lane and the sender that alerts take, and says how long that took."),),
        data=(("sample", sample.id), ("rule", rule.number if rule else None), ("held", held)),
    )


def held_now(rule: Rule | None, desk: Desk) -> str:
    """What would hold a real alert back now."""
    settings = desk.settings
    if settings.stopped:
        return f"{STOPPED}, /start goes on"
    if rule is None:
        return ""
    if rule.paused:
        return f"paused, /resume #{rule.number}"
    if rule.draft.shadow is not None:
        return SHADOW
    if (mute := muted(rule, settings.mutes, desk.now)) is not None:
        return f"muted, /unmute {mute.subject}"
    if rule.draft.loudness is Loudness.LOUD:
        return ""
    if settings.noise is Noise.LOUD:
        return f"{NOT_LOUD}, /settings noise"
    waits = settings.quiet is not None and not settings.quiet.silent and quiet_now(settings, desk.now)
    return f"{QUIET}, /settings quiet" if waits else ""


TEST = Command(
    CommandSpec(
        "test",
        "Send a marked sample the way alerts come, with its delay",
        (Parameter("number", "Number of the rule, such as #3", choices="rule"),),
        "/test",
    ),
    Who.OWNER,
    answer,
)
