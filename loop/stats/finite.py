"""How many of a batch are wrong, from a simple random sample of it. Exact for finite batches.

A sample drawn within strata needs another bound: three pairs with one wrong row each, one row drawn
of each pair, show no wrong row with a chance of 1/8, where this bound allows 1/20.
"""

import math
from bisect import bisect_left
from functools import lru_cache

from loop.stats.bounds import EDGE


# Every round draws the samples of all rounds again, and simulations do so a million times.
@lru_cache(maxsize=4096)
def most_wrong(wrong: int, sampled: int, size: int, alpha: float) -> int:
    """Bound how many rows of a batch are wrong.

    Source: inversion of the one-sided hypergeometric test; in the limit of large batches this is
    the Clopper-Pearson bound.

    Args:
        wrong: Rows of the sample found wrong.
        sampled: Rows of the sample, drawn without replacement, every set of rows equally likely.
        size: Rows of the batch.
        alpha: Error allowed, in (0, 1).

    Returns:
        The most that fits; more are wrong with a chance of at most alpha. All that were not looked
        at, and the wrong ones, where nothing was sampled.

    Raises:
        ValueError: The counts make no sense.
    """
    from scipy.stats import hypergeom

    if not 0 <= wrong <= sampled <= size:
        raise ValueError(
            f"{wrong} wrong of {sampled} among {size}: needs 0 <= wrong <= sampled <= size"
        )
    unseen = range(size - sampled + 1)

    def too_many(more: int) -> bool:
        """Whether so few wrong ones in the sample would be too rare."""
        chance = hypergeom.cdf(wrong, size, wrong + more, sampled)
        return bool(chance <= alpha * (1 + EDGE))

    return wrong + bisect_left(unseen, True, key=too_many) - 1 if size else 0


@lru_cache(maxsize=4096)
def sample_to_prove(size: int, max_error: float, alpha: float) -> int:
    """Say how few rows prove that a batch is good enough, if none of them is wrong.

    Args:
        size: Rows of the batch.
        max_error: Share of the batch that may be wrong, in [0, 1].
        alpha: Error allowed, in (0, 1).

    Returns:
        Rows to sample, in [0, size].
    """
    allowed = math.floor(max_error * size + EDGE)
    counts = range(size + 1)
    return bisect_left(counts, True, key=lambda rows: most_wrong(0, rows, size, alpha) <= allowed)
