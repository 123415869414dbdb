"""One look at the gate: every category passed or not, and nothing else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from loop import stats
from loop.errors import HoldoutError
from loop.evaluate.answers import FILE
from loop.evaluate.backends import Backend
from loop.evaluate.score import evaluate
from loop.example import Example
from loop.graders import Grader
from loop.recipe import CategorySection, EvaluationSection, ModelSection
from loop.records import GateRuling


def _needed(
    category: str, total: int, target: float, alpha: float, verdict: Literal["bound", "point"]
) -> int:
    needed = stats.gate_passes(total, target, alpha, verdict)
    if needed is None:
        raise HoldoutError(
            f"gate: no number of passes among {total} items of {category} proves a target of "
            f"{target:g} at an error of {alpha:.4f}; hold out more items or lower the target"
        )
    return needed


def look(
    items: tuple[Example, ...],
    look_number: int,
    alpha: float,
    verdict: Literal["bound", "point"],
    targets: Mapping[str, float],
    *,
    round_number: int,
    taxonomy: tuple[CategorySection, ...],
    section: EvaluationSection,
    backend: Backend,
    model_sha: str,
    graders: Mapping[str, Grader],
    marker: str,
    folder: Path,
    model_section: ModelSection,
) -> GateRuling:
    """Score the gate and rule on every category.

    Args:
        items: The gate's items.
        look_number: Which look this is, from 1.
        alpha: Error this look may spend, in (0, 1).
        verdict: bound needs the exact lower bound at the target, point the bare score.
        targets: Share of items that must pass, per category.
        round_number: Which round's model this is.
        taxonomy: Format, limit and grader of each category.
        section: How answers are generated.
        backend: What answers.
        model_sha: SHA-256 of the adapter, or `base`.
        graders: One per category.
        marker: Stands between a rationale and the answer.
        folder: Where answers are kept until the look is over, and no longer.
        model_section: The model's identity and system prompt.

    Returns:
        Passes needed and pass or fail, per category. No score.

    Raises:
        HoldoutError: A category has too few items to prove its target at this look.
    """
    totals: dict[str, int] = {}
    for item in items:
        totals[item.category] = totals.get(item.category, 0) + 1
    needed = {
        name: _needed(name, total, targets[name], alpha, verdict) for name, total in totals.items()
    }
    evaluation = evaluate(
        items,
        "gate",
        round_number,
        taxonomy,
        section,
        backend,
        model_sha,
        graders,
        marker,
        folder,
        model_section,
    )
    (folder / FILE).unlink(missing_ok=True)
    return GateRuling(
        look=look_number,
        round=round_number,
        alpha=alpha,
        needed=needed,
        total=totals,
        met={score.category: score.passed >= needed[score.category] for score in evaluation.scores},
    )
