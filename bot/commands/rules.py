"""`/alerts`: a place's own rules, how each stands, when it last fired, and what keeps it silent."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.chat.base import Button, CommandSpec, Invocation, Json, Line, Message, Parameter, Who
from adapters.store.base import Final
from adapters.store.place_settings import Mute, PlaceSettings
from bot.commands.arguments import Mistake, rule_number, words_of
from bot.commands.base import Command, Desk
from bot.commands.market import coins_of, view_of
from bot.commands.present import standing_of
from bot.commands.report import reply
from bot.gates import EVERYTHING
from bot.phrases import bold, code, count, iso, line, moment, share, shortened
from bot.swallowed import LOOKED_BACK, Ends, coin_of, ends_of
from signals.event import Event
from signals.rules.canonical import canonical
from signals.rules.lifecycle import AlertState, Change, Phase, Verdict
from signals.rules.model import EVERY_COIN, WATCHLIST, Rule
from signals.rules.scope import resolve

A_PAGE = 8
"""Rules in one answer."""

MOST_NAMED = 3
"""Coins named in one phase."""


@dataclass(frozen=True, slots=True)
class Past:
    """What became of a rule's last alerts: when it last fired, and how many of how many a mute held."""

    fired: datetime | None = None
    ended: int = 0
    muted: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """All that `/alerts` says about one rule."""

    rule: Rule
    states: Mapping[str, AlertState]
    past: Past
    mute: Mute | None
    judged: bool
    now: Mapping[str, Verdict] | None
    """What it says now on each of its coins of which nothing is kept; None where that could not be told in time."""


async def alerts(invocation: Invocation, desk: Desk) -> Message:
    """The rules of the place by number: of one coin, or from one number on."""
    own = await desk.store.of(invocation.place)
    settings = await desk.store.settings(invocation.place)
    if not own:
        return _none()
    watched = await desk.store.watchlist(invocation.place)
    chosen = _chosen(invocation, own, watched)
    shown = await _standings(chosen[:A_PAGE], settings, invocation, desk)
    more = [Button("More", f"/alerts {chosen[A_PAGE].number}")] if len(chosen) > A_PAGE else []
    stopped = " · stopped, /start goes on" if settings.stopped else ""
    first = shown[0].rule.number
    return reply(
        "📋",
        line(bold(count(len(own), "rule")), stopped),
        lines=tuple(spoken for of in shown for spoken in _entry(of, desk)),
        small=f"Change: /edit #{first} · rest: /pause #{first} · end: /delete {first} · silence: /mute #{first} 2h.",
        buttons=tuple(more),
        data=(("stopped", settings.stopped), ("rules", [_facts(of) for of in shown])),
    )


async def stands(rule: Rule, invocation: Invocation, desk: Desk) -> str:
    """How one rule stands, in the words of `/alerts`."""
    (of,) = await _standings([rule], desk.settings, invocation, desk)
    return " · ".join([_standing(of, desk), *_silent(of, desk)])


def _none() -> Message:
    return reply(
        "📋",
        line(bold("No rules here yet.")),
        lines=(
            line("Make one: ", code("/subscribe negfunding ETH"), " or ", code("/alert ETH funding < -0.01%")),
            line("Or take a set that is ready: ", code("/presets")),
        ),
        buttons=(Button("Presets", "/presets"), Button("Signals", "/subscribe")),
        data=(("rules", []),),
    )


def _chosen(invocation: Invocation, own: Sequence[Rule], watched: Sequence[str]) -> Sequence[Rule]:
    """The rules asked for. Raises Mistake where none of them is."""
    words = words_of(invocation)
    if not words:
        return own
    number = rule_number(words[0])
    if number is not None:
        chosen = [rule for rule in own if rule.number >= number]
    else:
        coins = {coin for rule in own for coin in rule.draft.coins} | set(watched)
        coin = resolve(f"${words[0].lstrip('$#')}", coins - {EVERY_COIN, WATCHLIST}) or ""
        chosen = [rule for rule in own if watches(rule, coin, watched)]
    if not chosen:
        raise Mistake(f"No rule here is about {shortened(words[0])}.", "/alerts")
    return chosen


