"""The documented examples of each venue, one consistent market at 2026-11-23 14:00 UTC, and how answers hold them."""

from dataclasses import dataclass

from tests.fake_venues.shapes import Json

NUMBERS_APART = 1e-9


@dataclass(frozen=True, slots=True)
class Example:
    """A request and what its answer must hold. With `body` it is a POST."""

    venue: str
    path: str
    query: str
    expected: str
    body: str = ""


def holds(answer: Json, expected: Json) -> bool:
    """Whether the answer has all of the expected: keys, rows in any place of a list, and numbers by value."""
    if isinstance(expected, dict):
        return isinstance(answer, dict) and all(key in answer and holds(answer[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        if not isinstance(answer, list):
            return False
        if all(isinstance(each, dict) for each in expected):
            return all(any(holds(row, each) for row in answer) for each in expected)
        return len(answer) == len(expected) and all(map(holds, answer, expected))
    if _kind(answer) != _kind(expected):
        return False
    return answer == expected or _equal(str(answer), str(expected))


def _kind(value: Json) -> str:
    """Text is no number, and neither is a yes; how a number is written does not matter."""
    return "number" if type(value) in {int, float} else type(value).__name__


def _equal(one: str, other: str) -> bool:
    try:
        return abs(float(one) - float(other)) <= NUMBERS_APART * max(1.0, abs(float(other)))
    except ValueError:
        return False


EXAMPLES = (
    Example(
        "binance",
        "/fapi/v1/exchangeInfo",
        "",
        """{"serverTime":1795442400000,"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE",
        "intervalNum":1,"limit":2400}],"symbols":[{"symbol":"BTCUSDT","pair":"BTCUSDT","contractType":"PERPETUAL",
        "deliveryDate":4133404800000,"onboardDate":1569398400000,"status":"TRADING","baseAsset":"BTC",
        "quoteAsset":"USDT","marginAsset":"USDT","underlyingType":"COIN","underlyingSubType":["PoW"]}]}""",
    ),
    Example(
        "binance",
        "/fapi/v1/premiumIndex",
        "",
        """[{"symbol":"BTCUSDT","markPrice":"64000.00000000","indexPrice":"64020.00000000",
        "estimatedSettlePrice":"64015.00000000","lastFundingRate":"0.00008000","interestRate":"0.00010000",
        "nextFundingTime":1795449600000,"time":1795442400000},{"symbol":"BTCUSDT_261225","markPrice":"64800.00000000",
        "indexPrice":"64020.00000000","estimatedSettlePrice":"64015.00000000","lastFundingRate":"0.00000000",
        "interestRate":"0.00000000","nextFundingTime":0,"time":1795442400000}]""",
    ),
    Example(
        "binance",
        "/fapi/v1/fundingInfo",
        "",
        """[{"symbol":"1000PEPEUSDT","adjustedFundingRateCap":"0.02000000","adjustedFundingRateFloor":"-0.02000000",
        "fundingIntervalHours":4,"disclaimer":false}]""",
    ),
    Example(
        "binance",
        "/fapi/v1/openInterest",
        "symbol=BTCUSDT",
        """{"openInterest":"90000.000","symbol":"BTCUSDT","time":1795442398000}""",
    ),
    Example(
        "binance",
        "/fapi/v1/ticker/24hr",
        "",
        """[{"symbol":"BTCUSDT","lastPrice":"64001.00","volume":"150000.000","quoteVolume":"9600000000.00",
        "openTime":1795356000000,"closeTime":1795442400000}]""",
    ),
    Example(
        "binance",
        "/api/v3/ticker/24hr",
        "",
        """[{"symbol":"BTCUSDT","lastPrice":"64012.00","volume":"18000.00000","quoteVolume":"1152000000.00",
        "openTime":1795356000000,"closeTime":1795442400000}]""",
    ),
    Example(
        "binance",
        "/futures/data/globalLongShortAccountRatio",
        "symbol=BTCUSDT&period=5m&limit=1",
        """[{"symbol":"BTCUSDT","longShortRatio":"1.5000","longAccount":"0.6000","shortAccount":"0.4000",
        "timestamp":1795442100000}]""",
    ),
    Example(
        "binance",
        "/futures/data/takerlongshortRatio",
        "symbol=BTCUSDT&period=5m&limit=1",
        """[{"buySellRatio":"0.8000","buyVol":"400.0","sellVol":"500.0","timestamp":1795442100000}]""",
    ),
    Example(
        "binance",
        "/fapi/v1/fundingRate",
        "",
        """[{"symbol":"BTCUSDT","fundingRate":"0.00007500","fundingTime":1795420800000,"markPrice":"63900.10000000",
        "rateType":"Regular"}]""",
    ),
    Example(
        "binance",
        "/futures/data/openInterestHist",
        "symbol=BTCUSDT&period=5m&limit=1",
        """[{"symbol":"BTCUSDT","sumOpenInterest":"89500.000","sumOpenInterestValue":"5728000000.00",
        "CMCCirculatingSupply":"19900000","timestamp":1795442100000}]""",
    ),
    Example(
        "bybit",
        "/v5/market/instruments-info",
        "category=linear&limit=1000",
        """{"retCode":0,"retMsg":"OK","result":{"category":"linear","list":[{"symbol":"BTCUSDT",
        "contractType":"LinearPerpetual","status":"Trading","baseCoin":"BTC","quoteCoin":"USDT","settleCoin":"USDT",
        "launchTime":"1584230400000","deliveryTime":"0","fundingInterval":480,"isPreListing":false,"symbolType":""}],
        "nextPageCursor":""},"retExtInfo":{}}""",
    ),
    Example(
        "bybit",
        "/v5/market/tickers",
        "category=linear",
        """{"retCode":0,"retMsg":"OK","result":{"category":"linear","list":[{"symbol":"BTCUSDT","lastPrice":"64002.00",
        "markPrice":"64000.00","indexPrice":"64020.00","openInterest":"50000.000","openInterestValue":"3200000000.00",
        "singleOpenInterest":"25000.000","singleOpenInterestValue":"1600000000.00","turnover24h":"5000000000.0000",
        "volume24h":"78100.000","fundingRate":"0.00006","nextFundingTime":"1795449600000","fundingIntervalHour":"8",
        "fundingCap":"0.005","deliveryTime":"0","curPreListingPhase":""}]},"retExtInfo":{},"time":1795442400050}""",
    ),
    Example(
        "bybit",
        "/v5/market/tickers",
        "category=spot",
        """{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[{"symbol":"BTCUSDT","lastPrice":"64010.00",
        "turnover24h":"900000000.00","volume24h":"14060.00"}]},"retExtInfo":{},"time":1795442400050}""",
    ),
    Example(
        "bybit",
        "/v5/market/account-ratio",
        "category=linear&symbol=BTCUSDT&period=5min&limit=1",
        """{"retCode":0,"retMsg":"OK","result":{"list":[{"symbol":"BTCUSDT","buyRatio":"0.55","sellRatio":"0.45",
        "timestamp":"1795442100000"}],"nextPageCursor":""},"retExtInfo":{},"time":1795442400050}""",
    ),
    Example(
        "bybit",
        "/v5/market/funding/history",
        "category=linear&symbol=BTCUSDT&endTime=1795442400000",
        """{"retCode":0,"result":{"category":"linear","list":[{"symbol":"BTCUSDT","fundingRate":"0.00005",
        "fundingRateTimestamp":"1795420800000"}]}}""",
    ),
    Example(
        "bybit",
        "/v5/market/open-interest",
        "category=linear&symbol=BTCUSDT&intervalTime=5min&limit=1",
        """{"retCode":0,"result":{"symbol":"BTCUSDT","category":"linear","list":[{"openInterest":"49800.00000000",
        "singleOpenInterest":"24900","timestamp":"1795442100000"}]}}""",
    ),
    Example(
        "okx",
        "/api/v5/public/instruments",
        "instType=SWAP",
        """{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","uly":"BTC-USDT",
        "instFamily":"BTC-USDT","settleCcy":"USDT","ctVal":"0.01","ctMult":"1","ctValCcy":"BTC","ctType":"linear",
        "listTime":"1573557408000","expTime":"","state":"live","ruleType":"normal","instCategory":"1"},
        {"instType":"SWAP","instId":"BTC-USD-SWAP","uly":"BTC-USD","instFamily":"BTC-USD","settleCcy":"BTC",
        "ctVal":"100","ctMult":"1","ctValCcy":"USD","ctType":"inverse","listTime":"1535424203000","expTime":"",
        "state":"live","ruleType":"normal","instCategory":"1"}]}""",
    ),
    Example(
        "okx",
        "/api/v5/public/mark-price",
        "instType=SWAP",
        """{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","markPx":"64000",
        "ts":"1795442399900"}]}""",
    ),
    Example(
        "okx",
        "/api/v5/public/funding-rate",
        "instId=ANY",
        """{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","method":"current_period",
        "formulaType":"withRate","fundingRate":"0.0000200000000000","nextFundingRate":"","fundingTime":"1795449600000",
        "nextFundingTime":"1795464000000","minFundingRate":"-0.00375","maxFundingRate":"0.00375","settState":"settled",
        "settFundingRate":"0.0000300000000000","premium":"0.0001","ts":"1795442399900"}]}""",
    ),
    Example(
        "okx",
        "/api/v5/public/open-interest",
        "instType=SWAP",
        """{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","oi":"3000000","oiCcy":"30000",
        "oiUsd":"1920000000","ts":"1795442399900"}]}""",
    ),
    Example(
        "okx",
        "/api/v5/market/tickers",
        "instType=SWAP",
        """{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","last":"64001","vol24h":"4000000",
        "volCcy24h":"40000","ts":"1795442399900"}]}""",
    ),
    Example(
        "okx",
        "/api/v5/market/tickers",
        "instType=SPOT",
        """{"code":"0","msg":"","data":[{"instType":"SPOT","instId":"BTC-USDT","last":"64008","vol24h":"8000",
        "volCcy24h":"512000000","ts":"1795442399900"}]}""",
    ),
    Example(
        "okx",
        "/api/v5/market/index-tickers",
        "quoteCcy=USDT",
        """{"code":"0","msg":"","data":[{"instId":"BTC-USDT","idxPx":"64020","ts":"1795442399900"}]}""",
    ),
    Example(
        "okx",
        "/api/v5/rubik/stat/contracts/long-short-account-ratio-contract",
        "instId=BTC-USDT-SWAP&period=5m&limit=1",
        """{"code":"0","msg":"","data":[["1795442100000","1.2500"]]}""",
    ),
    Example(
        "okx",
        "/api/v5/public/funding-rate-history",
        "instId=BTC-USDT-SWAP&limit=400",
        """{"code":"0","msg":"","data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","fundingRate":"0.0000310",
        "realizedRate":"0.0000300","fundingTime":"1795435200000","method":"current_period"}]}""",
    ),
    Example(
        "gate",
        "/api/v4/futures/usdt/contracts",
        "",
        """[{"name":"BTC_USDT","type":"direct","quanto_multiplier":"0.0001","mark_price":"64000","index_price":"64020",
        "last_price":"64001","funding_rate":"0.0001","funding_interval":28800,"funding_next_apply":1795449600,
        "interest_rate":"0.0003","position_size":"120000000","in_delisting":false,"status":"trading",
        "contract_type":"","enable_decimal":false,"config_change_time":1790000000}]""",
    ),
    Example(
        "gate",
        "/api/v4/futures/usdt/tickers",
        "",
        """[{"contract":"BTC_USDT","last":"64001","total_size":"120000000","volume_24h":"500000000",
        "volume_24h_base":"50000","volume_24h_quote":"3200000000","volume_24h_settle":"3200000000",
        "mark_price":"64000","index_price":"64020","funding_rate":"0.0001","funding_rate_indicative":"0.0001"}]""",
    ),
    Example(
        "gate",
        "/api/v4/spot/tickers",
        "",
        """[{"currency_pair":"BTC_USDT","last":"64007","base_volume":"3000","quote_volume":"192000000"}]""",
    ),
    Example(
        "gate",
        "/api/v4/futures/usdt/contract_stats",
        "contract=BTC_USDT&interval=5m&limit=1",
        """[{"time":1795442100,"lsr_taker":0.9,"lsr_account":1.3,"top_lsr_account":1.1,"top_lsr_size":"1.05",
        "long_liq_usd_new":76000.0,"short_liq_usd_new":6400.0,"open_interest":"119500000",
        "open_interest_usd":764800000.0,"mark_price":64000.0,"long_users":"5200","short_users":"4000"}]""",
    ),
    Example(
        "gate",
        "/api/v4/futures/usdt/liq_orders",
        "contract=BTC_USDT&from=1795438800&to=1795442400",
        """[{"time":1795442400,"contract":"BTC_USDT","size":"1200","order_size":"-1200","order_price":"63500",
        "fill_price":"63600","left":"0"}]""",
    ),
    Example(
        "gate",
        "/api/v4/futures/usdt/funding_rate",
        "contract=BTC_USDT&limit=1",
        """[{"t":1795420800,"r":"0.0001"}]""",
    ),
    Example(
        "bitget",
        "/api/v2/mix/market/contracts",
        "productType=USDT-FUTURES",
        """{"code":"00000","msg":"success","requestTime":1795442400000,"data":[{"symbol":"BTCUSDT","baseCoin":"BTC",
        "quoteCoin":"USDT","supportMarginCoins":["USDT"],"sizeMultiplier":"0.0001","symbolType":"perpetual",
        "symbolStatus":"normal","offTime":"-1","launchTime":"","deliveryTime":"","fundInterval":"8","isRwa":"NO"}]}""",
    ),
    Example(
        "bitget",
        "/api/v2/mix/market/tickers",
        "productType=USDT-FUTURES",
        """{"code":"00000","msg":"success","requestTime":1795442400000,"data":[{"symbol":"BTCUSDT","lastPr":"64001.0",
        "ts":"1795442399950","baseVolume":"60000","quoteVolume":"3840000000","usdtVolume":"3840000000",
        "indexPrice":"64020.0","markPrice":"64000.0","fundingRate":"-0.00001","holdingAmount":"20000",
        "deliveryTime":null,"deliveryStatus":""}]}""",
    ),
    Example(
        "bitget",
        "/api/v2/mix/market/current-fund-rate",
        "productType=USDT-FUTURES",
        """{"code":"00000","msg":"success","requestTime":1795442400000,"data":[{"symbol":"BTCUSDT",
        "fundingRate":"-0.00001","fundingRateInterval":"8","nextUpdate":"1795449600000","minFundingRate":"-0.003",
        "maxFundingRate":"0.003"}]}""",
    ),
    Example(
        "bitget",
        "/api/v2/spot/market/tickers",
        "",
        """{"code":"00000","msg":"success","requestTime":1795442400000,"data":[{"symbol":"BTCUSDT","lastPr":"64009.0",
        "baseVolume":"5000","quoteVolume":"320000000","usdtVolume":"320000000","ts":"1795442399950"}]}""",
    ),
    Example(
        "bitget",
        "/api/v2/mix/market/account-long-short",
        "symbol=BTCUSDT&period=5m",
        """{"code":"00000","data":[{"longAccountRatio":"0.58","shortAccountRatio":"0.42",
        "longShortAccountRatio":"0.0138","ts":"1795442100000"}]}""",
    ),
    Example(
        "bitget",
        "/api/v2/mix/market/position-long-short",
        "symbol=BTCUSDT&period=5m",
        """{"code":"00000","data":[{"longPositionRatio":"0.52","shortPositionRatio":"0.48",
        "longShortPositionRatio":"1.08","ts":"1795442100000"}]}""",
    ),
    Example(
        "bitget",
        "/api/v2/mix/market/history-fund-rate",
        "symbol=BTCUSDT&productType=USDT-FUTURES&pageSize=100&pageNo=1",
        """{"code":"00000","data":[{"symbol":"BTCUSDT","fundingRate":"-0.000008","fundingTime":"1795420800000"}]}""",
    ),
    Example(
        "hyperliquid",
        "/info",
        "",
        """[{"universe":[{"name":"BTC","maxLeverage":40},{"name":"kPEPE","maxLeverage":10},{"name":"OLD",
        "isDelisted":true}],"marginTables":[],"collateralToken":0},[{"funding":"0.0000125","openInterest":"40000.0",
        "prevDayPx":"63500.0","dayNtlVlm":"1500000000.0","premium":"0.0001","oraclePx":"64020.0","markPx":"64000.0",
        "midPx":"64000.5","impactPxs":["64000.0","64001.0"],"dayBaseVlm":"23437.5"},{"funding":"0.0000125",
        "openInterest":"900000000.0","dayNtlVlm":"20000000.0","oraclePx":"0.0108","markPx":"0.0108","midPx":"0.0108",
        "dayBaseVlm":"1850000000.0"},{"funding":"0.0","openInterest":"0.0","dayNtlVlm":"0.0","premium":null,
        "oraclePx":"1.0","markPx":"1.0","midPx":null,"impactPxs":null,"dayBaseVlm":"0.0"}]]""",
        body='{"type":"metaAndAssetCtxs"}',
    ),
    Example(
        "hyperliquid",
        "/info",
        "",
        """[{"tokens":[{"name":"USDC","index":0,"fullName":null},{"name":"UBTC","index":1,"fullName":"Unit Bitcoin"}],
        "universe":[{"name":"@142","tokens":[1,0],"index":142,"isCanonical":false}]},[{"coin":"@142",
        "dayNtlVlm":"60000000.0","markPx":"64005.0"}]]""",
        body='{"type":"spotMetaAndAssetCtxs"}',
    ),
    Example(
        "hyperliquid",
        "/info",
        "",
        """[{"coin":"BTC","fundingRate":"0.0000125","premium":"0.0001","time":1795438800076}]""",
        body='{"type":"fundingHistory","coin":"BTC","startTime":1795435200000}',
    ),
    Example(
        "coinglass",
        "/api/futures/funding-rate/exchange-list",
        "",
        """{"code":"0","msg":"success","data":[{"symbol":"BTC","stablecoin_margin_list":[{"exchange":"Binance",
        "funding_rate_interval":8,"funding_rate":0.008,"next_funding_time":1795449600000}]}]}""",
    ),
    Example(
        "coinglass",
        "/api/futures/open-interest/exchange-list",
        "symbol=BTC",
        """{"code":"0","msg":"success","data":[{"exchange":"All","symbol":"BTC","open_interest_usd":12608000000.0,
        "open_interest_quantity":197000.0},{"exchange":"Binance","symbol":"BTC","open_interest_usd":5760000000.0,
        "open_interest_quantity":90000.0}]}""",
    ),
)
