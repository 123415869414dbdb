"""A run that starts from an earlier one: what it trains on, what it measures, what it refuses."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from loop.errors import HoldoutError, LoopError, RunDirectoryError
from loop.example import Example
from loop.fulfil import seed_dose
from loop.heritage import ancestor_of, read_holdout
from loop.holdout import extend
from loop.neighbours import text_key
from loop.prepare import prepare
from loop.recipe import load_recipe
from loop.rundir import artefacts
from loop.stats import alpha_of_look
from tests.carrying import NAMES, ROOT, finished, opened, prepared, write_recipe

Given = tuple[Any, Any, Any, dict[str, Any], int]
ROLES = ("diagnose", "gate", "final")
FAREWELL = """
  - name: farewell
    description: Say goodbye to a person by one fixed word.
    weight: 1
    target: 0.3
    tiers: {simple: 1}
    format: text
    grader: exact
    max_new_tokens: 8

seed:
"""


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in path.read_text().splitlines()]


def instructions(*paths: Path) -> list[str]:
    return [row["instruction"] for path in paths for row in rows(path)]


def held(run: Path) -> list[str]:
    return instructions(*(run / f"holdout/{role}.jsonl" for role in ROLES))


def in_greeting(row: dict[str, Any]) -> bool:
    return str(row["category"]) == "greeting"


def greetings(count: int) -> list[dict[str, object]]:
    return [
        {"instruction": f"Greet Zoltan{number}.", "output": "Hello!", "category": "greeting"}
        for number in range(count)
    ]


def parities(count: int) -> list[dict[str, object]]:
    return [
        {
            "instruction": f"Is {number} even or odd?",
            "output": "odd" if number % 2 else "even",
            "category": "parity",
            "checks": {"labels": ["even", "odd"]},
        }
        for number in range(2_000_000, 2_000_000 + count)
    ]


def farewells(count: int) -> list[dict[str, object]]:
    return [
        {"instruction": f"Say goodbye to Mila{n}.", "output": "Bye!", "category": "farewell"}
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recipe(tmp_path_factory.mktemp("recipe"))


@pytest.fixture(scope="module")
def first(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished(recipe, tmp_path_factory.mktemp("first") / "run")


@pytest.fixture(scope="module")
def spent(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that looked at the gate once and opened final."""
    return finished(recipe, tmp_path_factory.mktemp("spent") / "run", looks=1, final=True)


def test_round_one_trains_on_all_that_was_trained_on_or_accepted(
    recipe: Path, first: Path, tmp_path: Path
) -> None:
    split = prepared(recipe, tmp_path / "run", first).split
    mixture = seed_dose(split.seeds, {"greeting": 12}, split.pool[: split.carried])
    assert [row.instruction for row in mixture.examples] == instructions(
        first / "round-02/dataset.jsonl"
    )
    assert mixture.new == 40


def test_the_holdout_is_carried_on_item_by_item(recipe: Path, first: Path, tmp_path: Path) -> None:
    prepared(recipe, tmp_path / "run", first)
    for role in ROLES:
        file = f"holdout/{role}.jsonl"
        assert (tmp_path / "run" / file).read_bytes() == (first / file).read_bytes()


def test_the_earlier_run_is_only_read(recipe: Path, first: Path, tmp_path: Path) -> None:
    def state() -> dict[str, tuple[str, int]]:
        return {
            str(file): (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns)
            for file in sorted(first.rglob("*"))
            if file.is_file()
        }

    before = state()
    prepared(recipe, tmp_path / "run", first)
    assert state() == before


