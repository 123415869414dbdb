"""The coding recipe's programs are right, its bugs are bugs, its graders fair and unshakable."""

import json
import random
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest

from loop.example import Example, Tier
from loop.graders import build_grader
from loop.recipe import CategorySection, SandboxSection
from loop.records import Grade, RequestItem
from loop.sandbox import Sandbox, open_sandbox

ROOT = Path(__file__).parent.parent
RECIPES = ROOT / "recipes"
for folder in (RECIPES, ROOT / "scripts"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

import make_seed  # noqa: E402
from coding import bugs, graders, running  # noqa: E402
from coding.canonical import canonical, program_form  # noqa: E402
from coding.families import families, programs, seen_families, unseen_families  # noqa: E402
from coding.phrasing import docstring  # noqa: E402
from coding.tasks import CATEGORIES, Row, form_of, numbered, task, tasks  # noqa: E402
from coding.teacher import CodingTeacher  # noqa: E402

TIERS: tuple[Tier, ...] = ("simple", "moderate", "complex")
PROGRAM = "def keep_even(nums):\n    return [n for n in nums if n % 2 == 0]"
LOOP = """def keep_even(nums):
    kept = []
    for n in nums:
        if n % 2 == 0:
            kept.append(n)
    return kept"""
TESTS = "assert keep_even([1, 2, 4]) == [2, 4]\nassert keep_even([]) == []"
DOCSTRING = """Return the even numbers of a list.

Args:
    nums: List of numbers.

Returns:
    The even ones."""


def rows_of(category: str, count: int, tier: Tier = "simple", seed: int = 0) -> list[Row]:
    rng = random.Random(seed)
    return list(islice(tasks(rng, category, tier, families(), taken=set()), count))


def refactoring_task() -> Example:
    return Example(
        instruction="No loop.",
        input=LOOP,
        output=PROGRAM,
        category="refactoring",
        checks={"tests": TESTS},
    )


def documentation_task(args: Sequence[str] = ("nums",)) -> Example:
    return Example(
        instruction="Document.",
        input=PROGRAM,
        output=DOCSTRING,
        category="documentation",
        checks={"args": list(args), "keywords": [["even", "divisible by 2"], ["list"]]},
    )


def no_sandbox() -> Sandbox:
    raise AssertionError("nothing here needs to be run")


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return open_sandbox(SandboxSection())


def grade(category: str, grader: str, rows: list[Row], sandbox: Sandbox) -> list[Grade]:
    coded = category in ("code_generation", "refactoring")
    section = CategorySection(
        name=category,
        weight=1,
        target=0.8,
        format="code" if coded else "text",
        language="python" if coded else None,
        grader=grader,
    )
    examples = [Example.model_validate(row) for row in rows]
    return build_grader(section, lambda: sandbox, RECIPES, 1)(
        examples, [e.output for e in examples]
    )


# Families


def test_there_are_forty_families_and_six_unseen_ones_over_all_groups() -> None:
    assert len(families()) >= 40
    assert len({family.name for family in families()}) == len(families())
    assert len(unseen_families()) >= 6
    assert {f.group for f in unseen_families()} == {f.group for f in seen_families()}


def test_every_family_builds_verified_programs_in_each_of_its_tiers() -> None:
    for family in families():
        for tier in family.tiers:
            program = next(programs(random.Random(1), tier, [family]))
            assert (program.family, program.tier) == (family.name, tier)


def test_each_category_has_five_thousand_programs_that_are_no_renamings() -> None:
    forms: dict[str, set[str]] = {category: set() for category in CATEGORIES}
    rng = random.Random(2)
    for tier in TIERS:
        for program in islice(programs(rng, tier, seen_families()), 2900):
            forms["code_generation"].add(program_form(program.compact))
            loop = program_form(program.loop)
            forms["documentation"].add(loop)
            if program.has_loop:
                forms["refactoring"].add(loop)
            planted = bugs.planted(program.loop)
            if planted:
                forms["bug_explanation"].add(program_form(rng.choice(planted).source))
    assert {category: len(found) >= 5000 for category, found in forms.items()} == dict.fromkeys(
        CATEGORIES, True
    ), {category: len(found) for category, found in forms.items()}


# Tasks


@pytest.mark.parametrize("category", CATEGORIES)
def test_tasks_have_the_fields_of_an_example_and_different_forms(category: str) -> None:
    rows = rows_of(category, 40, "moderate")
    examples = [Example.model_validate(row) for row in rows]
    assert len({canonical(example) for example in examples}) == 40
    assert {(e.category, e.tier) for e in examples} == {(category, "moderate")}
    assert all(e.output and e.checks and e.tags for e in examples)


@pytest.mark.parametrize("category", CATEGORIES)
def test_tasks_are_short(category: str) -> None:
    for tier in TIERS:
        for row in rows_of(category, 25, tier):
            assert len(row["instruction"]) + len(row["input"]) < 800
            assert len(row["output"]) < 400
            assert row["output"].count("\n") <= 16


@pytest.mark.parametrize(
    ("category", "grader"),
    [
        ("code_generation", "unit_tests"),
        ("refactoring", "coding.graders:refactoring"),
        ("documentation", "coding.graders:documentation"),
        ("bug_explanation", "json_fields"),
    ],
)
def test_references_pass_their_own_grader(category: str, grader: str, sandbox: Sandbox) -> None:
    rows = [row for tier in TIERS for row in rows_of(category, 5, tier, seed=3)]
    assert [g.evidence for g in grade(category, grader, rows, sandbox) if not g.passed] == []


def test_tests_of_generated_code_kill_most_wrong_programs() -> None:
    survivors, killed = 0, 0
    for row in rows_of("code_generation", 60, seed=4):
        name = row["output"].split("(")[0].removeprefix("def ")
        scope: dict[str, object] = {}
        cases = [line.removeprefix("assert ") for line in row["checks"]["tests"].split("\n")]
        assert 3 <= len(cases) <= 4
        for bug in bugs.planted(row["output"])[:6]:
            scope[name] = running.compiled(bug.source, name)
            try:
                right = all(eval(case, dict(scope)) for case in cases)
            except Exception:
                right = False
            survivors += right
            killed += not right
    assert killed > 10 * survivors


def test_a_planted_bug_changes_exactly_the_line_it_names() -> None:
    kinds = set()
    for program in islice(programs(random.Random(5), "moderate", seen_families()), 60):
        right = program.loop.split("\n")
        for bug in bugs.planted(program.loop):
            pairs = zip(right, bug.source.split("\n"), strict=True)
            assert [n for n, (a, b) in enumerate(pairs, 1) if a != b] == [bug.line]
            assert json.loads(bugs.answer(bug)) == {
                "kind": bug.kind,
                "line": bug.line,
                "explanation": bug.explanation,
            }
            kinds.add(bug.kind)
    assert kinds == set(bugs.KINDS)


@pytest.mark.parametrize("kind", bugs.KINDS)
def test_a_bug_row_holds_a_program_that_behaves_otherwise_than_the_right_one(kind: str) -> None:
    rng, found = random.Random(6), 0
    for program in islice(programs(rng, "moderate", seen_families()), 30):
        row = task(rng, "bug_explanation", program, [kind])
        if row is None or row["checks"]["fields"]["kind"] != kind:
            continue
        found += 1
        wrong = row["input"]
        assert running.outcomes(wrong, program.name, program.inputs) != running.outcomes(
            program.compact, program.name, program.inputs
        )
    assert found >= 5


@pytest.mark.parametrize("category", ["code_generation", "refactoring"])
def test_the_answer_does_what_the_long_form_does(category: str) -> None:
    rng = random.Random(10)
    for program in islice(programs(rng, "complex", seen_families()), 40):
        row = task(rng, category, program)
        if row is not None:
            assert running.outcomes(
                row["output"], program.name, program.inputs
            ) == running.outcomes(program.loop, program.name, program.inputs)


def test_another_seed_makes_other_tasks_and_the_same_seed_the_same() -> None:
    assert rows_of("refactoring", 10, seed=1) == rows_of("refactoring", 10, seed=1)
    assert rows_of("refactoring", 10, seed=1) != rows_of("refactoring", 10, seed=2)


# Canonical form


def code_task(output: str) -> Example:
    return Example(instruction="Write it.", output=output, category="code_generation")


def test_renaming_and_a_docstring_make_no_new_form() -> None:
    renamed = 'def f(xs):\n    """Doc."""\n    return [y for y in xs if y % 2 == 0]'
    assert canonical(code_task(renamed)) == canonical(code_task(PROGRAM)) != ""


@pytest.mark.parametrize(
    "changed",
    [
        PROGRAM.replace("==", "!="),
        PROGRAM.replace("2", "3"),
        PROGRAM.replace("nums if", "nums[1:] if"),
    ],
)
def test_a_changed_operator_constant_or_structure_makes_a_new_form(changed: str) -> None:
    assert canonical(code_task(changed)) != canonical(code_task(PROGRAM))


def test_line_numbers_do_not_change_the_form_of_a_buggy_program() -> None:
    assert numbered(LOOP) != LOOP
    assert program_form(numbered(LOOP)) == program_form(LOOP) != ""


def test_a_builtin_is_no_chosen_name() -> None:
    assert program_form("def f(x):\n    return max(x)") != program_form(
        "def f(x):\n    return min(x)"
    )


def test_categories_do_not_share_forms() -> None:
    refactoring = refactoring_task()
    assert canonical(refactoring) != canonical(
        refactoring.model_copy(update={"category": "documentation"})
    )


HOSTILE = [
    "def f(:",
    "\x00",
    "(" * 5000,
    "-" * 19_000 + "1",
    "x" * 100_000,
    "\ud800",
    "```python\n```",
    "def f():\n" + " " * 200 + "return 1\n\treturn 2",
    "a" + ".b" * 9000,
    "Args:\n" * 3000,
    "Return.\n\nArgs:\n    nums: " + "n" * 5000 + "\n\nReturns:\n" + "(" * 2000,
    "1: " * 5000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_has_a_form_or_none_and_never_raises(text: str) -> None:
    assert isinstance(canonical(code_task(text)), str)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_answers_are_graded_as_failures(text: str, sandbox: Sandbox) -> None:
    assert not graders.refactoring(refactoring_task(), text, lambda: sandbox).passed
    assert not graders.documentation(documentation_task(), text, no_sandbox).passed


# Graders


def test_a_rewrite_that_keeps_its_loop_fails_without_being_run() -> None:
    verdict = graders.refactoring(refactoring_task(), LOOP, no_sandbox)
    assert (verdict.passed, verdict.reason) == (False, "wrong_answer")
    assert "loop" in verdict.evidence


def test_a_rewrite_that_does_something_else_fails(sandbox: Sandbox) -> None:
    wrong = PROGRAM.replace("==", "!=")
    assert not graders.refactoring(refactoring_task(), wrong, lambda: sandbox).passed


def test_a_right_rewrite_passes_in_a_fence_too(sandbox: Sandbox) -> None:
    fenced = f"```python\n{PROGRAM}\n```"
    assert graders.refactoring(refactoring_task(), fenced, lambda: sandbox).passed


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (DOCSTRING.replace("    nums: List of numbers.", "    values: A list."), "wrong_answer"),
        (DOCSTRING.replace("    nums: List of numbers.", ""), "format"),
        (DOCSTRING + "\n    ", None),
        (DOCSTRING.split("Returns:")[0], "format"),
        (DOCSTRING.replace("even", "odd"), "wrong_answer"),
        (DOCSTRING.replace("even ones", "numbers divisible by 2").replace("even", "good"), None),
        (f'"""{DOCSTRING}\n"""', None),
        (DOCSTRING.replace("nums:", "nums (list[int]):"), None),
        (DOCSTRING.replace("Return the even numbers of a list.\n\n", ""), "format"),
    ],
)
def test_a_docstring_needs_its_parts_and_must_say_what_the_function_does(
    answer: str, reason: str | None
) -> None:
    verdict = graders.documentation(documentation_task(), answer, no_sandbox)
    assert verdict.passed == (reason is None), verdict.evidence
    assert reason is None or verdict.reason == reason


