"""What people hand in: taken row by row, kept on disk before the command answers, never twice."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from loop.errors import RunDirectoryError
from loop.records import RowVerdict
from loop.review.__main__ import main
from loop.review.answers import Answers, read_answers
from loop.review.journal import keep_verdicts, read_verdicts
from tests.reviewing import Desk, batch, set_aside


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path, max_error=0.5, rows=4, wait=False)
    made.review(batch(1, 20, aside=[set_aside("doubtful")]))
    return made


def sheet(desk: Desk) -> list[dict[str, Any]]:
    return [json.loads(row) for row in (desk.folder / "open.jsonl").read_text().splitlines()]


def read(desk: Desk, *rows: Any, author: str = "") -> Answers:
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    return read_answers(lines, "answers.jsonl", desk.queue, author)


def hand_in(desk: Desk, *rows: Any, options: tuple[str, ...] = ()) -> int:
    file = desk.folder.parent / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return main([str(desk.folder.parent), str(file), *options])


def test_a_filled_in_row_is_a_verdict(desk: Desk) -> None:
    first = sheet(desk)[0]
    (verdict,) = read(desk, first | {"verdict": "accept", "author": "ann", "minutes": 1.5}).verdicts
    assert verdict == RowVerdict(row=first["id"], verdict="accept", author="ann", seconds=90)


def test_a_correction_is_what_was_changed_in_the_row(desk: Desk) -> None:
    first = sheet(desk)[0]
    mended = first | {"verdict": "correct", "output": "42", "tags": ["sum"], "reason": "off by one"}
    (verdict,) = read(desk, mended).verdicts
    assert verdict.fields == {"output": "42", "tags": ["sum"]}


def test_an_id_and_a_verdict_are_enough(desk: Desk) -> None:
    first = sheet(desk)[0]
    (verdict,) = read(desk, {"id": first["id"], "verdict": "accept"}, author="bea").verdicts
    assert verdict.author == "bea"


def test_a_row_left_empty_stays_open(desk: Desk) -> None:
    answers = read(desk, *sheet(desk))
    assert (answers.verdicts, answers.problems) == ([], [])
    assert answers.undecided == 5


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": "nobody"}, "id is 'nobody'; use the id of a row in the queue"),
        ({"verdict": "fine"}, "verdict is 'fine'; write accept, reject, correct"),
        ({"verdict": "reject"}, "say why in `reason`"),
        ({"verdict": "accept", "output": "x"}, "accepted, but output was changed"),
        ({"verdict": "correct"}, "corrected, but nothing was changed"),
        ({"verdict": "correct", "tier": "hard"}, "tier: Input should be"),
        ({"verdict": "correct", "instruction": ""}, "instruction: String should have"),
        ({"verdict": "correct", "output": "\ud800"}, "is no Unicode"),
        ({"verdict": "accept", "minutes": -1}, "minutes is -1; write a number, 0 or more"),
        ({"verdict": "accept", "minutes": True}, "minutes is True"),
        ({"verdict": "accept", "minutes": float("inf")}, "minutes is inf"),
        ({"verdict": "accept", "author": 3}, "author is 3; write a text"),
        ({"verdict": "accept", "verdit": "x"}, "no field is called 'verdit'"),
    ],
)
def test_a_row_that_is_wrong_is_named_and_the_others_are_taken(
    desk: Desk, change: dict[str, Any], problem: str
) -> None:
    first, second = sheet(desk)[:2]
    answers = read(desk, first | change, second | {"verdict": "accept"})
    assert [verdict.row for verdict in answers.verdicts] == [second["id"]]
    (said,) = answers.problems
    assert said.startswith("answers.jsonl:1: ")
    assert problem in said


@pytest.mark.parametrize("line", [b"{", b"[]", b"\xff", b"[" * 100_000, b"3"])
def test_a_line_that_is_no_row_is_named(desk: Desk, line: bytes) -> None:
    answers = read(desk, line)
    assert len(answers.problems) == 1
    assert answers.problems[0].startswith("answers.jsonl:1: ")


def test_the_same_answers_again_change_nothing(desk: Desk) -> None:
    assert desk.answer() == 5
    before = (desk.folder / "verdicts.jsonl").read_bytes()
    assert desk.answer() == 0
    assert (desk.folder / "verdicts.jsonl").read_bytes() == before


def test_a_change_of_mind_is_kept_and_so_is_changing_back(desk: Desk) -> None:
    desk.answer()
    assert desk.answer(otherwise="reject") == 5
    assert desk.answer() == 5
    assert {verdict.verdict for verdict in read_verdicts(desk.folder)[-5:]} == {"accept"}


def test_a_line_that_a_kill_cut_is_handed_in_again(desk: Desk) -> None:
    desk.answer()
    journal = desk.folder / "verdicts.jsonl"
    journal.write_bytes(journal.read_bytes()[:-7])
    assert len(read_verdicts(desk.folder)) == 4
    assert desk.answer() == 1
    assert len(read_verdicts(desk.folder)) == 5


def test_several_people_may_hand_in_at_once(desk: Desk) -> None:
    def hand_in_as(author: str) -> int:
        verdicts = [RowVerdict(row=id_, verdict="accept", author=author) for id_ in desk.queue]
        return sum(keep_verdicts(desk.folder, [verdict]) for verdict in verdicts)

    with ThreadPoolExecutor(8) as people:
        assert sum(people.map(hand_in_as, "abcdefgh")) == 40
    kept = read_verdicts(desk.folder)
    assert len({(verdict.row, verdict.author) for verdict in kept}) == len(kept) == 40


def test_a_damaged_line_is_an_error_that_names_it(desk: Desk) -> None:
    desk.answer()
    journal = desk.folder / "verdicts.jsonl"
    journal.write_bytes(b"rubbish\n" + journal.read_bytes())
    with pytest.raises(RunDirectoryError, match=r"verdicts\.jsonl:1 is no verdict"):
        keep_verdicts(desk.folder, [])


def test_the_command_takes_good_rows_and_names_bad_ones(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, *_ = sheet(desk)
    bad = second | {"verdict": "reject"}
    code = hand_in(desk, first | {"verdict": "accept"}, bad, options=("--author", "ann"))
    told = capsys.readouterr()
    assert code == 2
    assert "1 verdicts taken, 0 known already, 0 left open, 1 lines wrong" in told.out
    assert f"answers.jsonl:2: {second['id']}: rejected without a reason" in told.err
    assert read_verdicts(desk.folder)[0].author == "ann"
    assert len(sheet(desk)) == 4


def test_the_command_alone_says_what_is_open(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(desk.folder.parent)]) == 0
    assert "open: 4 sampled, 1 set_aside; waited for: 4" in capsys.readouterr().out


def test_a_run_without_a_queue_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "the recipe has no `review` section" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(desk.folder.parent), "nowhere.jsonl"]) == 2
    assert "nowhere.jsonl: cannot be read: No such file" in capsys.readouterr().err
