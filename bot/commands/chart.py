"""`/chart`: what a button shows, as a picture: a metric of a coin, a rule, an alert, or a draft."""

import re
from collections.abc import Sequence
from datetime import timedelta

from adapters.chat.base import CommandSpec, Invocation, Message, Parameter, Tone, Who
from adapters.chat.chart import Chart
from bot.charts.build import TOPICS
from bot.charts.pictures import button
from bot.charts.reading import LOOKED_BACK, alert_chart, draft_chart, market_of, rule_chart, topic_chart, usual_span
from bot.commands.arguments import Mistake, coin_of, length_of, mended, rule_number, words_of
from bot.commands.base import Command, Desk
from bot.commands.drafts import TOKEN
from bot.commands.market import coins_of, latest
from bot.phrases import bold, line, shortened, window
from signals.event import Event
from signals.rehearsal import WEEK
from signals.rules.model import Draft
from signals.rules.nearest import nearest

EXAMPLE = "/chart funding ETH"
LONGEST = timedelta(days=30)

_ALERT = re.compile(r"(?:a-)?([a-z2-7]{4,16})", re.IGNORECASE | re.ASCII)


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """The chart that is asked for, with the same in words."""
    chart = await _asked(words_of(invocation), invocation, desk)
    if not chart.times:
        raise Mistake("There are no bars to draw yet. Ask again in a minute.", f"/chart {invocation.arguments}")
    return Message(
        Tone.ANSWER,
        "📊",
        line(bold(chart.title), f" · {chart.about}"),
        lines=(line(chart.alt.partition(". ")[2]),),
        buttons=(button(invocation.arguments),),
        simulated=chart.simulated,
        data=(("chart", chart.name), ("times", len(chart.times)), ("alt", chart.alt)),
        chart=chart,
    )


async def _asked(words: Sequence[str], invocation: Invocation, desk: Desk) -> Chart:
    if not words:
        raise Mistake("A chart of what? Name a metric and a coin, a rule or an alert, such as:", EXAMPLE)
    first = words[0]
    if first.lower() in TOPICS:
        return await _topic(first.lower(), words[1:], invocation, desk)
    number = rule_number(first) if first.startswith("#") else None
    if number is not None:
        return await _rule(number, words[1:], invocation, desk)
    if TOKEN.fullmatch(first) and (kept := await desk.store.draft(invocation.place, first, desk.now)) is not None:
        return await draft_of(kept.draft, words[1:], invocation, desk)
    return await _alert(first, invocation, desk)


async def _topic(topic: str, words: Sequence[str], invocation: Invocation, desk: Desk) -> Chart:
    cycle = await latest(desk)
    if not words:
        raise Mistake(f"Of which coin? Such as: /chart {topic} ETH", f"/chart {topic} ETH")
    coin = coin_of(invocation, words[0], cycle.readings)
    length = length_of(words[1]) if len(words) > 1 else usual_span(desk.step)
    if length is None or not timedelta(hours=1) <= length <= LONGEST:
        raise Mistake(
            f"Over how long? From 1h to {window(LONGEST)}, such as:",
            *(f"/chart {topic} {coin} {each}" for each in ("24h", "7d", "30d")),
        )
    return await topic_chart(desk, cycle, topic, coin, length)


async def _rule(number: int, words: Sequence[str], invocation: Invocation, desk: Desk) -> Chart:
    rule = next((rule for rule in await desk.store.of(invocation.place) if rule.number == number), None)
    if rule is None:
        raise Mistake(f"There is no rule #{number} here. See what there is: /alerts", "/alerts")
    fired = [event.coin for event in await desk.store.recent([rule.id], LOOKED_BACK)]
    coin = await _coin(rule.draft, words, fired, invocation, desk)
    return await rule_chart(desk, rule, coin, invocation.place)


async def draft_of(draft: Draft, words: Sequence[str], invocation: Invocation, desk: Desk) -> Chart:
    """A draft over the last week, or as far back as its coin is named for."""
    coin = await _coin(draft, words, (), invocation, desk)
    reach = max(WEEK, usual_span(desk.step))
    return await draft_chart(desk, draft, coin, await market_of(desk, draft, coin, invocation.place, reach), reach)


async def _coin(draft: Draft, words: Sequence[str], fired: Sequence[str], invocation: Invocation, desk: Desk) -> str:
    """The coin that is named, else the one on which it fired last, else its first. Raises Mistake."""
    cycle = await latest(desk)
    if words:
        return coin_of(invocation, words[0], cycle.readings)
    coins = await coins_of(draft, invocation.place, desk, cycle)
    if not coins:
        raise Mistake("It is about no coin yet. Put coins on the list with /watch.", "/watchlist")
    return next((coin for coin in fired if coin in coins), coins[0])


async def _alert(word: str, invocation: Invocation, desk: Desk) -> Chart:
    rules = {rule.id: rule for rule in await desk.store.of(invocation.place)}
    event = _event(word, await desk.store.recent(list(rules), LOOKED_BACK)) if _ALERT.fullmatch(word) else None
    if event is None:
        near = [mended(invocation, word, topic) for topic in nearest(word, TOPICS)]
        raise Mistake(f"There is no {shortened(word)} to draw here. Such as: {EXAMPLE}", *near, EXAMPLE)
    chart = await alert_chart(desk, event, rules.get(event.rule_id), invocation.place, desk.now)
    if chart is None:
        its = f"/chart #{event.rule_number}"
        raise Mistake("What that alert was judged by is not understood any more. Its rule now:", its)
    return chart


def _event(word: str, events: Sequence[Event]) -> Event | None:
    """The firing that the word names, or begins to name; of several the last."""
    found = _ALERT.fullmatch(word)
    begins = found[1].upper() if found else word
    episode = next((event.episode for event in events if event.episode.startswith(begins) or event.id == begins), None)
    return min((event for event in events if event.episode == episode), key=lambda event: event.at, default=None)


CHART = Command(
    CommandSpec(
        "chart",
        "A metric of a coin, a rule or an alert as a picture",
        (
            Parameter("what", "Metric, rule or alert", required=True),
            Parameter("coin", "Coin, such as ETH", choices="coin"),
        ),
        EXAMPLE,
    ),
    Who.ANY,
    answer,
    private=False,
)
