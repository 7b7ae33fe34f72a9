"""CoinGlass over the network: one list of rates, open interest from what is left of the plan, and wrong keys."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest

from adapters.store.memory import MemoryStore
from adapters.venues.base import RateLimited, Refused, Span, Unavailable
from adapters.venues.coinglass_client import ENDPOINTS, FUNDING, MANNERS, OPEN_INTEREST, CoinGlass
from adapters.venues.transport import Request, Response
from signals.aggregate import Ledger
from signals.model import Instrument, Metric, Observation
from tests.adapters.venues.wired import AT, Hand, Overheard, Scripted, overheard, wiring
from tests.fake_venues.coinglass import FakeCoinglass
from tests.fake_venues.golden import AT_MS, golden

KEY = "0123456789abcdef0123456789abcdef"
HOST = "https://open-api-v4.coinglass.com"
RATES = f"{HOST}/api/futures/funding-rate/exchange-list"
INTEREST = f"{HOST}/api/futures/open-interest/exchange-list"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def at_the_fake(key: str = KEY, clock: Hand | None = None) -> tuple[CoinGlass, Overheard]:
    clock = clock or Hand()
    transport = overheard(FakeCoinglass(golden(), key=KEY), clock.now)
    return CoinGlass(wiring(ENDPOINTS, transport, clock.now, key=key)), transport


def told(request: Request) -> bytes:
    """Rates of forty coins on two exchanges, and any coin's open interest."""
    if request.url == RATES:
        row = {"funding_rate": 0.01, "funding_rate_interval": 8, "next_funding_time": AT_MS + 7_200_000}
        rates = [row | {"exchange": exchange} for exchange in ("OKX", "Binance")]
        data = [{"symbol": f"C{number}", "stablecoin_margin_list": rates} for number in range(40)]
    else:
        coin = request.params["symbol"]
        data = [{"exchange": each, "symbol": coin, "open_interest_quantity": 5} for each in ("All", "Binance", "OKX")]
    return json.dumps({"code": "0", "msg": "success", "data": data}).encode()


async def asked_for_all(venue: CoinGlass, listed: Sequence[Instrument]) -> list[Observation]:
    batches = [await venue.snapshot(OPEN_INTEREST, (each,)) for each in listed]
    return [seen for batch in batches for seen in batch.observations]


async def test_one_call_brings_all_rates_and_the_list_with_them() -> None:
    venue, transport = at_the_fake()
    await venue.instruments()

    batch = await venue.snapshot(FUNDING, ())
    listed = await venue.instruments()

    assert transport.asked == [Request(RATES, headers={"CG-API-KEY": KEY})] * 2
    assert {seen.symbol: seen.rate for seen in batch.observations}["Binance:BTC"] == pytest.approx(8e-5)
    assert "OKX:BTC" in [each.symbol for each in listed]
    assert (FUNDING.every, FUNDING.metrics) == (timedelta(seconds=30), frozenset({Metric.FUNDING}))


async def test_one_call_brings_the_open_interest_of_a_coin_on_all_exchanges() -> None:
    venue, transport = at_the_fake()
    listed = [each for each in await venue.instruments() if each.coin == "BTC"]

    seen = await asked_for_all(venue, listed)

    assert transport.asked[1:] == [Request(INTEREST, {"symbol": "BTC"}, headers={"CG-API-KEY": KEY})]
    assert {one.symbol: one.value for one in seen}["Binance:BTC"] == 90_000.0
    assert len(seen) == len({one.symbol for one in seen}) > 3


async def test_open_interest_takes_only_what_is_left_of_the_plan_and_rates_go_on() -> None:
    venue = CoinGlass(wiring(ENDPOINTS, transport := Scripted(told), key=KEY))
    listed = await venue.instruments()

    seen = await asked_for_all(venue, listed)
    asked = [request.params["symbol"] for request in transport.asked if request.url == INTEREST]

    assert len(asked) == len(set(asked)) == 30 * 40 // 100 - 1
    assert len(seen) == 2 * len(asked)
    assert len((await venue.snapshot(FUNDING, ())).observations) == 80


async def test_a_larger_plan_is_known_from_the_headers() -> None:
    headers = {"api-key-max-limit": "300", "api-key-use-limit": "2"}
    transport = Scripted(lambda request: Response(200, headers, told(request)))
    venue = CoinGlass(wiring(ENDPOINTS, transport, key=KEY))

    await asked_for_all(venue, await venue.instruments())

    assert len(transport.asked) == 1 + 40
    assert MANNERS.limits("plan", headers) == {"plan": 300}
    assert MANNERS.used("plan", headers) == {"plan": 2}
    assert MANNERS.used("plan", {}) == MANNERS.limits("plan", {"api-key-max-limit": "many"}) == {}
    assert MANNERS.ban(Response(429, {}, b""), AT) is None