def test_new_categories_and_more_seed_are_held_out_from_new_rows_only(
    first: Path, tmp_path: Path
) -> None:
    text = (ROOT / "recipes/smoke.yaml").read_text().replace("\nseed:\n", FAREWELL)
    path = write_recipe(tmp_path / "r", [*greetings(400), *farewells(60)], text)
    run = tmp_path / "run"
    split = prepared(path, run, first).split
    before = set(instructions(first / "holdout/pool.jsonl", first / "round-02/dataset.jsonl"))
    assert set(held(first)) <= set(held(run))
    drawn = set(held(run)) - set(held(first))
    new = {str(row["instruction"]) for row in (*greetings(400), *farewells(60))}
    assert drawn <= new
    assert not before & set(held(run))
    files = [run / f"holdout/{role}.jsonl" for role in ROLES]
    found = Counter(row["category"] for file in files for row in rows(file))
    trained = [first / "holdout/pool.jsonl", first / "round-02/dataset.jsonl"]
    old = {row["instruction"] for file in trained for row in rows(file) if in_greeting(row)}
    assert found["greeting"] == round(0.12 * (42 + len(old) + 400))
    assert found["farewell"] == 42
    assert found["parity"] == 42
    doses = Counter(row.category for row in seed_dose(split.seeds, {"greeting": 12}).examples)
    assert doses == {"greeting": 12}
    assert {row.instruction for row in split.seeds} <= new


def test_a_near_copy_of_a_carried_item_is_never_trained_on(first: Path, tmp_path: Path) -> None:
    gate = [row for row in rows(first / "holdout/gate.jsonl") if row["category"] == "greeting"]
    copies = [{**row, "instruction": " " + row["instruction"].upper()} for row in gate]
    for row in copies:
        row.pop("origin")
    path = write_recipe(tmp_path / "r", [*copies, *greetings(5)])
    run = tmp_path / "run"
    split = prepared(path, run, first).split
    keys = {text_key(str(row["instruction"])) for row in copies}
    assert len(keys) == 18
    assert not keys & {text_key(row.instruction) for row in split.pool}
    assert not keys & {text_key(row.instruction) for row in split.diagnose}
    refused = {row["example"]["instruction"]: row["reason"] for row in rejected(run)}
    assert {refused[str(row["instruction"])] for row in copies} == {"holdout_overlap"}
    assert len(split.seeds) == 5


def rejected(run: Path) -> list[dict[str, Any]]:
    return [row for row in rows(run / "seed/rejected.jsonl") if row["example"]]


def test_no_carried_item_stands_in_what_is_trained_on_or_asked(
    recipe: Path, first: Path, tmp_path: Path
) -> None:
    run = finished(recipe, tmp_path / "run", first)
    measured = {text_key(text) for text in held(first)}
    trained = instructions(run / "round-02/dataset.jsonl")
    assert len(trained) == 56
    assert not measured & {text_key(text) for text in trained}
    asked = (run / "round-01/request.json").read_text()
    assert not any(text in asked for text in held(first))


def test_a_teacher_with_a_seed_of_its_own_does_not_repeat_itself(
    recipe: Path, first: Path, tmp_path: Path
) -> None:
    run = finished(recipe, tmp_path / "run", first)
    assert len(rows(run / "round-01/accepted.jsonl")) == 16
    assert not json.loads((run / "round-01/fulfilment.json").read_text())["shortfall"]


def test_a_dropped_category_drops_its_items_and_rows(first: Path, tmp_path: Path) -> None:
    text = (ROOT / "recipes/smoke.yaml").read_text()
    a, b = text.index("  - name: greeting"), text.index("  - name: parity")
    path = write_recipe(tmp_path / "r", (), text[:a] + text[b:])
    vault = prepared(path, tmp_path / "run", first)
    assert set(vault.split.gate) == {"parity"}
    assert {row.category for row in vault.split.pool} == {"parity"}
    assert any("42 items of categories" in note for note in vault.split.notes)


def test_a_renamed_category_is_refused_with_the_old_name(first: Path, tmp_path: Path) -> None:
    text = (ROOT / "recipes/smoke.yaml").read_text().replace("name: greeting", "name: greetings")
    path = write_recipe(tmp_path / "r", (), text)
    with pytest.raises(HoldoutError, match="has no greetings, but greeting; did you mean that"):
        prepared(path, tmp_path / "run", first)


