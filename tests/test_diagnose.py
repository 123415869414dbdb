from collections.abc import Sequence
from typing import Any

import pytest

from loop.diagnose import Probes, diagnose, nearest_training
from loop.example import Example
from loop.recipe import CategorySection, StoppingSection
from loop.records import Adapter, Evaluation, Grade, Mixture, Reason, Sample, Weakness

TAXONOMY = (
    CategorySection(name="low", weight=1, priority=1, target=0.8, format="text"),
    CategorySection(name="high", weight=3, priority=5, target=0.8, format="text"),
    CategorySection(name="other", weight=1, priority=1, target=0.8, format="text"),
)
WEIGHTS = {"low": 0.2, "high": 0.6, "other": 0.2}
CANARY = "zebra-4711"


def sample(id_: str, category: str = "high", reason: Reason = "passed", **fields: Any) -> Sample:
    passed = reason == "passed"
    given = {
        "example_id": id_,
        "category": category,
        "tier": "simple",
        "tags": (),
        "prompt": f"prompt {CANARY}",
        "answer": f"answer {CANARY}",
        "grade": Grade(score=passed, passed=passed, reason=reason, evidence=CANARY),
    }
    return Sample.model_validate(given | fields)


def lengths(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


PROBES = Probes(graders={}, count_tokens=lengths, marker="###")


def evaluation(*samples: Sample, round_: int = 1, role: str = "diagnose") -> Evaluation:
    """The given samples, and one item passed in each category that has none."""
    missing = {c.name for c in TAXONOMY} - {s.category for s in samples}
    filled = (*samples, *(sample(f"fill-{name}", name) for name in sorted(missing)))
    return Evaluation.model_validate(
        {"role": role, "round": round_, "model": "m", "samples": filled}
    )


def report(now: Evaluation, *before: Evaluation, **stopping: Any) -> Weakness:
    """The last of several rounds; `before` stands with the oldest first."""
    items = tuple(item(s.example_id, s.category) for s in now.samples)
    section = StoppingSection(**stopping)
    given = ((*before, now), items, None, None, TAXONOMY, WEIGHTS)
    return diagnose(*given, stopping=section, probes=PROBES)


def item(id_: str, category: str) -> Example:
    """An item with that id, whatever it says."""
    made = Example(instruction=f"{id_} {CANARY}", output=f"output {CANARY}", category=category)
    made.__dict__["id"] = id_
    return made


def results(passed: int, failed: int, category: str = "high") -> list[Sample]:
    def one(number: int) -> Sample:
        return sample(
            f"{category}-{number}", category, "passed" if number < passed else "wrong_answer"
        )

    return [one(number) for number in range(passed + failed)]


def test_categories_stand_by_priority_then_in_the_order_of_the_taxonomy() -> None:
    assert [c.category for c in report(evaluation()).categories] == ["high", "low", "other"]


def test_counts_interval_and_verdict_are_those_of_the_category() -> None:
    weak = report(evaluation(*results(30, 10), *results(2, 38, "low"))).category("high")
    assert (weak.passed, weak.total, weak.verdict) == (30, 40, "undecided")
    assert (weak.low, weak.high) == pytest.approx((0.598, 0.858), abs=1e-3)
    assert (weak.weight, weak.priority, weak.target) == (0.6, 5, 0.8)


def test_the_recipe_decides_how_sure_a_verdict_is() -> None:
    now = evaluation(*results(33, 7))
    assert report(now).category("high").verdict == "undecided"
    assert report(now, verdict="point").category("high").verdict == "met"


def test_the_weighted_score_follows_production() -> None:
    now = evaluation(*results(1, 3), *results(1, 1, "low"), *results(1, 0, "other"))
    assert report(now).weighted == pytest.approx(0.6 * 0.25 + 0.2 * 0.5 + 0.2)


def test_slices_show_tiers_in_order_and_weak_tags_first_but_rare_tags_last() -> None:
    now = evaluation(
        sample("1", tier="complex", tags=("strong", "weak"), reason="wrong_answer"),
        sample("2", tier="simple", tags=("strong", "weak"), reason="wrong_answer"),
        sample("3", tier="simple", tags=("strong", "weak", "weak")),
        sample("4", tier="simple", tags=("strong", "strong")),
        sample("5", tier="simple", tags=("rare",), reason="wrong_answer"),
    )
    found = report(now).category("high").slices
    slices = [(s.by, s.name, s.passed, s.total) for s in found if s.by != "both"]
    assert slices == [
        ("tier", "simple", 2, 4),
        ("tier", "complex", 0, 1),
        ("tag", "weak", 1, 3),
        ("tag", "strong", 2, 4),
        ("tag", "rare", 0, 1),
    ]


def test_failures_are_counted_by_kind_most_frequent_first() -> None:
    kinds: list[Reason] = ["format", "wrong_answer", "passed", "wrong_answer", "timeout"]
    now = evaluation(*(sample(str(i), reason=kind) for i, kind in enumerate(kinds)))
    failures = report(now).category("high").failures
    assert list(failures.items()) == [("wrong_answer", 2), ("timeout", 1), ("format", 1)]


def test_worst_are_those_that_keep_failing_then_by_severity() -> None:
    before = evaluation(sample("a"), sample("b", reason="format"), sample("c"), round_=0)
    now = evaluation(
        sample("new", reason="wrong_answer"),
        sample("a", reason="wrong_answer"),
        sample("b", reason="wrong_answer"),
        sample("c", reason="error"),
        sample("d"),
    )
    assert report(now, before).category("high").worst == ("b", "c", "new", "a")


def test_worst_is_a_short_list() -> None:
    assert len(report(evaluation(*results(0, 30))).category("high").worst) == 10


def test_round_zero_has_no_change() -> None:
    assert report(evaluation()).category("high").change is None


def test_change_pairs_items_by_id_and_leaves_out_what_is_new() -> None:
    before = evaluation(sample("a"), sample("b", reason="error"), sample("c"), round_=0)
    now = evaluation(
        sample("c", reason="error"), sample("a", reason="empty"), sample("b"), sample("n")
    )
    change = report(now, before).category("high").change
    assert change is not None
    assert (change.better, change.worse, change.p_value) == (1, 2, 1.0)


def test_a_category_that_fell_is_regressed_and_one_that_rose_is_not() -> None:
    before = evaluation(*results(10, 0), *results(0, 10, "low"), round_=0)
    now = evaluation(*results(0, 10), *results(10, 0, "low"))
    weakness = report(now, before)
    assert weakness.category("high").regressed
    assert not weakness.category("low").regressed
    assert not weakness.category("other").regressed


def test_regression_is_corrected_over_the_categories() -> None:
    before = evaluation(*results(6, 4), round_=0)
    now = evaluation(*results(0, 10))
    change = report(now, before).category("high").change
    assert change is not None
    assert 0.05 / 3 < change.p_value < 0.05
    assert not report(now, before).category("high").regressed


def test_no_text_of_the_holdout_reaches_the_report() -> None:
    text = report(evaluation(*results(1, 9)), evaluation(*results(9, 1))).model_dump_json()
    assert CANARY not in text


@pytest.mark.parametrize("role", ["gate", "final", "unseen"])
def test_any_other_role_is_refused(role: str) -> None:
    with pytest.raises(ValueError, match=f"got {role}"):
        report(evaluation(role=role))
    with pytest.raises(ValueError, match=f"got {role}"):
        report(evaluation(), evaluation(role=role))


def test_a_category_without_an_item_is_refused() -> None:
    only = Evaluation(role="diagnose", round=0, model="base", samples=(sample("a"),))
    with pytest.raises(ValueError, match="no item of low, other"):
        report(only)


def test_tags_are_counted_within_each_tier_too() -> None:
    now = evaluation(
        sample("1", tier="simple", tags=("loops",)),
        sample("2", tier="moderate", tags=("loops",), reason="error"),
        sample("3", tier="moderate", tags=("loops",), reason="format"),
        sample("4", tier="moderate", tags=("loops",), reason="error"),
    )
    found = report(now).category("high").slices
    within = [(s.tier, s.name, s.passed, s.total) for s in found if s.by == "both"]
    assert within == [("moderate", "loops", 0, 3), ("simple", "loops", 1, 1)]
    (moderate,) = (s for s in found if s.name == "moderate")
    assert moderate.failures == {"error": 2, "format": 1}


def test_a_tag_that_could_be_a_text_is_not_counted() -> None:
    now = evaluation(sample("1", tags=("short", "x" * 41, "two\nlines"), reason="error"))
    named = {s.name for s in report(now).category("high").slices if s.by == "tag"}
    assert named == {"short"}


def rounds(*passed: int, total: int = 20) -> list[Evaluation]:
    """Rounds in which the first so many of `high` passed."""
    return [
        evaluation(*results(right, total - right), round_=number)
        for number, right in enumerate(passed)
    ]


def test_the_best_earlier_round_is_compared_with_beside_the_last() -> None:
    *before, now = rounds(4, 18, 9, 8)
    weak = report(now, *before).category("high")
    assert (weak.change and weak.change.worse, weak.regressed) == (1, False)
    best = weak.since_best
    assert best is not None
    assert (best.round, best.rounds, best.worse, best.better) == (1, 3, 10, 0)
    assert weak.below_best


def test_having_chosen_the_best_of_many_rounds_is_paid_for() -> None:
    # 8 lost and none won is p = 0.008: enough for 3 categories, not for the best of 6 rounds.
    one = report(*reversed(rounds(18, 10))).category("high")
    many = rounds(18, 17, 17, 17, 17, 17, 10)
    assert one.below_best
    assert not report(many[-1], *many[:-1]).category("high").below_best


def test_what_is_undecided_says_how_many_more_items_would_decide_it() -> None:
    weak = report(evaluation(*results(35, 5), *results(2, 38, "low")))
    high, low = weak.category("high"), weak.category("low")
    assert (high.verdict, high.to_decide) == ("undecided", 118)
    assert (low.verdict, low.to_decide) == ("not met", None)


def weighted(high: int, low: int, other: int, number: int) -> Evaluation:
    """Rounds of 30, 10 and 10 items."""
    rows = [("high", high, 30), ("low", low, 10), ("other", other, 10)]
    samples = [each for name, right, n in rows for each in results(right, n - right, name)]
    return evaluation(*samples, round_=number)


def test_the_weighted_score_is_compared_with_the_last_round_by_production() -> None:
    before, now = weighted(10, 5, 5, 1), weighted(20, 5, 2, 2)
    change = report(now, before).weighted_change
    assert change is not None
    assert change.mean == pytest.approx(0.6 * 10 / 30 - 0.2 * 3 / 10)
    assert change.mean == pytest.approx(report(now).weighted - report(before).weighted)
    assert change.low < change.mean < change.high


def test_there_is_no_interval_of_a_change_on_a_few_items_or_on_others() -> None:
    few = [evaluation(*results(right, 10 - right), round_=n) for n, right in enumerate((2, 8))]
    assert report(few[1], few[0]).weighted_change is None
    assert report(weighted(9, 5, 5, 1)).weighted_change is None
    assert report(weighted(9, 5, 5, 1), few[0]).weighted_change is None


def test_every_failure_has_one_cause_and_every_cause_one_proposal() -> None:
    kinds: list[Reason] = ["format", "wrong_answer", "passed", "truncated", "timeout", "ungraded"]
    now = evaluation(*(sample(str(i), reason=kind) for i, kind in enumerate(kinds)))
    weak = report(now).category("high")
    assert sorted(id_ for cause in weak.causes for id_ in cause.ids) == ["0", "1", "3", "4", "5"]
    told = {cause.code: (cause.count, cause.signs) for cause in weak.causes}
    assert told["ran_on"] == (1, {"limit_reached": 1})
    assert told["missing_skill"] == (2, {"wrong_answer": 1, "timeout": 1})
    assert [p.cause for p in weak.proposals] == [cause.code for cause in weak.causes]
    assert len({p.kind for p in weak.proposals}) == 4
    assert weak.fixable == pytest.approx(0.8)


def test_want_of_training_is_no_matter_where_the_target_is_reached() -> None:
    trained = tuple(
        Example(instruction=f"row {number}", output="o", category="high") for number in range(60)
    )
    adapter = Adapter(folder="a", sha256="", base="b", examples=60, steps=1, tokens=1)

    def cause(right: int) -> str:
        before, now = rounds(right, right)
        items = tuple(item(s.example_id, s.category) for s in now.samples)
        mixture = Mixture(examples=trained, new=60)
        given = ((before, now), items, mixture, adapter, TAXONOMY, WEIGHTS)
        report = diagnose(*given, stopping=StoppingSection(), probes=PROBES)
        return report.category("high").causes[0].code

    assert (cause(10), cause(18)) == ("underfit", "missing_skill")


def test_items_to_review_are_named_and_no_others() -> None:
    now = evaluation(sample("bad", reason="ungraded"), sample("wrong", reason="wrong_answer"))
    assert report(now).to_review == ("bad",)


def test_items_in_doubt_make_no_slice_weak() -> None:
    doubtful = [sample(f"d{i}", tags=("odd",), reason="ungraded") for i in range(6)]
    fine = [sample(f"f{i}", tags=("even",)) for i in range(30)]
    assert report(evaluation(*doubtful, *fine)).category("high").weak == ()
    failed = [s.model_copy(update={"grade": fail()}) for s in doubtful]
    (part,) = report(evaluation(*failed, *fine)).category("high").weak
    assert part.sentence == "items about odd: 0 of 6 pass against 30 of 30 elsewhere"


def fail() -> Grade:
    return Grade(score=0, passed=False, reason="wrong_answer")


def row(text: str) -> Example:
    return Example(instruction=text, output="o", category="high")


def test_nearest_training_returns_training_rows_nearest_to_most_failures() -> None:
    training = [row("paint the wall"), row("sort a list of words"), row("sum all the numbers")]
    failed = [row("sort a list"), row("sort words"), row("sum numbers")]
    assert nearest_training(failed, training, 2) == (training[1], training[2])


def test_nearest_training_never_returns_a_failed_row() -> None:
    failed = [row("sort a list"), row("sort words")]
    assert nearest_training(failed, [row("unlike")], 5) == (row("unlike"),)
    assert nearest_training(failed, [], 5) == ()


def test_nearest_training_without_failures_takes_the_first_rows() -> None:
    training = [row("one"), row("two"), row("three")]
    assert nearest_training([], training, 2) == (training[0], training[1])
