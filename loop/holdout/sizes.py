"""How many items a category's holdout gets, and how many of them each role."""

from collections.abc import Mapping

from loop.errors import HoldoutError
from loop.recipe import HoldoutSection
from loop.stats import apportion

ROLES = ("diagnose", "gate", "final")


def size_of(count: int, section: HoldoutSection) -> int:
    """Say how many items of a category are held out.

    Args:
        count: Cleaned rows of the category.
        section: Share, floor and ceiling.

    Returns:
        Items, whether or not there are so many distinct tasks.
    """
    return min(
        max(round(section.share * count), section.min_per_category), section.max_per_category
    )


def roles_of(size: int, section: HoldoutSection) -> dict[str, int]:
    """Divide a category's items among the roles.

    Args:
        size: Items, at least 3.
        section: Shares of the roles.

    Returns:
        Role → items, each at least 1.
    """
    parts = apportion(section.roles.model_dump(), size)
    for name in ROLES:
        if not parts[name]:
            parts[max(parts, key=lambda role: parts[role])] -= 1
            parts[name] = 1
    return parts


def _too_few(category: str, count: int, section: HoldoutSection) -> str:
    floor = section.min_per_category
    return (
        f"taxonomy {category}: {count} distinct tasks after cleaning; the holdout takes at least "
        f"{floor} and training needs 1, so {floor + 1}: add examples, lower "
        f"holdout.min_per_category (the gate must still be able to prove the target), or merge "
        f"the category with another"
    )


def quotas(counts: Mapping[str, int], section: HoldoutSection) -> dict[str, dict[str, int]]:
    """Say how many items each role of each category gets.

    Args:
        counts: Cleaned rows per category.
        section: Share, floor, ceiling, and shares of the roles.

    Returns:
        Category → role → items; every role has at least one.

    Raises:
        HoldoutError: A category cannot fill its floor and leave a row to train on. All such
            categories are named.
    """
    return roles_wanted(counts, counts, section)


def roles_wanted(
    rows: Mapping[str, int], tasks: Mapping[str, int], section: HoldoutSection
) -> dict[str, dict[str, int]]:
    """Say the same where rows come in clusters.

    Args:
        rows: Cleaned rows per category; shares are of these.
        tasks: Distinct tasks per category, of which at most all but one can be held out.
        section: Share, floor, ceiling, and shares of the roles.

    Returns:
        Category → role → items.

    Raises:
        HoldoutError: A category has too few distinct tasks.
    """
    problems = [
        _too_few(category, count, section)
        for category, count in tasks.items()
        if count <= section.min_per_category
    ]
    if problems:
        raise HoldoutError("\n".join(problems))
    return {
        category: roles_of(min(size_of(rows[category], section), count - 1), section)
        for category, count in tasks.items()
    }
