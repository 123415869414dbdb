"""Distinct tasks, and how some of them are dealt to the roles."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import get_args

from loop.example import Example, Tier, digest_of
from loop.holdout.sizes import ROLES
from loop.records import Rejected
from loop.stats import apportion


@dataclass(frozen=True)
class Task:
    """A cluster: the row that would be measured, and the others."""

    measured: Example
    others: tuple[Example, ...]


@dataclass
class Dealt:
    """Where rows went."""

    roles: dict[str, list[Example]] = field(default_factory=lambda: {role: [] for role in ROLES})
    pool: list[Example] = field(default_factory=list)
    set_aside: list[Rejected] = field(default_factory=list)

    def deal(self, tasks: list[Task], wanted: Mapping[str, int], lot: "Lot") -> None:
        """Hold some tasks of a category out and put the rows of the others into the pool.

        Args:
            tasks: Distinct tasks of one category, in the order of their lots.
            wanted: Items per role; at most as many as there are tasks.
            lot: Orders the pool.
        """
        drawn = _by_tier(tasks, sum(wanted.values()))
        for role, task in zip(_spread(wanted), drawn, strict=True):
            self.roles[role].append(task.measured)
            self.set_aside += [same_task(row, task.measured) for row in task.others]
        held_out = {id(task) for task in drawn}
        left = [task for task in tasks if id(task) not in held_out]
        rows = (row for task in left for row in (task.measured, *task.others))
        self.pool += sorted(rows, key=lot)


Lot = Callable[[Example], str]
"""Orders rows by chance, the same way for the same seed."""


def lots(seed: int, of: str) -> Lot:
    """Make lots.

    Args:
        seed: Random seed.
        of: What they are drawn for; other purposes have other lots.

    Returns:
        A function that gives each row its lot.
    """

    def lot(example: Example) -> str:
        return digest_of(str(seed), of, example.id, example.category, example.origin)

    return lot


def by_category(tasks: Iterable[Task], names: Iterable[str], seed: int) -> dict[str, list[Task]]:
    """Sort tasks by category, each in the order of its lots.

    Args:
        tasks: Distinct tasks.
        names: Categories, in the order in which the roles list them.
        seed: Random seed.

    Returns:
        Category → tasks.
    """
    found: dict[str, list[Task]] = {name: [] for name in names}
    for task in tasks:
        found[task.measured.category].append(task)
    # A lot of its own: the least lot of many rows would favour large clusters.
    lot = lots(seed, "task")
    for each in found.values():
        each.sort(key=lambda task: lot(task.measured))
    return found


def same_task(row: Example, measured: Example) -> Rejected:
    """Set a row aside.

    Args:
        row: The row.
        measured: The item that it is the same task as.

    Returns:
        Why it is not trained on.
    """
    file, _, number = row.origin.rpartition(":")
    placed = bool(file) and number.isdecimal()
    return Rejected(
        reason="same_task_as_holdout",
        detail="in the cluster of a holdout row",
        file=file if placed else row.origin,
        row=int(number) if placed else None,
        category=row.category,
        matched=measured.id,
        example=row,
    )


def _by_tier(tasks: list[Task], size: int) -> list[Task]:
    """The first tasks of each tier, in proportion to how many the tier has."""
    if not size:
        return []
    tiers: dict[str, list[Task]] = {tier: [] for tier in get_args(Tier)}
    for task in tasks:
        tiers[task.measured.tier].append(task)
    parts = apportion({tier: len(found) for tier, found in tiers.items()}, size)
    return [task for tier, found in tiers.items() for task in found[: parts[tier]]]


def _spread(roles: Mapping[str, int]) -> list[str]:
    """Roles spread evenly, so that each run of items of one tier holds them in proportion."""
    places = [((k + 0.5) / count, role) for role, count in roles.items() for k in range(count)]
    return [role for _, role in sorted(places, key=lambda place: place[0])]
