"""The atomic steps: each script of `lua/` under its name, with the hash by which a server knows it."""

from collections.abc import Mapping
from hashlib import sha1
from importlib.resources import files


def scripts() -> Mapping[str, tuple[str, str]]:
    """Name -> text and hash."""
    folder = files("adapters.store").joinpath("lua")
    texts = {
        file.name.removesuffix(".lua"): file.read_text("utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".lua")
    }
    return {name: (text, sha1(text.encode(), usedforsecurity=False).hexdigest()) for name, text in texts.items()}
