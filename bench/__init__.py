"""Measurements: each prints JSON, runs its rivals in turns, and asserts equal results before it prints a time."""