def watches(rule: Rule, coin: str, watched: Sequence[str]) -> bool:
    """Whether a rule speaks of that coin."""
    if rule.draft.coins == (WATCHLIST,):
        return coin in watched
    return coin in rule.draft.coins or rule.draft.coins == (EVERY_COIN,)


async def _standings(
    rules: Sequence[Rule], settings: PlaceSettings, invocation: Invocation, desk: Desk
) -> Sequence[Standing]:
    states = await _states(desk, rules)
    pasts = await _pasts(desk, rules, invocation)
    judged = await desk.store.judged()
    nows = await _nows(rules, states, invocation, desk)
    return [
        Standing(
            rule,
            states[rule.id],
            pasts[rule.id],
            muted(rule, settings.mutes, desk.now),
            judged is not None and judged >= rule.created,
            nows.get(rule.id),
        )
        for rule in rules
    ]


async def _nows(
    rules: Sequence[Rule], states: Mapping[str, Mapping[str, AlertState]], invocation: Invocation, desk: Desk
) -> Mapping[str, Mapping[str, Verdict]]:
    """Per rule id what it says now on the coins of which nothing is kept, as far as people wait for it."""
    found: dict[str, Mapping[str, Verdict]] = {}
    with contextlib.suppress(TimeoutError, Mistake):  # late, or before there is a market: nothing is known then
        async with asyncio.timeout(desk.patience.total_seconds()):
            for rule in rules:
                await asyncio.sleep(0)
                market = await view_of(desk, rule.draft, invocation.place)
                kept = {coin_of(track) for track in states[rule.id]}
                coins = [c for c in await coins_of(rule.draft, invocation.place, desk, market.cycle) if c not in kept]
                found[rule.id] = {coin: standing_of(rule.draft, coin, market).verdict for coin in coins}
    return found


async def _states(desk: Desk, rules: Sequence[Rule]) -> Mapping[str, Mapping[str, AlertState]]:
    """Per rule id and track where it stands."""
    found: dict[str, dict[str, AlertState]] = {rule.id: {} for rule in rules}
    for kept in await desk.store.states_of(list(found)):
        rule_id, track = kept.subject
        found[rule_id][track] = kept.state
    return found


async def _pasts(desk: Desk, rules: Sequence[Rule], invocation: Invocation) -> Mapping[str, Past]:
    """Per rule id what became of its last alerts."""
    events = await desk.store.recent([rule.id for rule in rules], LOOKED_BACK)
    ends = ends_of(await desk.store.outcomes(invocation.place, LOOKED_BACK))
    return {rule.id: _past([event for event in events if event.rule_id == rule.id], ends) for rule in rules}


def _past(events: Sequence[Event], ends: Ends) -> Past:
    ended = [ends[event.id] for event in events if event.id in ends]
    return Past(
        fired=max((event.at for event in events if event.change is Change.FIRED), default=None),
        ended=len(ended),
        muted=sum(outcome is Final.SKIPPED and why.startswith("muted") for outcome, why in ended),
    )


def _entry(of: Standing, desk: Desk) -> tuple[Line, Line]:
    rule = of.rule
    said = [_standing(of, desk), *_silent(of, desk)]
    if of.past.fired is not None:
        said.append(f"last fired {moment(of.past.fired, desk.now, desk.zone)}")
    if of.past.muted:
        part = share(of.past.muted / of.past.ended)
        said.append(f"{of.past.muted} of its last {count(of.past.ended, 'alert')} muted ({part})")
    edited = f", revision {rule.revision}" if rule.revision > 1 else ""
    return (
        line(bold(f"#{rule.number} "), code(canonical(rule.draft))),
        line(f"   {' · '.join(said)}{edited}"),
    )


