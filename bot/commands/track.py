"""`/track`: what followed each signal before, on stored bars and after live alerts, which are never added up."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from adapters.chat.base import CommandSpec, Invocation, Json, Line, Message, Parameter, Who
from adapters.store.record_port import Made
from bot.commands.arguments import Mistake, coin_of, mended, words_of
from bot.commands.base import Command, Desk
from bot.commands.made import made_here
from bot.commands.market import latest, vocabulary
from bot.commands.report import report
from bot.phrases import bold, code, count, dated, italic, line, shortened
from bot.records import UNMADE, after, at_any_moment, by_horizon, cases, live_numbers, numbers, of_live, reach, verdict
from signals.aggregate import Cycle
from signals.questions import direction, usual
from signals.record import Study
from signals.recorded import ALL_COINS, Lived, lived, told_of
from signals.remembered import Remembered
from signals.rules.canonical import question
from signals.rules.language import parse
from signals.rules.model import Draft
from signals.rules.nearest import nearest
from signals.rules.scope import resolve
from signals.study import HORIZONS

MOST_NAMED = 5
"""Coins of a signal that are told one by one."""

MADE_HERE = 30
"""Of so many coins at most a record that is not there is made while somebody waits."""

_WINDOW = re.compile(r"[0-9]+[mhd]", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class _Track:
    """A signal on a coin or on all coins: by horizon what followed on stored bars, and the live alerts."""

    draft: Draft
    made: Made | None
    alerts: Sequence[Remembered]

    @property
    def name(self) -> str:
        """How the signal is called, with its side."""
        of = self.draft.condition
        return f"{of.name}.{of.side}" if of.side else of.name

    @property
    def studies(self) -> Sequence[Study]:
        """What followed on stored bars; none where that is not known."""
        return self.made.studies if self.made is not None else ()


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """Every signal on one line, or one signal with all that is known of it."""
    cycle = await latest(desk)
    signal, coin = _asked(invocation, cycle, desk)
    drafts = [signal] if signal is not None else [usual(of) for of in desk.signals]
    coins = (coin,) if coin is not None else tuple(sorted(cycle.readings))
    until = asyncio.get_running_loop().time() + desk.patience.total_seconds()

    async def read() -> Sequence[_Track]:
        return [await _track(draft, coin, coins, cycle, desk, until) for draft in drafts]

    everywhere = "track", tuple(question(draft) for draft in drafts)
    many = len(coins) > MADE_HERE  # the alerts of hundreds of coins are read once a moment
    tracks = await desk.recent.of(cycle, everywhere, read) if many else await read()
    told = await _one(tracks[0], coin, cycle, desk) if signal is not None else _all(tracks, desk)
    facts: list[Json] = [_facts(of, desk) for of in tracks]
    return report(
        f"Track record of {tracks[0].name if signal else 'the signals'}{f' on {coin}' if coin else ''}",
        cycle,
        desk.zone,
        lines=tuple(told),
        small="History is stored bars, live is alerts that were told here; they are never added up. Not advice.",
        data=(("coin", coin), ("signals", facts)),
    )


def _asked(invocation: Invocation, cycle: Cycle, desk: Desk) -> tuple[Draft | None, str | None]:
    """The signal, as it may be written in a rule, and the coin. Raises Mistake."""
    names = [signal.name for signal in desk.signals]
    words = words_of(invocation)
    own = [word for word in words if word.lower().partition(".")[0] in names]
    windows = [word for word in words if _WINDOW.fullmatch(word)]
    coins = [_coin(word, names, invocation, cycle) for word in words if word not in own and word not in windows]
    if len(coins) > 1 or len(own) > 1:
        raise Mistake("One signal and one coin at a time.", *(f"/track {each}" for each in [*own, *coins][:3]))
    coin = coins[0] if coins else None
    if not own and not windows:
        return None, coin
    draft = parse(" ".join(["*", *own, *windows]), vocabulary(cycle, desk))
    if not isinstance(draft, Draft) or not draft.condition.stock:
        said = f"/track {own[0].lower().partition('.')[0]}{f' {coin}' if coin else ''}" if own else "/track"
        raise Mistake("Name a signal, with a window or side that it has. For a rule of your own: /backtest", said)
    return draft, coin


def _coin(word: str, names: Sequence[str], invocation: Invocation, cycle: Cycle) -> str:
    near = nearest(word, names)
    if near and resolve(f"${word.lstrip('$#')}", cycle.readings) is None:
        said = f"I do not know the signal {shortened(word)}."
        raise Mistake(said, *(mended(invocation, word, name) for name in near))
    return coin_of(invocation, word, cycle.readings)


async def _track(
    draft: Draft, coin: str | None, coins: tuple[str, ...], cycle: Cycle, desk: Desk, until: float
) -> _Track:
    asked = question(draft), coin or ALL_COINS
    known = await desk.store.records_of(cycle.label, [asked])
    made = known.get(asked)
    if made is None and len(coins) <= MADE_HERE:
        made = (await made_here(draft, coins, cycle, desk, until)).get(asked[1])
    return _Track(draft, made, await desk.store.cases(cycle.label, asked[0], coins))


def _all(tracks: Sequence[_Track], desk: Desk) -> Sequence[Line]:
    """Every signal in a line or two."""
    lines = [said for of in tracks for said in _in_brief(of, desk)]
    return [*lines, line("One signal, with other horizons: ", code(f"/track {tracks[0].name} ETH"))]


def _in_brief(of: _Track, desk: Desk) -> Sequence[Line]:
    study, live = told_of(of.studies), _lived(of, desk)[-1]
    if study is None:
        said = line(bold(of.name), " · ", UNMADE if of.made is None else "no bar here can judge it.")
    elif not study.entry.events:
        said = line(bold(of.name), f" · {cases(0)} in {reach(study)} · {at_any_moment(study)}")
    else:
        told = f" · {cases(study.entry.events)} in {reach(study)}; {after(study)} · {at_any_moment(study)} → "
        said = line(bold(of.name), told, italic(verdict(study)))
    return [said, *of_live([live], _base_rates(of))] if live.cases else [said]


async def _one(of: _Track, coin: str | None, cycle: Cycle, desk: Desk) -> Sequence[Line]:
    """One signal: each horizon on stored bars and live, and the coins with most cases."""
    history = [line(bold("History"), f" · {UNMADE if of.made is None else 'no bar here can judge it.'}")]
    if of.made is None and coin is None:
        history.append(line("One coin is looked up at once: ", code(f"/track {of.name} ETH")))
    if of.made is not None and of.studies:
        first = of.studies[0]
        bars = f" · {reach(first)} of bars up to {dated(of.made.at, desk.zone)}"
        history = [line(bold("History"), bars), *by_horizon(of.studies)]
    live = _lived(of, desk)
    since = live[0].first
    told = [line(bold("Live"), f" · alerts told here since {dated(since, desk.zone)}")] if since else []
    none = [line(bold("Live"), " · no alert was told here yet.")] if since is None else []
    coins = [] if coin is not None else await _coins(of, cycle, desk)
    return [*history, *coins, *told, *none, *(of_live(live, _base_rates(of)) if since else ())]


async def _coins(of: _Track, cycle: Cycle, desk: Desk) -> Sequence[Line]:
    known = await desk.store.records(cycle.label, question(of.draft))
    each = {coin: told_of(made.studies) for coin, made in known.items() if coin != ALL_COINS}
    found = sorted((-s.entry.events, coin, s) for coin, s in each.items() if s is not None and s.entry.events)
    rest = f" · {count(len(found) - MOST_NAMED, 'coin')} more" if len(found) > MOST_NAMED else ""
    named = " · ".join(f"{coin} {s.entry.hits:,} of {s.entry.events:,}" for _, coin, s in found[:MOST_NAMED])
    return [line(f"Most cases: {named}{rest}")] if found else []


def _lived(of: _Track, desk: Desk) -> Sequence[Lived]:
    way = direction(of.draft, {signal.name: signal for signal in desk.signals})
    return [lived(of.alerts, way, horizon, desk.now) for horizon in HORIZONS]


def _base_rates(of: _Track) -> Mapping[timedelta, float | None]:
    return {study.horizon: study.base_rate for study in of.studies}


def _facts(of: _Track, desk: Desk) -> Json:
    base = _base_rates(of)
    return {
        "signal": of.name,
        "question": question(of.draft),
        "history": [numbers(study) for study in of.studies] if of.made is not None else None,
        "live": [live_numbers(each, base.get(each.horizon)) for each in _lived(of, desk)],
    }


TRACK = Command(
    CommandSpec(
        "track",
        "What followed the signals before, on one coin or on all",
        (
            Parameter("signal", "Signal, such as negfunding; all if none", choices="signal"),
            Parameter("coin", "Coin, such as ETH; all if none", choices="coin"),
        ),
        "/track negfunding ETH",
    ),
    Who.ANY,
    answer,
    private=False,
)
