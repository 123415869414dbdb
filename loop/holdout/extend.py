"""Carries an earlier run's holdout on, item by item, and adds items drawn from new rows only.

A redrawn holdout would contain rows that were trained on, or rows from which a teacher's examples
were made. docs/living_dataset.md gives the rules and their reasons.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loop.example import Example
from loop.holdout.sizes import ROLES, roles_of, roles_wanted, size_of
from loop.holdout.tasks import Dealt, Lot, Task, by_category, lots, same_task
from loop.neighbours import Canonical, clusters
from loop.recipe import CategorySection, CurationSection, HoldoutSection
from loop.records import Rejected
from loop.records.holdout import Carried, Holdout
from loop.stats import apportion


@dataclass(frozen=True)
class _Plan:
    """What is drawn, and what is drawn anew."""

    wanted: dict[str, dict[str, int]]
    """Category → role → items to draw."""
    renewed: dict[str, tuple[str, ...]]
    """Role → categories whose carried items of that role retire."""


@dataclass(frozen=True)
class _Sides:
    """Rows by what may become of them."""

    inherited: list[Example]
    """May be trained on only."""
    tasks: list[Task]
    """Of new rows alone, so that they may be held out."""
    mixed: list[Example]
    """New rows that are the same task as an inherited one."""
    set_aside: list[Rejected]


def extend(
    carried: Carried,
    inherited: tuple[Example, ...],
    used: int,
    fresh: tuple[Example, ...],
    taxonomy: Sequence[CategorySection],
    section: HoldoutSection,
    curation: CurationSection,
    canonical: Canonical,
    seed: int,
) -> Holdout:
    """Carry a holdout on.

    Args:
        carried: The earlier run's holdout.
        inherited: Its training side, curated again; never held out.
        used: How many of these, the first ones, it trained on or accepted.
        fresh: New rows, curated; from these alone items are drawn.
        taxonomy: Categories, in the order in which the roles list them.
        section: Share, floor, ceiling, and shares of the roles.
        curation: What counts as the same task.
        canonical: Canonical form by category.
        seed: Random seed.

    Returns:
        The roles: carried items as they are, then drawn ones; the training side; what is retired
        or set aside; notes for the report.

    Raises:
        HoldoutError: A new category has too few distinct tasks.
    """
    names = [category.name for category in taxonomy]
    lot = lots(seed, "row")
    fresh = tuple(sorted(fresh, key=lot))
    sides = _sides(carried, inherited, fresh, curation, canonical, seed)
    tasks = by_category(sides.tasks, names, seed)
    live = {
        role: {
            name: [item for item in getattr(carried, role) if item.category == name]
            for name in names
        }
        for role in ROLES
    }
    seen = {name: run for name, run in carried.seen.items() if name in names}
    rows = Counter(row.category for row in (*inherited, *fresh))
    rows.update(row.category for role in ROLES for row in getattr(carried, role))
    plan = _planned(live, tasks, rows, seen, bool(carried.rulings), section)
    dealt, retired = _dealt(live, tasks, plan, lot)
    retired += [item for item in carried.retired if item.category in names]
    first = {row.id for row in inherited[:used]}
    start = [row for row in sides.inherited if row.id in first]
    unused = [row for row in sides.inherited if row.id not in first]
    set_aside = [*carried.set_aside, *sides.set_aside, *dealt.set_aside]
    set_aside = [row for row in set_aside if row.category in names]
    renewed_gate = bool(plan.renewed["gate"])
    for name in plan.renewed["final"]:
        del seen[name]
    return Holdout(
        diagnose=tuple(dealt.roles["diagnose"]),
        gate=tuple(dealt.roles["gate"]),
        final=tuple(dealt.roles["final"]),
        pool=(*start, *sorted(sides.mixed, key=lot), *dealt.pool, *unused),
        retired=tuple(retired),
        set_aside=tuple(set_aside),
        carried=len(start),
        unused=len(unused),
        rulings=() if renewed_gate else carried.rulings,
        seen=seen,
        notes=_notes(carried, live, plan, seen, len(sides.set_aside)),
    )


def _sides(
    carried: Carried,
    inherited: tuple[Example, ...],
    fresh: tuple[Example, ...],
    curation: CurationSection,
    canonical: Canonical,
    seed: int,
) -> _Sides:
    """Part the rows: what stands in the cluster of an item is set aside."""
    before = {row.example.id for row in carried.set_aside if row.example}
    inherited = tuple(row for row in inherited if row.id not in before)
    fresh = tuple(row for row in fresh if row.id not in before)
    items = carried.items
    everything = (*items, *inherited, *fresh)
    known = len(items) + len(inherited)
    aside: dict[int, Rejected] = {}
    tasks: list[Task] = []
    mixed: list[Example] = []
    for group in clusters(everything, curation, canonical, seed):
        item, *others = group
        if item < len(items):
            rows = [place for place in others if place >= len(items)]
            aside |= {place: same_task(everything[place], everything[item]) for place in rows}
        elif item < known:
            mixed += [everything[place] for place in others if place >= known]
        else:
            tasks.append(Task(everything[item], tuple(everything[place] for place in others)))
    left = [row for place, row in enumerate(inherited, len(items)) if place not in aside]
    return _Sides(left, tasks, mixed, list(aside.values()))


def _planned(
    live: Mapping[str, Mapping[str, Sequence[Example]]],
    tasks: Mapping[str, Sequence[Task]],
    rows: Mapping[str, int],
    seen: Mapping[str, str],
    looked: bool,
    section: HoldoutSection,
) -> _Plan:
    """Say what is drawn. Of a carried category's new tasks at least half are left to train on."""
    old = [name for name in tasks if any(live[role][name] for role in ROLES)]
    new = {name: len(tasks[name]) for name in tasks if name not in old}
    drawn = {name: dict.fromkeys(ROLES, 0) for name in old}
    sizes = {name: roles_of(size_of(rows[name], section), section) for name in old}
    room = {name: len(tasks[name]) // 2 for name in old}

    def renew(role: str, names: Sequence[str]) -> tuple[str, ...]:
        for name in names:
            drawn[name][role] = sizes[name][role]
            room[name] -= sizes[name][role]
        return tuple(names)

    fitting = [name for name in old if name in seen and sizes[name]["final"] <= room[name]]
    final = renew("final", fitting)
    # Looks are counted for the gate as a whole, so it is drawn anew as a whole.
    whole = looked and all(sizes[name]["gate"] <= room[name] for name in old)
    gate = renew("gate", old if whole else ())
    for name in old:
        missing = {
            role: max(0, sizes[name][role] - len(live[role][name]))
            for role in ROLES
            if not drawn[name][role] and not (role == "final" and name in seen)
        }
        if wanted := min(sum(missing.values()), room[name]):
            drawn[name] |= apportion(missing, wanted)
    wanted_new = roles_wanted({name: rows[name] for name in new}, new, section)
    order = {name: drawn[name] if name in drawn else wanted_new[name] for name in tasks}
    return _Plan(order, {"final": final, "gate": gate})


def _dealt(
    live: Mapping[str, Mapping[str, Sequence[Example]]],
    tasks: Mapping[str, list[Task]],
    plan: _Plan,
    lot: Lot,
) -> tuple[Dealt, list[Example]]:
    """Put carried and drawn items together, category by category; and what retires."""
    dealt = Dealt()
    retired: list[Example] = []
    for name, found in tasks.items():
        for role in ROLES:
            stays = name not in plan.renewed.get(role, ())
            (dealt.roles[role] if stays else retired).extend(live[role][name])
        dealt.deal(found, plan.wanted[name], lot)
    return dealt, retired


def _notes(
    carried: Carried,
    live: Mapping[str, Mapping[str, Sequence[Example]]],
    plan: _Plan,
    seen: Mapping[str, str],
    set_aside: int,
) -> tuple[str, ...]:
    """What a reader must know."""
    kept = sum(len(items) for role in live.values() for items in role.values())
    renewed = sum(len(live[role][name]) for role, names in plan.renewed.items() for name in names)
    held = sum(len(getattr(carried, role)) for role in ROLES)
    drawn = sum(sum(parts.values()) for parts in plan.wanted.values())
    notes = [
        f"{kept - renewed} of {held} items are carried on from {carried.run}, none was redrawn; "
        f"{drawn} more are drawn from new rows"
    ]
    if dropped := held - kept:
        notes.append(f"{dropped} items of categories that the taxonomy has no longer are dropped")
    if plan.renewed["gate"]:
        notes.append("the gate is drawn anew from new rows, so that no look at it has been taken")
    elif carried.rulings:
        spent = sum(ruling.alpha for ruling in carried.rulings)
        last = carried.rulings[-1].look
        notes.append(
            f"earlier runs took {last} look{'s' if last > 1 else ''} at this gate and spent "
            f"{spent:.4f} of the error; looks are counted on from {last + 1}"
        )
    if names := plan.renewed["final"]:
        named = ", ".join(names)
        notes.append(f"final of {named} had been opened, and is drawn anew from new rows")
    notes += [
        f"final of {name} was opened by {run} before this run was planned, and there were too few "
        "new rows to draw it anew: its score is not unbiased"
        for name, run in seen.items()
    ]
    if set_aside:
        notes.append(f"{set_aside} rows are set aside: each is the same task as a holdout row")
    return tuple(notes)
