"""`/why not #3`: what kept a rule from firing or from being told, and how close it came."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from adapters.chat.base import Button, Invocation, Json, Line, Message
from bot.commands.arguments import Mistake, rule_number, words_of
from bot.commands.base import Desk
from bot.commands.change import numbered
from bot.commands.dryrun import PATIENT
from bot.commands.market import coins_of, view_of
from bot.commands.report import reply
from bot.commands.rules import stands
from bot.commands.sample import held_now
from bot.conditions import fired, named, standing
from bot.phrases import bold, code, count, dated, iso, line, lines_of, share, spoken, window
from bot.swallowed import LOOKED_BACK, ends_of, fared
from signals.judge import policy
from signals.misses import Held, Leg, Miss, Misses, misses
from signals.model import Metric, Unit, Yardstick
from signals.rules.canonical import canonical
from signals.rules.lifecycle import Change
from signals.rules.model import Condition, Rule
from signals.units import Beside, duration, number

LOOKED_AT = timedelta(days=1)
"""How far back bars are looked at."""

MOST_FATES = 4
"""Ways in which alerts ended that are told."""


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """The rule's standing, what holds its alerts back, and its nearest miss. Raises Mistake."""
    words = words_of(invocation)[1:]
    if len(words) != 1 or rule_number(words[0]) is None:
        raise Mistake("Of which rule? Such as: /why not #3", "/alerts")
    rule = await numbered(words[0], invocation, desk)
    held, found = held_now(rule, desk), await _misses(rule, invocation, desk)
    return reply(
        "📊",
        line(bold(f"Why not #{rule.number}"), f" · {await stands(rule, invocation, desk)}"),
        lines=(
            line(code(canonical(rule.draft))),
            *([line(bold("An alert is held back now: "), held)] if held else []),
            *await _fates(rule, invocation, desk),
            *(_told(found, rule, desk) if found else [line("No bar was closed since it was made.")]),
        ),
        buttons=(Button(f"Rule #{rule.number}", f"/alerts {rule.number}"),),
        data=(
            ("rule", rule.number),
            ("sentence", canonical(rule.draft)),
            ("held", held),
            ("misses", _facts(found)),
        ),
    )


async def _misses(rule: Rule, invocation: Invocation, desk: Desk) -> Misses | None:
    """How close it came in the last day, or since it was made; aside of the loop. Raises Mistake."""
    draft, place = rule.draft, invocation.place
    try:
        async with asyncio.timeout(max(desk.patience, PATIENT).total_seconds()):
            market = await view_of(desk, draft, place, LOOKED_AT)
            coins = await coins_of(draft, place, desk, market.cycle)
            at, signals = market.cycle.at, {signal.name: signal for signal in desk.signals}
            since = max(at - LOOKED_AT, rule.created)
            if not coins or since >= at or not len(market.panel.times):
                return None
            return await asyncio.to_thread(misses, draft, coins, market.panel, signals, since, at)
    except TimeoutError:
        raise Mistake("That takes too long now. Ask again in a minute.", f"/why not #{rule.number}") from None


async def _fates(rule: Rule, invocation: Invocation, desk: Desk) -> Sequence[Line]:
    """What became of its last alerts, and when it fired last."""
    events = await desk.store.recent([rule.id], LOOKED_BACK)
    if not events:
        return [line("It has never fired since it is here.")]
    ends = ends_of(await desk.store.outcomes(invocation.place, LOOKED_BACK))
    fates = Counter(fared(event, ends) for event in events).most_common(MOST_FATES)
    last = next((event for event in events if event.change is Change.FIRED), None)
    at = f"; it fired last on {last.coin}, {dated(last.at, desk.zone)}" if last else ""
    said = ", ".join(f"{times:,} {fate}" for fate, times in fates)
    return [line(f"Of its last {count(len(events), 'alert')}: {said}{at}.")]


