import json
from pathlib import Path

import pytest

from loop.recipe import Recipe
from loop.records import CategoryWeakness, Weakness
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


@pytest.fixture
def run(tmp_path: Path) -> Path:
    with RunDirectory(tmp_path) as directory:
        directory.begin(RECIPE, {})
        for number, passed in enumerate((2, 7)):
            step = f"round-{number:02d}/weakness"
            directory.once(step, Weakness, weakness, number, passed)
    rows = [{"category": "answers"}, {"category": "answers"}]
    (tmp_path / "round-01/accepted.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    return tmp_path


def test_scores_of_every_round_and_what_was_accepted_are_shown(run: Path) -> None:
    text = describe(run)
    assert "0.20 → 0.70  target 0.80  undecided on diagnose" in text
    assert "examples accepted: 2 (answers 2)" in text
    assert "stopped short" in text


def test_a_held_lock_means_running(run: Path) -> None:
    with RunDirectory(run):
        assert "running: between stages" in describe(run)


def test_an_unfinished_stage_means_interrupted(run: Path) -> None:
    with RunDirectory(run) as directory:
        directory.ledger.append("stage_start", "round-02/adapter")
    assert "interrupted: round-02/adapter" in describe(run)
    assert "run the same command again" in describe(run).splitlines()[-1]


def test_a_torn_ledger_is_said_and_left_alone(run: Path) -> None:
    with (run / "ledger.jsonl").open("ab") as file:
        file.write(b'{"ev')
    before = (run / "ledger.jsonl").read_bytes()
    assert "last line is torn" in describe(run)
    assert (run / "ledger.jsonl").read_bytes() == before


def test_looks_and_closing_come_from_the_ledger(run: Path) -> None:
    with RunDirectory(run) as directory:
        directory.ledger.once("look", "round-01/gate", "look 1 spends 0.0304")
        directory.ledger.once("closed", "summary", "done")
    text = describe(run)
    assert "looks at the gate: 1; look 1 spends 0.0304" in text
    assert text.splitlines()[0].endswith("closed")


def test_a_folder_that_is_no_run_exits_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "is no run directory" in capsys.readouterr().err
