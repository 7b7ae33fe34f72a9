"""What the store forgets is kept, once, and can be studied."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pyarrow import parquet

from adapters.archive import look
from adapters.chat.base import Place
from adapters.store.alert_port import Commit
from adapters.store.base import Quota, Saved
from adapters.store.memory import MemoryStore
from adapters.venues.recording import Recording, open_recording
from bot.archive import Archive
from bot.cli import main
from bot.market import play, trailing
from bot.past import BadRequest
from bot.progress import Lines
from signals.panel import STORED, Panel
from signals.rules.lifecycle import AlertState
from signals.rules.model import Draft
from tests.bot.events import FUNDING
from tests.e2e.strangers import is_spoken, newcomer, typed
from tests.recordings import START, funding_story

DAY = timedelta(days=1)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Four days of hours."""
    return open_recording(funding_story(tmp_path / "story.parquet"))


async def lived(store: MemoryStore, recording: Recording, until: datetime | None = None) -> None:
    """Close the moments of the recording in the store, as the poller does."""
    latest = await store.latest()
    for cycle in play(recording, trailing(recording.step), until):
        if latest is None or cycle.at > latest.at:
            await store.close(cycle)
            await store.mark_judged(cycle.at)


async def archived(store: MemoryStore, folder: Path) -> int:
    """How many files a run wrote."""
    shown = Lines()
    await Archive(store, folder, shown).run()
    return shown.files


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def parts(panel: Panel) -> dict[object, object]:
    """All that a panel knows, by slot, time and coin."""
    return {
        (slot, at, coin): value
        for slot, matrix in panel.slots()
        for at, row in zip(panel.times.tolist(), matrix.tolist(), strict=True)
        for coin, value in zip(panel.coins, row, strict=True)
        if not np.isnan(value)
    }


async def test_each_day_that_is_over_is_one_file_of_bars_and_one_of_alerts(
    recording: Recording, tmp_path: Path
) -> None:
    store, folder = MemoryStore(), tmp_path / "archive"
    await lived(store, recording, START + 2 * DAY + timedelta(hours=5))

    assert await archived(store, folder) == 2
    assert names(folder) == ["bars-1h-2026-01-05.parquet", "bars-1h-2026-01-06.parquet"]


async def test_bars_come_back_as_they_were_judged(recording: Recording, tmp_path: Path) -> None:
    store, folder = MemoryStore(), tmp_path / "archive"
    await lived(store, recording)
    await archived(store, folder)

    kept = await store.panel(recording.step, STORED, 1_000)
    shelf = look(folder)
    read = shelf.bars(recording.step, STORED, shelf.coins)

    assert parts(read) == parts(kept)
    assert read.times.tolist() == kept.times.tolist()
    assert (shelf.label, shelf.coins, shelf.venues) == ("SIMULATED", ["BTC", "ETH"], ["binance", "okx"])


async def test_nothing_is_written_twice_and_a_later_run_goes_on(recording: Recording, tmp_path: Path) -> None:
    store, folder = MemoryStore(), tmp_path / "archive"
    await lived(store, recording, START + 2 * DAY)
    await archived(store, folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}

    assert await archived(store, folder) == 0
    await lived(store, recording)
    assert await archived(store, folder) == 2

    assert {name: (folder / name).stat().st_mtime_ns for name in before} == before
    assert names(folder)[-1] == "bars-1h-2026-01-08.parquet"


async def test_a_run_that_was_killed_is_gone_on_with(recording: Recording, tmp_path: Path) -> None:
    store, folder = MemoryStore(), tmp_path / "archive"
    await lived(store, recording)
    await archived(store, folder)
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in sorted(folder.iterdir())[2:]:
        path.unlink()
    (folder / ".bars-1h-2026-01-07.parquet.part").write_bytes(b"half")

    assert await archived(store, folder) == 2
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole


async def test_minutes_of_which_most_are_gone_when_a_day_is_over_are_left_out(
    recording: Recording, tmp_path: Path
) -> None:
    store, folder = MemoryStore(), tmp_path / "archive"
    await lived(store, recording)
    hours = await store.panel(recording.step, STORED, 1_000)
    await store.extend([replace(hours, step=step) for step in (timedelta(minutes=1), timedelta(minutes=5))])
    await archived(store, folder)

    assert {name[:-19] for name in names(folder)} == {"bars-1h", "bars-5m"}


QUOTA = Quota(rules=10)
PLACES = (Place("telegram", "4711"), Place("discord", "4712"))


