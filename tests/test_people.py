"""People as a source: what they are asked, what they may hand in, and what it costs."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loop.budget import OverBudget, Purse, Unpriced
from loop.example import Example
from loop.fulfil import Delivery, Situation, Waiting, Want
from loop.fulfil.__main__ import main
from loop.fulfil.people import People, waiting
from loop.ledger import Ledger
from loop.recipe import BudgetSection, PeopleSource
from loop.records import Exemplar, Rejected, RequestItem
from loop.rundir import RunDirectory

HOSTILE = "</text> ``` <script>alert(1)</script> [x](javascript:1)\n# heading"
ITEM = RequestItem(
    id="r01-001",
    category="adding",
    description=HOSTILE,
    tier="complex",
    tags=("carry",),
    count=3,
    format="text",
    failures=("format",),
    exemplars=(Exemplar(instruction=HOSTILE, input="", output="4"),),
)
NAMES = ("r01-001/people/0-1", "r01-001/people/0-2", "r01-001/people/0-3")


def source(run: Path, **given: Any) -> People:
    ledger = Ledger(run / "ledger.jsonl")
    ledger.append("resume" if ledger.entries else "start")
    purse = Purse(given.pop("limits", None), {}, ledger.account, ledger.write)
    return People(PeopleSource(name="people", **given), run, purse)


def deliver(
    run: Path, count: int = 3, attempt: int = 0, rejected: tuple[Rejected, ...] = (), **given: Any
) -> tuple[list[Delivery], str]:
    """What came, and what is waited for."""
    situation = Situation(1, (), (), (), (), rejected)
    came: list[Delivery] = []
    stream = source(run, **given).deliver([Want(ITEM, count)], attempt, situation)
    try:
        for each in stream:
            came.append(each)
    except Waiting as error:
        assert error.exit_code == 4
        return came, str(error)
    return came, ""


def rows(run: Path) -> list[dict[str, Any]]:
    text = (run / "people/people/open.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def filled(name: str, **given: Any) -> dict[str, Any]:
    fields = {"instruction": f"Add {name}.", "output": "4", "author": "ann", "minutes": 2.5}
    return {"id": name, **fields, **given}


def hand_in(run: Path, *given: Any, more: tuple[str, ...] = ()) -> int:
    path = run / "in.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row) for row in given]
    path.write_text("".join(f"{line}\n" for line in lines))
    return main([str(run), str(path), *more])


def test_what_is_wanted_stands_in_a_brief_and_a_sheet(tmp_path: Path) -> None:
    came, told = deliver(tmp_path)
    assert came == []
    assert "3 of 3 examples are not there" in told
    assert f"python -m loop.fulfil {tmp_path} ANSWERS" in told
    assert [row["id"] for row in rows(tmp_path)] == list(NAMES)
    assert {row["category"] for row in rows(tmp_path)} == {"adding"}
    brief = (tmp_path / "people/people/brief.md").read_text()
    assert "## r01-001: 3 open" in brief
    assert "Mistakes that the model makes now: format" in brief
    assert waiting(tmp_path) == "waiting for people: 3 of 3 examples of people"


def test_text_of_others_stands_as_code_in_the_brief(tmp_path: Path) -> None:
    deliver(tmp_path)
    lines = (tmp_path / "people/people/brief.md").read_text().splitlines()
    inside = False
    for line in lines:
        if line.startswith("````"):
            inside = not inside
        elif "<script>" in line and not inside:
            assert line.startswith("- What it is: ````")
        elif not inside:
            assert line != "# heading"
    assert not inside


def test_part_deliveries_count_and_the_rest_is_waited_for(tmp_path: Path) -> None:
    deliver(tmp_path)
    assert hand_in(tmp_path, filled(NAMES[1])) == 0
    came, told = deliver(tmp_path)
    assert [(each.id, each.item, each.source) for each in came] == [("0-2", "r01-001", "human:ann")]
    assert (came[0].seconds, came[0].author) == (150.0, "ann")
    assert "2 of 3 examples are not there" in told
    assert [row["id"] for row in rows(tmp_path)] == [NAMES[0], NAMES[2]]


def test_the_sheet_itself_filled_in_is_taken(tmp_path: Path) -> None:
    deliver(tmp_path)
    sheet = [{**row, "instruction": row["id"], "output": "4"} for row in rows(tmp_path)]
    assert hand_in(tmp_path, *sheet, more=("--author", "bob")) == 0
    came, told = deliver(tmp_path)
    assert told == ""
    assert [each.source for each in came] == ["human:bob"] * 3
    assert Example.model_validate({"category": "a", **came[0].raw}).output == "4"


def annotated(name: str, value: Any = None, lead: Any = 1) -> dict[str, Any]:
    """A task of Label Studio with one answer."""
    parts = [{"from_name": "output", "value": value or {"text": ["4"]}}, 5]
    parts.append({"from_name": "instruction", "value": {"text": ["Add."]}})
    return {"data": {"id": name}, "annotations": [{"result": parts, "lead_time": lead}]}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{", "in.jsonl:2: "),
        ('"text"', "a str, where an object"),
        (filled("r01-009/people/0-1"), "use the id of a line of open.jsonl"),
        (filled(NAMES[0], output=""), "output is empty; write the answer"),
        (filled(NAMES[0], instruction=""), "instruction: Field required"),
        (filled(NAMES[0], output=3), "output: Input should be a valid string"),
        (filled(NAMES[0], checks="x"), "checks: Input should be a valid dictionary"),
        (filled(NAMES[0], quality={"checks": 1}), "no field is called 'quality'"),
        (filled(NAMES[0], minutes=-1), "minutes is -1; write a number from 0 to 10000"),
        (filled(NAMES[0], minutes=float("nan")), "minutes is nan"),
        (filled(NAMES[0], minutes=10**400), "minutes is 1000"),
        (filled(NAMES[0], output=" \n"), "output is empty; write the answer"),
        (filled(NAMES[0], checks={"most": float("inf")}), "a field cannot be written as JSON"),
        (filled(NAMES[0], checks=json.loads('{"a":' * 400 + "1" + "}" * 400)), "in.jsonl:2: "),
        ({"data": {"id": NAMES[0]}, "annotations": 5}, "annotations is no list"),
        (annotated(NAMES[0], value={"text": [5]}), "output: Input should be a valid string"),
        (annotated(NAMES[0], lead=10**400), "in.jsonl:2: "),
        ({"id": NAMES[0], "responses": 5}, "responses is no object"),
        (filled(NAMES[0], author="a\nb"), "author is 'a\\nb'; write a name"),
        (filled(NAMES[0], output="\ud800"), "a character is no Unicode"),
        ("[" * 100_000, "in.jsonl:2: "),
    ],
)
def test_a_row_that_is_wrong_is_named_and_kept_and_takes_nothing_from_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: Any, told: str
) -> None:
    deliver(tmp_path)
    assert hand_in(tmp_path, filled(NAMES[1]), row, filled(NAMES[2])) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert "2 examples taken" in shown.out
    (refused,) = (tmp_path / "people/people/refused.jsonl").read_text().splitlines()
    assert told in json.loads(refused)["problem"]
    assert [each.id for each in deliver(tmp_path)[0]] == ["0-2", "0-3"]


def test_the_same_file_again_changes_nothing_and_a_second_answer_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(tmp_path)
    hand_in(tmp_path, filled(NAMES[0]))
    before = (tmp_path / "people/people/answers.jsonl").read_bytes()
    assert hand_in(tmp_path, filled(NAMES[0])) == 0
    assert "0 examples taken, 1 known already" in capsys.readouterr().out
    assert hand_in(tmp_path, filled(NAMES[0], output="5")) == 2
    assert "was handed in already, otherwise" in capsys.readouterr().err
    assert (tmp_path / "people/people/answers.jsonl").read_bytes() == before


def test_a_row_that_is_wrong_is_kept_once_and_can_be_corrected(tmp_path: Path) -> None:
    deliver(tmp_path)
    for _ in range(2):
        assert hand_in(tmp_path, filled(NAMES[0], output="")) == 2
    assert len((tmp_path / "people/people/refused.jsonl").read_text().splitlines()) == 1
    assert hand_in(tmp_path, filled(NAMES[0])) == 0
    assert [each.id for each in deliver(tmp_path)[0]] == ["0-1"]


def test_while_the_loop_works_on_the_run_nothing_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(tmp_path)
    with RunDirectory(tmp_path):
        assert hand_in(tmp_path, filled(NAMES[0])) == 2
        assert "the loop works on this run; nothing was taken" in capsys.readouterr().err
        assert main([str(tmp_path)]) == 0
    assert "r01-001 adding, complex: 3 open" in capsys.readouterr().out
    assert hand_in(tmp_path, filled(NAMES[0])) == 0


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    deliver(tmp_path)
    path = tmp_path / "in.json"
    path.write_text(json.dumps([filled(NAMES[0])]), encoding="utf-8-sig")
    assert main([str(tmp_path), str(path)]) == 0
    assert [each.id for each in deliver(tmp_path)[0]] == ["0-1"]


def test_a_torn_last_line_is_cut_off_and_a_damaged_one_is_an_error(tmp_path: Path) -> None:
    deliver(tmp_path)
    hand_in(tmp_path, filled(NAMES[0]))
    journal = tmp_path / "people/people/answers.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"slot": "r01')
    assert [each.id for each in deliver(tmp_path)[0]] == ["0-1"]
    assert hand_in(tmp_path, filled(NAMES[1])) == 0
    assert [each.id for each in deliver(tmp_path)[0]] == ["0-1", "0-2"]
    journal.write_bytes(b"{}\n" + journal.read_bytes())
    assert hand_in(tmp_path, filled(NAMES[2])) == 2


def test_what_was_not_accepted_is_asked_for_again_with_the_reason(tmp_path: Path) -> None:
    deliver(tmp_path, count=1)
    hand_in(tmp_path, filled(NAMES[0]))
    lost = Example(instruction="Add.", output="5", category="adding", origin=NAMES[0])
    reason = Rejected(reason="near_duplicate", detail="0.9", example=lost)
    _, told = deliver(tmp_path, 1, 1, (reason,))
    (row,) = rows(tmp_path)
    assert row["id"] == "r01-001/people/1-1"
    assert row["note"] == f"not accepted: {NAMES[0]}, 'Add.': near_duplicate 0.9"
    assert "1 of 1 examples are not there" in told


def test_people_who_will_deliver_no_more_are_not_waited_for(tmp_path: Path) -> None:
    deliver(tmp_path)
    hand_in(tmp_path, filled(NAMES[0]))
    assert main([str(tmp_path), "--close"]) == 0
    came, told = deliver(tmp_path)
    assert ([each.id for each in came], told) == (["0-1"], "")
    assert waiting(tmp_path) == ""


@pytest.mark.parametrize(
    ("over", "told"),
    [("close", "round 1 was closed with --close"), ("fulfilled", "round 1 has its examples")],
)
def test_what_comes_too_late_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], over: str, told: str
) -> None:
    deliver(tmp_path)
    hand_in(tmp_path, filled(NAMES[0]))
    if over == "close":
        main([str(tmp_path), "--close"])
    else:
        (tmp_path / "round-01").mkdir()
        (tmp_path / "round-01/fulfilment.json").write_text("{}")
    assert waiting(tmp_path) == ""
    assert hand_in(tmp_path, filled(NAMES[0])) == 0
    assert hand_in(tmp_path, filled(NAMES[1])) == 2
    assert told in capsys.readouterr().err


def test_each_delivery_is_paid_once(tmp_path: Path) -> None:
    deliver(tmp_path)
    hand_in(tmp_path, filled(NAMES[0]), filled(NAMES[1], minutes=None))
    given: dict[str, Any] = {"usd_per_example": "12.5", "minutes_per_example": 4}
    for _ in range(2):
        came, _ = deliver(tmp_path, **given)
        assert [each.nano for each in came] == [12_500_000_000] * 2
    account = Ledger(tmp_path / "ledger.jsonl").account
    assert account.spent == 25_000_000_000
    assert account.people_seconds == 150 + 240


@pytest.mark.parametrize(
    "limits", [BudgetSection(usd=Decimal(25)), BudgetSection(people_minutes=9)]
)
def test_nobody_is_asked_for_what_could_not_be_paid(tmp_path: Path, limits: BudgetSection) -> None:
    given: dict[str, Any] = {"usd_per_example": 12, "minutes_per_example": 4, "limits": limits}
    assert "2 of 2 examples are not there" in deliver(tmp_path, **given)[1]
    hand_in(tmp_path, *(filled(row["id"], minutes=4) for row in rows(tmp_path)))
    for _ in range(2):
        with pytest.raises(OverBudget, match="1 more were not asked for"):
            deliver(tmp_path, **given)
    assert len(Ledger(tmp_path / "ledger.jsonl").account.paid) == 2


def test_a_budget_refuses_people_of_whom_no_price_is_known(tmp_path: Path) -> None:
    with pytest.raises(Unpriced, match="usd_per_example"):
        source(tmp_path, limits=BudgetSection(usd=Decimal(5)))


def label_studio(name: str) -> dict[str, Any]:
    def area(field: str, *texts: str) -> dict[str, Any]:
        value = {"text": list(texts)}
        return {"from_name": field, "to_name": "brief", "type": "textarea", "value": value}

    parts = [area("instruction", "Add."), area("output", "4"), area("checks", '{"sum": 4}')]
    done = {"id": 9, "completed_by": {"id": 1, "email": "a@b.c"}, "lead_time": 90.0}
    cancelled = {"result": [area("output", "5")], "was_cancelled": True}
    annotations = [{**done, "result": parts}, cancelled]
    return {"id": 1, "data": {"id": name, "brief": "x"}, "annotations": annotations}


def argilla(name: str) -> dict[str, Any]:
    said = {"instruction": "Add.", "output": "4", "checks": '{"sum": 4}'}
    responses = {key: [{"value": text, "user_id": "u-1"}] for key, text in said.items()}
    return {"id": name, "fields": {"brief": "x"}, "responses": responses, "metadata": {}}


@pytest.mark.parametrize(
    ("export", "author", "seconds"), [(label_studio, "a@b.c", 90.0), (argilla, "u-1", 0.0)]
)
def test_exports_of_labelling_tools_can_be_handed_in(
    tmp_path: Path, export: Any, author: str, seconds: float
) -> None:
    deliver(tmp_path)
    path = tmp_path / "export.json"
    empty = {"id": 2, "data": {"id": NAMES[1]}, "annotations": []}
    path.write_text(json.dumps([export(NAMES[0]), empty], indent=2))
    assert main([str(tmp_path), str(path)]) == 0
    (came,) = deliver(tmp_path)[0]
    assert came.raw == {"instruction": "Add.", "output": "4", "checks": {"sum": 4}}
    assert (came.author, came.seconds) == (author, seconds)


def test_what_nobody_submitted_in_argilla_is_left_open(tmp_path: Path) -> None:
    deliver(tmp_path)
    assert hand_in(tmp_path, {**argilla(NAMES[0]), "status": "pending"}) == 0
    assert deliver(tmp_path)[0] == []


@pytest.mark.parametrize("name", ["label_studio.json", "argilla.json"])
def test_tasks_for_labelling_tools_name_their_slots(tmp_path: Path, name: str) -> None:
    deliver(tmp_path)

    def slot(row: Mapping[str, Any]) -> str:
        return str(row.get("id") or row["data"]["id"])

    tasks = json.loads((tmp_path / "people/people" / name).read_text())
    assert [slot(row) for row in tasks] == list(NAMES)


def test_a_run_that_asks_nobody_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert "nobody is asked for examples" in capsys.readouterr().err