async def test_a_plan_that_is_used_up_elsewhere_rests() -> None:
    headers = {"api-key-max-limit": "30", "api-key-use-limit": "29"}
    venue = CoinGlass(wiring(ENDPOINTS, Scripted(lambda request: Response(200, headers, told(request))), key=KEY))
    await venue.instruments()

    with pytest.raises(RateLimited):
        await venue.snapshot(FUNDING, ())


WRONG = [
    Response(401, {}, b""),
    Response(403, {}, b"forbidden"),
    Response(200, {}, b'{"code":"401","msg":"Invalid"}'),
    Response(200, {}, b'{"code":"30001","msg":"API key missing."}'),
    Response(200, {}, b'{"code":"400","msg":"Invalid."}'),
]


@pytest.mark.parametrize("response", WRONG)
async def test_a_wrong_key_is_one_sentence_that_names_the_setting_and_is_not_tried_again_soon(
    response: Response,
) -> None:
    clock = Hand()
    transport = Scripted(lambda _: response)
    venue = CoinGlass(wiring(ENDPOINTS, transport, clock.now, key=KEY))

    said = set()
    for _ in range(3):
        with pytest.raises(Refused) as refused:
            await venue.instruments()
        said.add(str(refused.value))
        with pytest.raises(Refused):
            await venue.snapshot(FUNDING, ())

    assert len(transport.asked) == 1
    (sentence,) = said
    assert "PERPWATCH_COINGLASS_KEY" in sentence
    assert KEY not in sentence

    clock.on(HOUR + MINUTE)
    with pytest.raises(Refused):
        await venue.instruments()
    assert len(transport.asked) == 2


@pytest.mark.parametrize("response", WRONG)
async def test_another_key_is_tried_at_once_and_the_same_one_says_the_same_after_a_restart(response: Response) -> None:
    store = MemoryStore()

    async def start(key: str, transport: Scripted) -> Sequence[Instrument]:
        return await CoinGlass(wiring(ENDPOINTS, transport, store=store, key=key)).instruments()

    for _ in range(2):
        with pytest.raises(Refused, match="PERPWATCH_COINGLASS_KEY"):
            await start("wrong", Scripted(lambda _: response))

    assert len(await start(KEY, Scripted(told))) == 80


async def test_a_fake_venue_refuses_a_wrong_key_too() -> None:
    venue, _ = at_the_fake(key="wrong")

    with pytest.raises(Refused):
        await venue.instruments()


async def test_a_trouble_of_the_vendor_is_no_fault_of_the_key() -> None:
    venue = CoinGlass(wiring(ENDPOINTS, Scripted(lambda _: b'{"code":"500","msg":"oops"}'), key=KEY))

    with pytest.raises(Unavailable):
        await venue.instruments()
    with pytest.raises(Unavailable):
        await venue.instruments()


async def test_the_key_is_shown_nowhere() -> None:
    venue, transport = at_the_fake()
    await venue.instruments()

    shown = [repr(each) for each in (transport.asked, venue, venue.client, wiring(ENDPOINTS, transport, key=KEY))]
    assert not any(KEY in text for text in shown)


async def test_there_are_no_liquidations_and_no_past() -> None:
    venue, transport = at_the_fake()
    listed = await venue.instruments()
    span = Span(AT - HOUR, AT)

    assert [item async for item in venue.liquidations(())] == []
    assert [seen async for seen in venue.history(listed[0], Metric.FUNDING, span, HOUR)] == []
    assert (await venue.snapshot(OPEN_INTEREST, ())).observations == ()
    assert len(transport.asked) == 1


async def test_its_numbers_never_join_those_of_a_venue_that_is_read_itself() -> None:
    venue = CoinGlass(wiring(ENDPOINTS, Scripted(told), key=KEY))
    listed = await venue.instruments()
    rates = (await venue.snapshot(FUNDING, ())).observations
    interest = await asked_for_all(venue, listed)
    okx = Instrument("okx", "C1-USDT-SWAP", "C1", 1.0, frozenset({Metric.FUNDING, Metric.OI_LEVEL}))
    own = [
        Observation(Metric.OI_LEVEL, "okx", okx.symbol, "C1", 70.0, AT, AT, MINUTE),
        Observation(Metric.FUNDING, "okx", okx.symbol, "C1", -0.0002, AT, AT, MINUTE),
    ]
    ledger = Ledger()

    ledger.expect([*listed, okx])
    ledger.take([*rates, *interest, *own])
    cycle = ledger.read(AT, "LIVE")

    assert cycle.readings["C1"][Metric.OI_LEVEL].value == 70.0
    assert cycle.readings["C1"][Metric.FUNDING].value == -0.0002
    assert cycle.readings["C2"][Metric.FUNDING].venues == ("coinglass",)
