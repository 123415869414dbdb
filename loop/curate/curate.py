"""Decides which rows may be used. Every row received is kept or rejected with one reason.

The first reason wins, in this order:

1. rules that look at the row alone;
2. overlap with the holdout, which needs no sandbox and must never be hidden by a later reason;
3. the row's own checks: its reference answer through its category's grader, where it has checks;
4. duplicates, of what exists already and of rows kept before it in the order given.

Checks come before duplicates, so that a wrong row never knocks out a correct copy of itself. Of
several rows with one prompt the first that passes its checks is kept; the others contradict it
(`same_prompt`) or repeat it (`exact_duplicate`).
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from loop.curate.rules import Fault, row_rules
from loop.example import Example
from loop.neighbours import Canonical, Index, Match, Phrasing, shared_phrasing, text_key
from loop.recipe import CategorySection, CurationSection
from loop.records import Curated, Grade, Rejected

Verify = Callable[[Sequence[Example], Sequence[str]], list[Grade]]
"""Grades answers to examples, in order."""


def curate(
    candidates: tuple[Example, ...],
    existing: tuple[Example, ...],
    holdout: tuple[Example, ...],
    taxonomy: Sequence[CategorySection],
    section: CurationSection,
    canonical: Canonical,
    count_tokens: Callable[[str], int],
    graders: Mapping[str, Verify],
    seed: int,
) -> Curated:
    """Apply the rules in order; the first reason wins.

    Args:
        candidates: Rows to judge, in order of precedence.
        existing: Rows accepted earlier; nothing the same is kept.
        holdout: Rows of every role, and any others never to be trained on.
        taxonomy: Categories and their formats.
        section: Limits and thresholds.
        canonical: Canonical form by category.
        count_tokens: Counts tokens of the base model.
        graders: One per category; a category without one is not verified.
        seed: Seeds the near-duplicate search.

    Returns:
        Kept rows in the order given, and rejected rows in that order too.
    """
    faults: dict[int, Rejected] = {}
    rules = row_rules({c.name: c for c in taxonomy}, count_tokens, section.max_tokens)
    for position, example in enumerate(candidates):
        if fault := next(filter(None, (rule(example) for rule in rules)), None):
            faults[position] = _rejected(example, fault)

    # One wrapper per function: forms are comparable where one function gave them.
    wrapped = {form: _once(form) for form in canonical.values()}
    canonical = {name: wrapped[form] for name, form in canonical.items()}
    phrasing = shared_phrasing((*candidates, *existing, *holdout), section)
    held_out = _index(holdout, section, canonical, phrasing, seed)
    for position, example in _left(candidates, faults):
        if match := held_out.match(example):
            faults[position] = _rejected(example, _overlap(match), match.id)

    if section.verify:
        for position, fault in _fails_own_checks(_left(candidates, faults), graders).items():
            faults[position] = _rejected(candidates[position], fault)

    known = _index(existing, section, canonical, phrasing, seed)
    answers = {_answer_key(example) for example in existing}
    for position, example in _left(candidates, faults):
        match = known.match(example)
        if match and (fault := _duplicate(match, _answer_key(example) in answers)):
            faults[position] = _rejected(example, fault, match.id)
            continue
        known.add(example)
        answers.add(_answer_key(example))
    return Curated(
        kept=tuple(example for _, example in _left(candidates, faults)),
        rejected=tuple(faults[position] for position in sorted(faults)),
        received=len(candidates),
    )


def _once(form: Callable[[Example], str]) -> Callable[[Example], str]:
    """Parsing a program is most of the cost, and each row is looked up twice."""
    forms: dict[int, tuple[Example, str]] = {}

    def remembered(example: Example) -> str:
        if id(example) not in forms:
            # The row is kept beside its form, so that its identity is not given to another.
            forms[id(example)] = (example, form(example))
        return forms[id(example)][1]

    return remembered


def _left(
    candidates: tuple[Example, ...], faults: Mapping[int, Rejected]
) -> list[tuple[int, Example]]:
    return [(i, example) for i, example in enumerate(candidates) if i not in faults]


def _index(
    examples: Iterable[Example],
    section: CurationSection,
    canonical: Canonical,
    phrasing: Phrasing,
    seed: int,
) -> Index:
    index = Index(section, canonical, phrasing, seed)
    for example in examples:
        index.add(example)
    return index


def _answer_key(example: Example) -> tuple[str, str]:
    return text_key(example.instruction, example.input), example.output.strip()


def _overlap(match: Match) -> Fault:
    # The kind and a number only: whoever reads the reason must learn nothing of the holdout.
    return "holdout_overlap", f"{match.kind} {match.similarity:.2f}"


def _duplicate(match: Match, same_answer: bool) -> Fault | None:
    similarity = f"{match.kind} {match.similarity:.2f}"
    if match.kind == "exact":
        if same_answer:
            return "exact_duplicate", "same prompt and answer"
        return "same_prompt", "same prompt with another answer"
    if match.kind == "canonical":
        return "same_task", "same canonical form"
    # Shared n-grams alone make training rows related, not superfluous.
    return ("near_duplicate", similarity) if match.kind == "near" else None


def _fails_own_checks(
    rows: list[tuple[int, Example]], graders: Mapping[str, Verify]
) -> dict[int, Fault]:
    """Grade each distinct row with checks once, one call per category."""
    batches: dict[str, dict[tuple[str, str], list[int]]] = {}
    by_position = dict(rows)
    for position, example in rows:
        if example.checks and example.category in graders:
            checks = json.dumps(example.checks, sort_keys=True, default=str)
            batch = batches.setdefault(example.category, {})
            batch.setdefault((example.id, checks), []).append(position)
    faults: dict[int, Fault] = {}
    for category, batch in batches.items():
        examples = [by_position[positions[0]] for positions in batch.values()]
        grades = graders[category](examples, [example.output for example in examples])
        for positions, grade in zip(batch.values(), grades, strict=True):
            if not grade.passed and grade.reason != "ungraded":
                detail = f"{grade.reason}: {grade.evidence[:200]}"
                faults.update(dict.fromkeys(positions, ("fails_own_checks", detail)))
    return faults


def _rejected(example: Example, fault: Fault, matched: str = "") -> Rejected:
    reason, detail = fault
    file, _, row = example.origin.rpartition(":")
    placed = bool(file) and row.isdecimal()
    return Rejected(
        reason=reason,
        detail=detail,
        file=file if placed else example.origin,
        row=int(row) if placed else None,
        category=example.category,
        matched=matched,
        example=example,
    )
