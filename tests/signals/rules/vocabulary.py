"""The names that the sentences of these tests may use, and the instant from which their times count."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Draft, Problem

COINS = ("BTC", "ETH", "SOL", "PEPE", "ALL", "FOR", "1INCH", "BTCUSD", "XRP", "DOGE")
VENUES = ("binance", "bybit", "okx", "gate", "bitget", "hyperliquid")
NOW = datetime(2026, 11, 23, 14, 17, 4, 500, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")

VOCABULARY = Vocabulary(COINS, VENUES, SIGNALS, NOW, BERLIN)


def rule(sentence: str, vocabulary: Vocabulary = VOCABULARY) -> Draft:
    """The rule of a sentence that is one."""
    draft = parse(sentence, vocabulary)
    assert isinstance(draft, Draft), draft
    return draft


def mistake(sentence: str, vocabulary: Vocabulary = VOCABULARY) -> Problem:
    """The problem of a sentence that is no rule."""
    problem = parse(sentence, vocabulary)
    assert isinstance(problem, Problem), problem
    return problem
