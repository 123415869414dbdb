"""What each grader makes of right, wrong, malformed and hostile answers."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loop.errors import RecipeError, SandboxUnavailable, TeacherError
from loop.example import Example
from loop.graders import build_grader, extract_code, without_rationale
from loop.recipe import CategorySection, SandboxSection
from loop.records import Grade
from loop.sandbox import Sandbox, open_sandbox

HOSTILE = [
    "[" * 100_000,
    '{"a":' * 100_000,
    '{"a": ' + "9" * 10_000 + "}",
    '{"a": 1e999}',
    '{"a": NaN}',
    "\x00",
    "\ud800",
    '{"a": "\\ud800"}',
    "```" * 20_000,
    "```\n" * 20_000,
    " " * 100_000 + "x",
]


def example(output: str = "42", **checks: Any) -> Example:
    return Example(instruction="Do it.", output=output, category="c", checks=checks)


def category(grader: str, **fields: Any) -> CategorySection:
    return CategorySection.model_validate(
        {"name": "c", "weight": 1, "target": 0.8, "format": "text", "grader": grader} | fields
    )


def no_sandbox() -> Sandbox:
    raise AssertionError("this grader needs no sandbox")


def grade(grader: str, item: Example, answer: str) -> Grade:
    (result,) = build_grader(category(grader), no_sandbox, Path(), 1)([item], [answer])
    return result


@pytest.fixture(scope="module")
def sandbox() -> Callable[[], Sandbox]:
    try:
        box = open_sandbox(SandboxSection(seconds=20))
    except SandboxUnavailable as error:
        pytest.skip(str(error))
    return lambda: box


# Finding the answer


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("x = 1", "x = 1"),
        ("```python\nx = 1\n```", "x = 1\n"),
        ("Here:\n\n```\nx = 1\n\ny = 2\n```\nIt works.\n```\nz\n```", "x = 1\n\ny = 2\n"),
        ("```py\nx = 1", "x = 1"),
        ("~~~\nx = '```'\n~~~", "x = '```'\n"),
        ("````\n```\nx\n```\n````", "```\nx\n```\n"),
        ("  ```python\nx = 1\n  ```", "x = 1\n"),
        ("```", ""),
    ],
)
def test_code_is_taken_out_of_its_fence(answer: str, code: str) -> None:
    assert extract_code(answer) == code


@pytest.mark.parametrize(
    ("answer", "rest"),
    [
        ("I think.\nAnswer:\n42\n", "42\n"),
        ("I think.\n  Answer: \n42", "42"),
        ("42", "42"),
        ("The Answer: is\n42", "The Answer: is\n42"),
        ("a\nAnswer:\nb\nAnswer:\nc", "b\nAnswer:\nc"),
        ("Answer:", ""),
    ],
)
def test_a_rationale_is_taken_off_with_its_marker(answer: str, rest: str) -> None:
    assert without_rationale(answer, "Answer:") == rest


# What holds for all


CHECKED = {
    "exact": example(),
    "label": example("yes", labels=["yes", "no"]),
    "json_fields": example(fields={"a": 1}),
    "unit_tests": example(tests="assert f() == 1"),
}


@pytest.mark.parametrize("grader", CHECKED)
def test_a_blank_answer_is_empty(grader: str) -> None:
    build = build_grader(category(grader, language="python"), no_sandbox, Path(), 1)
    assert [g.reason for g in build([CHECKED[grader]] * 2, ["", " \n"])] == ["empty", "empty"]


@pytest.mark.parametrize("grader", ["exact", "label", "json_fields"])
@pytest.mark.parametrize("answer", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_answer_is_a_failing_grade(grader: str, answer: str) -> None:
    result = grade(grader, CHECKED[grader], answer)
    assert not result.passed
    assert len(result.evidence) <= 300
    result.model_dump_json()


@pytest.mark.parametrize(
    ("grader", "checks", "named"),
    [
        ("label", {}, "labels"),
        ("label", {"labels": "yes no"}, "labels"),
        ("json_fields", {}, "fields"),
        ("json_fields", {"fields": [1]}, "fields"),
        ("json_fields", {"fields": {"a": 1}, "tolerance": "much"}, "tolerance"),
        ("unit_tests", {}, "tests"),
        ("unit_tests", {"tests": "  "}, "tests"),
        ("unit_tests", {"tests": "assert f()", "language": "cobol"}, "language"),
    ],
)
def test_an_example_without_its_checks_is_ungraded(
    grader: str, checks: dict[str, Any], named: str
) -> None:
    build = build_grader(category(grader, language="python"), no_sandbox, Path(), 1)
    (result,) = build([example(**checks)], ["42"])
    assert (result.passed, result.reason) == (False, "ungraded")
    assert f"checks.{named}" in result.evidence


def test_grades_stand_in_the_order_of_the_answers() -> None:
    build = build_grader(category("exact"), no_sandbox, Path(), 1)
    grades = build([example("a"), example("b"), example("c")], ["a", "", "x"])
    assert [g.reason for g in grades] == ["passed", "empty", "wrong_answer"]


# One by one


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("a  b\n", "passed"), ("a b", "passed"), ("ab", "wrong_answer"), ("A b", "wrong_answer")],
)
def test_exact_ignores_white_space_only(answer: str, reason: str) -> None:
    assert grade("exact", example("a b"), answer).reason == reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("Yes\n", "passed"), ("no", "wrong_answer"), ("yes.", "format"), ("yes no", "format")],
)
def test_a_label_is_right_wrong_or_none(answer: str, reason: str) -> None:
    assert grade("label", example("yes", labels=["yes", "no"]), answer).reason == reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ('{"a": 1, "b": "x"}', "passed"),
        ('```json\n{"b": "x", "a": 1.0, "more": []}\n```', "passed"),
        ('{"a": 2, "b": "x"}', "wrong_answer"),
        ('{"a": true, "b": "x"}', "wrong_answer"),
        ('{"a": "1", "b": "x"}', "wrong_answer"),
        ('{"b": "x"}', "wrong_answer"),
        ('{"a": 1, "b": " "}', "wrong_answer"),
        ('{"a": 1, "b": null}', "wrong_answer"),
        ('{"a": 1, "a": 1, "b": "x"}', "format"),
        ('{"a": 1, "b": "x"} as asked', "format"),
        ('```json\n{"a": 1, "b": "x"}\n```\nAs asked.', "format"),
        ('Here: {"a": 1, "b": "x"}', "format"),
        ('[{"a": 1, "b": "x"}]', "format"),
        ('{"a": NaN, "b": "x"}', "format"),
        ("{'a': 1, 'b': 'x'}", "format"),
    ],
)
def test_json_is_one_object_with_the_expected_fields(answer: str, reason: str) -> None:
    assert grade("json_fields", example(fields={"a": 1}, required=["b"]), answer).reason == reason


def test_json_numbers_may_differ_by_the_tolerance_also_inside() -> None:
    item = example(fields={"a": {"deep": [1.0, True]}}, tolerance=0.1)
    assert grade("json_fields", item, '{"a": {"deep": [1.05, true]}}').passed
    assert not grade("json_fields", item, '{"a": {"deep": [1.2, true]}}').passed
    assert not grade("json_fields", item, '{"a": {"deep": [1.0, 1]}}').passed


def test_json_scores_the_share_of_checks_that_held_and_names_the_others() -> None:
    result = grade("json_fields", example(fields={"a": 1, "b": 2}), '{"a": 1, "b": 3}')
    assert result.score == 0.5
    assert result.evidence == "b: wanted 2, got 3"


def test_unit_tests_judge_the_fenced_code(sandbox: Callable[[], Sandbox]) -> None:
    build = build_grader(category("unit_tests", language="python"), sandbox, Path(), 2)
    answers = [
        "Sure:\n```python\ndef f():\n    return 1\n```",
        "def f():\n    return 2\n",
        "",
        "def f(:\n",
        "def f():\n    return [0] * 10**10\n",
    ]
    grades = build([example(tests="assert f() == 1")] * 5, answers)
    reasons = ["passed", "wrong_answer", "empty", "error", "error"]
    assert [g.reason for g in grades] == reasons
    assert "f() == 1" in grades[1].evidence
    assert grades[4].evidence.startswith("out of resources")


@pytest.mark.parametrize("answer", HOSTILE[:2] + HOSTILE[5:7])
def test_hostile_code_is_a_failing_grade(sandbox: Callable[[], Sandbox], answer: str) -> None:
    build = build_grader(category("unit_tests", language="python"), sandbox, Path(), 1)
    (result,) = build([example(tests="assert f() == 1")], [answer])
    assert result.reason == "error"
    result.model_dump_json()


def test_unit_tests_in_an_unknown_language_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"taxonomy\.c\.language is cobol.*python"):
        build_grader(category("unit_tests", language="cobol"), no_sandbox, Path(), 1)


# A recipe's own grader

OWN = """
import threading
from loop.records import Grade

