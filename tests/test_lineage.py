"""Every training row is traced to its end, over as many runs as it went through."""

import json
from pathlib import Path
from typing import Any

import pytest

from loop.heritage import label_of
from loop.lineage import main, traces
from loop.records import Trace
from tests.carrying import finished, write_recipe


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A recipe, a run, and a run that started from it."""
    folder = tmp_path_factory.mktemp("chain")
    recipe = write_recipe(folder / "recipe")
    first = finished(recipe, folder / "first")
    return recipe, first, finished(recipe, folder / "second", first)


def test_every_row_of_a_chain_of_runs_is_traced_to_its_end(
    chain: tuple[Path, Path, Path],
) -> None:
    recipe, first, second = chain
    names = {label_of(first): first, label_of(second): second}
    dataset = rows(second / "round-02/dataset.jsonl")
    found = traces(second, 2)
    assert len(found) == len(dataset) == 56
    for row, trace in zip(dataset, found, strict=True):
        assert (trace.category, trace.runs[0]) == (row["category"], label_of(second))
        assert trace.asked_in or trace.read_in
        if trace.read_in:
            line = (recipe.parent / trace.file).read_text().splitlines()[int(trace.row or 0) - 1]
            assert json.loads(line)["instruction"] == row["instruction"]
        if trace.asked_in:
            run = names[trace.asked_in]
            assert trace.item in (run / f"round-{trace.round:02d}/request.json").read_text()
            key = f"{trace.item}/{trace.asked}/{trace.delivery}"
            (fate,) = (e for e in rows(run / "round-01/deliveries.jsonl") if e["id"] == key)
            assert (fate["example"], fate["reason"]) == (trace.id, "")
        if trace.asked == "teacher":
            assert (trace.source, trace.read_in) == ("synthetic:smoke.teacher", "")


def test_all_four_ways_into_a_dataset_are_told_apart(chain: tuple[Path, Path, Path]) -> None:
    _, first, second = chain
    one, two = label_of(first), label_of(second)
    kinds = {(each.asked_in, each.asked, each.read_in, each.runs) for each in traces(second, 2)}
    assert kinds == {
        ("", "", one, (two, one)),
        (one, "pool", one, (two, one)),
        (one, "teacher", "", (two, one)),
        (two, "pool", one, (two, one)),
        (two, "teacher", "", (two,)),
    }


def test_a_chain_is_followed_where_the_earlier_runs_are_gone(
    chain: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    recipe, _, second = chain
    before = traces(second)
    third = finished(recipe, tmp_path / "third", second)
    second.rename(second.with_name("moved"))
    try:
        found = {each.id: each for each in traces(third)}
        for trace in before:
            assert found[trace.id].runs[1:] == trace.runs
            assert found[trace.id].file == trace.file
            assert found[trace.id].delivery == trace.delivery
    finally:
        second.with_name("moved").rename(second)


def test_the_command_prints_one_line_or_one_object_a_row(
    chain: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, first, _ = chain
    assert main([str(first), "--round", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    dataset = rows(first / "round-02/dataset.jsonl")
    assert len(lines) == len(dataset) == 40
    asked = [line for line in lines if "teacher for r01-00" in line]
    assert asked
    assert f"in {label_of(first)}" in asked[0]
    assert main([str(first), "--json", traces(first)[0].id]) == 0
    (text,) = capsys.readouterr().out.splitlines()
    assert Trace.model_validate_json(text) == traces(first)[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["0123456789abcdef"], "no row of that round has the id 0123456789abcdef"),
        (["--round", "7"], "rounds with a dataset: 1, 2; name one with --round"),
    ],
)
def test_what_is_not_there_is_said(
    arguments: list[str],
    message: str,
    chain: tuple[Path, Path, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([str(chain[1]), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_row_that_nothing_accounts_for_is_an_error(
    chain: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import hashlib
    import shutil

    run = Path(shutil.copytree(chain[1], tmp_path / "copy"))
    dataset, record = run / "round-02/dataset.jsonl", run / "round-02/mixture.json"
    given = json.loads(dataset.read_text().splitlines()[0])
    text = dataset.read_text().replace(given["origin"], "nowhere.jsonl:1", 1)
    fields = json.loads(record.read_text())
    fields["_files"]["dataset.jsonl"] = hashlib.sha256(text.encode()).hexdigest()
    dataset.write_text(text)
    record.write_text(json.dumps(fields))
    assert main([str(run)]) == 2
    assert "comes from 'nowhere.jsonl:1', for which neither" in capsys.readouterr().err
