"""Writes into the pages what tests know: counted requests, traps with twins, differences from ccxt, rights, stories."""
# ruff: noqa: INP001 - a script, not a package

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import click

from scripts import track_record
from tests.both import permissions, transcripts
from tests.live import test_requests, traps
from tests.oracle import differences

DOCS = Path(__file__).resolve().parents[1] / "docs"
TABLES: Mapping[str, tuple[str, Callable[[], str]]] = {
    "requests": ("venues.md", test_requests.table),
    "traps": ("venues.md", traps.table),
    "differences": ("venues.md", differences.table),
    "permissions": ("permissions.md", permissions.measured_table),
    "transcripts": ("transcripts.md", transcripts.page),
}
"""By name, the page that each stands on and what makes it."""

RECORD = "track-record"
"""The table that is made of recordings, which are not part of the project."""


def written(page: str, name: str, table: str) -> str:
    """The page with that table between its marks."""
    begin, end = f"<!-- table: {name} begin -->", f"<!-- table: {name} end -->"
    marked = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    return marked.sub(lambda _: f"{begin}\n{table.strip()}\n{end}", page)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([*TABLES, RECORD]))
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help=f"The recordings for {RECORD}.")
def main(names: tuple[str, ...], data: Path | None) -> None:
    """Make the named tables anew, without a name all that need no recordings."""
    if RECORD in names and data is None:
        raise click.ClickException(f"{RECORD} is made of recordings: name their folder with --data DIR.")
    for name in names or TABLES:
        page, table = ("track-record.md", partial(track_record.table, data)) if name == RECORD else TABLES[name]
        path = DOCS / page
        path.write_text(written(path.read_text(encoding="utf-8"), name, table()), encoding="utf-8")
        click.echo(f"{name}: written to {page}")


if __name__ == "__main__":
    main()
