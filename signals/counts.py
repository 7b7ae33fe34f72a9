"""Sizes of the engine, for logs and status."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """How large the engine is, and how much of it the last moment looked at; `kept` are states, `bytes` the index's."""

    rules: int
    keys: int
    cells: int
    kept: int
    touched: int
    bytes: int
