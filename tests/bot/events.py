"""An event to tell of: ETH funding far below zero, as judged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from signals.aggregate import Weighing
from signals.event import Event
from signals.model import Fact, Unit
from signals.rules.lifecycle import Change
from signals.rules.model import Compare

AT = datetime(2026, 1, 5, 14, 17, 4, tzinfo=UTC)

FUNDING = Event(
    id="TRANSITIONTRANSI",
    episode="A7FK3QZ2WXYB5C6D",
    rule_id="r1",
    rule_number=3,
    revision=1,
    sentence="ETH negfunding for 15m every 1h",
    change_number=4,
    coin="ETH",
    venue="all",
    name="negfunding",
    window=timedelta(0),
    change=Change.FIRED,
    at=AT,
    since=AT - timedelta(minutes=15),
    fired_at=AT,
    value=-0.000121,
    line=-0.0001,
    clear=-0.00005,
    compare=Compare.BELOW,
    absolute=False,
    unit=Unit.RATE_8H,
    hold=timedelta(minutes=15),
    venues=("binance", "bybit", "okx"),
    missing=(),
    coverage=1.0,
    weighing=Weighing.OI,
    floor=False,
    trust="normal",
    facts=(
        Fact("grade", None, Unit.FRACTION, "notable"),
        Fact("rank of 90 days", 0.04, Unit.RANK),
        Fact("a year", -0.132495, Unit.RATE_YEAR),
        Fact("from neutral", -0.000221, Unit.RATE_8H, "neutral is about +0.01%"),
        Fact("below zero for", 3.0, Unit.HOURS),
        Fact("last settled", 0.000021, Unit.RATE_8H),
        Fact("venue binance", -0.000137, Unit.FRACTION, "per 8h"),
        Fact("venue bybit", -0.000056, Unit.FRACTION, "per 4h"),
        Fact("venue okx", -0.000098, Unit.FRACTION, "per 8h"),
    ),
    label="LIVE",
)

LIQUIDATIONS = replace(
    FUNDING,
    sentence="BTC liqspike 1h > 20x for 0s every 1h",
    coin="BTC",
    name="liqspike",
    window=timedelta(hours=1),
    value=24.6,
    line=20.0,
    clear=16.0,
    compare=Compare.ABOVE,
    unit=Unit.MULTIPLE,
    hold=timedelta(0),
    since=AT,
    floor=True,
    facts=(
        Fact("liquidated", 41_200_000.0, Unit.USD),
        Fact("side", 0.81, Unit.FRACTION, "long positions: forced selling"),
        Fact("median of 30 days", 1_670_000.0, Unit.USD),
        Fact("sum over", 1.0, Unit.HOURS),
    ),
)
