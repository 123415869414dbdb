"""An earlier run of the smoke recipe, made by its real parts but for training and answering."""

import json
from collections.abc import Sequence
from pathlib import Path

from loop.fulfil import fulfil, grow, seed_dose
from loop.heritage import FACT, ancestor_of
from loop.parts import Parts
from loop.prepare import prepare
from loop.recipe import Recipe, load_recipe
from loop.records import Fulfilment, GateRuling, GenerationRequest, Mixture, RequestItem, Reviewed
from loop.rundir import RunDirectory
from loop.stats import alpha_of_look
from loop.vault import Vault

ROOT = Path(__file__).parent.parent
FACTS = {"loop": "test"}
HALF = "sources[0].max_share=0.5"
"""Half from the pool, half from the teacher."""
NAMES = ("greeting", "parity")


def write_recipe(folder: Path, more: Sequence[dict[str, object]] = (), text: str = "") -> Path:
    """The smoke recipe in a folder of its own.

    Args:
        folder: Where to; made where missing.
        more: Rows of a second seed file; none leaves it out.
        text: Replaces the recipe's text.

    Returns:
        The recipe file.
    """
    (folder / "smoke").mkdir(parents=True, exist_ok=True)
    for name in ("__init__.py", "teacher.py", "seed.jsonl"):
        (folder / "smoke" / name).write_text((ROOT / "recipes/smoke" / name).read_text())
    text = text or (ROOT / "recipes/smoke.yaml").read_text()
    if more:
        (folder / "more.jsonl").write_text("".join(json.dumps(row) + "\n" for row in more))
        text = text.replace("files: [smoke/seed.jsonl]", "files: [smoke/seed.jsonl, more.jsonl]")
    path = folder / "smoke.yaml"
    path.write_text(text)
    return path


def opened(path: Path, run: Path, earlier: Path | None, *keys: str) -> tuple[RunDirectory, Parts]:
    """A run directory and what its recipe names, as the command makes them."""
    recipe: Recipe = load_recipe(path, keys)
    ancestor = ancestor_of(run, earlier)
    return RunDirectory(run), Parts(recipe, path.parent, run, ancestor=ancestor)


def prepared(path: Path, run: Path, earlier: Path | None, *keys: str) -> Vault:
    """A run up to its frozen holdout."""
    directory, parts = opened(path, run, earlier, *keys)
    with directory:
        facts = {FACT: parts.ancestor.label} if parts.ancestor else {}
        directory.begin(parts.recipe, {**FACTS, **facts})
        return prepare(directory, parts)


def finished(
    path: Path,
    run: Path,
    earlier: Path | None = None,
    *keys: str,
    looks: int = 0,
    final: bool = False,
    removed: int = 0,
) -> Path:
    """A run of two rounds: it asked pool and teacher for eight rows of each category.

    Args:
        path: The recipe file.
        run: Its directory.
        earlier: The run it starts from.
        *keys: Overrides.
        looks: Looks at the gate, all failed.
        final: Whether final was opened.
        removed: How many of the accepted rows, the first ones, people refused.

    Returns:
        The run directory.
    """
    directory, parts = opened(path, run, earlier, HALF, *keys)
    with directory:
        facts = {FACT: parts.ancestor.label} if parts.ancestor else {}
        directory.begin(parts.recipe, {**FACTS, **facts})
        vault = prepare(directory, parts)
        split = vault.split
        given = (split.seeds, parts.recipe.seed_doses, split.pool[: split.carried])
        first = directory.once("round-01/mixture", Mixture, seed_dose, *given)
        items = tuple(
            RequestItem(id=f"r01-00{k}", category=name, tier="simple", count=8, format="text")
            for k, name in enumerate(NAMES, 1)
        )
        request = GenerationRequest(round=1, items=items)
        directory.once("round-01/request", GenerationRequest, lambda: request)
        used = {row.id for row in first.examples}
        pool = tuple(row for row in split.pool if row.id not in used)
        inputs = (request, pool, first.examples, parts.recipe.sources, ())
        who = {"sources": parts.sources, "accept": vault.accept}
        came = directory.once("round-01/fulfilment", Fulfilment, fulfil, *inputs, **who)
        out = tuple(row.id for row in came.accepted[:removed])
        if removed:
            reviewed = Reviewed(round=1, batches=(), removed=out)
            directory.once("round-01/review", Reviewed, lambda: reviewed)
        directory.once("round-02/mixture", Mixture, grow, first, came.accepted, out)
        before = len(split.rulings)
        for number in range(before + 1, before + looks + 1):
            step, alpha = f"round-{number - before:02d}/gate", alpha_of_look(number, 0.05)
            directory.ledger.once("look", step, look=number, alpha=alpha)
            facts_of = dict.fromkeys(NAMES, 18)
            ruling = GateRuling(
                look=number,
                round=number - before,
                alpha=alpha,
                needed=facts_of,
                total=facts_of,
                met=dict.fromkeys(NAMES, False),
            )
            directory.once(step, GateRuling, lambda given: given, ruling)
        if final:
            directory.ledger.once("final", "final/evaluation", round=2)
    return run
