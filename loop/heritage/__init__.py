"""What a run takes over from an earlier one: training rows, holdout, and where each row is from."""

from loop.heritage.ancestor import FACT, Ancestor, ancestor_of, check_names, label_of
from loop.heritage.dataset import read_dataset
from loop.heritage.holdout import held_roles, read_holdout
from loop.heritage.trace import Tracer

__all__ = [
    "FACT",
    "Ancestor",
    "Tracer",
    "ancestor_of",
    "check_names",
    "held_roles",
    "label_of",
    "read_dataset",
    "read_holdout",
]
