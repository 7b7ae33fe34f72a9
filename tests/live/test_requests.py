"""How often venues are asked, counted by the fakes: what each call costs, and nothing beside it."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

import pytest

from tests.fake_venues.everyone import KINDS
from tests.fake_venues.record import Served
from tests.live.service import Scene, Seen, minute, played

COINS = 60
MINUTES = 10
ASKED = ("binance", "bitget", "bybit", "gate", "okx", "hyperliquid")
MINUTES_OF_MANY = 4
SHARE_OF_MANY = 0.48
"""600 for the hot hundred, 402 for the others, 60 for prices, 80 for volumes: 1,142 of 2,400, and a second contract."""
CEILING = 0.8
"""Share of a limit that is used at most."""

PER_MINUTE: Mapping[tuple[str, str], float] = {
    ("binance", "/fapi/v1/premiumIndex"): 6,
    ("binance", "/fapi/v1/ticker/24hr"): 2,
    ("binance", "/api/v3/ticker/24hr"): 2,
    ("bybit", "/v5/market/tickers?linear"): 6,
    ("bybit", "/v5/market/tickers?spot"): 2,
    ("okx", "/api/v5/public/mark-price"): 6,
    ("okx", "/api/v5/public/funding-rate"): 6,
    ("okx", "/api/v5/public/open-interest"): 6,
    ("okx", "/api/v5/market/tickers?SWAP"): 2,
    ("okx", "/api/v5/market/tickers?SPOT"): 2,
    ("gate", "/api/v4/futures/usdt/contracts"): 6,
    ("gate", "/api/v4/futures/usdt/tickers"): 2,
    ("gate", "/api/v4/spot/tickers"): 2,
    ("bitget", "/api/v2/mix/market/tickers"): 6,
    ("bitget", "/api/v2/mix/market/current-fund-rate"): 6,
    ("bitget", "/api/v2/spot/market/tickers"): 2,
    ("hyperliquid", "/info?metaAndAssetCtxs"): 6,
    ("hyperliquid", "/info?spotMetaAndAssetCtxs"): 2,
}
"""The bulk feeds, and how often each is asked."""


@cache
def usual() -> Seen:
    """Ten minutes of all venues with sixty coins and no faults."""
    return played(Scene(minutes=MINUTES, venues=ASKED, coins=COINS, lively=0.01))


def name(served: Served) -> str:
    """The path, with what tells two feeds of one path apart."""
    kinds = (
        ("linear", "spot", "SWAP", "SPOT") if served.path.startswith(("/v5/market/tick", "/api/v5/market/tick")) else ()
    )
    told = [part for part in ("spotMetaAndAssetCtxs", "metaAndAssetCtxs") if f"type={part}" in served.what]
    told += [part for part in kinds if f"={part}" in served.what]
    return served.path + (f"?{told[0]}" if told else "")


def counts(seen: Seen) -> Counter[tuple[str, str]]:
    """Requests by venue and name, of whole minutes after the first one."""
    return Counter((each.venue, name(each)) for each in seen.record.served if minute(1) <= each.at < minute(MINUTES))


def table() -> str:
    """The calls that were measured as a table in Markdown: venue, call, count a minute, weight a minute at the most."""
    seen = usual()
    rows = [f"| {venue} | `{call}` | {n / (MINUTES - 1):.1f} |" for (venue, call), n in sorted(counts(seen).items())]
    most = [f"| {bucket} | {weight} |" for bucket, weight in sorted(seen.record.most_a_minute().items())]
    return "\n".join(
        [
            f"With {COINS} coins, over {MINUTES} simulated minutes:\n",
            "| venue | call | calls a minute |\n|---|---|---|",
            *rows,
            "\n| bucket | most weight in a minute |\n|---|---|",
            *most,
        ]
    )


@pytest.mark.parametrize(("call", "per_minute"), PER_MINUTE.items())
def test_each_feed_is_asked_as_often_as_the_table_says(call: tuple[str, str], per_minute: float) -> None:
    assert abs(counts(usual())[call] - per_minute * (MINUTES - 1)) <= 1


def test_each_open_interest_of_binance_is_asked_every_ten_seconds() -> None:
    seen = usual()
    living = len(seen.market.venues(lambda: minute(0))[0].client.roster.known)
    asked = counts(seen)["binance", "/fapi/v1/openInterest"]
    assert abs(asked - living * 6 * (MINUTES - 1)) <= living


def test_weights_stay_under_four_fifths_of_each_limit() -> None:
    limits = {f"{kind.name} {bucket}": limit for kind in KINDS for bucket, limit in kind.limits.items()}
    used = windows(usual())
    over = {of: most for of, most in used.items() if most > max(1, CEILING * limits[of].most)}
    assert used
    assert not over


def windows(seen: Seen) -> Mapping[str, int]:
    """The largest weight in any window of each bucket."""
    limits = {(kind.name, bucket): limit for kind in KINDS for bucket, limit in kind.limits.items()}
    spent: Counter[tuple[str, str, int]] = Counter()
    for each in seen.record.served:
        bucket = each.bucket.partition(":")[0]
        width = limits[each.venue, bucket].window
        spent[each.venue, each.bucket, (each.at - EPOCH) // width] += each.weight
    most: dict[str, int] = {}
    for (venue, bucket, _), weight in spent.items():
        of = f"{venue} {bucket.partition(':')[0]}"
        most[of] = max(most.get(of, 0), weight)
    return most


EPOCH = datetime.fromisoformat("1970-01-01T00:00Z")


def test_no_request_is_sent_twice_in_a_cycle() -> None:
    last: dict[tuple[str, str], datetime] = {}
    for each in usual().record.served:
        key = (each.venue, name(each))
        if key in PER_MINUTE and each.at >= minute(1):
            assert key not in last or each.at - last[key] >= timedelta(seconds=60 / PER_MINUTE[key] * 0.8), key
            last[key] = each.at


def test_nobody_is_asked_but_the_configured_hosts_and_all_answer() -> None:
    seen = usual()
    endpoints = [url for venue in seen.market.venues(lambda: minute(0)) for url in venue.client.endpoints.hosts]
    assert seen.hosts == {urlsplit(url).hostname for url in endpoints}
    assert {each.status for each in seen.record.served} == {200}
    assert all(not of.refused for of in seen.health.values())


def test_with_five_hundred_coins_the_hot_hundred_of_binance_come_every_ten_seconds_and_all_within_a_minute() -> None:
    seen = played(Scene(minutes=MINUTES_OF_MANY, venues=("binance",), coins=500, lively=0))
    last = [each for each in seen.record.served if minute(MINUTES_OF_MANY - 1) <= each.at < minute(MINUTES_OF_MANY)]
    asked = [each for each in last if each.path.endswith("openInterest")]
    living = len(seen.market.venues(lambda: minute(0))[0].client.roster.known)
    hot = (len(asked) - living) / 5  # each once, and the hot five times more
    assert 100 <= hot <= 105  # some of the hundred coins have two contracts
    assert windows(seen)["binance fapi"] <= SHARE_OF_MANY * 2_400
