"""What review changes around it: the mixture, curation of what a person passed, pages, holdout."""

import json
from pathlib import Path

from loop.curate import Curator, overruled
from loop.fulfil import grow
from loop.recipe import CategorySection, CurationSection
from loop.records import CategoryWeakness, Mixture, Proposal, Weakness
from loop.report.review import review_lines, review_section
from loop.review import doubted_items
from tests.reviewing import Desk, batch, example, set_aside
from tests.test_review import held_back, reviewed_after

ADDING = CategorySection(name="adding", weight=1, target=0.5, format="text")


def test_what_was_taken_out_is_in_the_next_mixture_neither_as_old_nor_as_new() -> None:
    old, new = batch(1, 3).accepted, batch(2, 3).accepted
    out = (old[0].id, new[1].id)
    grown = grow(Mixture(examples=old, new=3), new, out)
    assert grown.examples == (old[1], old[2], new[0], new[2])
    assert grown.new == 2


def curator(section: CurationSection, holdout: tuple[str, ...] = ()) -> Curator:
    held = tuple(example(text, output="held out") for text in holdout)
    return Curator((), held, (ADDING,), section, {}, lambda rows: [1] * len(rows), {}, 0)


SECRET = "Write to anna.smith@company-mail.org about the report of the third quarter, please."


def test_a_row_that_a_person_passed_is_not_set_aside_again() -> None:
    section = CurationSection(actions={"personal_data": "review"})
    row = (example(SECRET),)
    (aside,) = curator(section)(row).rejected
    assert (aside.reason, aside.review) == ("personal_data", True)
    assert len(curator(overruled(section))(row).kept) == 1


def test_no_person_passes_a_row_of_the_holdout() -> None:
    section = CurationSection(actions={"holdout_overlap": "review"})
    row = (example(SECRET),)
    (refused,) = curator(overruled(section), holdout=(SECRET,))(row).rejected
    assert refused.reason == "holdout_overlap"


def test_no_person_passes_a_row_without_a_category() -> None:
    assert overruled(CurationSection()).actions.get("unassigned") is None


def test_a_reviewed_round_says_how_wrong_each_batch_may_be(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.1)
    _, reviewed = held_back(desk)
    page = "\n".join(review_section(reviewed))
    (only,) = reviewed.latest
    asked = only.asked
    assert f"| 1 | model | 40 | {asked}/{asked} | 3/{asked} |" in page
    assert "✗ **held back**" in page
    assert "Verdicts in force: accept" in page
    assert review_lines(reviewed)[0] == (
        f"round 01 | review   | model: {asked}/{asked} reviewed, 3 wrong, at most {only.at_most} "
        "of 40 at 95%, held back"
    )


def test_a_batch_that_nobody_looked_at_is_said_to_be_not_reviewed(tmp_path: Path) -> None:
    reviewed = Desk(tmp_path, wait=False).review(batch(1, 40))
    page = "\n".join(review_section(reviewed))
    assert "? not reviewed" in page
    assert review_lines(reviewed)[0].endswith("not reviewed")


def test_a_reviewers_name_cannot_bring_markup_into_the_page(tmp_path: Path) -> None:
    delivered = batch(1, 4, aside=[set_aside("bad")])
    reviewed = reviewed_after(Desk(tmp_path), delivered)
    hostile = "<script>|[x](http://y)"
    fates = tuple(fate.model_copy(update={"author": hostile}) for fate in reviewed.fates)
    page = "\n".join(review_section(reviewed.model_copy(update={"fates": fates})))
    assert "<script>" not in page
    assert "\\[x\\](http\\://y)" in page
    assert "refused by curation: bad 1" in page


def weakness(number: int, ids: tuple[str, ...]) -> Weakness:
    doubt = Proposal(cause="suspect_label", kind="fix_labels", count=len(ids), text="", ids=ids)
    category = CategoryWeakness(
        category="adding",
        weight=1,
        priority=1,
        target=0.5,
        passed=0,
        total=1,
        low=0,
        high=1,
        verdict="undecided",
        proposals=(doubt,),
    )
    return Weakness(round=number, categories=(category,), weighted=0)


def test_doubted_items_are_listed_with_the_rounds_that_doubted_them() -> None:
    items = (example("one"), example("two"), example("three"))
    history = (weakness(0, (items[1].id,)), weakness(1, (items[1].id, items[2].id)))
    rows = [json.loads(row) for row in doubted_items(items, history).splitlines()]
    assert [(row["instruction"], row["doubted_in_rounds"]) for row in rows] == [
        ("two", [0, 1]),
        ("three", [1]),
    ]


def test_nothing_is_listed_where_nothing_is_doubted() -> None:
    assert doubted_items((example("one"),), (weakness(0, ()),)) == ""
