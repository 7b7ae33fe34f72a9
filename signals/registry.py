"""The tuple of signals: one line registers one."""

from signals.base import Signal
from signals.cascade import Cascade
from signals.divergence import Divergence
from signals.liqspike import LiqSpike
from signals.negfunding import NegFunding

SIGNALS: tuple[Signal, ...] = (
    NegFunding(),
    Divergence(),
    LiqSpike(),
    Cascade(),
)

BY_NAME = {signal.name: signal for signal in SIGNALS}