def test_rows_that_people_refused_do_not_come_back_from_the_seed(
    recipe: Path, tmp_path: Path
) -> None:
    earlier = finished(recipe, tmp_path / "first", removed=3)
    accepted = instructions(earlier / "round-01/accepted.jsonl")
    split = prepared(recipe, tmp_path / "run", earlier).split
    trained = {row.instruction for row in split.pool}
    assert not trained & set(accepted[:3])
    assert set(accepted[3:]) <= trained
    again = prepared(recipe, tmp_path / "third", tmp_path / "run").split
    assert not {row.instruction for row in again.pool} & set(accepted[:3])


def test_looks_are_counted_on_and_their_error_with_them(
    recipe: Path, spent: Path, tmp_path: Path
) -> None:
    split = prepared(recipe, tmp_path / "run", spent).split
    assert [(each.look, each.round) for each in split.rulings] == [(1, -1)]
    assert split.rulings[0].alpha == alpha_of_look(1, 0.05)
    assert any("looks are counted on from 2" in note for note in split.notes)


def test_looks_add_up_over_a_chain_of_runs(recipe: Path, spent: Path, tmp_path: Path) -> None:
    second = finished(recipe, tmp_path / "second", spent, looks=1)
    split = prepared(recipe, tmp_path / "third", second).split
    assert [each.look for each in split.rulings] == [1, 2]


def test_a_gate_without_a_look_left_is_refused_before_anything_is_trained(
    recipe: Path, spent: Path, tmp_path: Path
) -> None:
    with pytest.raises(HoldoutError, match=r"raise it to at least 2 \(look 2 has"):
        prepared(recipe, tmp_path / "run", spent, "stopping.looks=1")


def test_a_smaller_error_than_was_spent_is_refused(
    recipe: Path, spent: Path, tmp_path: Path
) -> None:
    keys = ("stopping.verdict=bound", "stopping.alpha=0.01", "taxonomy.parity.target=0.3")
    with pytest.raises(HoldoutError, match=r"earlier runs spent an error of 0\.0304"):
        prepared(recipe, tmp_path / "run", spent, *keys)


def test_final_that_was_opened_is_reported_as_seen(
    recipe: Path, spent: Path, tmp_path: Path
) -> None:
    split = prepared(recipe, tmp_path / "run", spent).split
    seen = [note for note in split.notes if "its score is not unbiased" in note]
    assert len(seen) == 2
    assert "final of greeting was opened by smoke@" in seen[0]


def test_enough_new_rows_give_a_fresh_final_and_a_fresh_gate(spent: Path, tmp_path: Path) -> None:
    path = write_recipe(tmp_path / "r", [*greetings(70), *parities(70)])
    run = tmp_path / "run"
    split = prepared(path, run, spent).split
    assert split.rulings == ()
    assert not any("not unbiased" in note for note in split.notes)
    for role in ("gate", "final"):
        now = instructions(run / f"holdout/{role}.jsonl")
        before = instructions(spent / f"holdout/{role}.jsonl")
        assert len(now) == len(before)
        assert not set(now) & set(before)
        assert set(before) <= set(instructions(run / "holdout/retired.jsonl"))
    assert not {row.instruction for row in split.pool} & set(held(spent))


def test_new_rows_of_one_category_renew_its_final_but_not_the_gate(
    spent: Path, tmp_path: Path
) -> None:
    path = write_recipe(tmp_path / "r", greetings(70))
    split = prepared(path, tmp_path / "run", spent).split
    assert len(split.rulings) == 1
    assert any(note.startswith("final of greeting had been opened") for note in split.notes)
    (note,) = (note for note in split.notes if "not unbiased" in note)
    assert note.startswith("final of parity")


def test_at_least_as_many_new_rows_are_left_to_train_on_as_are_held_out(
    spent: Path, tmp_path: Path
) -> None:
    path = write_recipe(tmp_path / "r", greetings(23))
    split = prepared(path, tmp_path / "run", spent).split
    assert len(split.seeds) >= 12
    assert not any(note.startswith("final of greeting had been") for note in split.notes)


def test_a_moved_earlier_run_does_not_break_resume(
    recipe: Path, first: Path, tmp_path: Path
) -> None:
    earlier, run = tmp_path / "earlier", tmp_path / "run"
    shutil.copytree(first, earlier)
    prepared(recipe, run, earlier)
    before = artefacts(run)
    earlier.rename(tmp_path / "elsewhere")
    for name in (earlier, tmp_path / "elsewhere", None):
        prepared(recipe, run, name)
        assert artefacts(run) == before
    assert str(tmp_path) not in "".join(
        file.read_text() for file in run.rglob("*") if file.suffix in (".json", ".jsonl", ".yaml")
    )


