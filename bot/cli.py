"""The command line: options in, parts started, people's mistakes as one sentence and exit code 1."""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import ParamSpec

import click

from adapters.chat.rendering import render
from adapters.venues.base import MarketSource
from adapters.venues.recording import open_recording
from adapters.venues.simulated import DEMO, SimulatedMarket
from bot import app, check, demo, past, replay, venue_report
from bot.cli_study import archive_, study_
from bot.conditions import own_levels
from bot.logs import configure
from bot.options import MOMENT, SPEED
from bot.outbox import outbox
from bot.phrases import count, window
from bot.progress import Progress, progress
from bot.settings import Settings, endpoints, load, tokens
from bot.spoken import fail, spoken
from bot.standing_in import stand_in
from signals.registry import SIGNALS
from signals.units import duration

P = ParamSpec("P")

RECORDING = click.option("--recording", type=click.Path(path_type=Path), metavar="FILE", help="A canonical recording.")
MARKET_OPTIONS = (
    click.option("--demo", "simulated", is_flag=True, help="A seeded, simulated market; it says so everywhere."),
    RECORDING,
    click.option(
        "--speed",
        type=SPEED,
        metavar="N",
        help="Market seconds a second, or max. Default: one bar a second; the demo runs at 180.",
    ),
)


def _market_options(command: Callable[P, None]) -> Callable[P, None]:
    for option in reversed(MARKET_OPTIONS):
        command = option(command)
    return command


HELP = """Alerts for crypto perpetual futures, in chat.

\b
Live markets, without any key:          perpwatch run
Try it now, without network or tokens:  perpwatch run --demo
Ask a recorded market:                  perpwatch ask "/funding BTC" --recording FILE --at 2025-04-01
"""
"""A line with only a backspace tells click to leave the lines below it as they are."""


