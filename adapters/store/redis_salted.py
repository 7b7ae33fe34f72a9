"""Digests for names that may not be kept, salted with what only this store knows."""

import secrets

from adapters.store import keys
from adapters.store.client import Client
from adapters.store.replies import raw


class Salted:
    """Asks for the store's salt once."""

    _client: Client
    _salt: bytes | None = None

    async def _digest(self, name: str) -> str:
        """What stands for the name."""
        if self._salt is None:
            await self._client.do("SET", keys.SALT, secrets.token_hex(16), "NX")
            self._salt = raw(await self._client.do("GET", keys.SALT))
        return keys.digest(self._salt, name)