def _other_run(recipe: Path, first: Path, run: Path, tmp_path: Path) -> Path:
    other = finished(recipe, tmp_path / "other", None, "seed_number=8")
    prepared(recipe, run, first)
    return other


def _itself(recipe: Path, first: Path, run: Path, tmp_path: Path) -> Path:
    return run


def _no_run(recipe: Path, first: Path, run: Path, tmp_path: Path) -> Path:
    return tmp_path


def _no_holdout(recipe: Path, first: Path, run: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(first, tmp_path / "copy"))
    (copy / "holdout/manifest.json").unlink()
    return copy


def _changed(recipe: Path, first: Path, run: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(first, tmp_path / "copy"))
    file = copy / "holdout/gate.jsonl"
    file.write_text(file.read_text().replace("Hello!", "Hallo!"))
    return copy


def _cut(recipe: Path, first: Path, run: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(first, tmp_path / "copy"))
    file = copy / "round-02/mixture.json"
    file.write_text(file.read_text()[:40])
    return copy


def _missing(recipe: Path, first: Path, run: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(first, tmp_path / "copy"))
    (copy / "round-01/deliveries.jsonl").unlink()
    return copy


def _newer(recipe: Path, first: Path, run: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(first, tmp_path / "copy"))
    file = copy / "round-01/fulfilment.json"
    file.write_text(file.read_text().replace('"version": 1', '"version": 2'))
    return copy


