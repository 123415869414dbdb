"""One round's answers, and all before it, to a weakness report."""

from collections.abc import Mapping

from loop.diagnose.case import Case, Probes
from loop.diagnose.causes import causes_of, counted
from loop.diagnose.changes import fell, lost, passed_in, since_best, since_last, weighted_change
from loop.diagnose.counts import failures, slices, worst
from loop.diagnose.proposals import Facts, proposals
from loop.diagnose.slices import weak_slices
from loop.diagnose.training import underfit
from loop.example import Example
from loop.graders import without_rationale
from loop.recipe import CategorySection, StoppingSection
from loop.records import Adapter, CategoryWeakness, Evaluation, Mixture, Sample, Weakness
from loop.stats import items_to_decide, verdict, wilson

IN_DOUBT = ("ungraded", "suspect_label")
"""Causes that say nothing about the model."""


def _by_category(
    evaluation: Evaluation, taxonomy: tuple[CategorySection, ...]
) -> dict[str, list[Sample]]:
    by_category: dict[str, list[Sample]] = {category.name: [] for category in taxonomy}
    for sample in evaluation.samples:
        by_category[sample.category].append(sample)
    if empty := [name for name, samples in by_category.items() if not samples]:
        raise ValueError(f"the diagnose role has no item of {', '.join(empty)}")
    return by_category


def diagnose(
    evaluations: tuple[Evaluation, ...],
    items: tuple[Example, ...],
    mixture: Mixture | None,
    adapter: Adapter | None,
    taxonomy: tuple[CategorySection, ...],
    weights: Mapping[str, float],
    *,
    stopping: StoppingSection,
    probes: Probes,
) -> Weakness:
    """Say what is wrong with each category, why, and what would fix it.

    Args:
        evaluations: Answers on the diagnose role, oldest round first; the last is diagnosed.
        items: The diagnose role.
        mixture: What the last round trained on; None for the base.
        adapter: What came of it; None for the base.
        taxonomy: All categories.
        weights: Production weight per category; sums to 1.
        stopping: How sure a verdict must be.
        probes: Means to test a suspicion: graders, a token counter, a second opinion.

    Returns:
        The weakness report, highest priority first, then in the taxonomy's order.

    Raises:
        ValueError: It is not the diagnose role, or a category of the taxonomy has no item.
    """
    if wrong := [each.role for each in evaluations if each.role != "diagnose"]:
        raise ValueError(f"only the diagnose role is diagnosed, got {wrong[0]}")
    now = evaluations[-1]
    by_category = _by_category(now, taxonomy)
    known = {item.id: item for item in items}
    earlier = {each.round: passed_in(each) for each in evaluations[:-1]}
    last = earlier[evaluations[-2].round] if earlier else {}
    changes = {name: since_last(samples, last) for name, samples in by_category.items()}
    bests = {name: since_best(samples, earlier) for name, samples in by_category.items()}
    regressed, below_best = fell(changes), fell(bests)

    def weakness(category: CategorySection) -> CategoryWeakness:
        name, samples = category.name, by_category[category.name]
        passed, total, best = sum(s.grade.passed for s in samples), len(samples), bests[name]
        cases = [
            Case(s, known[s.example_id], without_rationale(s.answer, probes.marker), category)
            for s in samples
            if not s.grade.passed
        ]
        rows = [row for row in mixture.examples if row.category == name] if mixture else []
        of_category = [known[sample.example_id] for sample in samples]
        short = passed < category.target * total
        told = causes_of(
            cases,
            of_category,
            rows,
            probes,
            lost(samples, earlier[best.round], best.rounds) if best else frozenset(),
            underfit(name, mixture, adapter, changes[name]) if short else None,
        )
        codes = {id_: code for id_, (code, _) in told.items()}
        weak = weak_slices([s for s in samples if codes.get(s.example_id) not in IN_DOUBT], codes)
        causes = counted(told)
        facts = Facts(
            category=category,
            items=of_category,
            cases={case.item.id: case for case in cases},
            weak=weak,
            trained=len(rows),
            best_round=best.round if best else None,
            count_tokens=probes.count_tokens,
        )
        low, high = wilson(passed, total)
        ruling = verdict(passed, total, category.target, stopping.alpha, stopping.verdict)
        more = items_to_decide(passed, total, category.target, stopping.alpha)
        return CategoryWeakness(
            category=name,
            priority=category.priority,
            weight=weights[name],
            target=category.target,
            passed=passed,
            total=total,
            low=low,
            high=high,
            verdict=ruling,
            to_decide=more if ruling == "undecided" else None,
            slices=slices(samples),
            weak=weak,
            failures=failures(samples),
            causes=causes,
            proposals=proposals(causes, facts),
            change=changes[name],
            regressed=name in regressed,
            since_best=best,
            below_best=name in below_best,
            worst=worst(samples, last),
            measures=now.measures.get(name, {}),
        )

    ordered = sorted(taxonomy, key=lambda category: -category.priority)
    categories = tuple(weakness(category) for category in ordered)
    weighted = sum(each.weight * each.score for each in categories)
    change = weighted_change(by_category, last, weights)
    return Weakness(
        round=now.round, categories=categories, weighted=weighted, weighted_change=change
    )
