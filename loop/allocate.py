"""Divides a round's budget of new examples among the categories. Counts only, no examples."""

from collections.abc import Callable

from loop.recipe import CurriculumSection
from loop.records import Allocation, CategoryWeakness, Weakness
from loop.stats import apportion

LEAST_GAP = 0.05
"""Gap of a category that still has to prove itself though its score reaches the target."""

Claim = tuple[float, str]
"""A category's relative claim to the targeted part, and one phrase that says why."""
Policy = Callable[[Weakness, tuple[str, ...]], dict[str, Claim]]
"""(weakness, categories that failed this round's gate) → claim per category."""


def _by_gap(weakness: Weakness, failed_gate: tuple[str, ...]) -> dict[str, Claim]:
    """Gap times priority for what is not met; after a look, for what failed the gate."""

    def claim(category: CategoryWeakness) -> Claim:
        failed = category.category in failed_gate
        if failed_gate and not failed:
            return 0.0, "passed the gate"
        if not failed and category.verdict == "met":
            return 0.0, "met"
        gap = max(category.gap, LEAST_GAP)
        least = " (least)" if gap > category.gap else ""
        why = f"gap {gap:.2f}{least} × priority {category.priority}"
        return gap * category.priority, f"failed the gate: {why}" if failed else why

    return {category.category: claim(category) for category in weakness.categories}


def _uniform(weakness: Weakness, _failed_gate: tuple[str, ...]) -> dict[str, Claim]:
    """The same for all: the baseline arm."""
    return {category.category: (1.0, "uniform") for category in weakness.categories}


POLICIES: dict[str, Policy] = {"gap": _by_gap, "uniform": _uniform}


def _targeted(claims: dict[str, Claim], withhold: tuple[str, ...]) -> dict[str, float]:
    """Share of the targeted part per category; sums to 1."""
    free = [name for name in claims if name not in withhold] or list(claims)
    wanted = {name: claims[name][0] if name in free else 0.0 for name in claims}
    if not any(wanted.values()):
        wanted = {name: float(name in free) for name in claims}
    whole = sum(wanted.values())
    return {name: claim / whole for name, claim in wanted.items()}


def allocate(
    weakness: Weakness, failed_gate: tuple[str, ...], section: CurriculumSection, budget: int
) -> Allocation:
    """Divide a budget: a floor for all, the rest for those that need it.

    Args:
        weakness: This round's weakness report.
        failed_gate: Categories that failed a look at the gate this round; they get the
            targeted part then.
        section: Floor, policy and categories to withhold from.
        budget: New examples to divide.

    Returns:
        Doses that sum to the budget, and why.

    Raises:
        ValueError: The budget is below 1.
    """
    if budget < 1:
        raise ValueError(f"there is no budget to divide: {budget}")
    claims = POLICIES[section.policy](weakness, failed_gate)
    targeted = _targeted(claims, section.withhold)
    even = section.floor / len(claims)
    shares = {name: even + (1 - section.floor) * part for name, part in targeted.items()}
    why: dict[str, str] = {}
    for name, (_, reason) in claims.items():
        if name in section.withhold:
            reason = f"withheld ({reason})"
        why[name] = reason if targeted[name] else f"{reason}: floor only"
    return Allocation(doses=apportion(shares, budget), why=why)
