"""`/digest`: what today brought so far; the same is told once a day where a time for it is set."""

from datetime import datetime, time

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Place, Who
from adapters.store.base import Store
from bot.commands.base import Command, Desk
from bot.commands.report import reply
from bot.digest import Account, lines, total
from bot.hours import due
from bot.phrases import bold, iso, line
from bot.swallowed import LOOKED_BACK, coin_of, ends_of
from signals.drift import LEAST_WEEKS, WEEK, by_week, drift
from signals.rules.lifecycle import Phase

DARK_NAMED = 5


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """What happened since midnight in the zone of the place."""
    today = desk.now.astimezone(desk.zone).date()
    since = due(today, time(), desk.zone)
    past = await account(desk.store, invocation.place, since, desk.now, desk.now)
    daily = desk.settings.digest
    told = f"Told each day at {daily.at:%H:%M}." if daily else "To be told each day: /settings digest 08:00"
    return reply(
        "🗞️",
        line(bold(f"Today so far: {total(past)}")),
        lines=tuple(line(said) for said in lines(past, desk.zone, desk.now)),
        small=told,
        buttons=(Button("Rules", "/alerts"),),
        data=(("since", iso(since)), ("alerts", [event.id for event in past.events])),
    )


async def account(store: Store, place: Place, since: datetime, until: datetime, now: datetime) -> Account:
    """What came to a place after one moment up to another, how it ended, and what is amiss now."""
    rules = {rule.id: rule for rule in await store.of(place)}
    told = [event for event in await store.recent(list(rules), LOOKED_BACK) if since < event.at <= until]
    fires = await store.fires(list(rules), now - (LEAST_WEEKS + 1) * WEEK)
    weeks = ((rule, by_week(fires.get(rule.id, ()), rule.created, now)) for rule in rules.values() if not rule.paused)
    found = ((rule.number, drift(fired, before, (), lambda _: None)) for rule, (fired, before) in weeks)
    states = await store.states_of(list(rules))
    dark = [of.subject for of in states if of.state.phase is Phase.NO_DATA]
    return Account(
        since,
        until,
        sorted((event for event in told if not event.shadow), key=lambda event: (event.at, event.id)),
        ends_of(await store.outcomes(place, LOOKED_BACK)),
        [(number, of) for number, of in found if of is not None],
        [of for of in await store.reported() if of.down_since is not None],
        [f"rule #{rules[rule_id].number} on {coin_of(track)}" for rule_id, track in dark[:DARK_NAMED]],
    )


DIGEST = Command(CommandSpec("digest", "What today brought so far", (), "/digest"), Who.OWNER, answer)
