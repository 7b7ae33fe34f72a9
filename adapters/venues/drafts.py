"""Observations made cheaply."""

from signals.drafts import drafted
from signals.model import Observation

written = drafted(Observation)
"""The observation with these fields."""
