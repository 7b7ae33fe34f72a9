"""The commands in the order of the menus, and the answer to one invocation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from adapters.chat.base import Button, Invocation, Message, Who
from adapters.store.place_settings import PlaceSettings
from bot.commands.about import ABOUT, PRIVACY
from bot.commands.ack import ACK
from bot.commands.admin import ADMIN
from bot.commands.alert import ADJUST, ALERT, CANCEL, DRY_RUN, SAVE
from bot.commands.arguments import LONGEST_ARGUMENTS, Mistake
from bot.commands.backtest import BACKTEST
from bot.commands.base import Command, Desk
from bot.commands.begin import START, STOP
from bot.commands.change import ARM, DELETE, PAUSE, RESUME, UNDO
from bot.commands.chart import CHART
from bot.commands.digest import DIGEST
from bot.commands.edit import EDIT
from bot.commands.forget import ERASE, FORGET
from bot.commands.funding import FUNDING
from bot.commands.help import helping
from bot.commands.importing import EXPORT, IMPORT
from bot.commands.late import LATE
from bot.commands.liq import LIQ
from bot.commands.ls import LS
from bot.commands.market import vocabulary
from bot.commands.mention import MENTION
from bot.commands.mute import MUTE, SNOOZE, UNMUTE
from bot.commands.oi import OI
from bot.commands.old import OLD
from bot.commands.presets import PRESETS_COMMAND
from bot.commands.ratio import RATIO
from bot.commands.rules import ALERTS
from bot.commands.sample import TEST
from bot.commands.settings import SETTINGS_COMMAND
from bot.commands.signals import SIGNALS
from bot.commands.status import STATUS
from bot.commands.subscribe import SUBSCRIBE, UNSUBSCRIBE
from bot.commands.top import TOP
from bot.commands.track import TRACK
from bot.commands.use import USE
from bot.commands.watch import UNWATCH, WATCH, WATCHLIST_COMMAND
from bot.commands.why import WHY
from bot.phrases import shortened
from bot.wording import problem, unclear
from signals.rules.meant import meant
from signals.rules.metrics import METRICS
from signals.rules.model import Draft, Problem
from signals.rules.nearest import nearest

_IN_ORDER = (
    helping(lambda: COMMANDS),
    START,
    FUNDING,
    OI,
    LS,
    LIQ,
    RATIO,
    TOP,
    SIGNALS,
    TRACK,
    SUBSCRIBE,
    UNSUBSCRIBE,
    PRESETS_COMMAND,
    ALERT,
    BACKTEST,
    ALERTS,
    EDIT,
    PAUSE,
    RESUME,
    DELETE,
    WATCH,
    UNWATCH,
    WATCHLIST_COMMAND,
    MUTE,
    UNMUTE,
    SNOOZE,
    WHY,
    ACK,
    SETTINGS_COMMAND,
    DIGEST,
    MENTION,
    TEST,
    IMPORT,
    EXPORT,
    STATUS,
    STOP,
    USE,
    PRIVACY,
    FORGET,
    ABOUT,
    ADMIN,
)

COMMANDS: Mapping[str, Command] = {command.spec.name: command for command in _IN_ORDER}
"""Every command by its name, as menus and help show them."""

_ON_BUTTONS = (SAVE, DRY_RUN, ADJUST, CANCEL, UNDO, ARM, CHART, ERASE, OLD, LATE)

PRESSED: Mapping[str, Command] = {command.spec.name: command for command in _ON_BUTTONS}
"""What only buttons say."""


async def answer(invocation: Invocation, desk: Desk, known: PlaceSettings | None = None) -> Message:
    """The answer to what was typed; a mistake is answered by a sentence that names the cure.

    `known` are the place's settings where they were just read.
    """
    settings = await _settings(invocation, desk, known)
    desk = replace(desk, settings=settings, quota=replace(desk.quota, rules=settings.rules or desk.quota.rules))
    command = COMMANDS.get(invocation.name) or PRESSED.get(invocation.name)
    if command is None:
        return await _unknown(invocation, desk)
    if not may(command.who, invocation):
        return unclear(f"Only {_ALLOWED[command.who]} may use /{command.spec.name} here.", code="rights")
    try:
        return await command.answer(invocation, desk)
    except Mistake as mistake:
        read = await rule_of(invocation, desk) if invocation.name in METRICS else None
        if isinstance(read, Problem):  # such as: funding < -0.01%
            return problem(read)
        return unclear(mistake.sentence, [Button(repair, repair) for repair in mistake.repairs])


async def _settings(invocation: Invocation, desk: Desk, known: PlaceSettings | None) -> PlaceSettings:
    """What the place has asked for; whoever says something there can be written to again."""
    settings = known or await desk.store.settings(invocation.place)
    if not settings.gone:
        return settings
    return await desk.store.change(invocation.place, lambda of: replace(of, gone=""), f"here:{invocation.seen}")


def may(who: Who, invocation: Invocation) -> bool:
    """Whether this person may use a command of that kind; an operator may use all."""
    match who:
        case Who.ANY:
            return True
        case Who.OWNER:
            return invocation.owner or invocation.operator
        case Who.OPERATOR:
            return invocation.operator


_ALLOWED: Mapping[Who, str] = {Who.OWNER: "those who look after this place", Who.OPERATOR: "operators"}


async def _unknown(invocation: Invocation, desk: Desk) -> Message:
    """No such command: the rule that the line is or nearly is, or a near command, or the way to help."""
    read = await rule_of(invocation, desk)
    if isinstance(read, Problem):
        return problem(read)
    if read is not None:
        said = f"/alert {invocation.name} {invocation.arguments}"
        return unclear("That is a rule. Save it with /alert before it.", [Button(said, said)])
    near = nearest(invocation.name, COMMANDS)
    help_ = "" if near else " See /help."
    return unclear(f"There is no /{shortened(invocation.name)}.{help_}", _mended(invocation, near))


async def rule_of(invocation: Invocation, desk: Desk) -> Draft | Problem | None:
    """The rule that the whole line is, without a command before it, or what is wrong with what was meant as one."""
    cycle = await desk.store.latest()
    if cycle is None:
        return None
    return meant(f"{invocation.name} {invocation.arguments}".strip(), vocabulary(cycle, desk))


def _mended(invocation: Invocation, near: Sequence[str]) -> Sequence[Button]:
    rest = f" {invocation.arguments}" if 0 < len(invocation.arguments) <= LONGEST_ARGUMENTS else ""
    lines = [f"/{name}{rest}" for name in near] or ["/help"]
    return [Button(said, said) for said in lines]
