"""The tasks of recipes/coding/unseen.jsonl are sound, and none of them is a seed task."""

import ast
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from loop import plugins
from loop.example import Example
from loop.graders import build_grader
from loop.recipe import CategorySection, SandboxSection, load_recipe
from loop.sandbox import Sandbox, open_sandbox
from loop.seed import read_seed

RECIPES = Path(__file__).parent.parent / "recipes"
KINDS = {
    "off_by_one",
    "wrong_operator",
    "wrong_variable",
    "wrong_condition",
    "missing_return",
    "undefined_name",
    "wrong_initial_value",
}


def read(name: str) -> list[Example]:
    text = (RECIPES / "coding" / name).read_text(encoding="utf-8")
    return [Example.model_validate_json(line) for line in text.splitlines()]


def of_category(category: str) -> list[Example]:
    return [row for row in read("unseen.jsonl") if row.category == category]


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return open_sandbox(SandboxSection())


def not_passing(sandbox: Sandbox, programs: list[tuple[str, str]]) -> list[str]:
    return [
        code
        for code, tests in programs
        if sandbox.run_tests("python", code, tests).status != "passed"
    ]


def refused_by_grader(sandbox: Sandbox, section: CategorySection) -> list[str]:
    rows = of_category(section.name)
    grader = build_grader(section, lambda: sandbox, RECIPES, 1)
    grades = grader(rows, [row.output for row in rows])
    assert len(grades) == len(rows)
    return [row.output for row, grade in zip(rows, grades, strict=True) if not grade.passed]


def test_the_file_holds_sixty_tasks_fifteen_a_category_six_six_three_by_tier() -> None:
    rows = read("unseen.jsonl")
    assert len(rows) == 60
    assert Counter((row.category, row.tier) for row in rows) == {
        (category, tier): count
        for category in ("code_generation", "bug_explanation", "refactoring", "documentation")
        for tier, count in (("simple", 6), ("moderate", 6), ("complex", 3))
    }


def test_every_task_is_phrased_in_its_own_words_and_marked_as_human() -> None:
    rows = read("unseen.jsonl")
    assert len({row.instruction for row in rows}) == 60
    assert {row.source for row in rows} == {"human:unseen"}


@pytest.mark.parametrize("category", ["code_generation", "refactoring"])
def test_every_reference_program_passes_its_own_tests(sandbox: Sandbox, category: str) -> None:
    programs = [(row.output, row.checks["tests"]) for row in of_category(category)]
    assert not_passing(sandbox, programs) == []


def test_the_loop_to_be_refactored_passes_the_tests_too(sandbox: Sandbox) -> None:
    programs = [(row.input, row.checks["tests"]) for row in of_category("refactoring")]
    assert not_passing(sandbox, programs) == []


def test_a_refactored_program_has_no_loop_and_the_original_has() -> None:
    def loops(code: str) -> bool:
        return any(isinstance(node, ast.For | ast.While) for node in ast.walk(ast.parse(code)))

    for row in of_category("refactoring"):
        assert loops(row.input)
        assert not loops(row.output)


def test_a_bug_answer_is_json_that_names_a_kind_and_a_line_of_the_program() -> None:
    for row in of_category("bug_explanation"):
        answer = json.loads(row.output)
        numbers = [int(line.rsplit("  # ", 1)[1]) for line in row.input.splitlines()]
        assert numbers == list(range(1, len(numbers) + 1))
        assert answer["line"] in numbers
        assert answer["kind"] in KINDS
        assert set(re.findall(r"[a-z]+(?:_[a-z]+)+", row.instruction)) >= KINDS
        assert row.checks["fields"] == {"kind": answer["kind"], "line": answer["line"]}
        assert answer["explanation"].endswith(".")


def test_every_reference_refactoring_passes_the_recipes_grader(sandbox: Sandbox) -> None:
    section = CategorySection(
        name="refactoring",
        weight=1,
        target=0.8,
        format="code",
        language="python",
        grader="coding.graders:refactoring",
    )
    assert refused_by_grader(sandbox, section) == []


def test_every_reference_docstring_passes_the_recipes_grader(sandbox: Sandbox) -> None:
    section = CategorySection(
        name="documentation",
        weight=1,
        target=0.8,
        format="text",
        grader="coding.graders:documentation",
    )
    assert refused_by_grader(sandbox, section) == []


def test_every_bug_answer_passes_the_json_grader(sandbox: Sandbox) -> None:
    section = CategorySection(
        name="bug_explanation", weight=1, target=0.8, format="json", grader="json_fields"
    )
    assert refused_by_grader(sandbox, section) == []


def test_no_task_is_a_seed_task_under_other_names() -> None:
    canonical = plugins.load("coding.canonical:canonical", RECIPES)
    recipe = load_recipe(RECIPES / "coding.yaml")
    seed = read_seed(recipe.seed, recipe.taxonomy, RECIPES)
    seeds = {canonical(row) for row in seed.examples} - {""}
    assert len(seeds) > 4_000
    repeated = [row.instruction for row in read("unseen.jsonl") if canonical(row) in seeds]
    assert repeated == []
