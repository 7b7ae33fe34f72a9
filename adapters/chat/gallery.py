"""Pictures as files, for fronts that can only say where one is."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from adapters.chat.base import Picture

MOST = 50
"""Pictures that are kept, the newest."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """One folder of pictures. The same picture is the same file."""

    folder: Path

    def hang(self, picture: Picture) -> Path:
        """Write the picture, and take away the oldest where there are too many. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = Path(picture.name)
        path = self.folder / f"{name.stem}-{hashlib.sha256(picture.png).hexdigest()[:8]}{name.suffix}"
        path.write_bytes(picture.png)
        for old in sorted(self.folder.glob("*.png"), key=lambda each: each.stat().st_mtime_ns)[:-MOST]:
            old.unlink(missing_ok=True)
        return path
