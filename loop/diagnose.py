"""Scores in, weakness report out. Says what fails and where; copies no text of the holdout.

Works on the diagnose role only and refuses any other. What leaves it are counts, tier names, tags,
kinds of failure and ids; `nearest_training` looks at failed rows but returns training rows.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from loop.example import Example
from loop.recipe import CategorySection, StoppingSection
from loop.records import (
    CategoryWeakness,
    Change,
    Evaluation,
    Reason,
    Sample,
    Slice,
    Weakness,
)
from loop.stats import holm, mcnemar, verdict, wilson

TIERS = ("simple", "moderate", "complex")
SEVERITY: tuple[Reason, ...] = (
    "error",
    "timeout",
    "empty",
    "truncated",
    "format",
    "wrong_answer",
    "ungraded",
    "passed",
)
"""Kinds of failure, worst first: an answer that cannot even be read comes before a wrong one."""
WORST = 10
FEW = 3
"""A tag with fewer items says little; it is listed after the others."""
REGRESSION_ALPHA = 0.05
COMPARED = 64
"""Failed rows compared with the training side: a few exemplars need no more."""


def _slices(samples: Sequence[Sample]) -> tuple[Slice, ...]:
    total: Counter[tuple[str, str]] = Counter()
    passed: Counter[tuple[str, str]] = Counter()
    for sample in samples:
        parts = [("tier", sample.tier), *(("tag", tag) for tag in dict.fromkeys(sample.tags))]
        total.update(parts)
        if sample.grade.passed:
            passed.update(parts)
    tiers = [
        Slice(by="tier", name=name, passed=passed["tier", name], total=total["tier", name])
        for name in TIERS
        if total["tier", name]
    ]
    tags = [
        Slice(by="tag", name=name, passed=passed[by, name], total=count)
        for (by, name), count in total.items()
        if by == "tag"
    ]
    tags.sort(key=lambda tag: (tag.total < FEW, tag.passed / tag.total, -tag.total, tag.name))
    return (*tiers, *tags)


def _failures(samples: Sequence[Sample]) -> dict[Reason, int]:
    counts = Counter(sample.grade.reason for sample in samples if not sample.grade.passed)
    return dict(sorted(counts.items(), key=lambda kind: (-kind[1], SEVERITY.index(kind[0]))))


def _worst(samples: Sequence[Sample], before: Mapping[str, bool]) -> tuple[str, ...]:
    failed = [sample for sample in samples if not sample.grade.passed]
    # What failed before and fails still is what the last dose did not fix.
    failed.sort(
        key=lambda sample: (
            before.get(sample.example_id) is not False,
            SEVERITY.index(sample.grade.reason),
        )
    )
    return tuple(sample.example_id for sample in failed[:WORST])


def _change(samples: Sequence[Sample], before: Mapping[str, bool]) -> Change | None:
    pairs = [
        (before[sample.example_id], sample.grade.passed)
        for sample in samples
        if sample.example_id in before
    ]
    if not pairs:
        return None
    better, worse = pairs.count((False, True)), pairs.count((True, False))
    return Change(better=better, worse=worse, p_value=mcnemar(better, worse))


def diagnose(
    evaluation: Evaluation,
    previous: Evaluation | None,
    taxonomy: tuple[CategorySection, ...],
    weights: Mapping[str, float],
    stopping: StoppingSection,
) -> Weakness:
    """Say what is wrong with each category.

    Args:
        evaluation: This round's answers on the diagnose role.
        previous: The last round's answers on the same items, or None.
        taxonomy: All categories.
        weights: Production weight per category; sums to 1.
        stopping: How sure a verdict must be.

    Returns:
        The weakness report, highest priority first, then in the taxonomy's order.

    Raises:
        ValueError: It is not the diagnose role, or a category of the taxonomy has no item.
    """
    given = [evaluation] if previous is None else [evaluation, previous]
    if wrong := [each.role for each in given if each.role != "diagnose"]:
        raise ValueError(f"only the diagnose role is diagnosed, got {wrong[0]}")
    by_category: dict[str, list[Sample]] = {category.name: [] for category in taxonomy}
    for sample in evaluation.samples:
        by_category[sample.category].append(sample)
    if empty := [name for name, samples in by_category.items() if not samples]:
        raise ValueError(f"the diagnose role has no item of {', '.join(empty)}")
    before = {s.example_id: s.grade.passed for s in previous.samples} if previous else {}
    changes = {name: _change(samples, before) for name, samples in by_category.items()}
    rejected = holm({name: c.p_value for name, c in changes.items() if c}, REGRESSION_ALPHA)

    def weakness(category: CategorySection) -> CategoryWeakness:
        name, samples = category.name, by_category[category.name]
        passed, total = sum(s.grade.passed for s in samples), len(samples)
        change = changes[name]
        low, high = wilson(passed, total)
        return CategoryWeakness(
            category=name,
            priority=category.priority,
            weight=weights[name],
            target=category.target,
            passed=passed,
            total=total,
            low=low,
            high=high,
            verdict=verdict(passed, total, category.target, stopping.alpha, stopping.verdict),
            slices=_slices(samples),
            failures=_failures(samples),
            change=change,
            regressed=change is not None and name in rejected and change.worse > change.better,
            worst=_worst(samples, before),
        )

    ordered = sorted(taxonomy, key=lambda category: -category.priority)
    categories = tuple(weakness(category) for category in ordered)
    weighted = sum(each.weight * each.score for each in categories)
    return Weakness(round=evaluation.round, categories=categories, weighted=weighted)


def _words(example: Example) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", example.prompt.lower()))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def nearest_training(
    failed: Sequence[Example], training: Sequence[Example], count: int
) -> tuple[Example, ...]:
    """Training rows that are most like what failed.

    Args:
        failed: Holdout rows that failed; only compared with, never returned.
        training: Training-side rows to choose from.
        count: How many to choose at most.

    Returns:
        Training rows: nearest to the most failures first, then by likeness of the prompts'
        words, then in their own order, which also serves where nothing failed.
    """
    words = [_words(row) for row in training]
    votes: Counter[int] = Counter()
    likeness = [0.0] * len(training)
    for row in failed[:COMPARED] if training else ():
        wanted = _words(row)
        near = [_jaccard(wanted, candidate) for candidate in words]
        nearest = max(range(len(near)), key=near.__getitem__)
        votes[nearest] += near[nearest] > 0
        likeness = [max(pair) for pair in zip(likeness, near, strict=True)]
    order = sorted(range(len(training)), key=lambda i: (-votes[i], -likeness[i], i))
    return tuple(training[i] for i in order[:count])
