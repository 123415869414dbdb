import csv
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from loop.errors import DataError
from loop.recipe import CategorySection, SeedSection
from loop.records import SeedData
from loop.seed import read_seed

TAXONOMY = (
    CategorySection(name="summary", weight=1, target=0.8, format="text"),
    CategorySection(name="routing", weight=1, target=0.8, format="label"),
)
GOOD: dict[str, Any] = {"instruction": "Do it.", "output": "Done.", "category": "summary"}


def read(folder: Path, *files: str) -> SeedData:
    return read_seed(SeedSection(files=files), TAXONOMY, folder)


def read_lines(folder: Path, *lines: bytes) -> SeedData:
    (folder / "seed.jsonl").write_bytes(b"\n".join(lines))
    return read(folder, "seed.jsonl")


def line(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_a_jsonl_row_becomes_an_example_that_knows_its_row(tmp_path: Path) -> None:
    checks = {"labels": ["a", "b"]}
    data = read_lines(
        tmp_path, line(), b"", line(tier="complex", tags=["x"], checks=checks, source="open:web")
    )
    first, second = data.examples
    assert (first.origin, first.source, first.tier, first.input) == (
        "seed.jsonl:1",
        "human",
        "simple",
        "",
    )
    assert (second.origin, second.source, second.tier) == ("seed.jsonl:2", "open:web", "complex")
    assert (second.tags, second.checks) == (("x",), checks)


@pytest.mark.parametrize(
    ("bad", "reason", "told"),
    [
        (b'{"instruction": ', "bad_json", "Expecting value"),
        (b'{"instruction": NaN}', "bad_json", "NaN"),
        (b"[" * 100_000, "bad_json", ""),
        (b"[1, 2]", "not_an_object", "list"),
        (b"null", "not_an_object", "NoneType"),
        (line(instruction="  "), "missing_instruction", ""),
        (line(instruction=None), "missing_instruction", ""),
        (line(category="sumary"), "unknown_category", "did you mean `summary`?"),
        (line(category=["summary"]), "unknown_category", ""),
        (line(tier="hard"), "bad_tier", "simple"),
        (line(tier=["simple"]), "bad_tier", ""),
        (line(instruction=7), "bad_field", "instruction"),
        (line(output={"a": 1}), "bad_field", "output"),
        (line(checks="text"), "bad_field", "checks"),
        (line(otput="x"), "bad_field", "did you mean `output`?"),
        (line(output="\ud800"), "bad_encoding", ""),
        (b'{"instruction": "\xff"}', "bad_encoding", "UTF-8"),
    ],
)
def test_a_row_that_is_no_example_keeps_its_reason_and_place(
    tmp_path: Path, bad: bytes, reason: str, told: str
) -> None:
    data = read_lines(tmp_path, line(), bad)
    (rejected,) = data.rejected
    assert (rejected.reason, rejected.file, rejected.row) == (reason, "seed.jsonl", 2)
    assert told in rejected.detail
    assert 0 < len(rejected.raw) <= 2000
    assert data.received == 2
    assert data.model_dump_json()


def test_an_empty_or_missing_output_is_left_to_curation(tmp_path: Path) -> None:
    missing = json.dumps({"instruction": "Do.", "category": "summary"}).encode()
    data = read_lines(tmp_path, line(output=""), line(output=None), missing)
    assert [row.output for row in data.examples] == ["", "", ""]


def test_json_csv_and_parquet_give_what_jsonl_gives(tmp_path: Path) -> None:
    rows = [
        {**GOOD, "input": "NA", "tags": ["x"], "checks": {"labels": ["a"]}},
        {**GOOD, "instruction": "Say, “007”\nagain.", "tier": "moderate"},
    ]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "s.json").write_text(json.dumps(rows), encoding="utf-8")
    columns = ["instruction", "input", "output", "category", "tier", "tags", "checks"]
    with (tmp_path / "s.csv").open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for row in rows:
            as_text = {k: json.dumps(v) if k in ("tags", "checks") else v for k, v in row.items()}
            writer.writerow(as_text)
    pd.DataFrame(rows, columns=columns).to_parquet(tmp_path / "s.parquet")

    wanted = [row.model_copy(update={"origin": ""}) for row in read(tmp_path, "s.jsonl").examples]
    for name in ("s.json", "s.csv", "s.parquet"):
        found = read(tmp_path, name)
        assert [row.model_copy(update={"origin": ""}) for row in found.examples] == wanted
        assert found.examples[1].origin == f"{name}:2"


def test_nan_and_null_in_parquet_are_absent(tmp_path: Path) -> None:
    table = pa.table(
        {
            "instruction": ["Do.", "Do it."],
            "output": ["a", None],
            "category": ["summary", "routing"],
            "input": [math.nan, math.nan],
            "checks": [{"labels": ["a"]}, {"schema": "s"}],
        }
    )
    pq.write_table(table, tmp_path / "s.parquet")
    first, second = read(tmp_path, "s.parquet").examples
    assert (first.input, second.output) == ("", "")
    assert (first.checks, second.checks) == ({"labels": ["a"]}, {"schema": "s"})


def test_a_bad_csv_row_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_bytes(
        b"instruction,output,category,tags\n"
        b"Do,Done,summary,\n"
        b"Do,Done,summary,,extra\n"
        b"Do,\xff,summary,\n"
        b"Do,Done,summary,not json\n"
        b"Do,Done again,summary,[]\n"
    )
    data = read(tmp_path, "s.csv")
    assert [(row.reason, row.row) for row in data.rejected] == [
        ("bad_csv", 2),
        ("bad_encoding", 3),
        ("bad_field", 4),
    ]
    assert [row.origin for row in data.examples] == ["s.csv:1", "s.csv:5"]


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("seed.txt", b"x", "convert it to one of .jsonl"),
        ("seed.pkl", b"x", "cannot read"),
        ("seed.jsonl", b"\n\n", "holds no rows"),
        ("seed.json", b"", "holds no rows"),
        ("seed.json", b"[]", "holds no rows"),
        ("seed.json", b'{"a": 1}', "write a list"),
        ("seed.json", b'{"a": 1}\n{"a": 2}', "name it .jsonl"),
        ("seed.csv", b"", "holds no rows"),
        ("seed.csv", b"prompt,answer\na,b\n", "no column `instruction`"),
        ("seed.csv", b"instruction,note\na,b\n", "unknown columns 'note'"),
        ("seed.parquet", b"PAR1 not really", "not a Parquet file"),
        ("seed.jsonl", b"7\n", "none of 1 rows is an example (not_an_object 1)"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_with_a_way_out(
    tmp_path: Path, name: str, data: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError) as error:
        read(tmp_path, name)
    assert told in str(error.value)
    assert name in str(error.value)


def test_a_missing_file_or_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path, "absent.jsonl")
    with pytest.raises(DataError, match="directory"):
        read(tmp_path, "folder.jsonl")


def test_files_are_read_in_the_order_named(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(line())
    (tmp_path / "a.jsonl").write_bytes(line())
    data = read(tmp_path, "b.jsonl", "a.jsonl")
    assert [row.origin for row in data.examples] == ["b.jsonl:1", "a.jsonl:1"]
