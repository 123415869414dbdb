import fcntl
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loop.example import Example
from loop.recipe import Recipe
from loop.records import (
    Allocation,
    CategoryWeakness,
    Fulfilment,
    GateRuling,
    Outcome,
    Summary,
    Weakness,
)
from loop.rundir import RunDirectory
from loop.status import describe, main

RECIPE = Recipe.model_validate(
    {
        "name": "tried",
        "seed": {"files": ["seed.jsonl"]},
        "taxonomy": [{"name": "answers", "weight": 1, "target": 0.8, "format": "text"}],
    }
)


def weakness(number: int, passed: int) -> Weakness:
    category = CategoryWeakness(
        category="answers", priority=1, weight=1.0, target=0.8, passed=passed, total=10,
        low=0.1, high=0.9, verdict="undecided",
    )  # fmt: skip
    return Weakness(round=number, categories=(category,), weighted=passed / 10)


def fulfilment(count: int) -> Fulfilment:
    rows = [Example(instruction=f"q{n}", output="a", category="answers") for n in range(count)]
    return Fulfilment(
        round=1,
        accepted=tuple(rows),
        rejected=(),
        received=count,
        requested={"answers": 5},
        shortfall={},
    )


def ruling(look: int) -> GateRuling:
    shared: dict[str, Any] = {"needed": {"answers": 9}, "total": {"answers": 10}}
    return GateRuling(look=look, round=1, alpha=0.03, met={"answers": False}, **shared)


def add(run: Path, step: str, made: Any) -> None:
    with RunDirectory(run) as directory:
        directory.once(step, type(made), lambda: made)


def log(run: Path, *arguments: str, **facts: Any) -> None:
    with RunDirectory(run) as directory:
        directory.ledger.append(*arguments, **facts)


