"""Starts a run from an earlier one: takes it over, cleans it by the new rules, extends its holdout.

Everything that is needed of the earlier run is copied into this run's `earlier/` folder, once; the
earlier run is only read, and may be moved or removed afterwards.
"""

from dataclasses import dataclass

from loop.console import line
from loop.heritage import Ancestor, check_names, read_dataset, read_holdout
from loop.heritage.ancestor import DATASET, HOLDOUT
from loop.holdout import extend
from loop.parts import Parts
from loop.recipe import Recipe
from loop.records import Curated, Heritage, Rejected, SeedData, Split
from loop.records.holdout import Carried, Holdout
from loop.rundir import RunDirectory
from loop.stats import EDGE, alpha_of_look
from loop.stopping import check_gates, looks_table


@dataclass(frozen=True)
class Inheritance:
    """What was taken over."""

    heritage: Heritage
    carried: Carried


def take_over(run: RunDirectory, ancestor: Ancestor, recipe: Recipe) -> Inheritance:
    """Copy what is needed of the earlier run.

    Args:
        run: This run's directory, begun.
        ancestor: The earlier run.
        recipe: This run's recipe.

    Returns:
        Its training side and its holdout.

    Raises:
        RunDirectoryError: The earlier run is damaged, of another format, or being worked on.
        HoldoutError: The taxonomy seems to rename a category, or has none of the earlier ones.
    """
    # In this order: if the earlier run goes on in between, its looks are counted all the same.
    heritage = run.once(DATASET, Heritage, lambda: read_dataset(ancestor.folder))
    carried = run.once(HOLDOUT, Carried, lambda: read_holdout(ancestor.folder))
    names = [category.name for category in recipe.taxonomy]
    before = {item.category for item in carried.items}
    check_names(before, names, carried.run)
    line(
        f"earlier  | {carried.run}: {len(heritage.rows)} training rows, {heritage.used} of them "
        f"used, {len(carried.items)} held out, looks at the gate {len(carried.rulings)}, final "
        f"{'opened' if carried.seen else 'unopened'}"
    )
    for note in heritage.notes:
        line(f"earlier  | {note}")
    return Inheritance(heritage, carried)


def carry_on(
    run: RunDirectory, parts: Parts, inheritance: Inheritance, seed: SeedData
) -> tuple[Curated, Holdout, tuple[Rejected, ...]]:
    """Clean what was taken over and what is new, and extend the holdout.

    Args:
        run: This run's directory.
        parts: What the recipe names.
        inheritance: What was taken over.
        seed: What was read from the recipe's files; rows that were read before may be among it.

    Returns:
        What became of the seed's rows, the holdout, and rows taken over that a person may still
        take.
    """
    recipe, heritage = parts.recipe, inheritance.heritage
    names = {category.name for category in recipe.taxonomy}
    carried = inheritance.carried
    rows = tuple(row for row in heritage.rows if row.category in names)
    held = tuple(item for item in carried.items if item.category in names)
    unfit = (*held, *parts.unseen)
    again = (rows, (), unfit, parts.seed("curate", "earlier"))
    old = run.once("earlier/curation", Curated, parts.curate, *again)
    lost = ", ".join(f"{reason} {count}" for reason, count in old.rejected_by_reason.items())
    line(f"earlier  | {old.received} rows, {len(old.kept)} kept, rejected: {lost or 'none'}")
    inputs = (seed.examples, old.kept, unfit, parts.seed("curate"))
    curated = run.once("seed/curation", Curated, parts.curate, *inputs)
    refused, first = set(heritage.refused), {row.id for row in heritage.rows[: heritage.used]}
    fresh = tuple(row for row in curated.kept if row.id not in refused)
    holdout = run.once(
        "holdout/manifest",
        Holdout,
        extend,
        carried,
        old.kept,
        sum(row.id in first for row in old.kept),
        fresh,
        recipe.taxonomy,
        recipe.holdout,
        recipe.curation,
        canonical=parts.canonical,
        seed=parts.seed("holdout"),
    )
    return curated, holdout, tuple(row for row in old.rejected if row.review)


def check_looks(split: Split, recipe: Recipe) -> list[str]:
    """Find gates that can prove nothing, whether too small or looked at too often.

    Args:
        split: What is seen of the holdout.
        recipe: The recipe.

    Returns:
        One line per problem: what is wrong and the way out.
    """
    stopping, taxonomy = recipe.stopping, recipe.taxonomy
    problems = check_gates(split.gate, taxonomy, stopping)
    before = len(split.rulings)
    if problems or not before:
        return problems
    look = before + 1
    anew = "add so many new rows to the seed that the gate is drawn anew (docs/living_dataset.md)"
    if look > stopping.looks:
        alpha = alpha_of_look(look, stopping.alpha)
        return [
            f"stopping.looks is {stopping.looks}, and earlier runs took {before} at this gate: "
            f"raise it to at least {look} (look {look} has an error of {alpha:.4f}), or {anew}"
        ]
    if stopping.verdict == "point":
        return []
    spent = sum(ruling.alpha for ruling in split.rulings)
    due = sum(alpha_of_look(each, stopping.alpha) for each in range(1, look))
    if spent > due + EDGE:
        problems.append(
            f"stopping.alpha is {stopping.alpha:g}, and earlier runs spent an error of {spent:.4f} "
            f"at this gate, more than the {due:.4f} that {before} looks may spend of it: keep "
            f"their alpha, or {anew}"
        )
    table = looks_table(split.gate, taxonomy, stopping)
    problems += [
        f"holdout: the gate has {split.gate[name]} items of {name} and cannot prove its target at "
        f"look {look}, the next one, even if all pass: lower the target, or {anew}"
        for name, needed in table.items()
        if needed[look - 1] is None
    ]
    return problems
