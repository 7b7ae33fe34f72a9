"""Observations at a third of the price: a refresh makes twenty thousand of them.

A frozen dataclass sets each field through a call. So an observation is written as a draft, which has the same slots
and is not frozen, and becomes one when it is complete. Classes with equal slots may take each other's place: that is
documented of `__class__` under `__slots__`.
"""

from dataclasses import field, fields, make_dataclass
from typing import TYPE_CHECKING

from signals.model import Observation


def _become_observation(draft: Observation) -> None:
    draft.__class__ = Observation


_FIELDS = [(each.name, object, field(default=each.default)) for each in fields(Observation)]

if TYPE_CHECKING:
    written = Observation
    """The observation with these fields."""
else:
    written = make_dataclass("_Draft", _FIELDS, slots=True, namespace={"__post_init__": _become_observation})
