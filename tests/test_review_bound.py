"""The bound on a batch's error, what the sample is drawn from, and what holds a batch back."""

from collections import Counter
from math import comb
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loop.recipe import ReviewSection
from loop.records import ReviewedBatch, RowVerdict
from loop.review.batches import Batch, batches_of, sample_size
from loop.review.bound import judged
from loop.stats import clopper_pearson, most_wrong, sample_to_prove
from tests.reviewing import batch


def drawn(rows: int, seed: int = 0, section: ReviewSection | None = None, **more: object) -> Batch:
    (only,) = batches_of([batch(1, rows, **more)], section or ReviewSection(), seed)  # type: ignore[arg-type]
    return only


def say(
    one: Batch,
    wrong: int = 0,
    verdict: Literal["accept", "reject", "correct"] = "reject",
    section: ReviewSection | None = None,
    answered: int | None = None,
) -> ReviewedBatch:
    """Judge a batch whose first rows shown are wrong."""
    verdicts = {
        id_: RowVerdict(row=id_, verdict=verdict if place < wrong else "accept")
        for place, id_ in enumerate(list(one.asked)[:answered])
    }
    return judged(one, verdicts, section or ReviewSection())


def chance_of_so_few(wrong: int, sampled: int, size: int, bad: int) -> float:
    fits = (
        comb(bad, k) * comb(size - bad, sampled - k)
        for k in range(wrong + 1)
        if k <= bad and sampled - k <= size - bad
    )
    return sum(fits) / comb(size, sampled)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 30).flatmap(
        lambda size: st.integers(0, size).flatmap(
            lambda n: st.tuples(st.just(size), st.just(n), st.integers(0, n))
        )
    ),
    st.sampled_from([0.01, 0.05, 0.2]),
)
def test_the_bound_is_the_largest_count_that_so_few_wrong_ones_do_not_rule_out(
    counts: tuple[int, int, int], alpha: float
) -> None:
    size, sampled, wrong = counts
    fitting = [
        bad
        for bad in range(wrong, size - sampled + wrong + 1)
        if chance_of_so_few(wrong, sampled, size, bad) > alpha * (1 + 1e-9)
    ]
    assert most_wrong(wrong, sampled, size, alpha) == max(fitting)


def test_a_chance_of_just_alpha_rules_a_count_out() -> None:
    # 3 of 6 wrong show none in a sample of 3 with a chance of 1/20.
    assert most_wrong(0, 3, 6, 1 / 20) == 2


def test_of_a_large_batch_the_bound_is_clopper_and_pearsons() -> None:
    share = most_wrong(3, 100, 1_000_000, 0.05) / 1_000_000
    assert share == pytest.approx(clopper_pearson(3, 100, 0.90)[1], abs=1e-4)


def test_a_batch_looked_at_whole_is_known() -> None:
    assert most_wrong(2, 40, 40, 0.05) == 2
    assert most_wrong(0, 0, 40, 0.05) == 40
    assert most_wrong(0, 0, 0, 0.05) == 0


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="5 wrong of 4"):
        most_wrong(5, 4, 10, 0.05)


@pytest.mark.parametrize("size", [1, 7, 40, 200, 5000])
def test_the_sample_proves_what_is_wanted_and_one_row_less_does_not(size: int) -> None:
    rows = sample_to_prove(size, 0.05, 0.05)
    assert most_wrong(0, rows, size, 0.05) <= 0.05 * size
    assert most_wrong(0, rows - 1, size, 0.05) > 0.05 * size


def test_more_rows_are_drawn_where_the_recipe_says_so() -> None:
    assert sample_size(200, ReviewSection()) == sample_to_prove(200, 0.05, 1 - 0.95)
    assert sample_size(200, ReviewSection(rows=100)) == 100
    assert sample_size(200, ReviewSection(share=0.75)) == 150
    assert sample_size(20, ReviewSection(rows=100)) == 20
    assert sample_size(200, ReviewSection(max_error=1)) == 0


def test_every_row_is_as_likely_to_be_drawn_wherever_it_stands() -> None:
    section = ReviewSection(max_error=0.5, rows=10)
    counts: Counter[str] = Counter()
    for seed in range(400):
        one = drawn(40, seed, section)
        counts.update(one.rows[id_].example.instruction for id_ in one.asked)
    # 100 expected of each, with a standard deviation of 8.7.
    assert len(counts) == 40
    assert all(60 <= count <= 140 for count in counts.values())


