"""Review in the loop itself: it waits with exit code 4, and goes on by what people said."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in path.read_text().splitlines()]


def test_the_loop_waits_for_reviewers_and_trains_on_what_they_passed(tmp_path: Path) -> None:
    run, answers = tmp_path / "run", tmp_path / "answers.jsonl"
    section = "review={kinds: [human], max_error: 0.5, rows: 4}"
    start = ("loop.run", str(ROOT / "recipes/smoke.yaml"), "--run-dir", str(run), "--set", section)
    waits = python(*start)
    assert waits.returncode == 4, waits.stdout + waits.stderr
    assert "4 of 4 rows that are waited for have no verdict" in waits.stderr
    assert "## Asked for" in (run / "round-01/report.md").read_text()
    first, *others = rows(run / "review/open.jsonl")
    wrong = {**first, "verdict": "reject", "reason": "not wanted", "author": "ann"}
    mended = {**others[0], "verdict": "correct", "output": "x y z", "author": "ann"}
    given = [wrong, mended, *({**row, "verdict": "accept"} for row in others[1:])]
    answers.write_text("".join(json.dumps(row) + "\n" for row in given))
    assert python("loop.review", str(run), str(answers)).returncode == 0
    ended = python(*start)
    assert ended.returncode == 3, ended.stdout + ended.stderr
    trained = {row["instruction"]: row["output"] for row in rows(run / "round-02/dataset.jsonl")}
    assert first["instruction"] not in trained
    assert trained[others[0]["instruction"]] == "x y z"
    assert "## Reviewed by people" in (run / "round-01/report.md").read_text()