def test_a_template_that_describes_nothing_fails_most_tasks() -> None:
    passed = 0
    for row in rows_of("documentation", 100, "moderate", seed=8):
        args = "\n".join(f"    {name}: Input." for name in row["checks"]["args"])
        answer = f"Return the result of the list.\n\nArgs:\n{args}\n\nReturns:\n    The result."
        passed += graders.documentation(Example.model_validate(row), answer, no_sandbox).passed
    assert passed <= 2


def test_a_docstring_of_another_function_fails_most_tasks() -> None:
    rng = random.Random(9)
    stream = programs(rng, "moderate", seen_families())
    rows = rows_of("documentation", 60, "moderate", seed=9)
    passed = sum(
        graders.documentation(Example.model_validate(row), docstring(other), no_sandbox).passed
        for row, other in zip(rows, stream, strict=False)
    )
    assert passed <= 2


# The teacher


def item(
    category: str = "code_generation", tags: tuple[str, ...] = (), number: int = 1
) -> RequestItem:
    return RequestItem(
        id=f"r01-{number:03d}",
        category=category,
        tier="simple",
        tags=tags,
        count=30,
        format="code",
    )


def delivered(item: RequestItem, attempt: int = 0, seed: int = 1) -> list[Row]:
    return CodingTeacher({}, seed).deliver(item, 30, attempt)


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_teacher_delivers_what_was_asked_for_without_repeating_itself(category: str) -> None:
    rows = delivered(item(category))
    assert len({form_of(row) for row in rows}) == 30
    assert {(row["category"], row["tier"]) for row in rows} == {(category, "simple")}


