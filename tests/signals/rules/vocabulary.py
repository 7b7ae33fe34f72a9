"""The names that the sentences of these tests may use."""

from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Draft, Problem

COINS = ("BTC", "ETH", "SOL", "PEPE", "ALL", "FOR", "1INCH", "BTCUSD", "XRP", "DOGE")
VENUES = ("binance", "bybit", "okx", "gate", "bitget", "hyperliquid")
VOCABULARY = Vocabulary(COINS, VENUES, SIGNALS)


def rule(sentence: str) -> Draft:
    """The rule of a sentence that is one."""
    draft = parse(sentence, VOCABULARY)
    assert isinstance(draft, Draft), draft
    return draft


def mistake(sentence: str) -> Problem:
    """The problem of a sentence that is no rule."""
    problem = parse(sentence, VOCABULARY)
    assert isinstance(problem, Problem), problem
    return problem
