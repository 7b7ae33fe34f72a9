"""How a chart looks: a dark card of its own, which reads the same on light and on dark chats."""

from collections.abc import Mapping
from dataclasses import dataclass

WIDTH = 1080
"""Pixels: what a phone shows from edge to edge."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours, and sizes of letters in pixels. The colours of states are those of messages."""

    ground: str
    rim: str
    grid: str
    text: str
    quiet: str
    gap: str
    price: str
    curves: tuple[str, ...]
    long: str
    short: str
    fires: str
    over: str
    simulated: str
    sizes: Mapping[str, float]


CARD = Theme(
    ground="#12171E",
    rim="#39424E",
    grid="#29313B",
    text="#F2F5F8",
    quiet="#A9B4C0",
    gap="#4A5664",
    price="#D5DCE4",
    curves=("#56B4E9", "#F0E442", "#CC79A7", "#009E73"),
    long="#D55E00",
    short="#56B4E9",
    fires="#E69F00",
    over="#19B58A",
    simulated="#F0E442",
    sizes={"title": 46, "about": 28, "panel": 31, "tick": 29, "label": 27, "note": 25},
)
"""From the palette of Okabe and Ito, which the colour-blind can tell apart; lines differ by their strokes besides."""