def _silent(of: Standing, desk: Desk) -> Sequence[str]:
    """What keeps the rule from being told."""
    draft = of.rule.draft
    said = []
    if draft.shadow is not None:
        end = of.rule.created + draft.shadow
        said.append(
            f"in shadow until {moment(end, desk.now, desk.zone)}"
            if desk.now < end
            else f"shadow is over, /arm {of.rule.number}"
        )
    if of.mute is not None:
        until = "until it is over" if of.mute.until is None else f"until {moment(of.mute.until, desk.now, desk.zone)}"
        said.append(f"muted {until}")
    return said


def muted(rule: Rule, mutes: Sequence[Mute], now: datetime) -> Mute | None:
    """The mute that silences all of this rule, if one does: it is the one that ends last."""
    coins = rule.draft.coins
    names = {of.name for of in rule.draft.conditions[:1]}
    subjects = {EVERYTHING, f"#{rule.number}", *names, *(coins if len(coins) == 1 else ())}
    holding = [mute for mute in mutes if mute.subject in subjects and (mute.until is None or now < mute.until)]
    return max(holding, key=lambda mute: (mute.until is not None, mute.until or mute.from_), default=None)


_SAID: Mapping[Phase, str] = {
    Phase.FIRING: "firing",
    Phase.RECOVERING: "ending",
    Phase.PENDING: "past the line, not yet long enough",
    Phase.NO_DATA: "no data",
}
"""The phases worth a word, the loudest first."""


def _standing(of: Standing, desk: Desk) -> str:
    """The phases that its coins are in, and since when it fires."""
    draft = of.rule.draft
    if of.rule.paused:
        return "paused"
    if draft.until is not None and draft.until <= desk.now:
        return f"over since {moment(draft.until, desk.now, desk.zone)}"
    if any(state.done for state in of.states.values()) and len(draft.coins) == len(of.states) == 1:
        return "done: it was to be told once"
    said = []
    for phase, words in _SAID.items():
        in_it = {track: state for track, state in sorted(of.states.items()) if state.phase is phase}
        if in_it:
            coins = list(dict.fromkeys(coin_of(track) for track in in_it))
            said.append(f"{words}: {_named(coins)}{_since(list(in_it.values()), desk)}")
    if not of.judged:
        return " · ".join(said) or "not judged yet"
    waiting = [coin for coin, verdict in (of.now or {}).items() if verdict is Verdict.MET]
    if waiting and not any(each.crossing for each in draft.conditions):
        said.append(f"already true: {_named(waiting)}, armed for the next time")
    return " · ".join(said) or _at_rest(of.now)


def _at_rest(now: Mapping[str, Verdict] | None) -> str:
    """What a rule of which nothing is kept says now."""
    if now is None:
        return "not firing"
    return "no data" if now and all(verdict is Verdict.UNKNOWN for verdict in now.values()) else "calm"


def _since(states: Sequence[AlertState], desk: Desk) -> str:
    """Since when the first of them fires; nothing where none does."""
    fired = [s.fired_at for s in states if s.fired_at and s.phase in (Phase.FIRING, Phase.RECOVERING)]
    return f" since {moment(min(fired), desk.now, desk.zone)}" if fired else ""


def _named(coins: Sequence[str]) -> str:
    rest = len(coins) - MOST_NAMED
    return ", ".join(coins[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _facts(of: Standing) -> Json:
    phases: dict[str, Json] = {track: str(state.phase) for track, state in sorted(of.states.items())}
    rule, draft = of.rule, of.rule.draft
    return {
        "rule": rule.number,
        "revision": rule.revision,
        "sentence": canonical(draft),
        "created": iso(rule.created),
        "paused": rule.paused,
        "shadow_until": iso(rule.created + draft.shadow) if draft.shadow is not None else None,
        "phases": phases,
        "last_fired": iso(of.past.fired),
        "muted": of.past.muted,
        "ended": of.past.ended,
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
