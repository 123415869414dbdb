"""Another answer to an instruction that is there already, reasoned before it is given.

Source: Wei et al. 2022, Chain-of-Thought Prompting; Mukherjee et al. 2023, Orca.
"""

from collections.abc import Mapping
from typing import Any

from loop.fulfil.ways.way import Task, Way


def _shows(task: Task) -> dict[str, str]:
    assert task.row is not None
    return {"INSTRUCTION": task.row.instruction, "INPUT": task.row.input}


def _row(given: Mapping[str, Any], task: Task) -> dict[str, Any]:
    assert task.row is not None
    row = task.row
    kept = {"instruction": row.instruction, "input": row.input, "tags": list(row.tags)}
    return {**kept, "output": given["output"], **({"checks": row.checks} if row.checks else {})}


RE_ANSWER = Way(
    name="re_answer",
    needs="pool",
    asks=("output",),
    shows=_shows,
    row=_row,
    thinks=True,
)