def test_a_stratum_that_the_sample_missed_gives_one_row_that_the_bound_does_not_count() -> None:
    section = ReviewSection(max_error=1)
    one = drawn(30, section=section, ways=("new", "evolve", "snippet"))
    assert Counter(one.asked.values()) == {"stratum": 3}
    assert {one.rows[id_].way for id_ in one.asked} == {"new", "evolve", "snippet"}
    assert say(one, section=section).sampled == 0


def test_each_source_of_a_round_is_a_batch_of_its_own() -> None:
    both = batch(1, 5).model_copy(
        update={
            "accepted": batch(1, 5).accepted + batch(1, 4, source="other").accepted,
            "fates": batch(1, 5).fates + batch(1, 4, source="other").fates,
        }
    )
    found = batches_of([both, batch(2, 3)], ReviewSection(), 0)
    assert [(one.round, one.source, len(one.rows)) for one in found] == [
        (1, "model", 5),
        (1, "other", 4),
        (2, "model", 3),
    ]


def test_rows_of_other_kinds_are_in_no_batch() -> None:
    people = batch(1, 5, source="people")
    human = people.model_copy(
        update={
            "accepted": tuple(
                row.model_copy(update={"source": "human:ann"}) for row in people.accepted
            )
        }
    )
    assert batches_of([human], ReviewSection(), 0) == ()
    assert len(batches_of([human], ReviewSection(kinds=("human",)), 0)) == 1


def test_a_good_batch_passes() -> None:
    figures = say(drawn(200))
    assert figures.at_most <= 10
    assert not figures.held_back


def test_a_batch_that_may_be_too_wrong_is_held_back() -> None:
    figures = say(drawn(200), wrong=1)
    assert figures.at_most > 10
    assert figures.held_back


def test_a_corrected_row_was_wrong() -> None:
    assert say(drawn(200), 1, "correct").at_most == say(drawn(200), 1, "reject").at_most


def test_what_was_rejected_no_longer_counts_among_what_is_left() -> None:
    section = ReviewSection(share=1)
    figures = say(drawn(10, section=section), 4, section=section)
    assert (figures.at_most, figures.left_at_most, figures.held_back) == (4, 0.0, False)


def test_a_row_of_the_sample_without_a_verdict_counts_as_wrong() -> None:
    one = drawn(200)
    whole, part = say(one), say(one, answered=len(one.asked) - 2)
    assert part.at_most == say(one, wrong=2).at_most > whole.at_most
    assert not part.answered_whole


def test_a_batch_is_not_held_back_for_want_of_verdicts() -> None:
    assert not say(drawn(200), answered=0).held_back


def test_a_flagged_row_counts_beside_the_sample() -> None:
    section = ReviewSection(max_error=0.5)
    one = drawn(200, section=section, flags=(7,))
    accepted = {id_: RowVerdict(row=id_, verdict="accept") for id_ in one.asked}
    (flagged,) = [id_ for id_, why in one.asked.items() if why == "flagged"]
    rejected = {**accepted, flagged: RowVerdict(row=flagged, verdict="reject")}
    before, after = judged(one, accepted, section), judged(one, rejected, section)
    assert (after.at_most, after.sampled_wrong) == (before.at_most + 1, 0)


def test_rows_known_to_be_right_bring_the_bound_down() -> None:
    section = ReviewSection(max_error=0.5)
    one = drawn(40, section=section)
    every = {id_: RowVerdict(row=id_, verdict="accept") for id_ in one.rows}
    assert judged(one, every, section).at_most == 0


def test_rows_known_to_be_wrong_beyond_the_sample_bring_it_up() -> None:
    section = ReviewSection(max_error=0.5)
    one = drawn(40, section=section)
    verdicts = {
        id_: RowVerdict(row=id_, verdict="accept" if id_ in one.asked else "reject")
        for id_ in one.rows
    }
    assert judged(one, verdicts, section).at_most == 40 - len(one.asked)


def test_figures_are_told_by_way_and_category() -> None:
    section = ReviewSection(share=1)
    one = drawn(10, section=section, ways=("new", "evolve"))
    strata = say(one, 10, section=section).strata
    assert [(each.way, each.rows, each.reviewed, each.wrong) for each in strata] == [
        ("evolve", 5, 5, 5),
        ("new", 5, 5, 5),
    ]
