"""`/alerts` and `/delete`: a place's own rules, how each stands, and how to end one."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.chat.base import Button, CommandSpec, Invocation, Json, Line, Message, Parameter
from adapters.store.base import Mute, PlaceSettings
from bot.commands.arguments import Mistake, rule_number, words_of
from bot.commands.base import Command, Desk, Who
from bot.commands.report import reply
from bot.phrases import ZONE, bold, code, count, iso, line, moment, shortened
from signals.rules.canonical import canonical
from signals.rules.lifecycle import AlertState, Phase
from signals.rules.model import EVERY_COIN, Rule
from signals.rules.scope import resolve

A_PAGE = 10
"""Rules in one answer."""

MOST_NAMED = 3
"""Coins named in one phase."""


async def alerts(invocation: Invocation, desk: Desk) -> Message:
    """The rules of the place by number: of one coin, or from one number on."""
    own = await desk.store.of(invocation.place)
    settings = await desk.store.settings(invocation.place)
    if not own:
        return _none()
    chosen = _chosen(invocation, own)
    states = await _states(desk, chosen[:A_PAGE])
    shown = [_entry(rule, states.get(rule.id, {}), settings, desk.now) for rule in chosen[:A_PAGE]]
    more = [Button("More", f"/alerts {chosen[A_PAGE].number}")] if len(chosen) > A_PAGE else []
    stopped = " · stopped, /start goes on" if settings.stopped else ""
    return reply(
        "📋",
        line(bold(count(len(own), "rule")), stopped),
        lines=tuple(spoken for entry in shown for spoken in entry),
        small=f"End one: /delete {own[0].number}. Silence one: /mute #{own[0].number} 2h. Silence all: /stop.",
        buttons=tuple(more),
        data=(("stopped", settings.stopped), ("rules", [_facts(r, states.get(r.id, {})) for r in chosen[:A_PAGE]])),
    )


async def delete(invocation: Invocation, desk: Desk) -> Message:
    """The rule with that number is gone; what it said can be pasted back."""
    rule = await one_rule(invocation, desk)
    await desk.store.remove(rule.id, invocation.place, invocation.seen)
    return reply(
        "🗑️",
        line(bold(f"Rule #{rule.number} deleted")),
        lines=(line(code(canonical(rule.draft))),),
        small="Its number is not used again. The button saves the same sentence as a new rule.",
        buttons=(Button("Save again", f"/alert {canonical(rule.draft)}"),),
        data=(("removed", [rule.number]), ("sentence", canonical(rule.draft))),
    )


async def one_rule(invocation: Invocation, desk: Desk) -> Rule:
    """The rule of this place that the arguments name by number. Raises Mistake."""
    words = words_of(invocation)
    own = await desk.store.of(invocation.place)
    number = rule_number(words[0]) if len(words) == 1 else None
    if number is None:
        raise Mistake(
            f"Which rule? Name its number, such as /{invocation.name} 3; see /alerts.",
            *(f"/{invocation.name} {rule.number}" for rule in own[:MOST_NAMED]),
        )
    rule = next((rule for rule in own if rule.number == number), None)
    if rule is None:
        raise Mistake(f"There is no rule #{number} here now; see /alerts.", "/alerts")
    return rule


def _none() -> Message:
    return reply(
        "📋",
        line(bold("No rules here yet.")),
        lines=(line("Make one: ", code("/subscribe negfunding ETH"), " or ", code("/alert ETH funding < -0.01%")),),
        buttons=(Button("Signals", "/subscribe"),),
        data=(("rules", []),),
    )


def _chosen(invocation: Invocation, own: Sequence[Rule]) -> Sequence[Rule]:
    """The rules asked for. Raises Mistake where none of them is."""
    words = words_of(invocation)
    if not words:
        return own
    number = rule_number(words[0])
    if number is not None:
        chosen = [rule for rule in own if rule.number >= number]
    else:
        coins = {coin for rule in own for coin in rule.draft.coins}
        coin = resolve(f"${words[0].lstrip('$#')}", coins - {EVERY_COIN})
        chosen = [rule for rule in own if coin in rule.draft.coins or rule.draft.coins == (EVERY_COIN,)]
    if not chosen:
        raise Mistake(f"No rule here is about {shortened(words[0])}.", "/alerts")
    return chosen


async def _states(desk: Desk, rules: Sequence[Rule]) -> Mapping[str, Mapping[str, AlertState]]:
    """Per rule id and coin where it stands."""
    found: dict[str, dict[str, AlertState]] = {rule.id: {} for rule in rules}
    for (rule_id, coin), _, state in await desk.store.states():
        if rule_id in found:
            found[rule_id][coin] = state
    return found


def _entry(rule: Rule, states: Mapping[str, AlertState], settings: PlaceSettings, now: datetime) -> tuple[Line, Line]:
    mute = muted(rule, settings.mutes, now)
    silent = f" · muted until {moment(mute.until, now, ZONE)}" if mute else ""
    return (
        line(bold(f"#{rule.number} "), code(canonical(rule.draft))),
        line(f"   {_standing(states, now)}{silent}"),
    )


def muted(rule: Rule, mutes: Sequence[Mute], now: datetime) -> Mute | None:
    """The mute that silences all of this rule, if one does: it is the one that ends last."""
    coins = rule.draft.coins
    subjects = {"*", f"#{rule.number}", rule.draft.condition.name, *(coins if len(coins) == 1 else ())}
    return max((m for m in mutes if m.subject in subjects and now < m.until), key=lambda m: m.until, default=None)


_SAID: Mapping[Phase, str] = {
    Phase.FIRING: "firing",
    Phase.RECOVERING: "ending",
    Phase.PENDING: "past the line, not yet long enough",
    Phase.NO_DATA: "no data",
    Phase.ERROR: "cannot be judged",
}
"""The phases worth a word, the loudest first."""


def _standing(states: Mapping[str, AlertState], now: datetime) -> str:
    """The phases that its coins are in, and since when it fires."""
    if not any(state.armed for state in states.values()):
        return "no data yet" if states else "not judged yet"
    said = []
    for phase, words in _SAID.items():
        of = {coin: state for coin, state in sorted(states.items()) if state.phase is phase}
        if of:
            said.append(f"{words}: {_named(list(of))}{_since(list(of.values()), now)}")
    return " · ".join(said) or f"calm on {count(len(states), 'coin')}"


def _since(states: Sequence[AlertState], now: datetime) -> str:
    """Since when the first of them fires; nothing where none does."""
    fired = [s.fired_at for s in states if s.fired_at and s.phase in (Phase.FIRING, Phase.RECOVERING)]
    return f" since {moment(min(fired), now, ZONE)}" if fired else ""


def _named(coins: Sequence[str]) -> str:
    rest = len(coins) - MOST_NAMED
    return ", ".join(coins[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _facts(rule: Rule, states: Mapping[str, AlertState]) -> Json:
    phases: dict[str, Json] = {coin: str(state.phase) for coin, state in sorted(states.items())}
    return {
        "rule": rule.number,
        "sentence": canonical(rule.draft),
        "created": iso(rule.created),
        "phases": phases,
    }


ALERTS = Command(
    CommandSpec(
        "alerts",
        "The rules of this place and how each stands",
        (Parameter("coin", "Coin, or the number to begin with", choices="coin"),),
        "/alerts",
    ),
    Who.ANY,
    alerts,
)

DELETE = Command(
    CommandSpec(
        "delete",
        "Delete a rule by its number",
        (Parameter("number", "Number of the rule, such as 3", required=True, choices="rule"),),
        "/delete 1",
    ),
    Who.OWNER,
    delete,
)
