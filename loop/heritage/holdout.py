"""The holdout of an earlier run, and what is known of it: looks, and whether final was opened."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loop.heritage.ancestor import MANIFEST, check_names, label_of
from loop.ledger import read
from loop.recipe import Recipe
from loop.records import GateRuling
from loop.records.holdout import BEFORE, Carried, Holdout
from loop.saved import at_rest, has, read_saved


def read_holdout(folder: Path) -> Carried:
    """Read an earlier run's holdout.

    Args:
        folder: The run's directory, which is only read.

    Returns:
        Its items, each file checked against its hash, and the error its gate has spent.

    Raises:
        RunDirectoryError: A file is damaged or missing, or somebody works on the run.
    """
    with at_rest(folder):
        label, entries = label_of(folder), read(folder / "ledger.jsonl")[0]
        holdout = read_saved(folder, MANIFEST, Holdout)
        looks = [_ruling(folder, entry) for entry in entries if entry["event"] == "look"]
    opened = any(entry["event"] == "final" for entry in entries)
    seen = dict.fromkeys((item.category for item in holdout.final), label) if opened else {}
    return Carried(
        run=label,
        diagnose=holdout.diagnose,
        gate=holdout.gate,
        final=holdout.final,
        retired=holdout.retired,
        set_aside=holdout.set_aside,
        rulings=(*holdout.rulings, *looks),
        seen={**seen, **holdout.seen},
    )


def _ruling(folder: Path, look: Mapping[str, Any]) -> GateRuling:
    """A look of an earlier run; one that was cut short taught nothing, but its error is spent."""
    if has(folder, look["step"]):
        ruling = read_saved(folder, look["step"], GateRuling)
        return ruling.model_copy(update={"round": BEFORE})
    number, alpha = look["look"], look["alpha"]
    return GateRuling(look=number, round=BEFORE, alpha=alpha, needed={}, total={}, met={})


def held_roles(folder: Path, recipe: Recipe) -> tuple[dict[str, dict[str, int]], int]:
    """Count what would be carried on.

    Args:
        folder: The earlier run's directory, which is only read.
        recipe: The recipe of the run to come.

    Returns:
        Category → role → items, for categories that the earlier run had; looks at its gate.

    Raises:
        RunDirectoryError: A file is damaged or missing, or somebody works on the run.
        HoldoutError: The taxonomy seems to rename a category.
    """
    carried = read_holdout(folder)
    names = [category.name for category in recipe.taxonomy]
    before = {item.category for item in carried.items}
    check_names(before, names, carried.run)
    counted = {
        role: Counter(item.category for item in getattr(carried, role))
        for role in ("diagnose", "gate", "final")
    }
    held = [name for name in names if name in before]
    roles = {name: {role: counted[role][name] for role in counted} for name in held}
    return roles, len(carried.rulings)
