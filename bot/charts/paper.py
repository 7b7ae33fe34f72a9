"""A sheet to draw on, in pixels from its upper left corner: the one place that knows matplotlib."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline
from matplotlib.text import Text
from matplotlib.transforms import Bbox, IdentityTransform
from PIL import Image

Pixels: TypeAlias = Sequence[float] | npt.NDArray[np.float64]

Align: TypeAlias = Literal["left", "center", "right"]

_DPI = 100
_FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
_MISSING = "\u25a1"
"""Stands for a letter that the font lacks."""

_COLOURS = 64
"""More than a chart has, with the shades between them."""

_PACKED = 3
"""Of 9: 6 takes twice the time for a seventh fewer bytes."""

mpl.rcParams["text.hinting"] = "no_hinting"  # letters are large, and fitting them to pixels takes a fifth of the time


@dataclass(frozen=True, slots=True)
class Box:
    """An area in pixels."""

    left: float
    top: float
    right: float
    bottom: float


class Paper:
    """An empty sheet; what is drawn later lies above."""

    def __init__(self, width: int, height: int, ground: str) -> None:
        self.width, self.height = width, height
        self._figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor=ground)
        self._canvas = FigureCanvasAgg(self._figure)
        self._order = 0

    def text(
        self, at: tuple[float, float], said: str, size: float, colour: str, *, bold: bool = False, align: Align = "left"
    ) -> None:
        """Words whose middle is at that height; they are never read as formulas."""
        self._put(
            Text(
                at[0],
                self.height - at[1],
                said,
                color=colour,
                fontproperties=_font(size, bold=bold),
                horizontalalignment=align,
                verticalalignment="center_baseline",
                parse_math=False,
            )
        )

    def line(
        self,
        xs: Pixels,
        ys: Pixels,
        colour: str,
        width: float,
        *,
        within: Box | None = None,
        dashes: tuple[float, ...] = (),
    ) -> None:
        """A stroke through the points, broken where one is not a number; dashes are in pixels."""
        stroke = Line2D(np.asarray(xs), self.height - np.asarray(ys), color=colour, linewidth=_points(width))
        if dashes:
            stroke.set_linestyle((0, tuple(dash / width for dash in dashes)))
        stroke.set_solid_joinstyle("round")
        self._put(stroke, within)

    def dots(
        self, xs: Pixels, ys: Pixels, colour: str, size: float, *, rim: str, shape: str = "o", within: Box | None = None
    ) -> None:
        """A mark at each point, `o` or `v`, with a rim that sets it off."""
        marks = Line2D(np.asarray(xs), self.height - np.asarray(ys), linestyle="none", marker=shape)
        marks.set_markersize(_points(size))
        marks.set_markerfacecolor(colour)
        marks.set_markeredgecolor(rim)
        marks.set_markeredgewidth(_points(2))
        self._put(marks, within)

    def area(self, box: Box, colour: str, *, alpha: float = 1.0) -> None:
        """A filled area."""
        self._put(Rectangle(*self._placed(box), facecolor=colour, linewidth=0, alpha=alpha))

    def hatched(self, box: Box, colour: str) -> None:
        """An area that is crossed out."""
        self._put(Rectangle(*self._placed(box), facecolor="none", edgecolor=colour, linewidth=0, hatch="//"))

    def bars(self, boxes: Sequence[Box], colour: str, within: Box) -> None:
        """Many filled areas at once."""
        if boxes:
            corners = np.array(
                [[(b.left, b.top), (b.left, b.bottom), (b.right, b.bottom), (b.right, b.top)] for b in boxes]
            )
            corners[..., 1] = self.height - corners[..., 1]
            whole = Outline.make_compound_path_from_polys(corners)
            self._put(PathPatch(whole, facecolor=colour, linewidth=0), within)

    def png(self) -> bytes:
        """The sheet as a picture. The same drawing gives the same bytes."""
        self._canvas.draw()  # type: ignore[no-untyped-call] # matplotlib leaves it untyped
        drawn = self._canvas.buffer_rgba()  # type: ignore[no-untyped-call] # the same
        pixels = Image.frombuffer("RGBA", (self.width, self.height), drawn, "raw", "RGBA", 0, 1).convert("RGB")
        packed = io.BytesIO()
        few = pixels.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(packed, "png", compress_level=_PACKED)
        return packed.getvalue()

    def _placed(self, box: Box) -> tuple[tuple[float, float], float, float]:
        return (box.left, self.height - box.bottom), box.right - box.left, box.bottom - box.top

    def _put(self, artist: Artist, within: Box | None = None) -> None:
        self._order += 1
        artist.set_zorder(self._order)
        artist.set_transform(IdentityTransform())
        self._figure.add_artist(artist, clip=False)
        if within is not None:
            low, high = self.height - within.bottom, self.height - within.top
            artist.set_clip_box(Bbox([(within.left, low), (within.right, high)]))


@lru_cache(4096)
def width_of(said: str, size: float, *, bold: bool = False) -> float:
    """How wide the words are."""
    font = get_font(str(_file(bold=bold)))
    font.set_size(_points(size), _DPI)
    font.set_text(said, 0.0)
    wide, _ = font.get_width_height()
    return float(wide) / 64


def fitting(said: str, size: float, room: float, *, bold: bool = False) -> str:
    """As many of the words as have room, each letter one that can be shown."""
    known = letters(bold=bold)
    shown = "".join(letter if ord(letter) in known else _MISSING for letter in said)
    if width_of(shown, size, bold=bold) <= room:
        return shown
    low, high = 0, len(shown)
    while low < high:
        middle = (low + high + 1) // 2
        if width_of(shown[:middle] + "…", size, bold=bold) <= room:
            low = middle
        else:
            high = middle - 1
    return shown[:low] + "…"


@cache
def letters(*, bold: bool) -> frozenset[int]:
    """The code points that the font can show."""
    return frozenset(get_font(str(_file(bold=bold))).get_charmap())


def _file(*, bold: bool) -> Path:
    return _FONTS / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


@cache
def _font(size: float, *, bold: bool) -> FontProperties:
    return FontProperties(fname=str(_file(bold=bold)), size=_points(size))


def _points(pixels: float) -> float:
    return pixels * 72 / _DPI
