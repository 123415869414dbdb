"""How a category changed since the last round and since its best one, and which items it lost."""

from collections.abc import Mapping, Sequence

from loop.diagnose.parts import ALPHA, Part, bits, parts_of, standing_out
from loop.records import Change, Evaluation, Sample, SinceBest, WeightedChange
from loop.stats import holm, mcnemar, paired_bootstrap

_ENOUGH = 30
"""Items; docs/statistics.md has the coverage of the bootstrap below it."""
Passed = Mapping[str, bool]
"""Whether an item passed in some round, by id."""


def passed_in(evaluation: Evaluation) -> dict[str, bool]:
    """Look up what passed.

    Args:
        evaluation: A round's answers.

    Returns:
        Whether each item passed, by id.
    """
    return {sample.example_id: sample.grade.passed for sample in evaluation.samples}


def _flips(samples: Sequence[Sample], before: Passed) -> tuple[int, int] | None:
    """Items that are better and worse now; None where none was measured before."""
    pairs = [
        (before[sample.example_id], sample.grade.passed)
        for sample in samples
        if sample.example_id in before
    ]
    return (pairs.count((False, True)), pairs.count((True, False))) if pairs else None


def since_last(samples: Sequence[Sample], last: Passed) -> Change | None:
    """Compare with the last round.

    Args:
        samples: A category's items.
        last: What passed in the last round.

    Returns:
        The comparison; None where nothing was measured before.
    """
    if (flips := _flips(samples, last)) is None:
        return None
    better, worse = flips
    return Change(better=better, worse=worse, p_value=mcnemar(better, worse))


def weighted_change(
    by_category: Mapping[str, Sequence[Sample]], last: Passed, weights: Mapping[str, float]
) -> WeightedChange | None:
    """Compare the production-weighted score with the last round's.

    Args:
        by_category: Each category's items.
        last: What passed in the last round.
        weights: Production weight per category; sums to 1.

    Returns:
        The change with its interval; None where an item was not measured before, or fewer than
        30 were, for which no interval holds.
    """
    samples = [sample for found in by_category.values() for sample in found]
    if len(samples) < _ENOUGH or any(sample.example_id not in last for sample in samples):
        return None
    # Each item counts as much as its category weighs over the category's items.
    parts = {name: weights[name] / len(found) * len(samples) for name, found in by_category.items()}
    before = [last[sample.example_id] * parts[sample.category] for sample in samples]
    after = [sample.grade.passed * parts[sample.category] for sample in samples]
    mean, low, high = paired_bootstrap(before, after, seed=0)
    return WeightedChange(mean=mean, low=low, high=high)


def since_best(samples: Sequence[Sample], earlier: Mapping[int, Passed]) -> SinceBest | None:
    """Compare with the round in which the category passed most.

    Args:
        samples: A category's items.
        earlier: What passed, by round.

    Returns:
        The comparison, with the latest of several best rounds; None where there is no earlier one.
    """

    def count(number: int) -> int:
        return sum(earlier[number].get(sample.example_id, False) for sample in samples)

    if not earlier:
        return None
    best = max(earlier, key=lambda number: (count(number), number))
    if (flips := _flips(samples, earlier[best])) is None:
        return None
    better, worse = flips
    p_value = mcnemar(better, worse)
    return SinceBest(better=better, worse=worse, p_value=p_value, round=best, rounds=len(earlier))


def fell(changes: Mapping[str, Change | None]) -> set[str]:
    """Name the categories that are significantly worse.

    Args:
        changes: One comparison per category.

    Returns:
        Their names, corrected by Holm over the categories, and before that for the rounds that
        the best one was chosen from.
    """

    def p_value(change: Change) -> float:
        chosen_from = change.rounds if isinstance(change, SinceBest) else 1
        return min(1.0, change.p_value * chosen_from)

    rejected = holm({name: p_value(c) for name, c in changes.items() if c}, ALPHA)
    return {name for name, c in changes.items() if c and name in rejected and c.worse > c.better}


def lost(samples: Sequence[Sample], best: Passed, rounds: int) -> frozenset[str]:
    """Find failures that are a loss: the item was right, and so many like it that chance is out.

    Answers flip from round to round. So a single item that was right and is wrong now tells
    nothing, but a part of the category that loses many and gains few does.

    Args:
        samples: A category's items, in order.
        best: What passed in its best earlier round.
        rounds: Earlier rounds that it is the best of.

    Returns:
        Ids of the failed items of all such parts that were right then.
    """
    was = [best.get(sample.example_id) for sample in samples]
    now = [sample.grade.passed for sample in samples]
    gone = bits(before is True and not after for before, after in zip(was, now, strict=True))
    won = bits(before is False and after for before, after in zip(was, now, strict=True))

    def test(part: Part) -> tuple[float, float] | None:
        worse, better = (part.items & gone).bit_count(), (part.items & won).bit_count()
        if not worse + better:
            return None
        least = min(1.0, rounds * 0.5 ** (worse + better))
        if worse <= better:
            return 1.0, least
        return min(1.0, rounds * mcnemar(better, worse) / 2), least

    whole = Part(None, None, (1 << len(samples)) - 1)
    places = 0
    for _, part in standing_out([whole, *parts_of(samples)], test):
        places |= part.items & gone
    return frozenset(s.example_id for i, s in enumerate(samples) if places >> i & 1)
