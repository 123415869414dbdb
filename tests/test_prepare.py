"""From seed files to a frozen holdout, with a report on what became of the rows."""

import json
import re
from pathlib import Path

import pytest

from loop.judges import JudgeError
from loop.parts import Parts
from loop.prepare import prepare
from loop.recipe import load_recipe
from loop.rundir import RunDirectory, artefacts

ROOT = Path(__file__).parent.parent
FACTS = {"loop": "test"}
JUDGE = """
import json
import threading
from loop.judges import JudgeError

class Tiring:
    name, parallel = "tiring", 3

    def __init__(self, options, seed):
        self.left, self.lock = options["most"], threading.Lock()

    def ask(self, prompt, schema):
        with self.lock:
            if not self.left:
                raise JudgeError("gone")
            self.left -= 1
        score = 1 + len(prompt) % 5
        return json.dumps({"reason": "So.", **dict.fromkeys(schema["required"][1:], score)})
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """The smoke recipe, every row marked by a word of its own, and some rows copied."""
    (tmp_path / "smoke").mkdir()
    for name in ("__init__.py", "teacher.py"):
        (tmp_path / "smoke" / name).write_text((ROOT / "recipes/smoke" / name).read_text())
    rows = [json.loads(line) for line in (ROOT / "recipes/smoke/seed.jsonl").open()]
    for number, row in enumerate(rows):
        row["instruction"] += f" canary{number:04d}x"
    rows += [{**row, "output": "I'm sorry, but I cannot help with that."} for row in rows[::2]]
    rows += [{**row, "category": "unknown"} for row in rows[:20]] + rows[1::3]
    lines = [json.dumps(row) for row in rows] + ['{"instruction": "canary0003x', "7"]
    (tmp_path / "smoke/seed.jsonl").write_text("\n".join(lines) + "\n")
    path = tmp_path / "smoke.yaml"
    path.write_text((ROOT / "recipes/smoke.yaml").read_text())
    return path


def prepared(path: Path, run: Path, *keys: str) -> Path:
    recipe = load_recipe(path, keys)
    with RunDirectory(run) as directory:
        directory.begin(recipe, FACTS)
        prepare(directory, Parts(recipe, path.parent, run))
    return run


def words(text: str) -> set[str]:
    return set(re.findall(r"canary\d{4}x", text))


def test_the_report_counts_every_row_and_shows_none_that_is_held_out(
    recipe: Path, tmp_path: Path
) -> None:
    run = prepared(recipe, tmp_path / "run")
    roles = ("diagnose", "gate", "final")
    held = set().union(*(words((run / f"holdout/{role}.jsonl").read_text()) for role in roles))
    pages = {name: (run / f"seed/report.{name}").read_text() for name in ("md", "html", "json")}
    report = json.loads(pages["json"])
    counts = report["whole"]
    assert counts["received"] == len((recipe.parent / "smoke/seed.jsonl").read_text().splitlines())
    assert set(counts["rejected"]) >= {"refusal", "exact_duplicate", "bad_json"}
    assert held
    for text in pages.values():
        assert words(text), "the search itself works: rows of the training side are shown"
        assert not words(text) & held


def test_a_run_goes_on_with_the_same_report(recipe: Path, tmp_path: Path) -> None:
    run = prepared(recipe, tmp_path / "run")
    before = artefacts(run)
    (run / "seed/report.md").unlink()
    prepared(recipe, run)
    assert artefacts(run) == before


def test_a_judge_that_fails_again_and_again_is_never_asked_twice(
    recipe: Path, tmp_path: Path
) -> None:
    (recipe.parent / "tiring.py").write_text(JUDGE)

    def keys(most: int) -> tuple[str, ...]:
        quality = ("judge=tiring:Tiring", f"options={{most: {most}}}", "repeats=1", "below=flag")
        return tuple(f"curation.quality.{key}" for key in quality)

    whole = prepared(recipe, tmp_path / "whole", *keys(100_000))
    kept = "replies/judge/quality.jsonl"
    rows = len((whole / kept).read_text().splitlines())
    cut, failed = tmp_path / "cut", 0
    for _ in range(5):
        try:
            prepared(recipe, cut, *keys(-(-rows // 3)))
        except JudgeError:
            failed += 1
    assert failed == 2
    keys_kept = [json.loads(line)["key"] for line in (cut / kept).read_text().splitlines()]
    assert len(keys_kept) == len(set(keys_kept)) == rows
    notes = json.loads((cut / "seed/report.json").read_text())["notes"]
    assert f"tiring judged {rows} rows" in " ".join(notes)
