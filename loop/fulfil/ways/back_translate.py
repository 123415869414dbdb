"""The instruction that a real text is the answer to.

Source: Li et al. 2023, Self-Alignment with Instruction Backtranslation.
"""

from collections.abc import Mapping
from typing import Any

from loop.fulfil.ways.oss_instruct import shown_snippet
from loop.fulfil.ways.way import Task, Way


def _row(given: Mapping[str, Any], task: Task) -> dict[str, Any]:
    assert task.snippet is not None
    return {
        "instruction": given["instruction"],
        "input": given["input"],
        "output": task.snippet.text,
    }


BACK_TRANSLATE = Way(
    name="back_translate",
    needs="snippets",
    asks=("instruction", "input"),
    shows=shown_snippet,
    row=_row,
    formats=("text", "code"),
)
