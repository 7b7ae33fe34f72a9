"""Charts to draw, and what can be seen on a picture."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
from PIL import Image

from adapters.chat.chart import Chart, Curve, Limit, Panel, Shape
from signals.model import Unit

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRES = Limit(-0.0001, "fires below −0.01% per 8h", downward=True, clear=-0.00008, clear_said="ends above −0.008%")


def chart(
    *values: float | None, shape: Shape = Shape.LINE, limits: Sequence[Limit] = (), title: str = "ETH funding"
) -> Chart:
    """A chart of one panel, an hour each value, up to noon."""
    curve = Curve("funding", values, shape)
    panel = Panel("funding", Unit.RATE_8H, (curve,), "now", tuple(limits))
    return Chart("ETH-funding", title, "one day", HOUR, hours(len(values)), (panel,), "in words", notes=("source",))


def hours(count: int) -> tuple[datetime, ...]:
    return tuple(NOON - HOUR * back for back in range(count - 1, -1, -1))


def pixels(png: bytes) -> npt.NDArray[np.int64]:
    """Rows x columns x colours."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(np.int64)


def near(picture: npt.NDArray[np.int64], colour: str, by: int = 40) -> npt.NDArray[np.bool_]:
    """Where the picture has about that colour."""
    wanted = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)])
    found: npt.NDArray[np.bool_] = np.abs(picture - wanted).max(axis=2) <= by
    return found
