"""Fixtures of the fronts' tests."""

from collections.abc import AsyncIterator

import pytest

from tests.fake_telegram.stage import Stage, staged


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A Telegram front before a fake Bot API, with one person in it."""
    async with staged() as stage:
        yield stage