def summarise(run: Path, outcome: Outcome) -> None:
    summary = Summary(
        name="tried",
        outcome=outcome,
        reason="r",
        rounds=1,
        shipped_round=1,
        shipped_by="diagnose",
        adapter="round-01/adapter",
        verdict_rule="bound",
        weakness=(),
        rulings=(),
    )
    (run / "summary.json").write_text(summary.model_dump_json())


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with rounds 0 and 1 measured, killed between two stages."""
    with RunDirectory(tmp_path) as directory:
        directory.begin(RECIPE, {})
        for number, passed in enumerate((2, 7)):
            step = f"round-{number:02d}/weakness"
            directory.once(step, Weakness, weakness, number, passed)
    return tmp_path


def test_every_round_shows_score_target_and_verdict_per_category(run: Path) -> None:
    lines = describe(run).splitlines()
    first, second = (
        lines.index("round 00 | weighted 0.200"),
        lines.index("round 01 | weighted 0.700"),
    )
    assert "0.20 [0.10, 0.90] target 0.80 undecided on diagnose | n=10" in lines[first + 1]
    assert lines[second + 1].split()[:2] == ["answers", "0.70"]


def test_a_held_lock_means_running(run: Path) -> None:
    with RunDirectory(run):
        assert describe(run).splitlines()[0].endswith("running: between stages")


def test_a_running_stage_is_named(run: Path) -> None:
    with RunDirectory(run) as directory:
        directory.ledger.append("stage_start", "round-02/adapter")
        assert "running: round-02/adapter" in describe(run)


def test_two_people_may_ask_at_once(run: Path) -> None:
    with (run / "lock").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert "running" not in describe(run)


def test_a_run_killed_between_stages_is_interrupted_and_not_stopped(run: Path) -> None:
    lines = describe(run).splitlines()
    assert lines[0].endswith("interrupted: between stages")
    assert lines[-1] == "next: run the same command again; it goes on from here"


def test_an_unfinished_stage_is_named(run: Path) -> None:
    log(run, "stage_start", "round-02/adapter")
    assert "interrupted: round-02/adapter" in describe(run)


def test_a_stage_whose_record_is_there_is_not_open(run: Path) -> None:
    log(run, "stage_start", "round-01/weakness")
    assert "interrupted: between stages" in describe(run)


def test_a_run_that_stopped_short_says_how_to_go_on(run: Path) -> None:
    summarise(run, "plateau")
    lines = describe(run).splitlines()
    assert lines[0].endswith("stopped short: plateau")
    assert "--set stopping" in lines[-1]
    assert "--finish" in lines[-1]


def test_a_closed_run_says_what_to_ship(run: Path) -> None:
    summarise(run, "met")
    log(run, "closed", "summary")
    lines = describe(run).splitlines()
    assert lines[0].endswith("closed: met")
    assert lines[-1].endswith(f"ship {run / 'round-01/adapter'}")


@pytest.mark.parametrize("step", ["round-01/allocation", "round-02/mixture"])
def test_a_summary_is_stale_once_the_run_went_on(run: Path, step: str) -> None:
    summarise(run, "rounds")
    add(run, step, Allocation(doses={"answers": 5}, why={}))
    assert "interrupted: between stages" in describe(run)


def test_a_request_that_brought_nothing_leaves_the_run_stopped(run: Path) -> None:
    add(run, "round-01/allocation", Allocation(doses={"answers": 5}, why={}))
    add(run, "round-01/fulfilment", fulfilment(0))
    summarise(run, "budget")
    assert "stopped short: budget" in describe(run)


def test_a_summary_is_stale_once_final_was_scored(run: Path) -> None:
    summarise(run, "plateau")
    add(run, "final/evaluation", weakness(1, 1))
    assert "interrupted: between stages" in describe(run)


def test_only_accepted_examples_of_complete_steps_are_counted(run: Path) -> None:
    add(run, "round-01/fulfilment", fulfilment(2))
    (run / "round-02").mkdir()
    (run / "round-02/accepted.jsonl").write_text('{"category": "answers"}\n')
    assert "examples accepted: 2 (answers 2)" in describe(run)


def test_a_look_spends_its_error_before_it_is_ruled(run: Path) -> None:
    log(run, "look", "round-01/gate", detail="look 1 spends 0.0304")
    add(run, "round-01/gate", ruling(1))
    log(run, "look", "round-02/gate", detail="look 2 spends 0.0076")
    text = describe(run)
    assert "looks at the gate: 2 of 3, error spent 0.0380 of 0.05" in text
    assert "  look 1, round 1: answers fail" in text
    assert "look 2, round" not in text


def test_time_is_added_up_per_stage_over_rounds(run: Path) -> None:
    log(run, "stage_done", "round-01/adapter", seconds=10.0)
    log(run, "stage_done", "round-02/adapter", seconds=110.0)
    line = next(row for row in describe(run).splitlines() if row.startswith("time: "))
    assert line.startswith("time: 2 min 00 s (adapter 2 min 00 s, ")


def test_a_torn_ledger_is_said_and_left_alone(run: Path) -> None:
    with (run / "ledger.jsonl").open("ab") as file:
        file.write(b'{"ev')
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert "a torn last line of 4 bytes" in describe(run)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_names_cannot_drive_the_terminal(run: Path) -> None:
    add(run, "round-01/gate", ruling(1).model_copy(update={"met": {"a\x1b[2J": True}}))
    log(run, "look", "round-01/gate", detail="look 1")
    log(run, "stage_start", "round-09/\x1b[2J")
    assert "\x1b" not in describe(run)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("ledger.jsonl", "rubbish\n{}\n"),
        ("ledger.jsonl", "[]\n"),
        ("round-01/weakness.json", "{"),
        ("round-01/weakness.json", "[]"),
        ("summary.json", json.dumps({"name": "x"})),
    ],
)
def test_a_damaged_file_is_named_and_exits_2(
    run: Path, file: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / file).write_text(text)
    assert main([str(run)]) == 2
    assert file in capsys.readouterr().err


def test_a_folder_that_is_no_run_exits_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "is no run directory" in capsys.readouterr().err


def test_an_empty_ledger_is_described(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").touch()
    assert "examples accepted: 0" in describe(tmp_path)


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\nfrom loop.status import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(sorted({'torch', 'pydantic', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
