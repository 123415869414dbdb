import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from loop.errors import RunDirectoryError
from loop.example import Example
from loop.recipe import Recipe
from loop.records import Curated, Rejected
from loop.rundir import RunDirectory, artefacts

RECIPE = Recipe.model_validate(
    {
        "name": "tried",
        "seed": {"files": ["seed.jsonl"]},
        "taxonomy": [{"name": "answers", "weight": 1, "target": 0.8, "format": "text"}],
    }
)
FACTS = {"loop": "1", "torch": "2"}


def with_keys(**sections: object) -> Recipe:
    fields = RECIPE.model_dump(mode="json")
    for name, section in sections.items():
        assert isinstance(section, dict)
        fields[name] |= section
    return Recipe.model_validate(fields)


def curated(text: str) -> Curated:
    kept = Example(instruction=text, output="b\u2028c", category="answers")
    rejected = Rejected(reason="empty_output", file="seed.jsonl", row=3)
    return Curated(kept=(kept,), rejected=(rejected,), received=2)


def test_a_completed_step_is_read_back_and_not_done_again(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        first = run.once("seed/curation", Curated, curated, "a")
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        second = run.once("seed/curation", Curated, lambda _: pytest.fail("done twice"), "a")
    assert second == first
    assert second.digest == first.digest


def test_lines_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        run.once("seed/curation", Curated, curated, "a")
    rows = (tmp_path / "seed/kept.jsonl").read_text(encoding="utf-8").split("\n")
    assert json.loads(rows[0])["instruction"] == "a"
    assert rows[1:] == [""]
    assert "kept" not in json.loads((tmp_path / "seed/curation.json").read_text())


def test_a_record_made_from_other_inputs_is_an_error(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        run.once("seed/curation", Curated, curated, "a")
        with pytest.raises(RunDirectoryError, match="made from other inputs"):
            run.once("seed/curation", Curated, curated, "b")


def test_a_changed_lines_file_is_an_error(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        run.once("seed/curation", Curated, curated, "a")
        with (tmp_path / "seed/kept.jsonl").open("a") as file:
            file.write("{}\n")
        with pytest.raises(RunDirectoryError, match="was changed since it was written"):
            run.once("seed/curation", Curated, curated, "a")


def test_a_step_that_fails_leaves_no_record(tmp_path: Path) -> None:
    def broken(_: str) -> Curated:
        raise OSError("disk")

    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        with pytest.raises(OSError, match="disk"):
            run.once("seed/curation", Curated, broken, "a")
        assert not run.has("seed/curation")


def test_a_changed_key_is_refused_with_both_values_and_both_ways_out(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        with pytest.raises(RunDirectoryError) as caught:
            run.begin(with_keys(training={"epochs": 3.0}), FACTS)
    message = str(caught.value)
    assert "training.epochs: 2.0 → 3.0" in message
    assert "put these keys back" in message
    assert "--run-dir" in message


def test_a_limit_may_be_raised_and_is_logged(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        run.begin(with_keys(stopping={"max_rounds": 9}), FACTS)
        events = [entry for entry in run.ledger.entries if entry["event"] == "raised_limit"]
    assert [entry["detail"] for entry in events] == ["stopping.max_rounds: 6 → 9"]


def test_every_hard_stop_of_the_budget_may_be_raised(tmp_path: Path) -> None:
    low = {"usd": 1, "examples": 1, "hours": 1, "gpu_hours": 1, "people_minutes": 1}
    with RunDirectory(tmp_path) as run:
        run.begin(with_keys(budget=low), FACTS)
        run.begin(with_keys(budget=dict.fromkeys(low, 2)), FACTS)
        run.begin(with_keys(budget=dict.fromkeys(low)), FACTS)
        with pytest.raises(RunDirectoryError, match=r"budget\.examples: None → 3"):
            run.begin(with_keys(budget={"examples": 3}), FACTS)


def test_a_limit_may_not_be_lowered(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        with pytest.raises(RunDirectoryError, match=r"stopping\.max_rounds: 6 → 2"):
            run.begin(with_keys(stopping={"max_rounds": 2}), FACTS)


def test_another_environment_is_refused(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        with pytest.raises(RunDirectoryError, match="torch: 2 → 3"):
            run.begin(RECIPE, FACTS | {"torch": "3"})


def test_a_second_controller_is_refused(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from loop.rundir import RunDirectory\n"
        "with RunDirectory(Path(sys.argv[1])): pass"
    )
    with RunDirectory(tmp_path):
        second = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True
        )
    assert second.returncode != 0
    assert "another process works on this run" in second.stderr


def test_a_torn_last_line_is_repaired_and_said(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(b'{"time": "2026')
    with RunDirectory(tmp_path) as run:
        events = [entry["event"] for entry in run.ledger.entries]
        assert run.ledger.torn_bytes == 14
    assert events == ["start", "repaired"]
    rows = (tmp_path / "ledger.jsonl").read_text().splitlines()
    assert [json.loads(row)["event"] for row in rows] == events


def test_a_damaged_line_before_the_last_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").write_bytes(b"rubbish\n{}\n")
    with (
        pytest.raises(RunDirectoryError, match=r"ledger\.jsonl:1 is not JSON"),
        RunDirectory(tmp_path),
    ):
        pass


def test_a_record_is_on_disk_before_its_rename(tmp_path: Path) -> None:
    """Kill the process inside the write: neither half a record nor a temporary one counts."""
    program = """
import os, sys
from pathlib import Path
import tests.test_rundir as t
from loop.rundir import RunDirectory
from loop.records import Curated

with RunDirectory(Path(sys.argv[1])) as run:
    run.begin(t.RECIPE, t.FACTS)
    synced = []
    real = os.fsync
    def fsync(fd):
        synced.append(os.readlink(f"/proc/self/fd/{fd}"))
        if synced[-1].endswith(".curation.json.tmp"):
            os._exit(9)
        real(fd)
    os.fsync = fsync
    run.once("seed/curation", Curated, t.curated, "a")
"""
    killed = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert killed.returncode == 9
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        assert not run.has("seed/curation")
        run.once("seed/curation", Curated, curated, "a")
    assert "seed/.curation.json.tmp" not in artefacts(tmp_path)


def test_artefacts_leave_out_times(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        run.write_text("report.md", "# A\n## Time per stage\n1 s\n")
        before = artefacts(tmp_path)
        run.write_text("report.md", "# A\n## Time per stage\n2 s\n")
        assert artefacts(tmp_path) == before
        run.write_text("report.md", "# B\n## Time per stage\n2 s\n")
        assert artefacts(tmp_path) != before


def test_artefacts_are_equal_whether_or_not_the_report_has_times(tmp_path: Path) -> None:
    for name, tail in (("timed", "\n\n## Time per stage\n\n| train | 3 s |\n"), ("untimed", "\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.md").write_text(f"# Round 1\n\nScores.{tail}")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "report.md").write_text("# Round 1\n\nOther scores.\n")
    assert artefacts(tmp_path / "timed") == artefacts(tmp_path / "untimed")
    assert artefacts(tmp_path / "timed") != artefacts(tmp_path / "other")


def test_the_time_of_a_step_that_was_interrupted_is_counted(tmp_path: Path) -> None:
    def interrupted() -> Curated:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        run.once("curation", Curated, interrupted)
    with RunDirectory(tmp_path) as run:
        assert run.ledger.steps("stage_cut") == ["curation"]
        assert run.ledger.unfinished is None


def test_the_time_of_a_step_that_was_killed_is_counted_until_its_last_file(tmp_path: Path) -> None:
    with RunDirectory(tmp_path) as run:
        run.begin(RECIPE, FACTS)
        run.ledger.append("stage_start", "round-01/adapter")
        (began,) = [e["time"] for e in run.ledger.entries if e["event"] == "stage_start"]
        checkpoint = tmp_path / "checkpoint"
        checkpoint.write_text("half")
    later = datetime.fromisoformat(began).timestamp() + 90
    os.utime(checkpoint, (later, later))
    for _ in range(2):
        with RunDirectory(tmp_path) as run:
            assert run.ledger.seconds == {"round-01/adapter": 90.0}
