"""The tuple of signals: one line registers one."""

from signals.base import Signal
from signals.cascade import Cascade
from signals.composite import Composite
from signals.crowdedlongs import CrowdedLongs
from signals.crowdedshorts import CrowdedShorts
from signals.divergence import Divergence
from signals.fundingcross import FundingCross
from signals.fundingextreme import FundingExtreme
from signals.liqcluster import LiqCluster
from signals.liqspike import LiqSpike
from signals.momentum import Momentum
from signals.negfunding import NegFunding
from signals.ratiocollapse import RatioCollapse

SIGNALS: tuple[Signal, ...] = (
    NegFunding(),
    FundingCross(),
    FundingExtreme(),
    Divergence(),
    Momentum(),
    CrowdedShorts(),
    CrowdedLongs(),
    LiqSpike(),
    Cascade(),
    LiqCluster(),
    RatioCollapse(),
    Composite(),
)

BY_NAME = {signal.name: signal for signal in SIGNALS}
