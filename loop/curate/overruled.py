"""What a person passed is not set aside again; everything that nobody may overrule still holds."""

from loop.curate.codes import ALL_CODES
from loop.curate.findings import actions_of
from loop.recipe import CurationSection

FINAL = frozenset({"holdout_overlap", "benchmark_overlap", "same_task_as_holdout", "unassigned"})
"""Codes that no person's word changes: what is measured is never trained on, and a row has a
category."""


def overruled(section: CurationSection) -> CurationSection:
    """Turn what sets a row aside for a person into a flag.

    Args:
        section: The recipe's `curation` section.

    Returns:
        The section by which rows are judged that a person accepted or corrected.
    """
    actions = actions_of(section)
    aside = {
        name
        for name, code in ALL_CODES.items()
        if actions.get(name, code.action) == "review" and name not in FINAL
    }
    flagged = dict.fromkeys(sorted(aside), "flag")
    return section.model_copy(update={"actions": {**section.actions, **flagged}})
