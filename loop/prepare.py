"""Data to a frozen holdout: read, clean, cluster, split; refuses a gate that can prove nothing.

What became of the seed's rows is reported once the holdout is known, for nothing held out is shown.
"""

from typing import Any

from loop import models
from loop.carry import carry_on, check_looks, take_over
from loop.console import line
from loop.curate import report_on_seed
from loop.errors import HoldoutError
from loop.holdout import draw
from loop.parts import Parts
from loop.records import Curated, CurationReport, FileRead, Rejected, SeedData
from loop.records.holdout import Holdout
from loop.report.curation import curation_files
from loop.report.lines import holdout_line, seed_line
from loop.rundir import RunDirectory
from loop.seed import inspect, read_seed
from loop.vault import Vault


def prepare(run: RunDirectory, parts: Parts) -> Vault:
    """Turn the seed into a cleaned training side and a frozen holdout.

    Args:
        run: The run directory, begun.
        parts: What the recipe names.

    Returns:
        The vault that keeps the holdout.

    Raises:
        HoldoutError: A category's gate cannot prove its target.
    """
    recipe, ancestor = parts.recipe, parts.ancestor
    # Before anything is read or cleaned: an earlier run that does not fit ends it here.
    inheritance = take_over(run, ancestor, recipe) if ancestor else None
    seed = run.once(
        "seed/read",
        SeedData,
        lambda section, taxonomy, _hashes: read_seed(section, taxonomy, parts.folder),
        recipe.seed,
        recipe.taxonomy,
        parts.file_hashes(),
    )
    if inheritance is None:
        curated, holdout, aside = _drawn(run, parts, seed)
    else:
        curated, holdout, aside = carry_on(run, parts, inheritance, seed)
    line(seed_line(seed, curated))
    aside += tuple(row for row in curated.rejected if row.review)
    vault = Vault(holdout, run, parts, aside)
    line(holdout_line(vault.split))
    _report(run, parts, vault, seed, curated)
    if problems := check_looks(vault.split, recipe):
        raise HoldoutError("\n".join(problems))
    return vault


def _drawn(
    run: RunDirectory, parts: Parts, seed: SeedData
) -> tuple[Curated, Holdout, tuple[Rejected, ...]]:
    """A holdout drawn from the seed alone."""
    recipe = parts.recipe
    inputs = (seed.examples, (), parts.unseen, parts.seed("curate"))
    curated = run.once("seed/curation", Curated, parts.curate, *inputs)
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
    return curated, holdout, ()


def _report(
    run: RunDirectory, parts: Parts, vault: Vault, seed: SeedData, curated: Curated
) -> None:
    """Write what became of the seed's rows."""
    recipe = parts.recipe

    def described(*inputs: Any) -> CurationReport:  # noqa: ANN401 - the inputs of the step
        scorer = parts.scorer
        return report_on_seed(
            *inputs,
            files=_files(parts),
            count_tokens=models.count_tokens(recipe.model),
            touches=vault.accept.touches,
            notes=scorer.notes if scorer else lambda rows: [],
        )

    inputs = (seed, curated, vault.split.pool, recipe.taxonomy, recipe.curation)
    number = parts.seed("report")
    report = run.once("seed/report", CurationReport, described, *inputs, number)
    for name, text in curation_files(report, "seed/report").items():
        run.write_text(name, text)


def _files(parts: Parts) -> tuple[FileRead, ...]:
    """How each file was read; its rows are counted later."""
    recipe = parts.recipe
    names = [category.name for category in recipe.taxonomy]
    reads = inspect(recipe.seed.files, recipe.seed, names, parts.folder)
    return tuple(FileRead(file=read.file, shape=read.shape, rows=0) for read in reads)
