"""One trial with its report as JSON: python -m tests.crash crash --kills 300 --seed 1."""

import click

from tests.crash.command import cluster, crash

click.Group(commands=[crash, cluster])()
