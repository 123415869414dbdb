"""The loop as a whole, on the smoke recipe: it ends, resumes, keeps its holdout to itself."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loop.rundir import artefacts

ROOT = Path(__file__).parent.parent
SMOKE = ROOT / "recipes" / "smoke.yaml"
pytestmark = pytest.mark.slow


def loop_run(
    *arguments: str, kill: tuple[str, int] | None = None
) -> subprocess.CompletedProcess[str]:
    start = (
        [str(ROOT / "scripts/kill_at.py"), kill[0], str(kill[1])] if kill else ["-m", "loop.run"]
    )
    command = [sys.executable, *start, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("smoke") / "reference"
    done = loop_run(str(SMOKE), "--run-dir", str(run))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "stopped short (rounds)" in done.stdout.splitlines()[-1]
    return run


def test_a_run_leaves_the_files_that_the_readme_names(reference: Path) -> None:
    found = {str(path.relative_to(reference)) for path in reference.rglob("*") if path.is_file()}
    expected = {
        "recipe.yaml",
        "environment.json",
        "ledger.jsonl",
        "timing.json",
        "summary.json",
        "report.md",
        "report.html",
        "scores.svg",
        "holdout/manifest.json",
        "holdout/diagnose.jsonl",
        "holdout/gate.jsonl",
        "holdout/final.jsonl",
        "round-00/evaluation.json",
        "round-00/samples.jsonl",
        "round-01/dataset.jsonl",
        "round-01/weakness.json",
        "round-01/request.json",
        "round-01/accepted.jsonl",
        "round-01/report.md",
        "round-01/curation.md",
        "seed/report.md",
        "round-01/report.html",
        "round-02/adapter/adapter_model.safetensors",
    }
    assert expected <= found


def test_the_holdout_is_stratified_and_of_the_size_asked_for(reference: Path) -> None:
    roles = {
        role: [json.loads(row) for row in (reference / f"holdout/{role}.jsonl").open()]
        for role in ("diagnose", "gate", "final")
    }
    assert {role: len(rows) for role, rows in roles.items()} == {
        "diagnose": 24,
        "gate": 36,
        "final": 24,
    }


def test_round_two_trains_on_round_one_and_what_was_accepted(reference: Path) -> None:
    first = (reference / "round-01/dataset.jsonl").read_text().splitlines()
    second = (reference / "round-02/dataset.jsonl").read_text().splitlines()
    accepted = (reference / "round-01/accepted.jsonl").read_text().splitlines()
    assert len(accepted) == 16
    assert second == first + accepted


def test_a_finished_run_started_again_does_nothing_and_exits_the_same(reference: Path) -> None:
    before = artefacts(reference)
    again = loop_run(str(SMOKE), "--run-dir", str(reference))
    assert again.returncode == 3
    assert artefacts(reference) == before
    events = [json.loads(row)["event"] for row in (reference / "ledger.jsonl").open()]
    assert events[-1] == "resume"


def test_a_changed_recipe_is_refused_on_resume(reference: Path) -> None:
    refused = loop_run(str(SMOKE), "--run-dir", str(reference), "--set", "training.epochs=9")
    assert refused.returncode == 2
    assert "training.epochs: 2.0 → 9.0" in refused.stderr
    assert "Traceback" not in refused.stderr


KILLS = (
    (r"ledger\.jsonl$", 4),
    (r"seed/\.curation\.json\.tmp$", 1),
    (r"round-00/diagnose/answers\.jsonl$", 2),
    (r"checkpoint-\d+/trainer_state\.json", 2),
    (r"round-01/\.evaluation\.json\.tmp$", 1),
    (r"round-02/.*adapter_config\.json", 1),
    (r"round-02/diagnose/answers\.jsonl$", 1),
)
"""Stage boundaries, inside training, inside evaluation."""


def test_a_run_killed_seven_times_ends_like_an_uninterrupted_one(
    reference: Path, tmp_path: Path
) -> None:
    run = tmp_path / "killed"
    for kill in KILLS:
        killed = loop_run(str(SMOKE), "--run-dir", str(run), kill=kill)
        assert killed.returncode == -signal.SIGKILL, (kill, killed.stdout + killed.stderr)
    ended = loop_run(str(SMOKE), "--run-dir", str(run))
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert artefacts(run) == artefacts(reference)


def test_ctrl_c_stops_with_130_and_the_run_goes_on(reference: Path, tmp_path: Path) -> None:
    run = tmp_path / "interrupted"
    command = [sys.executable, "-u", "-m", "loop.run", str(SMOKE), "--run-dir", str(run)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for text in process.stdout:
            if text.startswith("round 00 | evaluate"):
                process.send_signal(signal.SIGINT)
                break
        process.stdout.read()
        message = process.stderr.read()
    assert process.returncode == 130
    assert "the same command goes on from here" in message
    events = [json.loads(row)["event"] for row in (run / "ledger.jsonl").open()]
    assert events[-1] == "interrupted"
    loop_run(str(SMOKE), "--run-dir", str(run))
    assert artefacts(run) == artefacts(reference)


TEACHER = '''
import json
from pathlib import Path
from smoke.teacher import SmokeTeacher

class Listening(SmokeTeacher):
    """Writes down everything it is shown."""

    def deliver(self, item, count, attempt):
        with Path(__file__).with_name("heard.jsonl").open("a") as file:
            file.write(item.model_dump_json() + "\\n")
        return super().deliver(item, count, attempt)
'''


@pytest.fixture(scope="module")
def canaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A run, closed, in which every seed row carries a word that stands nowhere else."""
    folder = tmp_path_factory.mktemp("canary")
    (folder / "smoke").mkdir()
    for name in ("__init__.py", "teacher.py"):
        text = (ROOT / "recipes/smoke" / name).read_text()
        (folder / "smoke" / name).write_text(text)
    (folder / "listening.py").write_text(TEACHER)
    rows = [json.loads(row) for row in (ROOT / "recipes/smoke/seed.jsonl").open()]
    with (folder / "smoke/seed.jsonl").open("w") as file:
        for number, row in enumerate(rows):
            row["instruction"] += f" canary{number:04d}x"
            file.write(json.dumps(row) + "\n")
    text = SMOKE.read_text().replace("smoke.teacher:SmokeTeacher", "listening:Listening")
    (folder / "smoke.yaml").write_text(text + "\n")
    run = folder / "run"
    arguments = (str(folder / "smoke.yaml"), "--run-dir", str(run))
    first = loop_run(*arguments, "--set", "sources.pool.categories=[parity]")
    assert first.returncode == 3, first.stdout + first.stderr
    closed = loop_run(*arguments, "--set", "sources.pool.categories=[parity]", "--finish")
    assert closed.returncode == 3, closed.stdout + closed.stderr
    yield folder, run


