"""The human path in the loop: it waits with exit code 4, and goes on by what people bring."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loop.ledger import Ledger

ROOT = Path(__file__).parent.parent
SOURCES = (
    "sources=[{kind: people, name: editors, categories: [parity], usd_per_example: 7, "
    "minutes_per_example: 3}, {kind: pool}]"
)
pytestmark = pytest.mark.slow


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in path.read_text().splitlines()]


def test_the_loop_waits_for_people_takes_parts_and_goes_on(tmp_path: Path) -> None:
    run, answers = tmp_path / "run", tmp_path / "answers.jsonl"
    smoke = (str(ROOT / "recipes/smoke.yaml"), "--run-dir", str(run), "--set", SOURCES)
    waits = python("-m", "loop.run", *smoke)
    assert waits.returncode == 4, waits.stdout + waits.stderr
    assert "examples are not there" in waits.stderr.splitlines()[-1]
    assert "## Asked for" in (run / "round-01/report.md").read_text()
    assert "waiting for people" in python("-m", "loop.status", str(run)).stdout
    sheet = rows(run / "people/editors/open.jsonl")
    assert {row["category"] for row in sheet} == {"parity"}
    given = [
        {**row, "instruction": f"Is {4711 + place} even or odd?", "author": "ann",
         "output": ("odd", "even")[place % 2]}
        for place, row in enumerate(sheet)
    ]  # fmt: skip
    broken = {**given[1], "minutes": "long"}
    answers.write_text(json.dumps(given[0]) + "\n" + json.dumps(broken) + "\n{")
    part = python("-m", "loop.fulfil", str(run), str(answers))
    assert part.returncode == 2
    assert "minutes is 'long'" in part.stderr
    assert ":3: " in part.stderr
    again = python("-m", "loop.run", *smoke)
    assert again.returncode == 4
    assert f"{len(sheet) - 1} of {len(sheet)} examples" in again.stderr
    answers.write_text("".join(json.dumps(row) + "\n" for row in given))
    # Killed while it writes: nothing is lost, and the same file can be handed in again.
    journal = [str(ROOT / "scripts/kill_at.py"), r"editors/answers\.jsonl$", "1"]
    module = ("--module", "loop.fulfil.__main__")
    killed = python(*journal, *module, str(run), str(answers))
    assert killed.returncode == -signal.SIGKILL
    assert python("-m", "loop.fulfil", str(run), str(answers)).returncode == 0
    ended = python("-m", "loop.run", *smoke)
    while ended.returncode == 4:
        # What was refused as a copy is asked for again; the pool gives it instead.
        assert python("-m", "loop.fulfil", str(run), "--close").returncode == 0
        ended = python("-m", "loop.run", *smoke)
    assert ended.returncode == 3, ended.stdout + ended.stderr
    fates = rows(run / "round-01/deliveries.jsonl")
    people = [fate for fate in fates if fate["source"] == "editors"]
    accepted = [fate for fate in people if not fate["reason"]]
    assert len(people) == len(sheet)
    assert accepted
    assert {fate["author"] for fate in people} == {"ann"}
    account = Ledger(run / "ledger.jsonl").account
    assert account.spent == 7_000_000_000 * len(people)
    assert account.people_seconds == 180 * len(people)
    trained = {row["origin"] for row in rows(run / "round-02/dataset.jsonl")}
    assert {fate["id"] for fate in accepted} <= trained
