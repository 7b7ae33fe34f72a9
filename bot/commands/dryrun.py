"""The dry run: what a rule would have done on the bars that are there, told before it is saved."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from adapters.chat.base import Button, Form, Invocation, Json, Line, Message, Place
from adapters.store.base import Full, KeptDraft
from adapters.store.place_settings import Charts
from bot.cautions import said as doubted
from bot.charts.pictures import button
from bot.charts.reading import draft_chart
from bot.commands.base import Desk, Reader
from bot.commands.drafts import buttons, keep
from bot.commands.market import View, coins_of, latest, view_of
from bot.commands.present import present
from bot.commands.report import reply
from bot.commands.saving import full, sentence_facts
from bot.conditions import levels, measured
from bot.phrases import bold, code, count, iso, line, moment, share, window
from bot.records import in_a_line, numbers
from signals.base import Signal
from signals.model import Metric
from signals.panel import Panel
from signals.questions import direction
from signals.record import Study
from signals.recorded import observed, recorded, told_of
from signals.rehearsal import WEEK, Neighbour, Rehearsal, Span, rehearse
from signals.rules.canonical import canonical
from signals.rules.cautions import Caution, cautions
from signals.rules.model import Draft, Rule
from signals.rules.neighbours import step
from signals.units import duration, number

LOUD = 35.0
"""Fires a week from which on a harder line is offered."""

MOST_NAMED = 3
"""Coins whose fires are told one by one."""

PATIENT = timedelta(minutes=1)
"""How long somebody waits who asks for the dry run alone."""

SURE = "sure"
"""Behind a draft's token: the second confirmation is given."""


async def propose(draft: Draft, rule: Rule | None, invocation: Invocation, desk: Desk) -> Message:
    """What the rule would have done, and the buttons that save it, as a new rule or as the next revision of one."""
    held = await keep(draft, rule, invocation, desk)
    if isinstance(held, Full):
        return await full(held, invocation, desk)
    return await shown(draft, held, rule.number if rule else None, invocation.place, desk)


async def shown(draft: Draft, token: str, number: int | None, place: Place, desk: Desk) -> Message:
    """The draft that is kept under the token, of a new rule or of a change, with its dry run as far as it is ready."""
    tried = await in_time(draft, place, desk)
    run = tried.run if tried else None
    asked = await _cautions(draft, run, place, desk)
    command = f"/edit #{number}" if number else "/alert"
    said = reply(
        "🧪",
        line(bold("Dry run"), f" · change of rule #{number}" if number else "", " · nothing is saved yet"),
        lines=(
            line(code(canonical(draft))),
            *([line(f"I filled in: {', '.join(draft.filled)}.")] if draft.filled else []),
            *(line(each) for each in levels(draft)),
            await present(draft, place, desk, tried.market if tried else None),
            *([*told(run, draft, desk), in_a_line(tried.record)] if tried and run else [line(_untried(tried, desk))]),
            *(line("⚠ ", doubted(caution)) for caution in asked),
        ),
        buttons=(
            *buttons(token, Form(command, canonical(draft))),
            *([] if tried else [Button("Dry run", f"/dryrun {token}")]),
            *await _settled(draft, command, place, desk),
            *_better(run, command),
        ),
        data=(
            ("token", token),
            ("rule", number),
            *sentence_facts(draft),
            ("cautions", [doubted(caution) for caution in asked]),
            ("dry_run", facts(run)),
            ("record", numbers(tried.record) if tried and tried.record else None),
        ),
    )
    return await _drawn(said, token, draft, tried, desk)


async def _drawn(said: Message, token: str, draft: Draft, tried: "Tried | None", desk: Desk) -> Message:
    """The same with the chart of the dry run, or the button for it, as the place wants it."""
    wanted = desk.settings.charts
    run = tried.run if tried else None
    over = _shown(run) if run else None
    if tried is None or run is None or over is None or wanted is Charts.OFF:
        return said
    coin = max(over.fires, key=lambda name: over.fires[name], default=run.coins[0])
    said = replace(said, buttons=(*said.buttons[:3], button(f"{token} {coin}"), *said.buttons[3:]))
    if wanted is Charts.BUTTON:
        return said
    return replace(said, chart=await draft_chart(desk, draft, coin, tried.market, over.span))


def _shown(run: Rehearsal) -> Span | None:
    """The shortest span in which it would have fired, else the longest that could be judged."""
    return next((of for of in run.spans.values() if of is not None and of.fires), run.longest)