def words(text: str) -> set[str]:
    return set(re.findall(r"canary\d{4}x", text))


def test_no_holdout_text_reaches_teacher_training_or_report(canaries: tuple[Path, Path]) -> None:
    folder, run = canaries
    held = set().union(
        *(words((run / f"holdout/{r}.jsonl").read_text()) for r in ("diagnose", "gate", "final"))
    )
    assert len(held) == 84
    looked_at = [folder / "heard.jsonl"]
    for pattern in ("request.json", "dataset.jsonl", "accepted.jsonl", "deliveries_rejected.jsonl"):
        looked_at += run.glob(f"round-*/{pattern}")
    looked_at += [*run.rglob("report.md"), *run.rglob("report.html"), *run.rglob("weakness.json")]
    looked_at += [run / "seed/report.json", *run.glob("round-*/curation.*")]
    looked_at += [run / "summary.json", run / "holdout/pool.jsonl", run / "holdout/set_aside.jsonl"]
    assert len(looked_at) > 12
    for path in looked_at:
        assert not words(path.read_text()) & held, path
    trained = words((run / "round-02/dataset.jsonl").read_text())
    assert trained, "the search itself works: training rows carry their canaries"
    assert words((folder / "heard.jsonl").read_text()) <= trained | words(
        (run / "holdout/pool.jsonl").read_text()
    )


def test_a_closed_run_reports_final(canaries: tuple[Path, Path]) -> None:
    summary = json.loads((canaries[1] / "summary.json").read_text())
    assert summary["outcome"] == "finished"
    assert {score["category"]: score["total"] for score in summary["final"]} == {
        "greeting": 12,
        "parity": 12,
    }


def test_the_dry_run_prints_the_plan_without_torch() -> None:
    program = (
        "import sys; from loop.run import main; code = main(sys.argv[1:]);"
        "print('torch' in sys.modules); sys.exit(code)"
    )
    command = [sys.executable, "-c", program, str(ROOT / "recipes/coding.yaml"), "--dry-run"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"
    for word in ("bug_explanation", "diagnose", "gate", "final", "80%"):
        assert word in done.stdout


def test_help_needs_no_torch() -> None:
    program = (
        "import sys\nfrom loop.run import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(sorted({'torch', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        ("seed.files=[nowhere.jsonl]", "nowhere.jsonl"),
        ("sources.teacher.use=nowhere:Teacher", "nowhere"),
        ("sources.teacher.use=smoke.teacher:Nobody", "Nobody"),
        ("model.base=/no/such/folder", "/no/such/folder"),
        ("taxonomy.parity.grader=smoke.nothing:grade", "smoke.nothing"),
    ],
)
def test_a_careless_recipe_is_explained_before_anything_expensive(
    change: str, fragment: str, tmp_path: Path
) -> None:
    done = loop_run(str(SMOKE), "--run-dir", str(tmp_path / "run"), "--set", change)
    assert done.returncode == 2, done.stdout + done.stderr
    assert fragment in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run" / "round-00").exists()


