"""Measured items whose label is in doubt, for the team that owns the holdout.

They stay apart from the queue: who decides what is trained on must not read what is measured. The
holdout is frozen while a run lasts, so that a corrected label counts from the next run on.
"""

import json
from collections.abc import Iterable, Sequence

from loop.example import Example
from loop.records import Weakness


def doubted_items(items: Iterable[Example], history: Sequence[Weakness]) -> str:
    """List the diagnose items that any round's diagnosis doubted.

    Args:
        items: The diagnose split.
        history: Every round's weakness report.

    Returns:
        JSON lines: the item, and in which rounds it was doubted; empty where none was.
    """
    rounds: dict[str, list[int]] = {}
    for weakness in history:
        for id_ in weakness.to_review:
            rounds.setdefault(id_, []).append(weakness.round)
    rows = (
        {"id": item.id, "doubted_in_rounds": rounds[item.id], **item.model_dump(mode="json")}
        for item in items
        if item.id in rounds
    )
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