async def confirmation(kept: KeptDraft, token: str, desk: Desk, place: Place) -> Message | None:
    """The second question before saving, where the rule may be a slip; None where nothing speaks against it."""
    tried = await in_time(kept.draft, place, desk)
    asked = await _cautions(kept.draft, tried.run if tried else None, place, desk)
    if not asked:
        return None
    others = [caution.instead for caution in asked if caution.instead]
    command = f"/edit #{kept.rule_id.rpartition('/')[2]}" if kept.rule_id else "/alert"
    return reply(
        "❔",
        line(bold("Save it all the same?")),
        lines=(line(code(canonical(kept.draft))), *(line(doubted(caution)) for caution in asked)),
        buttons=(
            Button("Save it", f"/save {token} {SURE}"),
            Button("Adjust", f"/adjust {token}", form=Form(command, canonical(kept.draft))),
            Button("Cancel", f"/cancel {token}"),
            *(Button("As a yearly rate", f"/alert {other}") for other in others),
        ),
        data=(("error", "unconfirmed"), ("code", "unconfirmed"), ("cautions", [doubted(caution) for caution in asked])),
    )


@dataclass(frozen=True, slots=True)
class Tried:
    """A dry run with the market that it was made on; None where there is nothing to try it on."""

    market: View
    run: Rehearsal | None
    record: Study | None = None
    """What followed it on the coins that were judged; None where no bars can judge it."""


async def in_time(draft: Draft, place: Place, desk: Desk) -> Tried | None:
    """The dry run; None where it takes longer than people wait."""
    try:
        async with asyncio.timeout(desk.patience.total_seconds()):
            return await _tried(draft, place, desk)
    except TimeoutError:
        return None


async def rehearsed(draft: Draft, place: Place, desk: Reader) -> Rehearsal | None:
    """The dry run, aside of the loop; None where there is no coin to judge."""
    return (await _tried(draft, place, desk)).run


async def _tried(draft: Draft, place: Place, desk: Reader) -> Tried:
    market = await view_of(desk, draft, place, WEEK)
    coins = await coins_of(draft, place, desk, market.cycle)
    if not coins or not len(market.panel.times):
        return Tried(market, None)
    signals = {signal.name: signal for signal in desk.signals}
    near = step(draft, desk.signals)
    others = [other for other in (near.easier, near.harder) if other is not None]
    at = market.cycle.at
    run = await asyncio.to_thread(rehearse, draft, coins, market.panel, signals, at, neighbours=others)
    return Tried(market, run, await asyncio.to_thread(_record, draft, run.coins, market.panel, signals))


def _record(draft: Draft, coins: tuple[str, ...], panel: Panel, signals: Mapping[str, Signal]) -> Study | None:
    """What followed the draft on these coins, on all the bars that can judge it."""
    seen = observed(draft, coins, panel, signals)
    return told_of(recorded(seen, direction(draft, signals))) if seen is not None else None


async def _cautions(draft: Draft, run: Rehearsal | None, place: Place, desk: Desk) -> Sequence[Caution]:
    cycle = await latest(desk)
    prices = {
        coin: reading.value
        for coin in await coins_of(draft, place, desk, cycle)
        if (reading := cycle.readings.get(coin, {}).get(Metric.PRICE)) is not None and reading.value is not None
    }
    return cautions(draft, run.messages_a_day if run else None, prices)


def _untried(tried: Tried | None, desk: Desk) -> str:
    """Why there is no dry run."""
    if tried is None:
        wait = f"The dry run takes longer than {duration(desk.patience)}. Its button waits for it"
        return f"{wait}, up to {duration(PATIENT)}; or save the rule without it."
    return "No dry run: there is no coin or no bar to try it on yet."


def told(run: Rehearsal, draft: Draft, desk: Desk) -> Sequence[Line]:
    """The dry run in a few lines."""
    since = run.already_true_since
    already = [line(f"True already since {moment(since, desk.now, desk.zone)}.")] if since is not None else []
    spans = [of for of in run.spans.values() if of is not None]
    if not spans:
        reach = f"bars that it needs reach back {duration(run.reach)}, and a week is the least"
        none = "no bar here tells all that it needs"
        return [*already, line(f"Too little history for a dry run: {reach if run.reach else none}.")]
    sampled = f"Judged on {len(run.coins)} of {count(run.asked, 'coin')}; rates are for all of them."
    return [
        *already,
        *(line(bold(f"{of.span.days} days: "), _said(of), _missed(of, spans)) for of in spans),
        *([line(_rates(run))] if run.a_week else []),
        *(line(said) for said in _instead(run, draft, spans[-1])),
        *([line(sampled)] if len(run.coins) < run.asked else []),
        line(_data(spans, draft)),
    ]


def _said(of: Span) -> str:
    if not of.fired:
        return "it never fired"
    times = "fired once" if of.fired == 1 else f"fired {of.fired} times"
    most = sorted(of.fires.items(), key=lambda one: (-one[1], one[0]))
    named = ", ".join(f"{coin} {fires}" for coin, fires in most[:MOST_NAMED])
    coins = f" ({named}{' and others' if len(most) > MOST_NAMED else ''})" if len(most) > 1 else ""
    return f"{times}{coins}, longest silence {duration(of.silence)}"


