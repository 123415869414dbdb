"""Whether a category meets its target, and the error that each look at the gate may spend."""

import math
from bisect import bisect_left
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from loop.records import Verdict
from loop.stats.bounds import EDGE, check_counts, lower_bound, upper_bound


def alpha_of_look(look: int, alpha: float) -> float:
    """Error that one look at the gate may spend; over all looks it sums to at most alpha.

    Args:
        look: Which look, from 1.
        alpha: Error allowed over all looks together.

    Returns:
        6 alpha / (pi² look²), since the sum of 1/look² is pi²/6.

    Raises:
        ValueError: There is no such look.
    """
    if look < 1:
        raise ValueError(f"looks are counted from 1, got {look}")
    return 6 * alpha / (math.pi * look) ** 2


def _proves(passed: int, total: int, target: float, alpha: float) -> bool:
    return lower_bound(passed, total, alpha) >= target - EDGE


# A round asks for the same few again and again, and simulated loops do so a million times.
@lru_cache(maxsize=4096)
def passes_needed(total: int, target: float, alpha: float) -> int | None:
    """Fewest passes that prove a target.

    Args:
        total: Items, at least 1.
        target: Share of items that must pass, in (0, 1].
        alpha: Error allowed, in (0, 1).

    Returns:
        The least number whose exact lower bound is at least the target; None where not even
        all items prove it, as for a target of 1.

    Raises:
        ValueError: There are no items.
    """
    counts = range(total + 1)
    needed = bisect_left(counts, True, key=lambda k: _proves(k, total, target, alpha))
    return needed if needed <= total else None


def point_passes_needed(total: int, target: float) -> int:
    """Fewest passes whose bare share reaches a target.

    Args:
        total: Items.
        target: Share of items that must pass, in (0, 1].

    Returns:
        The number; 3 of 5 for 0.6, whatever 0.6 is in binary.
    """
    return math.ceil(Fraction(str(target)) * total)


def verdict(
    passed: int, total: int, target: float, alpha: float, rule: Literal["bound", "point"]
) -> Verdict:
    """Say whether a category meets its target.

    Args:
        passed: Items passed.
        total: Items, at least 1.
        target: Share of items that must pass, in (0, 1].
        alpha: Error allowed on either side, in (0, 1).
        rule: bound wants proof by an exact bound; point takes the bare share.

    Returns:
        met, not met, or, by bound only, undecided.

    Raises:
        ValueError: The counts make no sense.
    """
    check_counts(passed, total)
    if rule == "point":
        return "met" if passed >= point_passes_needed(total, target) else "not met"
    if _proves(passed, total, target, alpha):
        return "met"
    return "not met" if upper_bound(passed, total, alpha) < target - EDGE else "undecided"


def gate_passes(
    total: int, target: float, alpha: float, rule: Literal["bound", "point"]
) -> int | None:
    """Fewest passes that pass a gate.

    Args:
        total: Items in it, at least 1.
        target: Share of items that must pass, in (0, 1].
        alpha: Error that the look may spend.
        rule: bound needs the exact lower bound at the target, point the bare share.

    Returns:
        The least number; None where not even all items would do.
    """
    if rule == "point":
        return point_passes_needed(total, target)
    return passes_needed(total, target, alpha)
