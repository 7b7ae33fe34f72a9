"""What the two crowds share: how deep a rank lies, and which ratio it is of."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from signals.features import SETTLES_IN, ago, is_same_market, last
from signals.model import Fact, Metric, Unit
from signals.panel import Panel, Series, decimal
from signals.shared import rank_of

HOUR, FIVE = timedelta(hours=1), timedelta(minutes=5)


def weighed(panel: Panel, bars: Panel, paid: npt.NDArray[np.bool_], share: Series) -> Series:
    """Both met is 1 and more, the deeper the rank lies in its zone; without pay it is 0. `share` is rank over zone."""
    hours = panel.at(HOUR)
    same = is_same_market(bars, hours, ago(hours, bars, SETTLES_IN, len(share)))
    score = np.where(paid, np.clip(2 - share, 0.0, 2.0), 0.0)
    return np.where(np.isnan(share) | ~same, np.nan, score)


def accounts(panel: Panel, bars: Panel, coin: str) -> Sequence[Fact]:
    """The ratio of all accounts, never of top ones, and its rank."""
    column = bars.column(coin)
    ratio = last(decimal(bars[Metric.LS][-1:]), column)
    rank = last(rank_of(panel, bars, Metric.LS, min(1, len(bars.times))), column)
    if ratio is None or rank is None:
        return []
    return [Fact("longs / shorts by all accounts", ratio, Unit.RATIO), Fact("rank of 90 days", rank, Unit.RANK)]
