"""The command line of research: studies over recordings and archives."""

import asyncio
import json
import os
from datetime import datetime
from pathlib import Path

import click

from bot import app, study, study_words
from bot.options import MOMENT
from bot.phrases import count, window
from bot.progress import progress
from bot.settings import load
from bot.spoken import spoken
from signals.model import Direction
from signals.registry import SIGNALS
from signals.study import HORIZONS

_HORIZONS = {window(horizon): horizon for horizon in HORIZONS}


@click.command("study")
@click.argument("rule", metavar="RULE")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FILE",
    required=True,
    help="A recording, or the folder of an archive.",
)
@click.option(
    "--direction",
    type=click.Choice([way.value for way in Direction]),
    help="What should follow; default: the signal's claim, else up.",
)
@click.option("--horizon", default="24h", show_default=True, type=click.Choice(list(_HORIZONS)), help="How much later.")
@click.option("--coin", metavar="C", help="One coin alone.")
@click.option("--from", "start", type=MOMENT, metavar="T", help="First moment to judge; earlier bars only warm up.")
@click.option("--to", "end", type=MOMENT, metavar="T", help="As if the data ended there.")
@click.option("--json", "as_json", is_flag=True, help="The same facts as JSON.")
@spoken
def study_(
    rule: str,
    data: Path,
    direction: str | None,
    horizon: str,
    coin: str | None,
    start: datetime | None,
    end: datetime | None,
    as_json: bool,
) -> None:
    """Count what followed a rule, against what follows any moment.

    RULE is a sentence of the rule language or a signal's name; without a coin it means every coin. The verdict is one
    of: too few, edge seen, no proven edge.
    """
    market = study.kept(data, end)
    asked = study.Question(rule, Direction(direction) if direction else None, _HORIZONS[horizon], coin, start)
    said = study.answer(market, asked, SIGNALS)
    if as_json:
        click.echo(json.dumps(study_words.facts(said, market), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(study_words.words(said, market)))


@click.command("archive")
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Default: archive, in the data folder.")
@spoken
def archive_(out: Path | None) -> None:
    """Write the bars and alerts of days that are over as files, which the store will forget.

    One file for each day and length of bars, and one of alerts. What is there is never written again: run it once a
    day. Studies read the folder.
    """
    settings, shown = load(os.environ), progress()
    folder = out or settings.data / "archive"
    with app.storage(settings, settings.data) as storage:
        asyncio.run(app.write_archive(storage.url, folder, shown))
    shown.end()
    click.echo(f"{count(shown.files, 'file')} written to {folder}.")
