"""Processes of the real loops that are killed at named points, and what must be true of them afterwards."""
