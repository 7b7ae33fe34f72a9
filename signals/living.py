"""Living events: signals of which an episode is one message that begins, grows in its place, and ends with a reply."""

from collections.abc import Mapping
from datetime import timedelta

from signals.rules.model import Draft

GROWS: Mapping[str, timedelta] = {"cascade": timedelta(minutes=1)}
"""How often an episode of such a signal is told anew. What it waits for before it ends is in its score."""


def grows_every(draft: Draft) -> timedelta | None:
    """How often an episode of the rule grows; None where it does not: reminders are told instead."""
    return GROWS.get(draft.condition.name)


def is_living(name: str) -> bool:
    """Whether episodes of rules that begin with that name grow."""
    return name in GROWS
