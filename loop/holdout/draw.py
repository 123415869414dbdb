"""Splits the cleaned seed once: diagnose, gate, final, and the training side. Trains nothing.

Order: cluster by "the same task" → draw clusters → freeze. A cluster stands on one side and in one
role; of a cluster in the holdout one row is measured and the others are set aside.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from loop.example import Example
from loop.holdout.sizes import roles_wanted
from loop.holdout.tasks import Dealt, Task, by_category, lots
from loop.neighbours import Canonical, clusters
from loop.recipe import CategorySection, CurationSection, HoldoutSection
from loop.records.holdout import Holdout

_USUAL = (0.10, 0.15)


def draw(
    cleaned: tuple[Example, ...],
    taxonomy: Sequence[CategorySection],
    section: HoldoutSection,
    curation: CurationSection,
    canonical: Canonical,
    seed: int,
) -> Holdout:
    """Draw the holdout, stratified by category and by tier within it.

    Every distinct task of a tier is equally likely to be drawn. The same rows and seed give the
    same holdout in whatever order the rows come.

    Args:
        cleaned: Curated seed.
        taxonomy: Categories, in the order in which the roles list them.
        section: Share, floor, ceiling, and shares of the roles.
        curation: What counts as the same task.
        canonical: Canonical form by category.
        seed: Random seed.

    Returns:
        The three roles, the pool of training rows, rows set aside, and notes for the report.

    Raises:
        HoldoutError: A category has too few distinct tasks.
    """
    lot = lots(seed, "row")
    cleaned = tuple(sorted(cleaned, key=lot))
    groups = clusters(cleaned, curation, canonical, seed)
    rows_of = ([cleaned[position] for position in group] for group in groups)
    found = (Task(measured, tuple(others)) for measured, *others in rows_of)
    tasks = by_category(found, (category.name for category in taxonomy), seed)
    rows = Counter(example.category for example in cleaned)
    wanted = roles_wanted(rows, {name: len(each) for name, each in tasks.items()}, section)
    dealt = Dealt()
    for name, each in tasks.items():
        dealt.deal(each, wanted[name], lot)
    return Holdout(
        diagnose=tuple(dealt.roles["diagnose"]),
        gate=tuple(dealt.roles["gate"]),
        final=tuple(dealt.roles["final"]),
        pool=tuple(dealt.pool),
        set_aside=tuple(dealt.set_aside),
        notes=_notes(rows, wanted, section, len(dealt.set_aside)),
    )


def _notes(
    rows: Mapping[str, int],
    wanted: Mapping[str, Mapping[str, int]],
    section: HoldoutSection,
    set_aside: int,
) -> tuple[str, ...]:
    notes = []
    sizes = {name: sum(parts.values()) for name, parts in wanted.items()}
    for name, size in sizes.items():
        share = round(section.share * rows[name])
        if size == share:
            continue
        rule = (
            "holdout.min_per_category won over the share"
            if share < section.min_per_category
            else "holdout.max_per_category won over the share"
            if share > section.max_per_category
            else "fewer distinct tasks than the share asks for"
        )
        notes.append(
            f"{name}: {rule}: {size} of {rows[name]} rows ({size / rows[name]:.0%}) are held out"
        )
    total = sum(sizes.values())
    received = sum(rows.values())
    reached = total / received
    low, high = _USUAL
    notes.append(
        f"{total} of {received} cleaned rows ({reached:.1%}) are held out"
        + ("" if low <= reached <= high else f"; {low:.0%} to {high:.0%} is usual")
    )
    if set_aside:
        notes.append(f"{set_aside} rows are set aside: each is the same task as a holdout row")
    return tuple(notes)
