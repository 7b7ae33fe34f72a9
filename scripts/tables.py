"""Writes into docs/venues.md what tests know: requests as counted, traps with their twins, differences from ccxt."""
# ruff: noqa: INP001 - a script, not a package

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from tests.live import test_requests, traps
from tests.oracle import differences

PAGE = Path(__file__).resolve().parents[1] / "docs" / "venues.md"
TABLES: Mapping[str, Callable[[], str]] = {
    "requests": test_requests.table,
    "traps": traps.table,
    "differences": differences.table,
}


def written(page: str, name: str, table: str) -> str:
    """The page with that table between its marks."""
    begin, end = f"<!-- table: {name} begin -->", f"<!-- table: {name} end -->"
    marked = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    return marked.sub(lambda _: f"{begin}\n{table.strip()}\n{end}", page)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(TABLES)))
def main(names: tuple[str, ...]) -> None:
    """Make the named tables anew, all of them without a name."""
    page = PAGE.read_text(encoding="utf-8")
    for name in names or TABLES:
        page = written(page, name, TABLES[name]())
    PAGE.write_text(page, encoding="utf-8")
    click.echo(f"{', '.join(names or TABLES)}: written to {PAGE.name}")


if __name__ == "__main__":
    main()