GENEROUS = '''
from loop.records import Grade

def grade(example, answer, sandbox):
    """Passes everything, so that the gate is reached at once."""
    return Grade(score=1.0, passed=True, reason="passed")
'''


def test_a_run_that_passes_the_gate_opens_final_once_and_exits_0(tmp_path: Path) -> None:
    (tmp_path / "generous.py").write_text(GENEROUS)
    (tmp_path / "smoke").mkdir()
    for name in ("__init__.py", "teacher.py", "seed.jsonl"):
        (tmp_path / "smoke" / name).write_text((ROOT / "recipes/smoke" / name).read_text())
    recipe = tmp_path / "smoke.yaml"
    text = SMOKE.read_text()
    text = text.replace("grader: exact", "grader: generous:grade")
    recipe.write_text(text.replace("grader: label", "grader: generous:grade"))
    run = tmp_path / "run"
    killed = loop_run(str(recipe), "--run-dir", str(run), kill=(r"gate/answers\.jsonl$", 2))
    assert killed.returncode == -signal.SIGKILL
    done = loop_run(str(recipe), "--run-dir", str(run))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("every target is met")
    events = [json.loads(row) for row in (run / "ledger.jsonl").open()]
    looks = [entry for entry in events if entry["event"] == "look"]
    spent = [(entry["look"], round(entry["spent"], 4)) for entry in looks]
    assert spent == [(1, 0.0304)], "a look that was killed resumes as the same look"
    assert [entry["event"] for entry in events].count("final") == 1
    (gate,) = run.glob("round-*/gate.json")
    ruling = json.loads(gate.read_text())
    assert ruling["met"] == {"greeting": True, "parity": True}
    assert "samples" not in ruling
    again = loop_run(str(recipe), "--run-dir", str(run))
    assert again.returncode == 0
    assert again.stdout.splitlines()[-1] == done.stdout.splitlines()[-1]


PACKAGED = (
    "training.epochs=3",
    "training.checkpoint_steps=4",
    "curriculum.seed_dose=4",
    "curriculum.seed_doses={}",
    "curriculum.round_budget=4",
    "holdout.min_per_category=14",
    "holdout.max_per_category=14",
    "stopping.verdict=point",
    "stopping.max_rounds=2",
    "evaluation.unseen=[]",
    "curation.verify=false",
)
"""The coding recipe cut to three items a category and 12 steps in round 1."""


def test_real_rounds_on_the_packaged_model(tmp_path: Path) -> None:
    run = tmp_path / "run"
    keys = [part for key in PACKAGED for part in ("--set", key)]
    done = loop_run(str(ROOT / "recipes/coding.yaml"), "--run-dir", str(run), *keys)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "stopped short (rounds)" in done.stdout.splitlines()[-1]
    base, first, second = (
        [json.loads(row) for row in (run / f"round-0{number}/samples.jsonl").open()]
        for number in range(3)
    )
    assert [len(samples) for samples in (base, first, second)] == [12, 12, 12]
    assert [s["answer"] for s in base] != [s["answer"] for s in first]
    ran = {s["grade"]["reason"] for s in base + first + second if s["category"] == "refactoring"}
    assert ran & {"passed", "wrong_answer", "error"}, "generated code was run and judged"
    for number, examples in ((1, 16), (2, 20)):
        rows = (run / f"round-0{number}/dataset.jsonl").read_text().splitlines()
        assert len(rows) == examples
        adapter = json.loads((run / f"round-0{number}/adapter.json").read_text())
        assert all(0 < point["loss"] < 5 for point in adapter["loss"])
    losses = [p["loss"] for p in json.loads((run / "round-01/adapter.json").read_text())["loss"]]
    assert len(losses) == 12
    assert sum(losses[8:]) < sum(losses[:4]), "the third pass over the rows against the first"
    request = json.loads((run / "round-01/request.json").read_text())
    assert sum(item["count"] for item in request["items"]) == 4
    accepted = [json.loads(row) for row in (run / "round-01/accepted.jsonl").open()]
    asked = {item["category"] for item in request["items"]}
    assert {row["category"] for row in accepted} == asked
