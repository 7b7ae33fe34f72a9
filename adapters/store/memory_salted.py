"""Digests for names that may not be kept, as the other stores make them."""

import secrets

from adapters.store import keys


class Salted:
    """Has a salt of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._salt = secrets.token_bytes(16)

    def _digest(self, name: str) -> str:
        """What stands for the name."""
        return keys.digest(self._salt, name)
