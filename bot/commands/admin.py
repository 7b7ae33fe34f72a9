"""`/admin`: who operates the service sees it whole, lets people in, shuts them out, and speaks to all."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Parameter, Place, Who, place_of
from adapters.venues.base import Label
from bot.commands.arguments import Mistake, words_of
from bot.commands.base import Command, Desk
from bot.commands.report import reply
from bot.phrases import bold, code, count, line, shortened
from signals.notice import About, Notice, notice_id

MOST_RULES = 10_000
LONGEST_SAID = 1_000
"""Characters that are said to all."""

Do = Callable[[Sequence[str], Invocation, Desk], Awaitable[Message]]


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """What is asked for, or the state of the service. Raises Mistake."""
    words = words_of(invocation)
    verb = words[0].lower() if words else "status"
    do = _DO.get(verb)
    if do is None:
        raise Mistake(f"Write one of: {', '.join(f'/admin {name}' for name in _DO)}.", "/admin status")
    return await do(words[1:], invocation, desk)


async def _status(words: Sequence[str], invocation: Invocation, desk: Desk) -> Message:
    """How many places and rules there are, who was let in, and who was shut out."""
    del words, invocation
    places, rules = set[str](), 0
    async for page in desk.store.rules():
        places.update(rule.place for rule in page)
        rules += len(page)
    allowed = sorted(map(str, await desk.store.allowed()))
    denied = sorted(map(str, await desk.store.denied()))
    return reply(
        "🛠",
        line(bold("Service"), f" · {count(rules, 'rule')} in {count(len(places), 'place')}"),
        lines=(
            line(f"Let in: {', '.join(allowed) or 'nobody by name'}"),
            line(f"Shut out: {', '.join(denied) or 'nobody'}"),
            line("More: ", code("/status"), " · ", code("/admin allow telegram:123"), " · ", code("/admin say Hello")),
        ),
        buttons=(Button("Status", "/status"),),
        data=(("rules", rules), ("places", len(places)), ("allowed", [*allowed]), ("denied", [*denied])),
    )


async def _allow(words: Sequence[str], invocation: Invocation, desk: Desk) -> Message:
    who = _who(words)
    await desk.store.allow(who)
    await desk.store.change(who, lambda of: replace(of, barred=False), invocation.seen)
    return reply("🛠", line(bold(f"{who} may come in")), data=(("allowed", str(who)),))


async def _deny(words: Sequence[str], invocation: Invocation, desk: Desk) -> Message:
    who = _who(words)
    await desk.store.deny(who)
    await desk.store.change(who, lambda of: replace(of, barred=True), invocation.seen)
    return reply(
        "🛠",
        line(bold(f"{who} is shut out"), " · nothing is answered or sent there; its rules are kept"),
        buttons=(Button("Let in again", f"/admin allow {who}"),),
        data=(("denied", str(who)),),
    )


async def _quota(words: Sequence[str], invocation: Invocation, desk: Desk) -> Message:
    """Give a place a limit of its own, or with `usual` that of all."""
    who, limit = _who(words), words[1] if len(words) > 1 else ""
    number = int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 6 else 0
    if limit != "usual" and not 0 < number <= MOST_RULES:
        raise Mistake(f"How many rules? Write /admin quota {who} 100, at most {MOST_RULES}, or usual.")
    await desk.store.change(who, lambda of: replace(of, rules=number or None), invocation.seen)
    said = f"at most {count(number, 'rule')}" if number else "the usual limit"
    return reply("🛠", line(bold(str(who)), f" has {said}"), data=(("place", str(who)), ("rules", number or None)))


async def _say(words: Sequence[str], invocation: Invocation, desk: Desk) -> Message:
    """Put a notice into the lane of every place that has rules."""
    said = invocation.arguments.strip().partition(" ")[2].strip()
    if not said or len(said) > LONGEST_SAID:
        raise Mistake(f"What should be said? Write 1 to {LONGEST_SAID} characters behind /admin say.")
    del words
    latest = await desk.store.latest()
    told = set[str]()
    async for page in desk.store.rules():
        for place in sorted({rule.place for rule in page} - told):
            notice = Notice(
                id=notice_id(About.OPERATOR, place, invocation.seen),
                about=About.OPERATOR,
                at=desk.now,
                label=latest.label if latest else Label.LIVE,
                headline="From those who run this service",
                lines=(said,),
            )
            await desk.store.post(place_of(place), notice, desk.now)
            told.add(place)
    return reply("🛠", line(bold(f"Said to {count(len(told), 'place')}")), data=(("places", len(told)),))


def _who(words: Sequence[str]) -> Place:
    """The place or person that is named. Raises Mistake."""
    platform, _, number = words[0].partition(":") if words else ("", "", "")
    if not platform.isalpha() or not number:
        said = shortened(words[0]) if words else "nobody"
        raise Mistake(f"Whom? I read {said}. Write platform and number, such as telegram:123456789.")
    return Place(platform.lower(), number)


_DO: Mapping[str, Do] = {"status": _status, "allow": _allow, "deny": _deny, "quota": _quota, "say": _say}

VERBS = tuple(_DO)
"""What an operator may do."""

ADMIN = Command(
    CommandSpec(
        "admin",
        "For operators: the service, who may come in, and a word to all",
        (
            Parameter("what", f"One of {', '.join(VERBS)}", choices="admin"),
            Parameter("rest", "Whom, and how many or what"),
        ),
        "/admin status",
    ),
    Who.OPERATOR,
    answer,
)
