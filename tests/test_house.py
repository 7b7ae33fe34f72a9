"""The house is in order: folders, scripts, processes, decisions, and nothing that does not belong in a file."""

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from bot.cli import main

ROOT = Path(__file__).parents[1]
PACKAGES = ("adapters", "bot", "signals")
FOLDERS = {*PACKAGES, ".ci", ".git", "bench", "docs", "scripts", "tests"}
SCRIPTS = (
    "setup",
    "run",
    "test",
    "canary",
    "coverage",
    "check",
    "cluster",
    "bench",
    "campaign",
    "mutants",
    "fuzz",
    "tables",
    "pages",
    "uv",
)
LONGEST_MODULE = 400
TEXT = {".py", ".md", ".toml", ".txt", ".lua", ".json", ""}

# in two halves, so that this file does not hold what it looks for
MACHINE_PATH = re.compile(
    "|".join(f"(?<![\\w.])/{rest}" for rest in ("work/", "root/", "home/\\w", "Users/\\w", "opt/", "tmp/"))
)
UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")


def ignored() -> list[str]:
    return [line.rstrip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split() if line]


def files(folder: Path = ROOT) -> Iterator[Path]:
    """Every file that is ours."""
    for path in sorted(folder.iterdir()):
        if path.name == ".git" or any(fnmatch(path.name, pattern) for pattern in ignored()):
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def modules() -> list[Path]:
    return [path for path in files() if path.suffix == ".py"]


def project() -> dict[str, str]:
    parsed: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return parsed


def faults() -> list[dict[str, str]]:
    lists = [ROOT / "tests" / "mutants.toml", *sorted((ROOT / "tests" / "mutants.d").glob("*.toml"))]
    return [fault for path in lists for fault in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_top_level_holds_the_folders_of_the_map() -> None:
    there = {path.relative_to(ROOT).parts[0] for path in files() if path.parent != ROOT}

    assert there <= FOLDERS


@pytest.mark.parametrize("name", [*(f"scripts/{script}" for script in SCRIPTS), ".ci/run"])
def test_a_script_can_be_executed_and_says_what_it_does(name: str) -> None:
    path = ROOT / name
    first, second = path.read_text(encoding="utf-8").splitlines()[:2]

    assert os.access(path, os.X_OK)
    assert first == "#!/bin/sh"
    assert second.startswith("# ")


def test_scripts_are_these_and_no_others() -> None:
    there = {path.name for path in files(ROOT / "scripts") if not path.suffix}

    assert there == set(SCRIPTS)


@pytest.mark.parametrize("name", ["uv.txt", "build.txt"])
def test_what_setup_fetches_is_pinned_by_version_and_hash(name: str) -> None:
    lines = (ROOT / "scripts" / name).read_text(encoding="utf-8").replace("\\\n", "").splitlines()

    assert [line for line in lines if not re.fullmatch(r"[\w-]+==[\w.]+( +--hash=sha256:[0-9a-f]{64})+ *", line)] == []


def test_the_build_backend_is_the_one_whose_hash_is_known() -> None:
    built_with = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    pinned = {line.split()[0] for line in (ROOT / "scripts" / "build.txt").read_text(encoding="utf-8").splitlines()}

    assert set(built_with) <= pinned


def test_each_process_of_the_procfile_is_a_command() -> None:
    lines = [line for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    processes = dict(line.split(": ", 1) for line in lines)

    assert set(processes) <= set(main.commands)
    for name, command in processes.items():
        assert command.split()[:2] == [".venv/bin/perpwatch", name]


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "decisions").iterdir()), ids=lambda path: path.stem)
def test_a_decision_has_its_number_and_its_four_headings(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)
    assert text.startswith(f"# {path.name[:4]} ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Cost", "Measured"]


def test_decisions_are_numbered_without_holes() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").iterdir())

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", [p for p in files() if p.suffix in TEXT], ids=name_of)
def test_a_file_names_no_path_of_a_machine_and_nothing_unfinished(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert MACHINE_PATH.findall(text) == []
    assert UNFINISHED.findall(text) == []


@pytest.mark.parametrize("path", [p for p in modules() if "tests" not in p.relative_to(ROOT).parts], ids=name_of)
def test_a_module_is_short_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", [p for p in modules() if p.name == "__init__.py"], ids=name_of)
def test_a_package_begins_with_a_docstring_and_nothing_else(path: Path) -> None:
    parsed = ast.parse(path.read_text(encoding="utf-8"))

    assert len(parsed.body) == 1
    assert ast.get_docstring(parsed)


def test_the_changelog_begins_with_the_version_of_the_project() -> None:
    versions = re.findall(r"^## \[([\d.]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert versions[0] == project()["version"]


def test_the_licence_is_the_one_that_the_project_names() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert text.startswith(f"{project()['license']} License\n")
    assert "perpwatch contributors" in text


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault["name"])
def test_a_seeded_fault_still_has_its_place_and_its_tests(fault: dict[str, str]) -> None:
    assert (ROOT / fault["file"]).read_text(encoding="utf-8").count(fault["old"]) == 1
    assert fault["tests"]
    assert [test for test in fault["tests"] if not (ROOT / test.partition("::")[0]).is_file()] == []


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_ccxt_is_asked_as_an_oracle_and_measured_against_alone(path: Path) -> None:
    parsed = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    imports = [node for node in parsed if isinstance(node, ast.Import | ast.ImportFrom)]
    named = {alias.name for node in imports for alias in node.names}
    named |= {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}

    if not name_of(path).startswith(("tests/oracle/", "bench/")):
        assert not [name for name in named if name.split(".")[0] == "ccxt" or name == "tests.oracle.theirs"]
