from datetime import timedelta
from math import isnan

import numpy as np
import pytest

from signals.composite import Composite
from signals.crowdedlongs import CrowdedLongs
from signals.crowdedshorts import CrowdedShorts
from signals.divergence import Divergence
from signals.fundingextreme import FundingExtreme
from signals.model import Unit
from signals.momentum import Momentum
from signals.negfunding import NegFunding
from signals.panel import Series
from tests.contracts.test_signals import shared

SIGNAL, LEVEL, FOUR = Composite(), timedelta(0), timedelta(hours=4)
OF = shared(3, FOUR)


def score(side: str) -> Series:
    return SIGNAL.score(OF, LEVEL, side=side).ravel()


def vote(up: float, down: float, lines: tuple[float, float]) -> float:
    if isnan(up) or isnan(down):
        return float("nan")
    return float(up > lines[0]) - float(down > lines[1])


def test_it_equals_a_slow_count_of_votes() -> None:
    families = (
        (-NegFunding().score(OF, LEVEL), FundingExtreme().score(OF, LEVEL, side="high"), (0.0001, 0.98)),
        (Momentum().score(OF, FOUR), Divergence().score(OF, FOUR), (1.5, 1.5)),
        (CrowdedShorts().score(OF, LEVEL), CrowdedLongs().score(OF, LEVEL), (1.0, 1.0)),
    )
    cast = [
        [vote(up, down, lines) for up, down in zip(ups.ravel().tolist(), downs.ravel().tolist(), strict=True)]
        for ups, downs, lines in families
    ]
    wanted = [sum(votes) for votes in zip(*cast, strict=True)]

    np.testing.assert_array_equal(score("up"), wanted)
    np.testing.assert_array_equal(score("down"), [-votes for votes in wanted])
    np.testing.assert_array_equal(score(""), [abs(votes) for votes in wanted])
    assert {-2.0, -1.0, 0.0, 1.0, 2.0} <= set(wanted)
    assert any(isnan(votes) for votes in wanted)


@pytest.mark.parametrize("coin", OF.coins)
def test_the_evidence_tells_how_each_family_votes_and_which_one_is_unknown(coin: str) -> None:
    column = OF.coins.index(coin)
    scores = SIGNAL.score(OF, LEVEL, side="up")[:, column]

    for row in (300, 400, 500, 601, 638, 639):
        facts = SIGNAL.evidence(OF.until(row + 1), coin, LEVEL)

        assert [(fact.label, fact.unit) for fact in facts] == [
            (family, Unit.VOTES) for family in ("funding", "positioning", "crowd")
        ]
        told = [fact.value for fact in facts]
        assert isnan(scores[row]) == (None in told)
        assert None in told or sum(value or 0.0 for value in told) == scores[row]