LONG = 3
together = threading.Barrier(2)

def long_enough(example, answer, sandbox):
    right = len(answer) >= len(example.output)
    reason = "passed" if right else "wrong_answer"
    return Grade(score=float(right), passed=right, reason=reason)

def side_by_side(example, answer, sandbox):
    together.wait(30)
    return Grade(score=1, passed=True, reason="passed")

def careless(example, answer, sandbox):
    return True
"""


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, str]:
    # A module of its own per test: Python keeps what it has imported.
    name = f"own_{abs(hash(request.node.name))}"
    (tmp_path / f"{name}.py").write_text(OWN)
    return tmp_path, name


def test_a_recipes_own_grader_judges(folder: tuple[Path, str]) -> None:
    where, module = folder
    build = build_grader(category(f"{module}:long_enough"), no_sandbox, where, 1)
    reasons = [g.reason for g in build([example("abc")] * 3, ["abcd", "a", " "])]
    assert reasons == ["passed", "wrong_answer", "empty"]


def test_a_recipes_own_grader_runs_side_by_side(folder: tuple[Path, str]) -> None:
    where, module = folder
    build = build_grader(category(f"{module}:side_by_side"), no_sandbox, where, 2)
    before = threading.active_count()
    assert all(g.passed for g in build([example()] * 2, ["a", "b"]))
    assert threading.active_count() == before


@pytest.mark.parametrize("name", ["LONG", "missing"])
def test_what_is_not_a_function_is_refused(folder: tuple[Path, str], name: str) -> None:
    where, module = folder
    with pytest.raises(TeacherError, match=name):
        build_grader(category(f"{module}:{name}"), no_sandbox, where, 1)


def test_a_grader_that_gives_no_grade_is_named(folder: tuple[Path, str]) -> None:
    where, module = folder
    build = build_grader(category(f"{module}:careless"), no_sandbox, where, 1)
    with pytest.raises(TeacherError, match="careless returned a bool"):
        build([example()], ["a"])
