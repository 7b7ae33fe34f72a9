"""Of questions without a record the last ones are kept, of all parts, and nothing of who asked."""

import pytest

from adapters.store.memory import MemoryStore
from bot.services.wanted import Wanted, wanted
from signals.part import WHOLE


async def test_the_last_ones_are_kept_each_once_with_all_its_coins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.services.wanted.MOST", 3)
    store = MemoryStore()
    here = Wanted(store, WHOLE)
    for asked in ([("a > 1 for 0s", "BTC")], [("b < 2 for 0s", "ETH")], [("a > 1 for 0s", "BTC")], []):
        await here.want(asked)
    assert await wanted(store) == {"a > 1 for 0s": {"BTC"}, "b < 2 for 0s": {"ETH"}}

    await here.want([("@okx c > 3 for 0s", "SOL"), ("@okx c > 3 for 0s", "ETH")])

    assert await wanted(store) == {"a > 1 for 0s": {"BTC"}, "@okx c > 3 for 0s": {"SOL", "ETH"}}


async def test_nothing_is_wanted_where_nothing_fired() -> None:
    assert await wanted(MemoryStore()) == {}
