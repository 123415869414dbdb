"""What is measured and never trained on: drawn once, or carried on from an earlier run."""

from loop.holdout.draw import draw
from loop.holdout.extend import extend
from loop.holdout.sizes import quotas

__all__ = ["draw", "extend", "quotas"]
