"""Evaluators that begin to share the coins out to another number of parts: each begins where the former ones left."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from adapters.store.alert_port import AlertStore, Mark
from signals.part import parts

log = structlog.get_logger()


async def share_out(store: AlertStore, now: int) -> None:
    """Have the coins shared out to so many parts, where they are not."""
    before = await store.parts()
    if before == now:
        return
    judged, mark = joined([await store.left(of) for of in parts(before)])
    await store.share_out(before, now, judged, mark)
    log.info("coins are shared out anew", before=before, now=now, judged=judged)


def joined(left: Sequence[tuple[datetime | None, Mark]]) -> tuple[datetime | None, Mark]:
    """Where the parts have all come to, and what they left together: nobody passes a moment that one has not judged.

    What a faster one has judged since is judged again, and not told again.
    """
    known = [(at, mark) for at, mark in left if at is not None]
    marks = [mark for _, mark in known]
    if not known:
        return None, Mark()
    return min(at for at, _ in known), Mark(
        min((of.change for of in marks if of.change is not None), default=None),
        tuple(standing for of in marks for standing in of.standings),
        min(of.backfilled for of in marks),
        max((of.past for of in marks if of.past is not None), default=None),
    )
