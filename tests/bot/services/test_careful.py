"""An alert is told though its signal cannot say what it rests on; that is logged once when it begins and once after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import structlog
from structlog.testing import capture_logs

from adapters.chat.rendering import render
from adapters.store.memory import MemoryStore
from adapters.store.place_settings import PLAIN
from bot import wording
from bot.services.careful import UNREADABLE
from signals.event import Event
from signals.model import Fact, Metric, Unit
from signals.negfunding import NegFunding
from signals.panel import Panel, Series
from signals.registry import SIGNALS
from signals.rules.lifecycle import Change
from tests import virtual
from tests.bot.services.markets import asked, played, story, told

KNOWN = Fact("known", 1.0, Unit.RATIO)


@dataclass(frozen=True, slots=True)
class Hoarse(NegFunding):
    """Fires whenever the price is below where it began; it says what it rests on as often as its voice allows."""

    voice: Iterator[str] = field(default_factory=lambda: iter(""))

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        prices = panel.at(self.step(window))[Metric.PRICE].astype(np.float64)
        return np.where(prices < np.array([91_000.0, 3_100.0]), -0.01, 0.01)[-(rows or len(prices)) :]

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        if next(self.voice) == "-":
            raise ArithmeticError("hoarse")
        return (KNOWN,)


def test_an_alert_whose_evidence_cannot_be_read_is_told_and_says_so(tmp_path: Path) -> None:
    market = story(tmp_path)
    structlog.reset_defaults()

    async def live(voice: str) -> Sequence[Event]:
        store = MemoryStore()
        signals = [Hoarse(voice=iter(voice)) if of.name == Hoarse().name else of for of in SIGNALS]
        rule = await asked(store, "BTC, ETH negfunding", signals=signals)
        await played(market, store, market.end, signals)
        return await told(store, rule)

    whole = virtual.run(lambda: live("aaaaaa"))
    with capture_logs() as logs:
        found = virtual.run(lambda: live("---aaa"))

    assert [event.change for event in whole] == [*2 * [Change.FIRED], *2 * [Change.RESOLVED], *2 * [Change.FIRED]]
    said = [fact for event in found for fact in event.facts if fact in (KNOWN, UNREADABLE)]
    assert said[:2] == [UNREADABLE, UNREADABLE]
    assert UNREADABLE in said[2:4]
    assert KNOWN in said[2:4]
    assert said[4:] == [KNOWN, KNOWN]
    assert [(of.id, of.at, of.value) for of in found] == [(of.id, of.at, of.value) for of in whole]
    assert [line["event"] for line in logs if "evidence" in line["event"]] == [
        "evidence cannot be read",
        "evidence can be read again",
    ]
    message = wording.alert(found[0], found[0].at, PLAIN)
    assert "• evidence: could not be read" in render(message, colour=False).splitlines()