async def alerts(store: MemoryStore, when: datetime, note: str) -> None:
    """The same rule of two people, with a note, fires."""
    for number, place in enumerate(PLACES):
        draft = Draft(("ETH",), "all", (), timedelta(0), None, once=False, note=note)
        saved = await store.add(place, draft, f"{when}{place}", when, QUOTA)
        assert isinstance(saved, Saved)
        id_ = f"{number}{when:%d%H}"
        sentence = f'ETH negfunding for 15m every 1h note "{note}"'
        event = replace(FUNDING, id=id_, rule_id=saved.rule.id, sentence=sentence, at=when, fired_at=when)
        await store.commit(Commit((saved.rule.id, "ETH"), 1, 0, when, AlertState(at=when), event))


async def test_alerts_are_kept_as_what_was_said_of_the_market_alone(recording: Recording, tmp_path: Path) -> None:
    store, folder = MemoryStore(), tmp_path / "archive"
    await alerts(store, START + timedelta(hours=30), "ask Carol")
    await alerts(store, START + 2 * DAY, "sell")
    await lived(store, recording, START + 3 * DAY + timedelta(hours=1))
    await archived(store, folder)

    assert [name for name in names(folder) if name.startswith("alerts")] == [
        "alerts-2026-01-06.parquet",
        "alerts-2026-01-07.parquet",
    ]
    rows = parquet.read_table(folder / "alerts-2026-01-06.parquet").to_pylist()
    assert [(row["time"], row["coin"], row["rule"], row["change"], row["value"]) for row in rows] == [
        (START + timedelta(hours=30), "ETH", "ETH negfunding for 15m every 1h", "fired", FUNDING.value),
        (START + 2 * DAY, "ETH", "ETH negfunding for 15m every 1h", "fired", FUNDING.value),
    ]
    for path in folder.iterdir():
        assert not [word for word in (b"Carol", b"sell", b"4711", b"4712", b"telegram") if word in path.read_bytes()]
    assert not parquet.read_table(folder / "alerts-2026-01-07.parquet").num_rows


async def test_a_store_without_a_market_has_nothing_to_archive(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="There is no market in the store yet"):
        await archived(MemoryStore(), tmp_path)


def test_the_command_says_so_too(tmp_path: Path) -> None:
    done = typed(newcomer(tmp_path), "archive")

    assert is_spoken(done)
    assert "There is no market in the store yet. Start perpwatch run" in done.stderr


async def test_a_folder_that_cannot_be_written_is_told(recording: Recording, tmp_path: Path) -> None:
    store = MemoryStore()
    await lived(store, recording)
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(BadRequest, match="cannot be written"):
        await archived(store, tmp_path / "file")


def studied(*words: str) -> dict[str, object]:
    done = CliRunner().invoke(main, ["study", *words, "--horizon", "4h", "--json"])
    assert done.exit_code == 0, done.output
    said: dict[str, object] = json.loads(done.stdout)
    return {name: of for name, of in said.items() if name not in ("data", "source")}


@pytest.mark.parametrize("rule", ["funding.settled < 0%", "ETH price 4h rises by 0.1%", "oi 1h falls by 0.1%"])
async def test_a_study_of_the_archive_is_that_of_the_recording_it_came_from(
    rule: str, recording: Recording, tmp_path: Path
) -> None:
    store, folder = MemoryStore(), tmp_path / "archive"
    await lived(store, recording)
    await archived(store, folder)

    assert studied(rule, "--data", str(folder)) == studied(rule, "--data", str(recording.path))


def test_a_folder_that_is_no_archive_is_refused_with_the_cure(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["study", "funding < 0%", "--data", str(tmp_path)])
    assert "holds no archive. Name a recording, or a folder that perpwatch archive wrote." in done.stderr

    (tmp_path / "bars-1h-2026-01-05.parquet").write_bytes(b"no parquet")
    done = CliRunner().invoke(main, ["study", "funding < 0%", "--data", str(tmp_path)])
    assert "is no file of an archive, or it is damaged" in done.stderr


async def test_bars_of_two_markets_in_one_folder_are_refused(recording: Recording, tmp_path: Path) -> None:
    store, folder = MemoryStore(), tmp_path / "archive"
    await lived(store, recording)
    await archived(store, folder)
    path = folder / "bars-1h-2026-01-08.parquet"
    table = parquet.read_table(path)
    other = {**(table.schema.metadata or {}), b"perpwatch.label": b"REAL"}
    parquet.write_table(table.replace_schema_metadata(other), path)

    done = CliRunner().invoke(main, ["study", "funding < 0%", "--data", str(folder)])

    assert "holds REAL and SIMULATED bars. Keep each market in its own folder." in done.stderr
