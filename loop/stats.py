"""How sure a share of passes makes us: exact bounds, looks that spend error, paired tests.

Owns every figure that a verdict rests on. Knows counts and shares only: no example, no category's
meaning, no model.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from loop.records import Verdict

EDGE = 1e-12
"""A bound this close below a target has reached it: the rest is floating point."""


def _check(passed: int, total: int) -> None:
    if total < 1 or not 0 <= passed <= total:
        raise ValueError(f"{passed} of {total} passed: needs 0 <= passed <= total and total >= 1")


def lower_bound(passed: int, total: int, alpha: float) -> float:
    """Exact one-sided lower bound of a true share.

    Args:
        passed: Items passed.
        total: Items, at least 1.
        alpha: Error allowed, in (0, 1).

    Returns:
        The Clopper-Pearson bound, in [0, 1]; the true share is below it with at most alpha.

    Raises:
        ValueError: The counts make no sense.
    """
    from scipy.special import betaincinv

    _check(passed, total)
    return 0.0 if passed == 0 else float(betaincinv(passed, total - passed + 1, alpha))


def upper_bound(passed: int, total: int, alpha: float) -> float:
    """Exact one-sided upper bound of a true share.

    Args:
        passed: Items passed.
        total: Items, at least 1.
        alpha: Error allowed, in (0, 1).

    Returns:
        The Clopper-Pearson bound, in [0, 1]; the true share is above it with at most alpha.

    Raises:
        ValueError: The counts make no sense.
    """
    return 1.0 - lower_bound(total - passed, total, alpha)


def wilson(passed: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a true share, for display and never for a verdict.

    Args:
        passed: Items passed.
        total: Items, at least 1.
        confidence: Two-sided, in (0, 1).

    Returns:
        Lower and upper end, in [0, 1].

    Raises:
        ValueError: The counts make no sense.
    """
    from scipy.special import ndtri

    _check(passed, total)
    z = float(ndtri(0.5 + confidence / 2))
    share, spread = passed / total, z * z / total
    centre = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    # At the ends the interval touches 0 or 1 exactly; the formula misses by a rounding error.
    low = 0.0 if passed == 0 else centre - half
    return low, 1.0 if passed == total else centre + half


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


def power(total: int, needed: int, true_score: float) -> float:
    """Chance that a model passes.

    Args:
        total: Items.
        needed: Passes that it needs.
        true_score: Its true share of passes, in [0, 1].

    Returns:
        Probability of at least `needed` passes.
    """
    from scipy.special import bdtrc

    return 1.0 if needed <= 0 else float(bdtrc(needed - 1, total, true_score))


def chance_to_pass(passed: int, total: int, needed: int, items: int) -> float:
    """Foretell a gate from what was measured on other items of the same kind.

    Args:
        passed: Items passed so far, of the other set.
        total: Items in that set, at least 1.
        needed: Passes that the gate needs.
        items: Items in the gate.

    Returns:
        Probability in [0, 1] of at least that many passes: beta-binomial, with Jeffreys' prior.

    Raises:
        ValueError: The counts do not go together.
    """
    from scipy.stats import betabinom

    _check(passed, total)
    return float(betabinom.sf(needed - 1, items, passed + 0.5, total - passed + 0.5))


def score_for_power(total: int, needed: int, power: float = 0.8) -> float:
    """How good a model must truly be in order to pass with a given chance.

    Args:
        total: Items.
        needed: Passes that it needs, in [1, total].
        power: Chance of passing, in (0, 1).

    Returns:
        The true share of passes.

    Raises:
        ValueError: The counts make no sense.
    """
    # P(X >= k | p) is the regularised incomplete beta function of p, so its inverse is a bound.
    return lower_bound(needed, total, power)


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
    _check(passed, total)
    if rule == "point":
        return "met" if passed >= point_passes_needed(total, target) else "not met"
    if _proves(passed, total, target, alpha):
        return "met"
    return "not met" if upper_bound(passed, total, alpha) < target - EDGE else "undecided"


def mcnemar(better: int, worse: int) -> float:
    """Exact McNemar test on the items whose result changed.

    Args:
        better: Items that failed and now pass.
        worse: Items that passed and now fail.

    Returns:
        Two-sided p-value; 1 where nothing changed.
    """
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(better, worse), better + worse, 0.5)))


def holm(p_values: Mapping[str, float], alpha: float) -> set[str]:
    """Holm's step-down correction for several tests.

    Args:
        p_values: One per hypothesis.
        alpha: Chance allowed of rejecting any true hypothesis.

    Returns:
        Names of the rejected hypotheses.
    """
    rejected: set[str] = set()
    for index, (name, p_value) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        if p_value > alpha / (len(p_values) - index):
            break
        rejected.add(name)
    return rejected


def apportion(claims: Mapping[str, float], total: int) -> dict[str, int]:
    """Divide whole things by claims, with largest remainders.

    Args:
        claims: Relative claim per name, none negative and not all 0.
        total: How many there are to give.

    Returns:
        Number per name, in the order of the claims; sums to total.

    Raises:
        ValueError: Nobody claims anything.
    """
    whole = math.fsum(claims.values())
    if whole <= 0:
        raise ValueError(f"nothing can be divided by these claims: {dict(claims)}")
    # Rounded first: 0.3 * 10 / 0.6 must count as 5 and not as 4 with a large remainder.
    exact = {name: round(claim * total / whole, 9) for name, claim in claims.items()}
    given = {name: math.floor(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: given[name] - exact[name])
    for name in by_remainder[: total - sum(given.values())]:
        given[name] += 1
    return given
