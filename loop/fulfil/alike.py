"""Whether two answers to one instruction say the same, as far as the category lets one tell."""

import json
from collections.abc import Callable
from typing import Any

from loop.example import Example
from loop.graders import Grader, extract_code
from loop.graders.json_compare import Allowance, same
from loop.graders.normalised import words
from loop.graders.similarity import chrf
from loop.recipe import CategorySection

Alike = Callable[[str, str], bool]
"""(reference, answer) → whether they agree."""
COMPARING = frozenset(
    {"exact", "normalised", "final_answer", "label", "chrf", "rouge_l", "equivalence"}
)
"""Graders that hold an answer against the example's output. A recipe's own grader may look at
anything else, and would then call any two answers alike."""


def alike_for(
    row: Example, category: CategorySection, grader: Grader | None, floor: float | None
) -> Alike | None:
    """Choose how answers to a row are compared.

    Args:
        row: With the delivered answer as its output.
        category: Its category.
        grader: The category's grader; None where that asks a judge.
        floor: chrF from which two free texts agree; None compares none.

    Returns:
        The comparison; None where nothing can be said.
    """
    bare = row.model_copy(update={"checks": {}, "quality": {}})
    if grader is not None and category.grader in COMPARING and _passes(grader, bare, bare.output):
        return lambda reference, answer: _passes(
            grader, bare.model_copy(update={"output": reference}), answer
        )
    if category.format == "json" and _json(row.output) is not None:
        return _same_json
    if category.format == "label":
        return lambda reference, answer: words(answer) == words(reference)
    if floor is not None:
        return lambda reference, answer: chrf(_text(answer), _text(reference)) >= floor
    return None


def _passes(grader: Grader, example: Example, answer: str) -> bool:
    (grade,) = grader([example], [answer])
    return grade.passed


def _text(answer: str) -> str:
    return extract_code(answer).strip()


def _json(answer: str) -> list[Any] | None:
    """The value in a list of its own, since a value may be null."""
    try:
        return [json.loads(_text(answer))]
    except (ValueError, RecursionError):
        return None


def _same_json(reference: str, answer: str) -> bool:
    one, other = _json(reference), _json(answer)
    return one is not None and other is not None and same(other, one, Allowance())
