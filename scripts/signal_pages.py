"""What the page of each signal shows: a chart of the simulated market of the tests, and its record, counted."""
# ruff: noqa: INP001 - a script, not a package

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path

import click
from PIL import Image

from adapters.chat.chart import Chart
from adapters.venues.base import Label
from bot.charts.build import Source, of_draft
from bot.charts.draw import draw
from bot.charts.theme import CARD
from bot.phrases import count
from scripts import tables, track_record
from signals.base import Signal
from signals.judge import cell_of
from signals.record import Finding
from signals.registry import BY_NAME, SIGNALS
from signals.rehearsal import Course
from signals.rules.durations import written
from tests.twins.test_signals import MOVES
from tests.twins.world import COIN, MINUTE, SHARES, lived

WIDTH = 640
DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES, RECORD = DOCS / "signals", DOCS / "track-record.md"


def chart_of(signal: Signal) -> Chart:
    """The signal with its own levels and its own hold on a move of all venues that it fires on, minute by minute."""
    story, stage = MOVES[signal.name]
    times, scores = list[datetime](), list[float | None]()
    for service, cells in lived(f"{COIN} {signal.name} for {written(signal.hold)}", story, 0, stage):
        draft, told, bars = service.rule.draft, service.told, service.bars.panel()
        times.append(cells.cycle.at)
        scores.append(cells.read(cell_of(draft, draft.condition, COIN)).reading.value)
    went = Course(MINUTE, tuple(times), tuple(scores), ())
    of = Source(Label.SIMULATED, tuple(sorted(SHARES)))
    return replace(of_draft(draft, COIN, went, bars, of, told), name=signal.name)


def picture(chart: Chart) -> bytes:
    """The card as chats show it, at a page's width."""
    card, page = Image.open(BytesIO(draw(chart, CARD))).convert("RGB"), BytesIO()
    small = card.resize((WIDTH, card.height * WIDTH // card.width), Image.Resampling.LANCZOS)
    small.quantize(64, dither=Image.Dither.NONE).save(page, "PNG", optimize=True)
    return page.getvalue()


def chart_line(chart: Chart) -> str:
    """The chart on its page, with its words for those who do not see it."""
    return f"![{chart.alt}]({chart.name}.png)"


def record_line(name: str) -> str:
    """What the track record found of the signal, counted."""
    _, _, section = RECORD.read_text(encoding="utf-8").partition(f"\n### {name}\n")
    section = re.split("\n####? ", section, maxsplit=1)[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    judged = [(row[0], row[-1].partition(";")[0]) for row in rows if row[-1] not in ("verdict", "---")]
    see = f"[track record](../track-record.md#{name})"
    if not judged:
        also = "What can be judged of its parts stands in" if name in track_record.PARTS else "See"
        return f"None: no recording has what it needs. {also} the {see}."
    found = Counter(verdict for _, verdict in judged)
    said = ", ".join(f"*{word}* {found[word]}" for word in Finding)
    of = len({recording for recording, _ in judged})
    studied = "1 study" if len(judged) == 1 else f"{len(judged)} studies"
    return f"{studied} on {count(of, 'recording')} (REAL): {said}. Each one is in the {see}."


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([signal.name for signal in SIGNALS]))
def main(names: tuple[str, ...]) -> None:
    """Make the pages of the named signals anew, without a name those of all."""
    for name in names or BY_NAME:
        chart, page = chart_of(BY_NAME[name]), PAGES / f"{name}.md"
        (PAGES / f"{name}.png").write_bytes(picture(chart))
        text = tables.written(page.read_text(encoding="utf-8"), "chart", chart_line(chart))
        page.write_text(tables.written(text, "record", record_line(name)), encoding="utf-8")
        click.echo(f"{name}: written")


if __name__ == "__main__":
    main()