def _missed(of: Span, spans: Sequence[Span]) -> str:
    """Why it fired less often than in a part of its time: longer bars show less."""
    fewer = any(part.fired > of.fired and part.span < of.span and part.step < of.step for part in spans)
    return f" (what comes and goes within a bar of {window(of.step)} is not seen)" if fewer else ""


def _rates(run: Rehearsal) -> str:
    """How often a week it fires, and how many messages that makes."""
    messages = run.messages_a_day
    said = (
        f"; {often(messages, 'message')} a day with reminders and ends"
        if messages is not None and messages >= 1
        else ""
    )
    return f"That is {weekly(run.a_week)}{said}."


def _instead(run: Rehearsal, draft: Draft, over: Span) -> Sequence[str]:
    """How often its neighbours fire, over the same time as its own rate."""
    others = [f"without “for {window(draft.hold)}”: {weekly(run.without_hold.a_week)}"] if draft.hold else []
    others += [f"at {_line_of(near)}: {weekly(near.a_week)}" for near in run.neighbours]
    said = " · ".join(others)
    return [f"Over {over.span.days} days, {said}."] if said else []


def _data(spans: Sequence[Span], draft: Draft) -> str:
    """How much of the data was there, on which bars it was judged, and what they cannot tell."""
    by_bars = dict.fromkeys((share(of.known), of.step) for of in spans)
    parts = [
        f"{known} of {' and '.join(str(of.span.days) for of in spans if (share(of.known), of.step) == (known, step))}"
        f" days on bars of {window(step)}"
        for known, step in by_bars
    ]
    longest = max(of.step for of in spans)
    held = (
        f" A bar longer than {window(draft.hold)} counts as held at its close."
        if timedelta(0) < draft.hold < longest
        else ""
    )
    return f"Data that could be judged: {' · '.join(parts)}.{held}"


def _line_of(near: Neighbour) -> str:
    of = near.draft.condition
    return measured(of.yardstick, of.line, of.unit, "")


def weekly(times: float | None) -> str:
    """How often a week: `1.6 times a week`, `never`."""
    if times is None:
        return "unknown"
    return f"{often(times, 'time')} a week" if times else "never"


def often(times: float, thing: str) -> str:
    """A rate: whole from ten on, else with one decimal, two below a tenth."""
    return f"{f'{times:.0f}' if times >= 10 else number(times, 1)} {thing}s"


def _better(run: Rehearsal | None, command: str) -> Sequence[Button]:
    """At most two lines that may serve better: a harder one where it is loud, an easier one where it never fired."""
    if run is None or run.a_week is None:
        return []
    if run.a_week > LOUD:
        wanted = [near for near in run.neighbours if near.a_week is not None and near.a_week < run.a_week]
    elif run.a_week == 0:
        wanted = [near for near in run.neighbours if near.a_week]
    else:
        wanted = []
    return [Button(f"Try {_line_of(near)}", f"{command} {canonical(near.draft)}") for near in wanted[:2]]


async def _settled(draft: Draft, command: str, place: Place, desk: Desk) -> Sequence[Button]:
    """The same line on settled funding, where that is all the funding that this market tells of these coins."""
    cycle = await latest(desk)
    told_of = {metric for coin in await coins_of(draft, place, desk, cycle) for metric in cycle.readings.get(coin, {})}
    if Metric.FUNDING in told_of or Metric.FUNDING_SETTLED not in told_of:
        return []
    there = [
        replace(of, name=Metric.FUNDING_SETTLED.value) if of.name == Metric.FUNDING else of for of in draft.conditions
    ]
    other = canonical(replace(draft, conditions=tuple(there)))
    return [] if other == canonical(draft) else [Button("On settled funding", f"{command} {other}")]


def facts(run: Rehearsal | None) -> Json:
    """The dry run for machines."""
    if run is None:
        return None
    return {
        "at": iso(run.at),
        "coins": list(run.coins),
        "asked": run.asked,
        "fires_a_week": run.a_week,
        "messages_a_day": run.messages_a_day,
        "spans": [_span(days, of) for days, of in run.spans.items()],
        "without_hold_a_week": run.without_hold.a_week,
        "neighbours": [{"sentence": canonical(of.draft), "fires_a_week": of.a_week} for of in run.neighbours],
        "already_true_since": iso(run.already_true_since),
    }


def _span(days: timedelta, of: Span | None) -> Json:
    if of is None:
        return {"days": days.days, "known": None}
    fires: Mapping[str, Json] = dict(of.fires)
    return {
        "days": days.days,
        "bars_s": of.step.total_seconds(),
        "from": iso(of.first),
        "to": iso(of.last),
        "fires": of.fired,
        "by_coin": dict(fires),
        "messages": of.messages,
        "silence_s": of.silence.total_seconds(),
        "known": of.known,
    }
