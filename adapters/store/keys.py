"""Every key of the store, in one place. A script gets all its keys by name, and they share one hash tag.

| tag | holds |
|---|---|
| `{m}` | the market: closed moments, bars, and what followed on them |
| `{v}` | venues: budgets, blocks, what was found out, how they do |
| `{u}` | people: rules, watchlists, drafts, settings, changes, answers already given |
| `{e0}` | phases and events, and what followed them |
| `{tm}` `{tg}` `{dc}` | deliveries of one platform |
"""

import hmac
import re
from datetime import timedelta

from adapters.chat.base import Place
from signals.part import WHOLE, Part

SCHEMA = "{u}schema"
"""Version of the data; data of a newer version refuses the start."""

CYCLES = "{m}cycles"
"""Stream of closed moments; the id is the moment in Unix milliseconds."""
STEPS = "{m}steps"
"""Set of the resolutions, in seconds, of which bars are kept."""

HEALTH = "{v}health"
"""How the venues were doing when that was last said."""

GLANCE = "{m}glance"
"""What was seen at the moment that was looked at last, behind that moment in Unix milliseconds, in eight bytes."""

BACKFILLED = "{m}backfilled"
"""How often bars of the past changed what is stored."""

CHANGES = "{u}chg"
"""Stream of changes of rules and watchlists; the id is the number of the change."""
PLACES = "{u}places"
"""Set of places that have rules."""
NUMBERS = "{u}numbers"
"""Hash place -> the last number given to a rule."""
WATCHLISTS = "{u}watch"
"""Hash place -> the coins that it watches."""

COPIED = "{u}copied"
"""Written to ask a server whether its replicas have what was written before."""

SALT = "{u}salt"
"""What digests are salted with."""
ERASING = "{u}erasing"
"""Hash place -> when it was erased, until its last traces are gone too."""
ALLOWED = "{u}allowed"
"""Set of places and people that were let in."""
DENIED = "{u}denied"
"""Set of places and people that the operator stopped."""

STATES = "{e0}st"
"""Set of rules that have states."""
EVENTS = "{e0}ev"
"""Stream of events that are not yet fanned out."""
DEAD_EVENTS = "{e0}dead"
"""Stream of events that could not be read, trimmed by age."""
FOLLOWED = "{e0}followed"
"""Zset of the fired alerts that are followed up, by when they are to be looked at again; a name ends in its place."""
PARTS = "{e0}parts"
"""How many parts the coins are shared out to; absent where they are not."""

_TAGS = {"terminal": "{tm}", "telegram": "{tg}", "discord": "{dc}"}


def digest(salt: bytes, name: str) -> str:
    """What stands for a name that may not be kept."""
    return hmac.digest(salt, name.encode(), "sha256").hex()[:24]


def bars(step: timedelta) -> str:
    """Zset of the bars of one resolution, by time."""
    return f"{{m}}bars:{step.total_seconds():g}"


def spent(bucket: str, window: int, start: int) -> str:
    """What is spent of a bucket in the window that begins then, both in milliseconds; it expires."""
    return f"{{v}}spent:{bucket}:{window}:{start}"


def block(name: str) -> str:
    """Until when nothing may be spent from that bucket or within that name, in Unix milliseconds."""
    return f"{{v}}block:{name}"


def learned(name: str) -> str:
    """What was found out about a venue."""
    return f"{{v}}learned:{name}"


def rules(place: Place) -> str:
    """Hash number -> rule of a place."""
    return f"{{u}}rules:{place}"


def drafts(place: Place) -> str:
    """Hash token -> end and draft of a place's drafts; it expires."""
    return f"{{u}}drafts:{place}"


def settings(place: Place) -> str:
    """Hash name -> value of what a place has asked for."""
    return f"{{u}}settings:{place}"


def admitted(place: Place) -> str:
    """Hash of a day and the entries that are counted on it, with the day under `day`; it expires."""
    return f"{{u}}admitted:{place}"


def seen(effect: str, place: Place, update: str) -> str:
    """The answer that was given to an update of a place."""
    return f"{{u}}seen:{effect}:{place}:{update}"


def number(digest: str) -> str:
    """The last number that an erased place gave to a rule; it expires."""
    return f"{{u}}number:{digest}"


def judged(part: Part = WHOLE) -> str:
    """The last moment that the part judged whole, in Unix milliseconds."""
    return _of_part("judged", part)


def mark(part: Part = WHOLE) -> str:
    """What whoever judges the part's next moment begins with."""
    return _of_part("mark", part)


def effort(part: Part = WHOLE) -> str:
    """What judging the part's last moment took."""
    return _of_part("effort", part)


def _of_part(name: str, part: Part) -> str:
    return f"{{e0}}{name}" if part == WHOLE else f"{{e0}}{name}:{part}"


def states(rule_id: str) -> str:
    """Hash track -> state of one rule."""
    return f"{{e0}}st:{rule_id}"


def floor(digest: str) -> str:
    """The revision below which nothing of the rule with that digest acts, or `gone`; it expires."""
    return f"{{e0}}floor:{digest}"


def fires(rule_id: str) -> str:
    """List of the seconds at which one rule fired; it expires."""
    return f"{{e0}}fires:{rule_id}"


def told(rule_id: str) -> str:
    """Stream of the events of one rule, trimmed by age."""
    return f"{{e0}}told:{rule_id}"


def alerts(place: str) -> str:
    """Hash episode -> fired alert of a place, kept for ever."""
    return f"{{e0}}alerts:{place}"


def cases(label: str, question: str, coin: str) -> str:
    """Hash moment -> what followed a question on a coin, whoever asked it."""
    return f"{{e0}}cases:{label}:{question}:{coin}"


def records(label: str, question: str) -> str:
    """Hash coin -> what followed a question on stored bars; it expires."""
    return f"{{m}}records:{label}:{question}"


def rule_of(name: str) -> str:
    """The rule whose states, firings or events are kept under that key; nothing where it is another key."""
    tag, _, rest = name.partition("}")
    kind, _, rule_id = rest.partition(":")
    return rule_id if tag == "{e0" and kind in ("st", "fires", "told") else ""


def of_platform(platform: str, name: str) -> str:
    """A key of one platform: leader, epoch, lane, seq, ready, infl, tries, last, applied, quiet, addresses.

    `wake` is a stream of one entry, rewritten whenever something new may be due.
    Also `missed`: per place the expired alerts that it was not told of; `low`: what waits behind all alerts; `dlq`.
    """
    return _TAGS.get(platform, f"{{{platform}}}") + name


def subscribers(platform: str, rule_id: str) -> str:
    """Zset of the places that a rule's alerts go to."""
    return of_platform(platform, f"subs:{rule_id}")


def expanded(platform: str, event_id: str) -> str:
    """How far an event is expanded: the last place, or `done`."""
    return of_platform(platform, f"fan:{event_id}")


def body(platform: str, event_id: str) -> str:
    """The event itself, for the sender."""
    return of_platform(platform, f"body:{event_id}")


def messages(platform: str, episode: str) -> str:
    """Hash place -> id of the message that told of the firing."""
    return of_platform(platform, f"mid:{episode}")


def outcomes(place: Place) -> str:
    """Stream of how a place's entries ended, trimmed by age."""
    return of_platform(place.platform, f"log:{place.id}")


def note(platform: str, key: str) -> str:
    """What a front noted; it expires."""
    return of_platform(platform, f"note:{key}")


def mention(name: str) -> str:
    """A pattern of the name where it is not a part of a longer one."""
    return rf"(?<![\w.-]){re.escape(name)}(?!\w|\.\d)"