@click.group(help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(app.VERSION, message="perpwatch %(version)s")
def main() -> None:
    """Alerts for crypto perpetual futures, in chat."""
    stand_in()


@main.command()
@_market_options
@click.option("--exit-after", type=click.FloatRange(min=0), metavar="SECONDS", help="Stop by itself after this long.")
@spoken
def run(simulated: bool, recording: Path | None, speed: float | None, exit_after: float | None) -> None:
    """Run the whole service in this terminal: market, alerts and commands.

    Without --demo and --recording it watches the live venues of the settings; no key is needed. With TELEGRAM_TOKEN or
    DISCORD_TOKEN it is in those chats too, save in the demo.
    """
    settings = load(os.environ)
    if simulated:
        with app.temporary_folder() as folder:
            _run(settings, folder, _demo_plan(folder, speed, exit_after))
    elif recording is None:
        _run(settings, settings.data, _live_plan(settings, speed, exit_after))
    else:
        source = open_recording(recording)
        folder = settings.data / f"recording-{hashlib.sha256(str(recording.resolve()).encode()).hexdigest()[:8]}"
        market = app.played(source)
        plan = app.Plan(market, speed or _bar_a_second(source), folder, tokens(os.environ), exit_after=exit_after)
        _run(settings, folder, plan)


def _run(settings: Settings, folder: Path, plan: app.Plan) -> None:
    with app.storage(settings, folder) as storage:
        if not storage.owned:
            fail(f"perpwatch is already running on the data folder {folder}. Stop it, or set PERPWATCH_DATA.")
        configure(settings.log_level, _log_file(folder))
        asyncio.run(app.run(settings, storage, plan))


def _log_file(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "perpwatch.log"


def _demo_plan(folder: Path, speed: float | None, exit_after: float | None) -> app.Plan:
    source = SimulatedMarket(demo.SEED, demo.START, DEMO)
    script = demo.Script(demo.START, demo.STEPS)
    return app.Plan(app.played(source), speed or demo.SPEED, folder, script=script, exit_after=exit_after)


def _live_plan(settings: Settings, speed: float | None, exit_after: float | None) -> app.Plan:
    return app.Plan(_live_market(settings, speed), 1.0, settings.data, tokens(os.environ), exit_after=exit_after)


def _live_market(settings: Settings, speed: float | None) -> app.OpenMarket:
    if speed is not None:
        fail("--speed needs --demo or --recording: live markets have their own pace.")
    return app.live(settings, endpoints(os.environ))


def _bar_a_second(source: MarketSource) -> float:
    return source.step.total_seconds()


def _loop(name: str, market: app.OpenMarket | None = None, speed: float = 1.0) -> None:
    settings = load(os.environ)
    configure(settings.log_level, None)
    with app.storage(settings, settings.data) as storage:
        asyncio.run(app.run_loop(settings, storage, name, market, speed))


@main.command()
@_market_options
@spoken
def poll(simulated: bool, recording: Path | None, speed: float | None) -> None:
    """Run the poller alone: read the market into the store."""
    if simulated:
        _loop("poll", app.played(SimulatedMarket(demo.SEED, demo.START, DEMO)), speed or demo.SPEED)
    elif recording is not None:
        source = open_recording(recording)
        _loop("poll", app.played(source), speed or _bar_a_second(source))
    else:
        _loop("poll", _live_market(load(os.environ), speed))


@main.command()
@spoken
def evaluate() -> None:
    """Run the evaluator alone: judge each closed moment."""
    _loop("evaluate")


@main.command()
@spoken
def fanout() -> None:
    """Run the fan-out alone: one entry per subscribed place for each alert."""
    _loop("fanout")


@main.command()
@spoken
def telegram() -> None:
    """Send alerts and answer commands in Telegram.

    The token is in TELEGRAM_TOKEN, or in the file that TELEGRAM_TOKEN_FILE names.
    """
    _chat("telegram")


@main.command()
@spoken
def discord() -> None:
    """Send alerts and answer commands in Discord.

    The token is in DISCORD_TOKEN, or in the file that DISCORD_TOKEN_FILE names.
    """
    _chat("discord")


def _chat(name: str) -> None:
    settings, token = load(os.environ), tokens(os.environ).get(name)
    if token is None:
        fail(f"Set {name.upper()}_TOKEN, or {name.upper()}_TOKEN_FILE to a file that holds it. See docs/{name}.md.")
    configure(settings.log_level, None)
    with app.storage(settings, settings.data) as storage:
        asyncio.run(app.run_chat(settings, storage, name, token))


@main.command("replay")
@click.argument("recording", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--rule", "rules", multiple=True, metavar="RULE", help="A sentence or a signal; again for more.")
@click.option("--from", "start", type=MOMENT, metavar="T", help="First moment to judge; earlier bars only warm up.")
@click.option("--to", "end", type=MOMENT, metavar="T", help="Last moment to judge.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per transition and line.")
@spoken
def replay_(
    recording: Path, rules: tuple[str, ...], start: datetime | None, end: datetime | None, as_json: bool
) -> None:
    """Play a recording at full speed and print each transition.

    A rule without a coin means every coin of the recording. Without --rule all signals are judged.
    The output is the same, byte for byte, on every run.
    """
    sentences = rules or tuple(signal.name for signal in SIGNALS)
    market = open_recording(recording)
    played = replay.Replay(market, sentences, SIGNALS)
    for one in played.run(start, end):
        click.echo(replay.line(one) if as_json else replay.words(one))
    for sentence in played.never_known:
        lacks = f"lacks a number, a past or bars as short as it needs (these are of {window(market.step)})"
        click.echo(f"note: {sentence!r} was never judged: {recording.name} {lacks}.", err=True)


@main.command()
@click.argument("line", metavar="COMMAND")
@RECORDING
@click.option("--at", type=MOMENT, metavar="T", help="The moment to ask about; default: the recording's last.")
@click.option("--json", "as_json", is_flag=True, help="The same facts as JSON.")
@spoken
def ask(line: str, recording: Path | None, at: datetime | None, as_json: bool) -> None:
    """Answer one chat command, such as "/funding BTC".

    With --recording on the state of that market at --at, else on the service that runs on the data folder.
    """
    settings = load(os.environ)
    if recording is not None:
        market = open_recording(recording)
        if at is not None and at < market.start:
            fail(f"{recording.name} begins at {replay.stamp(market.start)}: ask about that moment or a later one.")
        message = asyncio.run(app.ask(line, market, at or market.end, settings.quota))
    elif at is not None:
        fail("--at needs --recording: a running service answers on the present moment.")
    else:
        message = asyncio.run(app.ask_running(app.running(settings), line, settings.quota))
    if as_json:
        click.echo(json.dumps(dict(message.data), ensure_ascii=False, indent=2))
    else:
        click.echo(render(message, colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR")), nl=False)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def signals(as_json: bool) -> None:
    """List the built-in signals with their levels."""
    if as_json:
        facts = [
            {
                "name": s.name,
                "title": s.title,
                "family": s.family,
                "claim": s.claim,
                "unit": s.unit,
                "windows_h": [w / timedelta(hours=1) for w in s.windows],
                "needs": sorted(s.needs),
                "compare": s.compare,
                "fire": s.fire,
                "clear": s.clear,
                "hold_s": s.hold.total_seconds(),
            }
            for s in SIGNALS
        ]
        click.echo(json.dumps(facts, indent=2))
        return
    for s in SIGNALS:
        click.echo(f"{s.name}: {s.title}")
        fires, ends = own_levels(s)
        held = f" held for {duration(s.hold)}" if s.hold else ""
        click.echo(f"  fires {fires}{held}, ends {ends}")


@main.command("check")
@click.argument("what", required=False, type=click.Choice(["venues"]))
@spoken
def check_(what: str | None) -> None:
    """Check settings, store, versions, clock and bots, and say in words what is wrong.

    Of each bot whose token is set it says who it is, and prints the link by which people come to it.
    With `venues` each call is made once to each live venue, for about a minute, and the report says what was answered
    and what of it no documentation settles.
    """
    settings = load(os.environ)
    if what == "venues":
        _check_venues(settings)
        return
    sound, known = True, tokens(os.environ)
    with app.storage(settings, settings.data) as storage:
        for finding in asyncio.run(check.findings(settings, known, storage.url, app.now())):
            click.echo(f"{'ok  ' if finding.fine else 'FIX '} {finding.text}")
            sound = sound and finding.fine
    if not sound:
        sys.exit(1)


def _check_venues(settings: Settings) -> None:
    with app.storage(settings, settings.data) as storage:
        looks = asyncio.run(app.look_at_venues(settings, endpoints(os.environ), storage.url))
    for look in looks:
        click.echo("\n".join(venue_report.report(look)))
    if not all(venue_report.is_sound(look) for look in looks):
        sys.exit(1)


@main.command("history")
@click.argument("venue", metavar="VENUE")
@click.option("--coins", metavar="BTC,ETH", default="", help="Coins; default: all that the venue lists.")
@click.option("--since", default="30d", show_default=True, metavar="T", help="How long ago, like 30d, or a day.")
@click.option("--metrics", default=",".join(past.METRICS), show_default=True, metavar="LIST", help="What of them.")
@click.option("--step", default="1h", show_default=True, type=click.Choice(list(past.STEPS)), help="Length of bars.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Default: recordings, in the data folder."
)
@spoken
def history_(venue: str, coins: str, since: str, metrics: str, step: str, out: Path | None) -> None:
    """Write the public past of a live venue as recordings, one file for each UTC day.

    It uses only what the present leaves of the venue's limits. Stopped, it goes on where it was when it is run again:
    whole days stay as they are, and today's is written anew.
    """
    settings = load(os.environ)
    wanted = past.Wanted(
        app.known_venue(settings, venue),
        tuple(name.strip().upper() for name in coins.split(",") if name.strip()),
        past.chosen("--metrics", metrics, list(past.METRICS)),
        past.since(since, app.now()),
        past.STEPS[step],
        out or settings.data / "recordings",
    )
    shown = progress()
    try:
        _write_history(settings, wanted, shown)
    except KeyboardInterrupt:
        shown.end()
        click.echo("Stopped. Run the same command again to go on.", err=True)
        sys.exit(130)


def _write_history(settings: Settings, wanted: past.Wanted, shown: Progress) -> None:
    with app.storage(settings, settings.data) as storage:
        lacking = asyncio.run(app.write_history(settings, endpoints(os.environ), storage.url, wanted, shown))
    shown.end()
    click.echo(f"{count(shown.files, 'file')} written to {wanted.folder}.")
    for sentence in lacking:
        click.echo(f"not had: {sentence}")


main.add_command(outbox)
main.add_command(study_)
main.add_command(archive_)


if __name__ == "__main__":
    main()