def _told(of: Misses, rule: Rule, desk: Desk) -> Sequence[Line]:
    """Over what was looked, and how close it came."""
    some = f"{len(of.scene.coins)} of {count(of.asked, 'coin')}" if len(of.scene.coins) < of.asked else ""
    since = f"since {dated(of.since, desk.zone)}, bars of {window(of.scene.step)}"
    unknown = f" {share(1 - of.known)} of them are unknown, and neither fire nor end anything." if of.known < 1 else ""
    looked = line(bold("Looked at"), f" {some or count(of.asked, 'coin')} {since}.{unknown}")
    said = [*_held(of.held, rule, of, desk), *_near(of.nearest, desk)]
    return [looked, *(said or [line("Nothing of it was known in that time, so it could not fire.")])]


def _held(of: Held | None, rule: Rule, looked: Misses, desk: Desk) -> Sequence[Line]:
    """For how long it was past its line, where it was."""
    if of is None:
        return []
    hold = policy(rule.draft, looked.scene.step).hold
    at = f"on {of.coin} from {dated(of.first, desk.zone)} to {dated(of.last, desk.zone)}"
    if of.from_the_start:
        return [line(bold("Past its line already"), f" {at}: it is told once it has let go and comes there again.")]
    if of.last - of.first < hold:
        short = f"for {duration(of.last - of.first)} of the {duration(hold)} that it must hold"
        return [line(bold("Not long enough:"), f" past its line {at}, {short}.")]
    return [line(bold("Past its line"), f" {at}: that is told, unless something above held it back.")]


def _near(of: Miss | None, desk: Desk) -> Sequence[Line]:
    """The bar on which it came closest without being past its line."""
    if of is None:
        return []
    head = line(bold("Nearest miss:"), f" {of.coin}, {dated(of.at, desk.zone)}")
    return [head, *(line(f"   {_leg(leg, of.coin)}") for leg in of.legs)]


def _leg(of: Leg, coin: str) -> str:
    condition = of.condition
    is_value = condition.yardstick is Yardstick.VALUE
    beside = lines_of(condition.line, condition.clear, absolute=condition.absolute)
    value = _valued(of.value, condition, coin, beside) if is_value else standing(condition.yardstick, of.value, beside)
    far = "past its line" if of.met else "on its line, not past it" if not of.short else f"{_distance(of, coin)} short"
    return f"{named(condition)} {value}, fires {fired(condition, coin)}: {far}"


def _valued(value: float, of: Condition, coin: str, beside: Beside = ()) -> str:
    return spoken(value, of.unit, coin, is_price=of.name == Metric.PRICE and of.unit is Unit.USD, beside=beside)


def _distance(of: Leg, coin: str) -> str:
    match of.condition.yardstick:
        case Yardstick.VALUE:
            return _valued(of.short, of.condition, coin).removeprefix("+")
        case Yardstick.RANK:
            return f"{number(of.short * 100, 1)}% of the ranks"
        case Yardstick.SPREADS:
            return f"{number(of.short, 2)} own spreads"
        case Yardstick.MULTIPLE:
            return f"{number(of.short, 1)}x its usual sum"


def _facts(of: Misses | None) -> Json:
    if of is None:
        return None
    near, held = of.nearest, of.held
    return {
        "since": iso(of.since),
        "bars_s": of.scene.step.total_seconds(),
        "coins": list(of.scene.coins),
        "asked": of.asked,
        "known": of.known,
        "nearest": None
        if near is None
        else {
            "coin": near.coin,
            "at": iso(near.at),
            "legs": [
                {
                    "name": leg.condition.name,
                    "value": leg.value,
                    "line": leg.condition.line,
                    "unit": str(leg.condition.unit),
                    "yardstick": str(leg.condition.yardstick),
                    "short": leg.short,
                    "met": leg.met,
                }
                for leg in near.legs
            ],
        },
        "held": None
        if held is None
        else {"coin": held.coin, "from": iso(held.first), "to": iso(held.last), "from_the_start": held.from_the_start},
    }