def _begun_without(recipe: Path, first: Path, run: Path, tmp_path: Path) -> Path:
    prepared(recipe, run, None)
    return first


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_itself, "is this run's own directory"),
        (_no_run, "is no run directory"),
        (_no_holdout, "has no holdout yet"),
        (_changed, r"gate\.jsonl was changed"),
        (_cut, r"mixture\.json is damaged"),
        (_missing, r"deliveries\.jsonl is missing"),
        (_newer, "has format 2, and this version of loop reads 1"),
        (_other_run, "was started from smoke@"),
        (_begun_without, "was started without --from"),
    ],
)
def test_a_run_that_cannot_be_started_from_is_refused_in_one_line(
    spoil: Any, message: str, recipe: Path, first: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    earlier = spoil(recipe, first, run, tmp_path)
    with pytest.raises(RunDirectoryError, match=message) as error:
        prepared(recipe, run, earlier)
    assert "\n" not in str(error.value)


def test_a_run_that_is_being_worked_on_is_refused(
    recipe: Path, first: Path, tmp_path: Path
) -> None:
    lock = os.open(first / "lock", os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(RunDirectoryError, match="another process works on this run"):
            prepared(recipe, tmp_path / "run", first)
    finally:
        os.close(lock)


def test_a_run_that_lost_its_ancestor_half_way_says_so(
    recipe: Path, first: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    directory, parts = opened(recipe, run, first)
    with directory:
        assert parts.ancestor
        directory.begin(parts.recipe, {"loop": "test", "from": parts.ancestor.label})
    with pytest.raises(LoopError, match="was not taken over whole before this run was interrupted"):
        prepared(recipe, run, tmp_path / "gone")


def test_a_run_started_from_nothing_has_no_ancestor(tmp_path: Path) -> None:
    assert ancestor_of(tmp_path / "run", None) is None


def test_the_same_rows_in_any_order_extend_the_holdout_alike(
    recipe: Path, first: Path, tmp_path: Path
) -> None:
    sections = load_recipe(recipe)
    new = tuple(Example.model_validate(row) for row in greetings(400))
    given: Given = (sections.taxonomy, sections.holdout, sections.curation, {}, 5)
    carried = read_holdout(first)
    one = extend(carried, (), 0, new, *given)
    assert extend(carried, (), 0, new[::-1], *given) == one
    assert len(one.diagnose) > len(carried.diagnose)
    assert set(NAMES) == {item.category for item in one.gate}


def test_a_row_in_the_cluster_of_a_carried_item_is_set_aside(recipe: Path, first: Path) -> None:
    sections = load_recipe(recipe)
    carried = read_holdout(first)
    words = [f"word{number}" for number in range(60)]
    item = Example(instruction=" ".join(words), output="x", category="greeting")
    near = item.model_copy(update={"instruction": " ".join([*words, "more"])})
    carried = carried.model_copy(update={"gate": (*carried.gate, item)})
    new = (near, *(Example.model_validate(row) for row in greetings(5)))
    given: Given = (sections.taxonomy, sections.holdout, sections.curation, {}, 5)
    for inherited, fresh in (((near,), ()), ((), new)):
        holdout = extend(carried, inherited, len(inherited), fresh, *given)
        assert near.id not in {row.id for row in holdout.pool}
        assert [row.matched for row in holdout.set_aside if row.example == near] == [item.id]


def test_the_vault_goes_on_with_the_looks_of_earlier_runs(
    recipe: Path, spent: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    prepared(recipe, run, spent)
    directory, parts = opened(recipe, run, None)
    with directory:
        directory.begin(parts.recipe, {"loop": "test"})
        with pytest.raises(HoldoutError, match=r"earlier runs took 1, and stopping\.looks"):
            prepare(directory, parts).look(1, 1, None)


SMALL = ("holdout.min_per_category=7", "holdout.max_per_category=7")
GENEROUS = '''
from loop.records import Grade

def grade(example, answer, sandbox):
    """Passes everything, so that the gate is reached at once."""
    return Grade(score=1.0, passed=True, reason="passed")
'''


def loop_run(
    recipe: Path, run: Path, earlier: Path, *keys: str, kill: str = ""
) -> subprocess.CompletedProcess[str]:
    start = [str(ROOT / "scripts/kill_at.py"), kill, "1"] if kill else ["-m", "loop.run"]
    given = [str(recipe), "--run-dir", str(run), "--from", str(earlier)]
    given += [part for key in keys for part in ("--set", key)]
    command = [sys.executable, *start, *given]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_run_that_passes_a_gate_looked_at_before_takes_the_next_look(tmp_path: Path) -> None:
    text = (ROOT / "recipes/smoke.yaml").read_text().replace("grader: exact", "grader: label")
    recipe = write_recipe(
        tmp_path / "r", (), text.replace("grader: label", "grader: generous:grade")
    )
    (tmp_path / "r/generous.py").write_text(GENEROUS)
    earlier = finished(recipe, tmp_path / "first", None, *SMALL, looks=1, final=True)
    run = tmp_path / "run"
    done = loop_run(recipe, run, earlier, *SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "look 2, error 0.0076: greeting pass, parity pass" in done.stdout
    events = [json.loads(row) for row in (run / "ledger.jsonl").open()]
    (look,) = (entry for entry in events if entry["event"] == "look")
    assert (look["look"], look["alpha"]) == (2, alpha_of_look(2, 0.05))
    assert look["spent"] == pytest.approx(alpha_of_look(1, 0.05) + alpha_of_look(2, 0.05))
    assert "its score is not unbiased" in (run / "report.md").read_text()


@pytest.mark.slow
def test_a_run_from_an_earlier_one_killed_at_stage_boundaries_ends_like_another(
    recipe: Path, tmp_path: Path
) -> None:
    earlier = finished(recipe, tmp_path / "earlier", None, *SMALL)
    keys = (*SMALL, "stopping.max_rounds=1", "training.epochs=1")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    done = loop_run(recipe, whole, earlier, *keys)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "40 of them used" in done.stdout
    for place in (r"earlier/\.holdout\.json\.tmp$", r"round-01/\.mixture\.json\.tmp$"):
        done = loop_run(recipe, killed, earlier, *keys, kill=place)
        assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    earlier.rename(tmp_path / "moved")
    done = loop_run(recipe, killed, earlier, *keys)
    assert done.returncode == 3, done.stdout + done.stderr
    assert artefacts(killed) == artefacts(whole)
