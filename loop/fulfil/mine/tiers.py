"""How hard a row of a pool is: by its length, for want of anything that an open row says of itself.

Lengths are cut so that the training side's tiers keep their shares. docs/open_pools.md says how
often that is right.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from loop.example import Example, Tier
from loop.fulfil.mine.vectors import length_of

TIERS: tuple[Tier, ...] = get_args(Tier)


def tiers_of(lengths: NDArray[np.int32], known: Sequence[Example]) -> NDArray[np.int64]:
    """Give rows of one category a tier.

    Args:
        lengths: Characters of prompt and answer; shape (rows,).
        known: Training-side rows of that category, at least one.

    Returns:
        Places in TIERS; shape (rows,). A tier without training-side rows is given to none.
    """
    usual = sorted(map(length_of, known))
    counts = [sum(row.tier == tier for row in known) for tier in TIERS]
    # Between two lengths: where a tier ended would be the one that its longest row happens to have.
    bounds = [0.0, *((a + b) / 2 for a, b in pairwise(usual)), np.inf]
    ends = [bounds[ended] for ended in np.cumsum(counts).tolist()]
    return np.searchsorted(ends, lengths, side="left")
