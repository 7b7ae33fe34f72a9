"""The fixed words of the language, and which of them no coin may look like."""

from signals.model import Metric
from signals.rules.model import WATCHLIST, Compare

EVERY_WORDS = frozenset({"*", "all", "any"})
"""All coins."""

ALIASES = {
    "funding.pred": "funding",
    "funding.last": "funding.settled",
    "cooldown": "every",
    "expires": "until",
    "never": "off",
    "bps": "bp",
    "wl": "watchlist",
    "&": "and",
    "&&": "and",
    "|": "or",
    "||": "or",
}
"""What is read as another word."""

COMPARISONS = {
    "<": Compare.BELOW,
    "<=": Compare.AT_MOST,
    ">": Compare.ABOVE,
    ">=": Compare.AT_LEAST,
    "below": Compare.BELOW,
    "under": Compare.BELOW,
    "above": Compare.ABOVE,
    "over": Compare.ABOVE,
}

SKIPPED = frozenset({"is", "goes"})
"""May stand before a comparison and say nothing."""

MOVES = ("rises", "falls", "moves")
CROSSES = "crosses"
MODIFIERS = ("for", "every", "once", "clear", "until", "shadow", "loud", "quiet", "ungated", "note")

SIGNALS = frozenset(
    {
        "divergence",
        "negfunding",
        "fundingcross",
        "fundingextreme",
        "crowdedshorts",
        "crowdedlongs",
        "liqspike",
        "cascade",
        "liqcluster",
        "ratiocollapse",
        "momentum",
        "composite",
    }
)
"""Signals that are or will be: reserved from the start, so that a saved sentence keeps its meaning when one arrives."""

RESERVED = frozenset(
    {
        *(metric.value for metric in Metric),
        *SIGNALS,
        *ALIASES,
        *COMPARISONS,
        *SKIPPED,
        *MOVES,
        *MODIFIERS,
        *EVERY_WORDS,
        CROSSES,
        WATCHLIST,
        "and",
        "by",
        "off",
        "or",
    }
)
"""Words that win over coins; `$` before one means the coin."""


def plain(word: str) -> str:
    """The word in lower case, an alias as what it stands for."""
    return ALIASES.get(word.lower(), word.lower())
