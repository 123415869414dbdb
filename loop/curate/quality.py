"""Quality of rows: what a judge says from 1 to 5, how hard the base model finds them, checks.

Every score is stored on its row under the name of who gave it. A reply that cannot be read is
counted as unscored and never taken for a score.
"""

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from loop.curate.rubric import CRITERIA, Grades, question
from loop.curate.rule import Code, Fault
from loop.example import Example, digest_of
from loop.recipe import CategorySection, QualitySection

if TYPE_CHECKING:
    from loop.judges.asking import Asking

LOW_QUALITY = Code(
    "low_quality",
    "a judge's mean score of clarity, correctness and completeness below quality.min_score",
    "rewrite what the reason names, or lower quality.min_score",
    "review",
)
UNHELPFUL_INSTRUCTION = Code(
    "unhelpful_instruction",
    "the instruction does not lower the base model's loss of the answer",
    "see whether the answer belongs to this instruction",
    "flag",
)
CODES = (LOW_QUALITY, UNHELPFUL_INSTRUCTION)
"""What `low_quality` does is the recipe's `quality.below`."""
IFD, CHECKS, MEAN = "base:ifd", "checks", ":mean"
Difficulty = Callable[[Sequence[Example]], Sequence[float | None]]
"""Loss of the answer given the instruction over its loss alone; None where it has none."""


@dataclass(frozen=True)
class QualityScores:
    """Rows with their scores, and what was found on them."""

    rows: tuple[Example, ...]
    """All rows, in the order given."""
    faults: dict[int, tuple[Fault, ...]]
    """Position of a row → what was found."""
    noise: float | None
    """Mean absolute difference between two gradings of one row, in points; None without two."""
    counts: dict[str, int]
    """Rows `scored`, `unscored` (no reply could be read) and `not_drawn`; `bad_replies`."""


def score(
    rows: Sequence[Example],
    section: QualitySection,
    taxonomy: Sequence[CategorySection],
    judge: "Asking | None",
    difficulty: Difficulty | None,
    seed: int,
) -> QualityScores:
    """Score rows.

    Args:
        rows: The rows.
        section: The recipe's `curation.quality` section.
        taxonomy: Categories; empty where there is no taxonomy.
        judge: Who grades, or None.
        difficulty: The base model's view, or None.
        seed: Random seed of the draw and of the prompts' marks.

    Returns:
        Rows in order, with scores filled in.

    Raises:
        JudgeError: The judge cannot be reached.
    """
    drawn = _drawn(rows, section.sample, seed)
    gained: dict[int, dict[str, float]] = {place: {} for place in drawn}
    faults: dict[int, tuple[Fault, ...]] = {}
    counts: Counter[str] = Counter(not_drawn=len(rows) - len(drawn))
    noise = None
    if judge is not None:
        graded = _graded(rows, drawn, section, taxonomy, judge, seed)
        for place, gradings in graded.items():
            good = [grades for grades in gradings if grades is not None]
            counts["bad_replies"] += len(gradings) - len(good)
            counts["scored" if good else "unscored"] += 1
            if good:
                gained[place] |= _named(judge.name, good)
                if fault := _low(good, section.min_score):
                    faults[place] = (fault,)
        noise = noise_of(graded.values())
    if difficulty is not None:
        ratios = difficulty([rows[place] for place in drawn])
        for place, ratio in zip(drawn, ratios, strict=True):
            if ratio is None:
                continue
            gained[place][IFD] = ratio
            if ratio >= 1:
                fault = (UNHELPFUL_INSTRUCTION.code, f"loss ratio {ratio:.2f}, 1 or more")
                faults[place] = (*faults.get(place, ()), fault)
    scored = tuple(_with(row, gained.get(place, {})) for place, row in enumerate(rows))
    return QualityScores(scored, faults, noise, dict(counts))


def quality_of(example: Example) -> float:
    """Take the mean of the judges' scores of a row.

    Args:
        example: The row.

    Returns:
        From 1 to 5; NaN where no judge scored it.
    """
    scores = [score for name, score in example.quality.items() if name.endswith(MEAN)]
    return sum(scores) / len(scores) if scores else math.nan


def passed_checks(row: Example) -> Example:
    """Note that a row's answer passed the row's own checks.

    Args:
        row: A row that was executed or graded.

    Returns:
        The row with the score `checks` of 1.
    """
    return _with(row, {CHECKS: 1.0})


def _with(row: Example, scores: Mapping[str, float]) -> Example:
    return row.model_copy(update={"quality": {**row.quality, **scores}}) if scores else row


def _drawn(rows: Sequence[Example], sample: int | None, seed: int) -> list[int]:
    """Positions to score; whether a row is drawn depends on no row's place."""
    if sample is None or sample >= len(rows):
        return list(range(len(rows)))
    keys = ((digest_of(str(seed), row.id), place) for place, row in enumerate(rows))
    return sorted(place for _, place in heapq.nsmallest(sample, keys))


def _graded(
    rows: Sequence[Example],
    drawn: Sequence[int],
    section: QualitySection,
    taxonomy: Sequence[CategorySection],
    judge: "Asking",
    seed: int,
) -> dict[int, list[Grades | None]]:
    """Ask about each row as often as the recipe says; None for a reply that cannot be read."""
    asks = [(place, repeat) for place in drawn for repeat in range(section.repeats)]
    questions = [question(rows[place], taxonomy, seed, repeat) for place, repeat in asks]
    graded: dict[int, list[Grades | None]] = {place: [] for place in drawn}
    for (place, _), reply in zip(asks, judge.ask_all(questions), strict=True):
        graded[place].append(reply.value)
    return graded


def _named(judge: str, gradings: Sequence[Grades]) -> dict[str, float]:
    """Scores by name: the mean over the repeats of each criterion, and of all."""
    count = len(gradings)
    means = {name: sum(one.scores[name] for one in gradings) / count for name in CRITERIA}
    means["mean"] = sum(one.mean for one in gradings) / count
    return {f"judge:{judge}:{name}": round(value, 4) for name, value in means.items()}


def _low(gradings: Sequence[Grades], least: float) -> Fault | None:
    mean = sum(one.mean for one in gradings) / len(gradings)
    if mean >= least:
        return None
    worst = min(gradings, key=lambda one: one.mean)
    each = ", ".join(f"{name} {value}" for name, value in worst.scores.items())
    return (LOW_QUALITY.code, f"{mean:.1f} of 5 ({each}): {worst.reason}")


def noise_of(graded: Iterable[Sequence[Grades | None]]) -> float | None:
    """Measure how far two gradings of one row differ.

    Args:
        graded: Gradings per row.

    Returns:
        Mean absolute difference in points, over the rows, the pairs of repeats and the criteria;
        None where no row was graded twice.
    """
    apart: list[int] = []
    for gradings in graded:
        good = [grades for grades in gradings if grades is not None]
        for one, other in combinations(good, 2):
            apart.extend(abs(one.scores[name] - other.scores[name]) for name in CRITERIA)
    return round(sum(apart) / len(apart), 4) if apart else None
