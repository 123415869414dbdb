"""Makes a task of a category from a program: instruction, input, reference answer, checks."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from coding import bugs
from coding.canonical import canonical
from coding.families import programs
from coding.phrasing import docstring, instruction
from coding.program import Family, Program, Tier
from coding.running import chosen_tests, outcomes
from loop.example import Example

CATEGORIES = ("code_generation", "bug_explanation", "refactoring", "documentation")
Row = dict[str, Any]
_MUTANTS = 10
_PATIENCE = 400
_INSIST = 40
_PLANTED: dict[Tier, tuple[tuple[Tier, tuple[str, ...]], ...]] = {
    "simple": (("simple", bugs.ONE_LINE),),
    "moderate": (("simple", ("undefined_name",)), ("moderate", bugs.EVIDENT)),
    "complex": (("simple", bugs.COMPARED), ("moderate", bugs.COMPARED)),
}
"""How hard a bug is to find: the tier of the program, and the kinds planted in it."""


def numbered(source: str) -> str:
    """Put its number behind each line.

    Args:
        source: A program.

    Returns:
        Lines such as `def f(x):  # 1`; still a program.
    """
    lines = source.split("\n")
    return "\n".join(bugs.numbered_line(line, i) for i, line in enumerate(lines, 1))


def single_quoted(source: str) -> str:
    """Write a program's texts in single quotes, so that JSON can quote its lines unescaped.

    Args:
        source: A program whose texts are in double quotes.

    Returns:
        The program, unchanged where a text holds a single quote itself.
    """
    return source if "'" in source else source.replace('"', "'")


def _tests(rng: random.Random, program: Program) -> str:
    # Any test finds an undefined name; what tests are chosen by must be worth finding.
    planted = bugs.planted(program.compact)
    mutants = [bug.source for bug in planted if bug.kind != "undefined_name"]
    chosen = rng.sample(mutants, min(_MUTANTS, len(mutants)))
    expected = outcomes(program.compact, program.name, program.inputs)
    return chosen_tests(program.name, program.inputs, expected, chosen)


def _row(rng: random.Random, category: str, program: Program, **rest: Any) -> Row:  # noqa: ANN401
    return {
        "instruction": instruction(rng, category, program),
        "input": "",
        "category": category,
        "tier": program.tier,
        "tags": list(program.tags),
        **rest,
    }


def _code_generation(rng: random.Random, program: Program, _: Sequence[str]) -> Row | None:
    tests = _tests(rng, program)
    if not tests:
        return None
    return _row(rng, "code_generation", program, output=program.compact, checks={"tests": tests})


def _refactoring(rng: random.Random, program: Program, _: Sequence[str]) -> Row | None:
    tests = _tests(rng, program) if program.has_loop else ""
    if not tests:
        return None
    row = _row(rng, "refactoring", program, input=program.loop, output=program.compact)
    return row | {"checks": {"tests": tests}}


def _documentation(rng: random.Random, program: Program, _: Sequence[str]) -> Row | None:
    checks = {
        "args": [param.name for param in program.params],
        "keywords": [list(group) for group in program.words],
    }
    shown = program.loop if rng.random() < 0.6 else program.compact
    row = _row(rng, "documentation", program, input=shown, output=docstring(program))
    return row | {"checks": checks}


def _bug_explanation(rng: random.Random, program: Program, kinds: Sequence[str]) -> Row | None:
    source = single_quoted(program.loop if rng.random() < 0.85 else program.compact)
    found: dict[str, list[bugs.Bug]] = {}
    for bug in bugs.planted(source):
        found.setdefault(bug.kind, []).append(bug)
    right = outcomes(source, program.name, program.inputs)
    wanted = [kind for kind in kinds if kind in found]
    rng.shuffle(wanted)
    for kind in wanted:
        for bug in rng.sample(found[kind], len(found[kind])):
            if _shows(bug, program, right):
                row = _row(rng, "bug_explanation", program, input=numbered(bug.source))
                return row | {
                    "output": bugs.answer(bug),
                    "tags": [bug.kind, program.tags[0]],
                    "checks": {
                        "fields": {"kind": bug.kind, "line": bug.line},
                        "required": ["explanation"],
                    },
                }
    return None


def _shows(bug: bugs.Bug, program: Program, right: Sequence[str]) -> bool:
    """Whether a bug changes what the program gives, and mostly without a crash.

    An undefined name is nothing but a crash.
    """
    wrong = outcomes(bug.source, program.name, program.inputs)
    crashes = sum(result.startswith("!") for result in wrong)
    changed = sum(a != b for a, b in zip(right, wrong, strict=True))
    return changed >= 2 and (bug.kind == "undefined_name" or 2 * crashes <= len(wrong))


_MAKERS = {
    "code_generation": _code_generation,
    "bug_explanation": _bug_explanation,
    "refactoring": _refactoring,
    "documentation": _documentation,
}


def task(
    rng: random.Random, category: str, program: Program, kinds: Sequence[str] = bugs.KINDS
) -> Row | None:
    """Make a task about a program.

    Args:
        rng: Source of randomness.
        category: One of this recipe's categories.
        program: A verified program.
        kinds: Kinds of bug wanted, for the category that plants one.

    Returns:
        The row, or None where the program does not suit the category.
    """
    return _MAKERS[category](rng, program, kinds)


def form_of(row: Row) -> str:
    """Give the canonical form of a row.

    Args:
        row: A row that this module made.

    Returns:
        Its canonical form, which names its category.
    """
    return canonical(Example.model_validate(row))


def tasks(
    rng: random.Random,
    category: str,
    tier: Tier,
    choice: Sequence[Family],
    *,
    taken: set[str],
    tags: Sequence[str] = (),
) -> Iterator[Row]:
    """Make different tasks of one category and tier.

    Args:
        rng: Source of randomness.
        category: One of this recipe's categories.
        tier: How hard they are to be.
        choice: Families to draw from.
        taken: Forms not to be made; the forms of what is made are added.
        tags: Sub-skills wanted; every other task has one, until none more is found.

    Yields:
        Rows of different canonical forms; ends where the families seem to be exhausted.
    """
    shapes = _PLANTED[tier] if category == "bug_explanation" else ((tier, bugs.KINDS),)
    sources = [(programs(rng, level, choice), kinds) for level, kinds in shapes]
    wanted, idle, made = set(tags), 0, 0
    while (idle := idle + 1) <= _PATIENCE:
        if idle > _PATIENCE // 2:
            wanted = set()
        if idle % _INSIST == 1:
            # The same kind is tried until a program has a place for it, else rare ones stay rare.
            drawn, kinds = rng.choice(sources)
            asked = [kind for kind in kinds if kind in wanted] if made % 2 == 0 else []
            kind = rng.choice(asked or kinds)
        row = task(rng, category, next(drawn), [kind])
        if row is None or (form := form_of(row)) in taken or not form:
            continue
        if made % 2 == 0 and wanted and not wanted & set(row["tags"]):
            continue
        taken.add(form)
        idle, made = 0, made + 1
        yield row | {"tier": tier}