def test_the_teacher_is_deterministic_and_another_attempt_brings_other_tasks() -> None:
    first, again, later = delivered(item()), delivered(item()), delivered(item(), attempt=1)
    assert first == again
    assert len({form_of(row) for row in first} & {form_of(row) for row in later}) < 8


@pytest.mark.parametrize(
    ("category", "tag"),
    [("bug_explanation", "missing_return"), ("code_generation", "dicts"), ("refactoring", "join")],
)
def test_tags_are_preferred_and_half_of_the_breadth_is_kept(category: str, tag: str) -> None:
    tagged = sum(tag in row["tags"] for row in delivered(item(category, (tag,))))
    assert 14 <= tagged <= 26


def test_an_unknown_tag_costs_nothing() -> None:
    assert len(delivered(item(tags=("no such thing",)))) == 30


def test_the_teacher_refuses_options_and_categories_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="unknown options"):
        CodingTeacher({"temperature": 1}, 0)
    assert delivered(item("poetry")) == []


# The seed


def committed(name: str) -> list[Row]:
    text = (RECIPES / "coding" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def read_form(row: Row) -> str:
    return canonical(
        Example.model_validate({"instruction": "-", "output": "", **row, "tier": "simple"})
    )


def test_no_unseen_task_stands_in_the_seed_or_comes_from_the_teacher() -> None:
    seed = {read_form(row) for row in committed("seed.jsonl") if "category" in row}
    taught = {form_of(row) for category in CATEGORIES for row in delivered(item(category))}
    unseen = {form_of(row) for row in committed("unseen_families.jsonl")}
    assert len(unseen) == 60
    unseen |= {form_of(row) for row in committed("unseen.jsonl")} - {""}
    assert unseen & (seed | taught) == set()


def test_seed_and_teacher_draw_from_no_unseen_family() -> None:
    seen = {family.name for family in seen_families()}
    unseen = {family.name for family in unseen_families()}
    assert seen & unseen == set()
    assert seen | unseen == {family.name for family in families()}


def test_the_seed_is_large_imbalanced_and_mostly_simple() -> None:
    rows = committed("seed.jsonl")
    counts = Counter(row.get("category") for row in rows)
    tiers = Counter(row["tier"] for row in rows)
    assert len(rows) > 5000
    assert (RECIPES / "coding" / "seed.jsonl").stat().st_size < 5_000_000
    assert counts["bug_explanation"] < counts["code_generation"] / 4
    assert tiers["simple"] > len(rows) / 2


def test_the_seed_holds_the_noise_it_was_planted_with() -> None:
    rows = committed("seed.jsonl")
    copies = Counter(json.dumps(row, sort_keys=True) for row in rows)
    planted = make_seed.NOISE
    assert sum(count - 1 for count in copies.values()) == planted["duplicate"]
    assert sum(row.get("output") == "" for row in rows) == planted["empty"]
    assert (
        sum("_v2(" in row.get("input", "") + row.get("output", "") for row in rows)
        == planted["renamed"]
    )
    whole = [row for row in rows if {"instruction", "output", "category"} <= set(row)]
    broken = [row for row in whole if row["category"] not in CATEGORIES or row["tier"] not in TIERS]
    assert len(rows) - len(whole) + len(broken) == planted["missing"]


def test_the_unseen_file_is_what_the_script_makes() -> None:
    rows = make_seed.make_unseen(make_seed.NUMBER)
    assert rows == committed("unseen_families.jsonl")
    assert Counter((row["category"], row["tier"]) for row in rows) == {
        (category, tier): count
        for category in CATEGORIES
        for tier, count in make_seed.UNSEEN.items()
    }
