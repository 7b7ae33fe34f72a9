"""Real and documented answers that lie beside the project: input of tests, which may be absent and is never copied."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[4] / "shared" / "payloads"

OF_VENUE: Mapping[str, Sequence[str]] = {
    "binance": ("nautilus__binance__", "tardis-node__binance"),
    "bybit": ("nautilus__bybit__", "tardis-node__bybit", "bybit_"),
    "okx": ("nautilus__okx__", "tardis-node__okex"),
    "gate": ("nautilus__gate", "tardis-node__gate"),
    "bitget": ("nautilus__bitget", "tardis-node__bitget"),
    "hyperliquid": ("nautilus__hyperliquid__", "tardis-node__hyperliquid"),
    "coinglass": ("coinglass_",),
}
"""How the names of a venue's files begin."""


def files(venue: str) -> list[Path]:
    """The files of a venue; none where the folder is absent."""
    found = sorted(FOLDER.glob("*.json")) if FOLDER.is_dir() else []
    return [path for path in found if path.name.startswith(tuple(OF_VENUE[venue]))]


def said(path: Path) -> Iterator[Any]:
    """Every answer or message in the file, without where it is from."""
    inside = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(inside, dict):
        yield inside
        return
    yield from inside.get("messages", ())
    yield from (value for key, value in inside.items() if key not in {"provenance", "messages"})
