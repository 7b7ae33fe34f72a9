"""`/watch`, `/unwatch`, `/watchlist`: the coins that rules on `watchlist` watch."""

from collections.abc import Sequence

from adapters.chat.base import Button, CommandSpec, Invocation, Line, Message, Parameter, Who
from adapters.store.base import Full
from adapters.store.place_settings import Watching
from bot.commands.arguments import Mistake, coin_of, mended, words_of
from bot.commands.base import Command, Desk
from bot.commands.market import latest
from bot.commands.report import reply
from bot.commands.saving import full
from bot.phrases import bold, code, count, line, shortened
from signals.rules.canonical import canonical
from signals.rules.model import WATCHLIST, Rule
from signals.rules.nearest import nearest
from signals.rules.scope import resolve
from signals.rules.words import EVERY_WORDS

SHOWN = 30
"""Coins named in one answer."""

RULES_SHOWN = 3


async def watch(invocation: Invocation, desk: Desk) -> Message:
    """The watchlist with these coins added."""
    words = words_of(invocation)
    if not words:
        return await watchlist(invocation, desk)
    cycle = await latest(desk)
    added = list(dict.fromkeys(coin_of(invocation, word, cycle.readings) for word in words))
    before = await desk.store.watchlist(invocation.place)
    new = [coin for coin in added if coin not in before]
    said = f"Watching {_named(new)}" if new else "On the watchlist already"
    return await _kept(lambda of: tuple(dict.fromkeys((*of, *added))), said, invocation, desk)


async def unwatch(invocation: Invocation, desk: Desk) -> Message:
    """The watchlist without these coins; empty with `all`."""
    words = words_of(invocation)
    before = await desk.store.watchlist(invocation.place)
    if not words:
        raise Mistake("Which coin? Such as: /unwatch ETH, or /unwatch all.", *(f"/unwatch {c}" for c in before[:2]))
    if len(words) == 1 and words[0].lower() in EVERY_WORDS:
        gone = list(before)
    else:
        gone = [_on_the_list(word, before, invocation) for word in words]
    said = f"No longer watched: {_named(gone)}" if gone else "Nothing was watched"
    return await _kept(lambda of: tuple(coin for coin in of if coin not in gone), said, invocation, desk)


async def watchlist(invocation: Invocation, desk: Desk) -> Message:
    """The coins on it and the rules that it feeds."""
    coins = await desk.store.watchlist(invocation.place)
    return await _shown(coins, "Watchlist" if coins else "Nothing is watched yet", invocation, desk)


def _on_the_list(word: str, before: Sequence[str], invocation: Invocation) -> str:
    """The coin that the word names. Raises Mistake where it is not watched."""
    found = resolve(f"${word.lstrip('$#')}", before)
    if found is None:
        empty = "" if before else ": it is empty"
        near = [mended(invocation, word, name) for name in nearest(word, before)]
        raise Mistake(f"{shortened(word.upper())} is not on the watchlist{empty}.", *near, "/watchlist")
    return found


async def _kept(how: Watching, said: str, invocation: Invocation, desk: Desk) -> Message:
    kept = await desk.store.watch(invocation.place, how, invocation.seen, desk.quota)
    if isinstance(kept, Full):
        return await full(kept, invocation, desk)
    return await _shown(kept, said, invocation, desk)


async def _shown(coins: Sequence[str], said: str, invocation: Invocation, desk: Desk) -> Message:
    own = await desk.store.of(invocation.place)
    fed = [rule for rule in own if rule.draft.coins == (WATCHLIST,)]
    return reply(
        "👀",
        line(bold(said), f" · {len(coins)} of {desk.quota.watched} coins"),
        lines=(*([line(_named(coins))] if coins else []), *_fed(fed)),
        small="Add: /watch ETH SOL · take off: /unwatch ETH. A change counts from now on.",
        buttons=() if fed else (Button("A rule on it", "/alert watchlist funding < -0.01% for 15m"),),
        data=(("coins", list(coins)), ("rules", [rule.number for rule in fed])),
    )


def _fed(fed: Sequence[Rule]) -> Sequence[Line]:
    if not fed:
        return [line("No rule uses it yet: begin a sentence with ", code(WATCHLIST), ".")]
    more = [line(f"and {count(len(fed) - RULES_SHOWN, 'rule')} more")] if len(fed) > RULES_SHOWN else []
    return [*(line(bold(f"#{rule.number} "), code(canonical(rule.draft))) for rule in fed[:RULES_SHOWN]), *more]


def _named(coins: Sequence[str]) -> str:
    rest = len(coins) - SHOWN
    return ", ".join(coins[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


WATCH = Command(
    CommandSpec(
        "watch",
        "Put coins on the watchlist",
        (Parameter("coins", "Coins, such as ETH SOL", choices="coin"),),
        "/watch ETH SOL",
    ),
    Who.OWNER,
    watch,
)
UNWATCH = Command(
    CommandSpec(
        "unwatch",
        "Take coins off the watchlist",
        (Parameter("coins", "Coins, such as ETH, or all", choices="coin"),),
        "/unwatch all",
    ),
    Who.OWNER,
    unwatch,
)
WATCHLIST_COMMAND = Command(
    CommandSpec("watchlist", "The coins that rules on watchlist watch", (), "/watchlist"), Who.OWNER, watchlist
)
