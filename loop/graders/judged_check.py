"""How far a judge agrees with people: a judge is trusted only as far as it was checked."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from loop.errors import DataError
from loop.example import Example
from loop.graders.build import Grader
from loop.graders.measures import category_measures
from loop.judges.asking import one_line
from loop.recipe import JUDGED, CategorySection
from loop.records import Grade, JudgeAgreement, JudgeCheck

VERDICTS: Mapping[str, tuple[str, ...]] = {
    "rubric": ("pass", "fail"),
    "pairwise": ("win", "tie", "loss"),
}
"""What a person may say of an answer, by grader; of a pair it is said of the answer."""


@dataclass(frozen=True)
class Labelled:
    """An answer with a person's verdict."""

    example: Example
    answer: str
    human: str


def read_labelled(file: Path, taxonomy: Sequence[CategorySection]) -> list[Labelled]:
    """Read answers with human verdicts.

    Args:
        file: JSON lines with the fields of an Example, `answer` and `human`.
        taxonomy: Categories; only judged ones may be named.

    Returns:
        The answers, in order.

    Raises:
        DataError: The file cannot be read, is empty, or a row is wrong; every wrong row is named.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: cannot be read: {error}") from error
    graders = {each.name: each.grader for each in taxonomy if each.grader in JUDGED}
    read = [
        (number, _labelled(line, graders)) for number, line in enumerate(lines, 1) if line.strip()
    ]
    problems = [f"{file}:{number}: {said}" for number, said in read if isinstance(said, str)]
    if problems:
        raise DataError("\n".join(problems))
    rows = [row for _, row in read if isinstance(row, Labelled)]
    if not rows:
        raise DataError(f"{file}: holds no answers; give one a line, with a person's verdict")
    return rows


def _labelled(line: str, graders: Mapping[str, str]) -> Labelled | str:
    """A row, or what is wrong with it."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    if not isinstance(row, dict):
        return "not a JSON object"
    answer, human = row.pop("answer", None), row.pop("human", None)
    if not isinstance(answer, str):
        return "`answer` is missing or no text; give the answer that was judged"
    try:
        example = Example.model_validate({"output": "", **row})
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    grader = graders.get(example.category)
    if grader is None:
        return f"category {example.category!r} has no judge; one of {', '.join(graders)} is wanted"
    if human not in VERDICTS[grader]:
        return f"`human` is {human!r}; a {grader} verdict is one of {', '.join(VERDICTS[grader])}"
    return Labelled(example, answer, human)


def check_judge(
    rows: Sequence[Labelled],
    taxonomy: Sequence[CategorySection],
    graders: Mapping[str, Grader],
    judge: str,
    file: str,
) -> JudgeCheck:
    """Have a judge grade what people graded, and compare.

    Args:
        rows: Answers with human verdicts, at least one.
        taxonomy: Names the grader of each category.
        graders: One per judged category.
        judge: The judge's name.
        file: Where the rows come from, as the recipe names it.

    Returns:
        The agreement per category.

    Raises:
        JudgeError: The judge cannot be reached.
    """
    by_category: defaultdict[str, list[Labelled]] = defaultdict(list)
    for row in rows:
        by_category[row.example.category].append(row)
    compared = (
        _agreement(category, by_category[category.name], graders[category.name])
        for category in taxonomy
        if category.name in by_category
    )
    return JudgeCheck(judge=judge, file=file, categories=tuple(compared))


def _agreement(
    category: CategorySection, rows: Sequence[Labelled], grader: Grader
) -> JudgeAgreement:
    from loop.stats.agreement import kappa, kappa_interval

    examples, answers = [row.example for row in rows], [row.answer for row in rows]
    grades = grader(examples, answers)
    pairs = [
        (row.human, verdict_of(category.grader, grade))
        for row, grade in zip(rows, grades, strict=True)
        if grade.reason != "ungraded"
    ]
    return JudgeAgreement(
        category=category.name,
        grader=category.grader,
        items=len(rows),
        ungraded=len(rows) - len(pairs),
        agreed=sum(human == said for human, said in pairs),
        kappa=kappa(pairs) if pairs else None,
        kappa_interval=kappa_interval(pairs) if pairs else None,
        measures=category_measures(category, examples, answers, grades),
    )


def verdict_of(grader: str, grade: Grade) -> str:
    """Say a judge's grade in the words that people use.

    Args:
        grader: rubric or pairwise.
        grade: Not an ungraded one.

    Returns:
        pass or fail; win, tie or loss, of more than one repeat by the mean.
    """
    if grader == "rubric":
        return "pass" if grade.passed else "fail"
    if grade.score == 0.5:
        return "tie"
    return "win" if grade.score > 0.5 else "loss"


def agreement_line(judge: str, agreement: JudgeAgreement | None) -> str:
    """Say beside a score how far its judge was checked.

    Args:
        judge: The judge's name.
        agreement: What a check found in this category; None where there was none.

    Returns:
        One line, without Markdown.
    """
    name = one_line(judge, 60)
    if agreement is None:
        return f"judged by {name}, not checked against people in this category"
    graded = agreement.items - agreement.ungraded
    if agreement.agreement is None:
        return (
            f"judged by {name}, which gave no readable verdict on {agreement.items} checked answers"
        )
    found = "undefined" if agreement.kappa is None else f"{agreement.kappa:.2f}"
    if agreement.kappa_interval is not None:
        low, high = agreement.kappa_interval
        found += f" [{low:.2f}, {high:.2f}]"
    left_out = f", {agreement.ungraded} ungraded" if agreement.ungraded else ""
    return (
        f"judged by {name}: Cohen's kappa {found} against people, "
        f"{agreement.agreed} of {graded} verdicts agree{left_out}"
    )
