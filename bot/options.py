"""What options of the command line may hold: a time, a speed."""

from datetime import UTC, datetime

import click

from bot.clock import AS_FAST_AS_IT_GOES


class _Moment(click.ParamType[datetime]):
    """A UTC time: `2025-04-01`, `2025-04-01T00:00Z`."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time. Write it like 2025-04-01T00:00Z.", param, ctx)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


class _Speed(click.ParamType[float]):
    """Market seconds a second, or `max`."""

    name = "speed"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        if value == "max":
            return AS_FAST_AS_IT_GOES
        try:
            speed = float(value) if value.isascii() else 0.0
        except ValueError:
            speed = 0.0
        if not 0 < speed < AS_FAST_AS_IT_GOES:
            self.fail(f"{value!r} is not a speed. Write market seconds a second, like 3600, or max.", param, ctx)
        return speed


MOMENT, SPEED = _Moment(), _Speed()
