"""Data to a frozen holdout: read, clean, cluster, split; refuses a gate that can prove nothing."""

from collections import Counter

from loop.console import line
from loop.errors import HoldoutError
from loop.example import Example
from loop.holdout import draw
from loop.parts import Parts
from loop.records import Curated, Holdout, SeedData
from loop.report.lines import holdout_line, seed_line
from loop.rundir import RunDirectory
from loop.seed import read_seed
from loop.stopping import check_gates


def by_category(items: tuple[Example, ...]) -> dict[str, int]:
    """Count items.

    Args:
        items: Examples.

    Returns:
        Number per category.
    """
    return dict(Counter(item.category for item in items))


def prepare(run: RunDirectory, parts: Parts) -> Holdout:
    """Turn the seed into a cleaned training side and a frozen holdout.

    Args:
        run: The run directory, begun.
        parts: What the recipe names.

    Returns:
        The holdout.

    Raises:
        HoldoutError: A category's gate cannot prove its target.
    """
    recipe = parts.recipe
    seed = run.once(
        "seed/read",
        SeedData,
        lambda section, taxonomy, _hashes: read_seed(section, taxonomy, parts.folder),
        recipe.seed,
        recipe.taxonomy,
        parts.file_hashes(),
    )
    curated = run.once(
        "seed/curation",
        Curated,
        parts.curate,
        seed.examples,
        (),
        parts.unseen,
        parts.seed("curate"),
    )
    line(seed_line(seed, curated))
    holdout = run.once(
        "holdout/manifest",
        Holdout,
        draw,
        curated.kept,
        recipe.taxonomy,
        recipe.holdout,
        recipe.curation,
        canonical=parts.canonical,
        seed=parts.seed("holdout"),
    )
    line(holdout_line(holdout))
    if problems := check_gates(by_category(holdout.gate), recipe.taxonomy, recipe.stopping):
        raise HoldoutError("\n".join(problems))
    return holdout
