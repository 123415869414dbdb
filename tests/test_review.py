"""What the loop waits for, what verdicts change, and that doing it again changes nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from loop.budget import Account, OverBudget, Purse
from loop.errors import Waiting
from loop.example import Example
from loop.ledger import Ledger
from loop.recipe import BudgetSection, ReviewSection
from loop.records import Fulfilment, Mixture, Reviewed, RowVerdict
from loop.review import check_review
from loop.review.journal import keep_verdicts
from tests.reviewing import Desk, batch, set_aside


def texts(rows: Sequence[Example]) -> list[str]:
    return [row.instruction for row in rows]


def reviewed_after(
    desk: Desk, delivered: Fulfilment, says: dict[str, str] | None = None, **more: Any
) -> Reviewed:
    """Review a batch for which the loop waits, with people who decide on every row."""
    with pytest.raises(Waiting):
        desk.review(delivered, **more)
    desk.answer(says)
    return desk.review(delivered, **more)


def test_the_loop_waits_until_the_sample_has_its_verdicts(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.5, rows=5)
    with pytest.raises(Waiting, match="5 of 5 rows that are waited for have no verdict") as caught:
        desk.review(batch(1, 20))
    assert caught.value.exit_code == 4
    desk.answer()
    assert desk.review(batch(1, 20)).latest[0].answered_whole


def test_part_of_the_verdicts_leaves_the_rest_waited_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.5, rows=5)
    with pytest.raises(Waiting):
        desk.review(batch(1, 20))
    first = next(iter(desk.queue))
    keep_verdicts(desk.folder, [RowVerdict(row=first, verdict="accept")])
    with pytest.raises(Waiting, match="4 of 5"):
        desk.review(batch(1, 20))
    assert len((desk.folder / "open.jsonl").read_text().splitlines()) == 4


def test_a_rejected_row_of_the_sample_is_not_trained_on(tmp_path: Path) -> None:
    delivered = batch(1, 10)
    reviewed = reviewed_after(Desk(tmp_path, share=1), delivered, {"1-3": "reject"})
    assert reviewed.removed == (delivered.accepted[3].id,)


def test_a_row_rejected_later_is_taken_out_of_the_next_mixture(tmp_path: Path) -> None:
    desk = Desk(tmp_path, share=1, wait=False)
    first, second = batch(1, 5), batch(2, 5)
    assert not desk.review(first).removed
    desk.answer({"1-3": "reject"}, otherwise="")
    trained = Mixture(examples=first.accepted, new=5)
    assert desk.review(first, second, mixture=trained).removed == (first.accepted[3].id,)


def test_a_row_without_a_verdict_is_trained_on_and_the_batch_not_held_back(tmp_path: Path) -> None:
    reviewed = Desk(tmp_path, wait=False).review(batch(1, 50))
    (only,) = reviewed.latest
    assert (reviewed.removed, only.held_back, only.answered_whole) == ((), False, False)
    assert only.at_most == 50


def test_a_corrected_row_replaces_the_one_that_was_wrong(tmp_path: Path) -> None:
    desk, delivered = Desk(tmp_path, share=1), batch(1, 3)
    reviewed_after(desk, delivered)
    wrong = delivered.accepted[1]
    better = {"instruction": "better"}
    keep_verdicts(
        desk.folder, [RowVerdict(row=wrong.id, verdict="correct", fields=better, author="ann")]
    )
    reviewed = desk.review(delivered)
    assert reviewed.removed == (wrong.id,)
    (added,) = reviewed.added
    assert (added.instruction, added.source, added.origin) == ("better", "human:ann", wrong.origin)
    assert reviewed.latest[0].wrong == 1


def test_a_correction_stands_in_later_rounds(tmp_path: Path) -> None:
    desk, first = Desk(tmp_path, share=1), batch(1, 3)
    reviewed_after(desk, first)
    wrong = first.accepted[1]
    keep_verdicts(
        desk.folder, [RowVerdict(row=wrong.id, verdict="correct", fields={"output": "better"})]
    )
    mended = desk.review(first)
    kept = tuple(row for row in first.accepted if row.id not in mended.removed)
    trained = Mixture(examples=kept + mended.added, new=3)
    again = desk.review(first, batch(2, 0), mixture=trained)
    assert (again.removed, again.added) == ((), ())


def test_a_correction_that_is_taken_back_is_taken_out_again(tmp_path: Path) -> None:
    desk, first = Desk(tmp_path, share=1), batch(1, 3)
    reviewed_after(desk, first)
    wrong = first.accepted[1]
    keep_verdicts(
        desk.folder, [RowVerdict(row=wrong.id, verdict="correct", fields={"output": "better"})]
    )
    mended = desk.review(first)
    kept = tuple(row for row in first.accepted if row.id not in mended.removed)
    trained = Mixture(examples=kept + mended.added, new=3)
    keep_verdicts(desk.folder, [RowVerdict(row=wrong.id, verdict="reject", reason="no")])
    again = desk.review(first, batch(2, 0), mixture=trained)
    assert again.removed == (mended.added[0].id,)
    assert again.added == ()


def test_a_row_set_aside_is_trained_on_once_a_person_accepts_it(tmp_path: Path) -> None:
    reviewed = reviewed_after(Desk(tmp_path), batch(1, 2, aside=[set_aside("doubtful")]))
    assert texts(reviewed.added) == ["doubtful"]


def test_a_row_that_was_rejected_for_good_is_not_in_the_queue(tmp_path: Path) -> None:
    desk = Desk(tmp_path, wait=False)
    lost = set_aside("broken").model_copy(update={"review": False})
    desk.review(batch(1, 1, aside=[lost]))
    assert texts([row.example for row in desk.queue.values()]) == ["1-0"]


def test_a_row_set_aside_is_not_waited_for(tmp_path: Path) -> None:
    delivered = batch(1, 2, aside=[set_aside("doubtful")])
    reviewed = reviewed_after(Desk(tmp_path), delivered, {"doubtful": ""})
    assert (reviewed.added, reviewed.open) == ((), {"set_aside": 1})


def test_what_a_person_accepts_is_still_checked(tmp_path: Path) -> None:
    aside = [set_aside("bad"), set_aside("1-0", output="other")]
    reviewed = reviewed_after(Desk(tmp_path), batch(1, 2, aside=aside))
    assert reviewed.added == ()
    assert [fate.refused for fate in reviewed.fates if fate.why == "set_aside"] == ["bad", "bad"]


def test_rows_of_the_seed_that_were_set_aside_may_come_back_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    aside = (set_aside("from the seed", origin="seed.jsonl:7"),)
    reviewed = reviewed_after(desk, batch(1, 2), aside=aside)
    assert [row.round for row in desk.queue.values() if row.why == "set_aside"] == [0]
    assert texts(reviewed.added) == ["from the seed"]


def test_a_row_that_overlaps_what_is_measured_is_shown_to_nobody(tmp_path: Path) -> None:
    desk = Desk(tmp_path, wait=False)
    desk.touches = lambda rows: [row.instruction == "secret" for row in rows]
    desk.review(batch(1, 1, aside=[set_aside("secret"), set_aside("plain")]))
    files = "".join(path.read_text() for path in desk.folder.iterdir())
    assert "plain" in files
    assert "secret" not in files


def test_every_flagged_row_is_shown(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.5, wait=False)
    desk.review(batch(1, 20, flags=(3, 4, 5)))
    flagged = [row for row in desk.queue.values() if row.why == "flagged"]
    assert texts([row.example for row in flagged]) == ["1-3", "1-4", "1-5"]
    assert flagged[0].finding == "odd: seems odd"


def held_back(desk: Desk) -> tuple[Fulfilment, Reviewed]:
    """A batch of 40 of which the sample shows 3 wrong, with a row beside it that may be used."""
    delivered = batch(1, 40, aside=[set_aside("doubtful")])
    with pytest.raises(Waiting):
        desk.review(delivered)
    sample = [r.example.instruction for r in desk.queue.values() if r.why == "sampled"]
    desk.answer(dict.fromkeys(sample[:3], "reject"))
    return delivered, desk.review(delivered)


def test_a_batch_that_may_be_too_wrong_is_held_back_but_for_accepted_rows(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.1)
    _, reviewed = held_back(desk)
    (only,) = reviewed.latest
    assert only.held_back
    assert len(reviewed.removed) == 40 - (only.sampled - 3)
    assert reviewed.open == {"held_back": 40 - only.sampled}
    assert texts(reviewed.added) == ["doubtful"]


def test_a_held_back_batch_comes_in_once_enough_of_it_was_accepted(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.1)
    delivered, before = held_back(desk)
    kept = tuple(row for row in delivered.accepted if row.id not in before.removed)
    trained = Mixture(examples=kept + before.added, new=len(kept))
    desk.answer({row.example.instruction: "" for row in desk.queue.values() if row.waited_for})
    after = desk.review(delivered, batch(2, 0), mixture=trained)
    assert not after.batches[0].held_back
    assert len(after.added) == 40 - 3 - len(kept)
    assert after.removed == ()


def test_a_row_corrected_while_its_batch_was_held_back_stays_so_afterwards(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.1)
    delivered, before = held_back(desk)
    kept = tuple(row for row in delivered.accepted if row.id not in before.removed)
    trained = Mixture(examples=kept + before.added, new=len(kept))
    desk.answer({row.example.instruction: "" for row in desk.queue.values() if row.waited_for})
    wrong = next(row for row in desk.queue.values() if row.why == "held_back")
    better = {"instruction": "better"}
    keep_verdicts(desk.folder, [RowVerdict(row=wrong.id, verdict="correct", fields=better)])
    after = desk.review(delivered, batch(2, 0), mixture=trained)
    assert not after.batches[0].held_back
    assert "better" in texts(after.added)
    assert wrong.example.instruction not in texts(after.added)


def test_a_round_of_which_nothing_may_be_used_waits_for_the_rest(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.1)
    delivered = batch(1, 40)
    with pytest.raises(Waiting):
        desk.review(delivered)
    desk.answer(otherwise="reject")
    with pytest.raises(Waiting, match="nothing of round 1 may be trained on: of model up to 100%"):
        desk.review(delivered)
    desk.answer(otherwise="reject")
    assert len(desk.review(delivered).removed) == 40


def test_reviewing_again_after_a_kill_gives_the_same_bytes(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    delivered = batch(1, 60, flags=(1,), aside=[set_aside("doubtful")])
    once = reviewed_after(desk, delivered, {"1-3": "reject"})
    queue = (desk.folder / "queue.jsonl").read_bytes()
    assert desk.review(delivered).model_dump_json() == once.model_dump_json()
    assert (desk.folder / "queue.jsonl").read_bytes() == queue


def test_another_seed_draws_another_sample(tmp_path: Path) -> None:
    def drawn(seed: int) -> set[str]:
        desk = Desk(tmp_path / str(seed), wait=False, max_error=0.3)
        desk.review(batch(1, 60), seed=seed)
        return set(desk.queue)

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def paying(usd: float | None = None, **stops: Any) -> tuple[Purse, list[Any]]:
    written: list[Any] = []
    limits = BudgetSection.model_validate({"usd": usd, **stops})
    return Purse(limits, account=Account(), write=written.extend), written


def test_each_verdict_is_paid_once_with_its_minutes(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.5, rows=5, usd_per_row=0.5, minutes_per_row=3)
    desk.purse, written = paying()
    reviewed_after(desk, batch(1, 20))
    desk.review(batch(1, 20))
    assert [(entry["nano"], entry["people_seconds"]) for entry in written] == [
        (500_000_000, 180)
    ] * 5
    assert {entry["role"] for entry in written} == {"reviewer"}


def test_a_kill_between_payment_and_record_pays_nothing_twice(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.5, rows=5, usd_per_row=0.5, minutes_per_row=3)
    spent: list[tuple[int, int]] = []
    for _ in range(2):
        ledger = Ledger(tmp_path / "ledger.jsonl")
        ledger.append("resume" if ledger.entries else "start")
        desk.purse = Purse(BudgetSection(usd=3), account=ledger.account, write=ledger.write)
        if not spent:
            with pytest.raises(Waiting):
                desk.review(batch(1, 20))
            desk.answer()
        desk.review(batch(1, 20))
        spent.append((ledger.account.spent, ledger.account.people_seconds))
    assert spent == [(2_500_000_000, 900)] * 2


def test_another_word_of_the_same_person_is_not_paid_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.5, rows=5, usd_per_row=1)
    desk.purse, written = paying()
    reviewed_after(desk, batch(1, 20))
    desk.answer(otherwise="reject")
    desk.review(batch(1, 20), batch(2, 0))
    assert len(written) == 5


def test_verdicts_beyond_the_budget_are_not_used(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.5, rows=5, usd_per_row=1, wait=False)
    desk.purse, written = paying(usd=3)
    desk.review(batch(1, 20))
    desk.answer(otherwise="reject")
    reviewed = desk.review(batch(1, 20))
    assert (len(reviewed.removed), len(written)) == (3, 3)
    assert "budget.usd" in reviewed.notes[0]


def test_verdicts_beyond_peoples_minutes_are_not_used(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.5, rows=5, minutes_per_row=2, wait=False)
    desk.purse, _ = paying(people_minutes=5)
    desk.review(batch(1, 20))
    desk.answer(otherwise="reject")
    reviewed = desk.review(batch(1, 20))
    assert len(reviewed.removed) == 2
    assert "budget.people_minutes" in reviewed.notes[0]


def test_a_review_that_is_waited_for_and_cannot_be_paid_says_what_to_raise(tmp_path: Path) -> None:
    desk = Desk(tmp_path, max_error=0.5, rows=5, usd_per_row=1)
    desk.purse, _ = paying(usd=3)
    with pytest.raises(OverBudget, match=r"raise budget\.usd"):
        reviewed_after(desk, batch(1, 20))


def test_a_budget_refuses_a_review_that_names_no_price() -> None:
    purse, _ = paying(usd=3)
    with pytest.raises(OverBudget, match=r"review\.usd_per_row"):
        check_review(ReviewSection(), purse)
    check_review(ReviewSection(usd_per_row=0), purse)
