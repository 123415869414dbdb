"""Items in, every one answered and graded out. One lm-eval task per category, one call for all.

A conversation of several turns is answered turn by turn, the model's own answers in between.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from loop import models
from loop.errors import DataError, TeacherError
from loop.evaluate import tasks
from loop.evaluate.answers import answer_all
from loop.evaluate.backends import Backend
from loop.evaluate.beside import Grading
from loop.evaluate.decode import Answer, Question
from loop.evaluate.ends import has_ended
from loop.evaluate.model import Asked
from loop.example import Example
from loop.graders import Grader, category_measures, without_rationale
from loop.graders.judged_turns import ask_turns
from loop.recipe import CategorySection, EvaluationSection, ModelSection
from loop.records import Evaluation, Grade, Role, Sample

_Answered = tuple[dict[int, Answer], dict[int, tasks.Logged]]
_UNGRADED = Grade(score=0, passed=False, reason="ungraded")
"""Of an answer that is only a step on the way."""


def evaluate(
    items: tuple[Example, ...],
    role: Role,
    round_number: int,
    taxonomy: tuple[CategorySection, ...],
    section: EvaluationSection,
    backend: Backend,
    model_sha: str,
    graders: Mapping[str, Grader],
    marker: str,
    folder: Path,
    model_section: ModelSection,
) -> Evaluation:
    """Answer and grade every item.

    Args:
        items: At least one, in the order of the holdout.
        role: What they are used for.
        round_number: Which round's model this is.
        taxonomy: Format, limit and grader of each category.
        section: How answers are generated.
        backend: What answers.
        model_sha: SHA-256 of the adapter, or `base`.
        graders: One per category.
        marker: Stands between a rationale and the answer.
        folder: Where answers are kept while the evaluation runs, so that it resumes.
        model_section: The model's identity and system prompt.

    Returns:
        One sample per item, in the order of the items.

    Raises:
        ValueError: There is no item.
        DataError: An item's category is not in the taxonomy.
        TeacherError: A recipe's own grader returned too few or too many grades.
        ModelError: Memory ran out, or the server failed.
    """
    if not items:
        raise ValueError("evaluate needs at least one item, got none")
    categories = {category.name: category for category in taxonomy}
    unknown = sorted({item.category for item in items} - set(categories))
    if unknown:
        raise DataError(f"{role} items name {', '.join(unknown)}, not in the taxonomy")
    reasoned = {item.category for item in items if item.rationale}
    title = f"round {round_number:02d} | evaluate {role}"

    def answer_items(asked: Sequence[Example], grade: tasks.GradeAll | None) -> _Answered:
        answers: dict[int, Answer] = {}

        def graded(category: str, indices: Sequence[int]) -> list[Grade]:
            return _grades(
                graders[category],
                category,
                [asked[i] for i in indices],
                [answers[i] for i in indices],
                marker,
            )

        named = {index: item.category for index, item in enumerate(asked)}
        grading = Grading(graded, named, beside=backend.leaves_cores_idle and grade is None)

        def answer(requests: Mapping[int, Asked]) -> dict[int, str]:
            questions = {
                i: _question(each, categories[asked[i].category], backend, reasoned, marker)
                for i, each in sorted(requests.items())
            }
            fitting = {i: question for i, question in questions.items() if question.limit > 0}
            answers.update(dict.fromkeys(questions, Answer("", complete=False)))
            places = list(fitting)

            def arrived(batch: Sequence[int], given: Sequence[Answer]) -> None:
                indices = [places[place] for place in batch]
                answers.update(zip(indices, given, strict=True))
                grading.answered(indices)

            size = section.batch_size
            answer_all(list(fitting.values()), backend, size, folder, title, arrived)
            return {i: answers[i].text for i in questions}

        chats = [models.prompt_messages(item, model_section) for item in asked]
        with grading:
            logged = tasks.run(asked, chats, backend, answer, grade or grading.grades)
        return answers, logged

    def earlier_turns(asked: Sequence[Example]) -> list[str]:
        answers, _ = answer_items(asked, lambda _, indices: [_UNGRADED for _ in indices])
        return [without_rationale(answers[i].text, marker) for i in range(len(asked))]

    answers, logged = answer_items(ask_turns(items, earlier_turns), None)
    samples = tuple(
        Sample(
            example_id=item.id,
            category=item.category,
            tier=item.tier,
            tags=item.tags,
            prompt=logged[index].prompt,
            answer=answers[index].text,
            complete=answers[index].complete,
            grade=logged[index].grade,
        )
        for index, item in enumerate(items)
    )
    return Evaluation(
        role=role,
        round=round_number,
        model=model_sha,
        samples=samples,
        measures=_measures(items, samples, categories, marker),
    )


def _measures(
    items: Sequence[Example],
    samples: Sequence[Sample],
    categories: Mapping[str, CategorySection],
    marker: str,
) -> dict[str, dict[str, float]]:
    """Figures shown beside each category's score, for those that have any."""
    found = {}
    for name in dict.fromkeys(item.category for item in items):
        pairs = [pair for pair in zip(items, samples, strict=True) if pair[0].category == name]
        said = [without_rationale(sample.answer, marker) for _, sample in pairs]
        grades = [sample.grade for _, sample in pairs]
        measures = category_measures(categories[name], [item for item, _ in pairs], said, grades)
        if measures:
            found[name] = measures
    return found


def _question(
    asked: Asked,
    category: CategorySection,
    backend: Backend,
    reasoned: Collection[str],
    marker: str,
) -> Question:
    # The chat template writes every special token itself.
    tokens = tuple(backend.tokenizer(asked.prompt, add_special_tokens=False)["input_ids"])
    limit = category.max_new_tokens
    reasons = category.name in reasoned
    return Question(
        prompt=asked.prompt,
        tokens=tokens,
        limit=limit if backend.context is None else min(limit, backend.context - len(tokens)),
        ended=None
        if category.format == "text"
        else partial(has_ended, form=category.format, marker=marker, reasoned=reasons),
        settings=(category.format, marker, str(reasons)),
        messages=asked.messages,
    )


def _grades(
    grader: Grader,
    category: str,
    examples: Sequence[Example],
    answers: Sequence[Answer],
    marker: str,
) -> list[Grade]:
    grades = grader(examples, [without_rationale(answer.text, marker) for answer in answers])
    if len(grades) != len(examples):
        raise TeacherError(
            f"the grader of {category} returned {len(grades)} grades for {len(examples)} answers"
        )
    return [
        grade
        if grade.passed or answer.complete or grade.reason == "ungraded"
        else grade.model_copy(update={"reason": "truncated"})
        for grade, answer in zip(grades, answers, strict=True)
    ]
