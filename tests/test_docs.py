"""The pages name everything there is, and nothing that is gone."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from adapters.venues.base import Label
from adapters.venues.recording import open_recording
from adapters.venues.table import KEYS, NUMBERS
from bot.cli import main
from bot.commands.registry import COMMANDS
from bot.phrases import FIRES
from bot.settings import PREFIX, Settings
from signals.base import Signal
from signals.model import Metric, Unit
from signals.registry import SIGNALS
from signals.rules import durations, values
from signals.rules.language import Vocabulary, parse
from signals.rules.metrics import METRICS, PRICE_MOVE, Measure
from signals.rules.model import Draft
from signals.rules.words import MODIFIERS
from signals.units import quantity

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
SPOKEN = Vocabulary({"BTC", "ETH", "SOL", "FOR", "ALL"}, {"okx"}, SIGNALS, datetime(2026, 11, 23, tzinfo=UTC), UTC)


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def headings(page: Path, level: int = 2) -> list[str]:
    return re.findall(rf"^{'#' * level} (.+)$", _outside_code(text(page)), re.MULTILINE)


def rows(page: Path) -> list[list[str]]:
    """The cells of every table row, without the code marks around them."""
    lines = [line for line in _outside_code(text(page)).splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text(page), re.MULTILINE | re.DOTALL)


def shell_lines() -> list[tuple[str, list[str]]]:
    """Every shell command of the pages, with the page it stands on."""
    return [
        (page.name, shlex.split(line, comments=True))
        for page in PAGES
        for block in blocks(page, "sh")
        for line in block.splitlines()
        if line.strip()
    ]


def rules_shown() -> Iterator[str]:
    """Every rule that a page shows as something to type."""
    for page in PAGES:
        if page.name == "transcripts.md":  # it shows mistakes, too, and is compared as a whole
            continue
        yield from re.findall(r"/alert ((?!RULE)[^`\n]+?)(?:`|\n|  )", text(page))
    for words in (words for _, words in shell_lines()):
        yield from (rule for option, rule in pairwise(words) if option == "--rule")
    yield from blocks(DOCS / "rules.md", "text")[1].splitlines()


def _outside_code(page: str) -> str:
    return re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)


def _window(measure: Measure) -> str:
    return "now" if not measure.window else durations.written(measure.window)


def _signal_page(name: str) -> dict[str, str]:
    return {cells[0]: cells[1] for cells in rows(DOCS / "signals" / f"{name}.md") if len(cells) == 2}


def test_each_chat_command_has_its_heading_and_no_heading_names_one_that_is_gone() -> None:
    assert sorted(headings(DOCS / "commands.md")) == sorted(f"/{name}" for name in COMMANDS)


def test_each_setting_has_its_heading_and_no_heading_names_one_that_is_gone() -> None:
    named = [heading for heading in headings(DOCS / "settings.md") if heading.startswith(PREFIX)]

    assert named == [PREFIX + name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_default_of_a_setting_is_on_its_page(name: str) -> None:
    default = Settings.model_fields[name].default
    section = text(DOCS / "settings.md").split(f"## {PREFIX}{name.upper()}\n")[1].split("\n## ")[0]

    assert default is None or re.search(rf"Default `?{re.escape(str(default))}\b", section)


def test_each_metric_has_its_row_with_its_unit_and_kind() -> None:
    known = {metric.value: metric for metric in Metric}
    shown = {cells[0]: (cells[1], cells[2]) for cells in rows(DOCS / "metrics.md") if len(cells) == 5}

    assert {name: of for name, of in shown.items() if name in known} == {
        metric.value: (metric.unit.value, metric.kind.value) for metric in Metric
    }
    assert set(shown) - set(known) <= {"name", "---"}


def test_a_metric_page_says_what_rules_can_compare() -> None:
    usable = {cells[0] for cells in rows(DOCS / "metrics.md") if len(cells) == 5 and cells[3].startswith("yes")}

    assert usable == set(METRICS)


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        (Unit.USD, 41_200_000.0),
        (Unit.COINS, 2_740_000.0),
        (Unit.RATE_8H, -0.00012),
        (Unit.RATE_YEAR, 0.1095),
        (Unit.FRACTION, -0.057),
        (Unit.RATIO, 1.85),
        (Unit.MULTIPLE, 24.1),
        (Unit.SPREADS, 2.1),
        (Unit.VOTES, 3.0),
        (Unit.RANK, 0.04),
        (Unit.HOURS, 31 / 6),
        (Unit.STATE, 1.0),
    ],
)
def test_each_unit_has_its_row_and_is_written_as_shown(unit: Unit, value: float) -> None:
    written = {cells[0]: cells[2] for cells in rows(DOCS / "metrics.md") if len(cells) == 3}

    assert written[unit.value] == quantity(value, unit, "ETH")
    assert set(written) == {"unit", "---", *(unit.value for unit in Unit)}


def test_the_rule_page_has_each_metric_with_its_window_and_hold() -> None:
    shown = {cells[0]: cells[3:5] for cells in rows(DOCS / "rules.md") if len(cells) == 6}
    expected = {name: [_window(measure), durations.written(measure.hold)] for name, measure in METRICS.items()}

    assert shown == {
        "name": ["without a window", "without `for"],
        "---": ["---", "---"],
        "price` with a window": ["must be said", durations.written(PRICE_MOVE.hold)],
        **expected,
    }


def test_the_rule_page_names_every_word_behind_the_value() -> None:
    named = {re.match(r"[a-z]+", cells[0]) for cells in rows(DOCS / "rules.md") if len(cells) == 3}

    assert set(MODIFIERS) <= {word[0] for word in named if word}


@pytest.mark.parametrize("rule", sorted(set(rules_shown())))
def test_each_rule_on_a_page_can_be_typed(rule: str) -> None:
    read = [parse(line, SPOKEN) for line in (rule, f"* {rule}")]

    assert any(isinstance(draft, Draft) for draft in read), read[0]


def test_each_signal_has_its_page_and_no_page_is_of_one_that_is_gone() -> None:
    assert {page.stem for page in (DOCS / "signals").glob("*.md")} == {signal.name for signal in SIGNALS}


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_a_signal_page_has_the_levels_of_the_code(signal: Signal) -> None:
    shown = _signal_page(signal.name)

    assert shown["fires"].replace("`", "") == f"{FIRES[signal.compare]} {values.written(signal.fire, signal.unit)}"
    assert shown["clears"] == values.written(signal.clear, signal.unit)
    assert shown["hold"] == durations.written(signal.hold)
    assert shown["family"] == signal.family
    assert shown["unit of the score"] == signal.unit
    assert shown["claim to be tested"] == (signal.claim or "none")
    assert set(re.findall(r"[a-z.]+", shown["needs"])) == signal.needs
    assert set(re.findall(r"\d+[hd]", shown["windows"])) == {durations.written(w) for w in signal.windows if w}


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_a_signal_page_says_what_it_does_not_claim(signal: Signal) -> None:
    expected = ["Formula", "Evidence", "Unknown when", "What it does not claim", "Record"]

    assert headings(DOCS / "signals" / f"{signal.name}.md") == expected


def test_the_track_record_has_each_signal_and_none_that_is_gone() -> None:
    assert headings(DOCS / "track-record.md", 3) == [signal.name for signal in SIGNALS]


def test_each_command_of_the_command_line_has_its_heading() -> None:
    assert sorted(headings(DOCS / "command-line.md")) == sorted(f"perpwatch {name}" for name in main.commands)


@pytest.mark.parametrize("name", main.commands)
def test_each_option_of_a_command_is_on_the_page(name: str) -> None:
    section = text(DOCS / "command-line.md").split(f"## perpwatch {name}\n")[1].split("\n## ")[0]
    options = [option.opts[0] for option in main.commands[name].params if isinstance(option, click.Option)]

    assert [option for option in options if option not in section] == []


def test_help_lists_the_commands_of_the_page() -> None:
    listed = CliRunner().invoke(main, ["--help"]).output.split("Commands:")[1]

    assert [f"perpwatch {line.split()[0]}" for line in listed.splitlines() if re.match(r"  \w", line)] == sorted(
        headings(DOCS / "command-line.md")
    )


@pytest.mark.parametrize(("page", "words"), shell_lines(), ids=lambda value: value if isinstance(value, str) else None)
def test_each_shell_command_on_a_page_exists(page: str, words: Sequence[str]) -> None:
    program, rest = words[0], list(words[1:])
    if program == "scripts/run":
        program, rest = ".venv/bin/perpwatch", ["run", *rest]
    if program != ".venv/bin/perpwatch":
        assert (ROOT / program).is_file(), page
        return
    command = main.commands[rest[0]]
    if isinstance(command, click.Group) and rest[1:2]:
        command = command.commands[rest[1]]
    known = {option for parameter in command.params for option in parameter.opts}

    assert {word for word in rest if word.startswith("--")} <= known


def test_each_chat_command_shown_in_a_block_exists() -> None:
    shown = {
        name for page in PAGES for block in blocks(page, "text") for name in re.findall(r"(?:^|\s)/([a-z]+)\b", block)
    }

    assert shown
    assert shown <= set(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text(page))
    local = [link for link in links if not link.startswith(("http://", "https://"))]

    assert [link for link in local if not (page.parent / link).exists()] == []


def test_each_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = re.findall(r"\]\(([^)#\s]+)", text(page))
        waiting += [(page.parent / link).resolve() for link in links if (page.parent / link).is_file()]

    decisions = set((DOCS / "decisions").glob("*.md"))
    assert set(PAGES) - reached - decisions == set()


def test_the_tree_has_each_module_and_no_row_names_one_that_is_gone() -> None:
    named = {cells[0] for cells in rows(DOCS / "architecture.md") if "/" in cells[0]}
    modules = {
        str(module.relative_to(ROOT))
        for package in ("bot", "signals", "adapters")
        for module in (ROOT / package).rglob("*.py")
        if module.name != "__init__.py"
    }

    assert [module for module in sorted(modules) if not named & {module, str(Path(module).parent)}] == []
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_readme_shows_an_alert_within_its_first_screen_and_says_that_it_is_simulated() -> None:
    head = text(ROOT / "README.md").splitlines()[:40]

    assert "<!-- sample: end -->" in head
    assert any("SIMULATED" in line for line in head[: head.index("<!-- sample: end -->")])


def test_the_glossary_has_each_word_once() -> None:
    named = [cells[0] for cells in rows(DOCS / "glossary.md") if cells[0] not in {"word", "---"}]

    assert sorted(set(named)) == sorted(named)


def test_the_example_of_a_recording_makes_one_that_can_be_played(tmp_path: Path) -> None:
    (example,) = blocks(DOCS / "recordings.md", "python")

    subprocess.run([sys.executable, "-c", example], cwd=tmp_path, check=True, timeout=60)

    made = open_recording(tmp_path / "mine.parquet")
    assert (made.coins, made.step, made.label) == (["ETH"], timedelta(hours=1), Label.REAL)


def test_the_page_on_recordings_has_each_column_and_no_other() -> None:
    shown = [cells[0] for cells in rows(DOCS / "recordings.md") if len(cells) == 4]

    assert shown == ["column", "---", *KEYS, *NUMBERS]
