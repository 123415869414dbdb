"""The index of an open pool: what is read of which file, what is kept, and when it is made anew."""

import gzip
import json
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from datasets.arrow_writer import ArrowWriter

from loop.errors import DataError
from loop.example import Example
from loop.fulfil.mine.tiers import TIERS, tiers_of
from loop.parts import Parts
from loop.recipe import OpenSource, Recipe, load_recipe
from loop.records import Rejected
from tests.mining import (
    ARITHMETIC,
    chatter,
    drawn,
    mine,
    mixed,
    pool,
    reading,
    rows_of,
    total,
    training,
)

SMOKE = Path(__file__).parent.parent / "recipes" / "smoke.yaml"


def test_rows_of_several_files_and_layouts_keep_their_file_and_row(tmp_path: Path) -> None:
    songs = [chatter(number) for number in range(80)]
    pool(tmp_path, [*songs[:40], total("figs", 700)])
    dolly = [{"instruction": r["instruction"], "response": r["output"], "context": ""}
             for r in (*songs[40:], total("limes", 800))]  # fmt: skip
    with gzip.open(tmp_path / "dolly.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in dolly)
    found = drawn(mine(tmp_path, files=("pool.jsonl", "dolly.jsonl.gz")), 9)
    assert {(each.id, each.source) for each in found} == {
        ("1-41", "open:pool.jsonl"),
        ("2-41", "open:dolly.jsonl.gz"),
    }


def test_several_examples_of_one_row_have_names_of_their_own(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"instruction": r["instruction"], "instances": [{"input": "", "output": r["output"]}]}
        for r in map(chatter, range(80))
    ]
    asked = "Add both and give the total as JSON."
    given = [
        {"input": f"{n} plums to {n + 3} plums", "output": json.dumps({"total": 2 * n + 3})}
        for n in (901, 915)
    ]
    rows[30] = {"instruction": asked, "instances": given}
    pool(tmp_path, rows)
    assert {each.id for each in drawn(mine(tmp_path), 9)} == {"1-31", "1-31-2"}


def test_rows_behind_the_cap_are_not_read(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    assert rows_of(drawn(mine(tmp_path, max_rows=100), 9)) == ARITHMETIC[:3]


def test_a_cap_ends_the_reading_of_a_file_without_end(tmp_path: Path) -> None:
    rows = [Example.model_validate({**row, "category": "x"}) for row in mixed()]

    def endless(source: OpenSource, file: str) -> Iterator[Example]:
        for number, row in enumerate(chain(rows, repeat(rows[0])), 1):
            yield row.model_copy(update={"origin": f"hub:a/b:{number}"})

    source = mine(tmp_path, read=endless, files=("hub:a/b",), max_rows=200)
    found = drawn(source, 9)
    assert rows_of(found) == ARITHMETIC
    assert {each.source for each in found} == {"open:hub:a/b"}


def test_what_is_read_of_a_pool_is_written_down_with_its_licence(tmp_path: Path) -> None:
    pool(tmp_path, [*mixed(), {"instruction": "", "output": "x"}])
    drawn(mine(tmp_path, licence="CC BY-SA 3.0"), 1)
    (card,) = (tmp_path / "run" / "open" / "open").glob("*/card.json")
    assert json.loads(card.read_text()) == {
        "files": ["pool.jsonl"],
        "licence": "CC BY-SA 3.0",
        "examples": 200,
        "refused": {"missing_instruction": 1},
    }


def test_a_pool_is_read_once_in_a_run(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    first = drawn(mine(tmp_path), 9)

    def never(source: OpenSource, file: str) -> Iterator[Example | Rejected]:
        raise DataError(f"{file} is read again")

    assert drawn(mine(tmp_path, read=never), 9) == first


def test_a_changed_pool_is_read_anew(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    drawn(mine(tmp_path), 9)
    pool(tmp_path, mixed()[:100])
    assert rows_of(drawn(mine(tmp_path), 9)) == ARITHMETIC[:3]


def test_an_index_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    read = reading(tmp_path)
    broken = iter([False, True, False, False])

    def breaks(source: OpenSource, file: str) -> Iterator[Example | Rejected]:
        fails = next(broken)
        for number, row in enumerate(read(source, file)):
            if fails and number == 50:
                raise DataError("cut short")
            yield row

    with pytest.raises(DataError, match="cut short"):
        drawn(mine(tmp_path, read=breaks), 9)
    assert rows_of(drawn(mine(tmp_path), 9)) == ARITHMETIC


def test_indices_of_one_pool_are_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        pool(tmp_path / name, mixed())
        drawn(mine(tmp_path / name), 1)
        index = tmp_path / name / "run" / "open"
        files = sorted(path for path in index.rglob("*") if path.is_file())
        written.append([(str(path.relative_to(index)), path.read_bytes()) for path in files])
    assert written[0] == written[1]


def test_a_pool_without_an_example_is_refused_with_its_reasons(tmp_path: Path) -> None:
    pool(tmp_path, [{"instruction": "", "output": "x"}] * 3)
    with pytest.raises(DataError, match=r"no row is an example \(missing_instruction 3\)"):
        drawn(mine(tmp_path), 1)


def test_text_that_is_no_unicode_does_not_stop_the_index(tmp_path: Path) -> None:
    rows = mixed()
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "pool.jsonl").write_text(text + '{"instruction": "a\\ud800b", "output": "c"}\n')
    assert rows_of(drawn(mine(tmp_path), 9)) == ARITHMETIC


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of `datasets` with one dataset in it, and no network."""
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    folder = tmp_path / "cache" / "owner___fruits" / "default" / "0.0.0" / ("a" * 40)
    folder.mkdir(parents=True)
    rows = datasets.Dataset.from_list(mixed())
    writer = ArrowWriter(path=str(folder / "fruits-train.arrow"), features=rows.features)
    for row in rows:
        writer.write(row)
    count, size = writer.finalize()
    split = datasets.SplitInfo("train", size, count, dataset_name="fruits")
    datasets.DatasetInfo(
        features=rows.features, builder_name="parquet", dataset_name="fruits",
        config_name="default", version="0.0.0", splits=datasets.splits.SplitDict({"train": split}),
    ).write_to_directory(str(folder))  # fmt: skip
    return tmp_path


def test_a_dataset_of_the_hub_comes_from_the_local_cache_where_there_is_no_network(
    hub_cache: Path,
) -> None:
    found = drawn(mine(hub_cache, files=("hub:owner/fruits",)), 9)
    assert rows_of(found) == ARITHMETIC
    assert found[0].source == "open:hub:owner/fruits"


def test_a_dataset_of_the_hub_that_cannot_be_had_is_refused_with_the_way_out(
    hub_cache: Path,
) -> None:
    with pytest.raises(DataError, match=r"hub:owner/none: cannot be read.*download the file"):
        mine(hub_cache, files=("hub:owner/none",))


def with_pool(folder: Path) -> Recipe:
    recipe = load_recipe(SMOKE)
    section = OpenSource(name="open", files=("pool.jsonl",), labels={"sum": "parity"})
    seed = recipe.seed.model_copy(update={"files": ("pool.jsonl",)})
    return recipe.model_copy(update={"sources": (section,), "seed": seed})


def test_a_recipe_opens_its_pools(tmp_path: Path) -> None:
    pool(tmp_path, mixed())
    parts = Parts(with_pool(tmp_path), tmp_path, tmp_path / "run")
    assert [*parts.sources] == ["open"]
    assert "pool.jsonl" in parts.file_hashes()


def test_tiers_have_the_shares_that_they_have_on_the_training_side() -> None:
    known = [
        row.model_copy(update={"output": "x" * (10 * place), "tier": TIERS[place // 10]})
        for place, row in enumerate([training()[0]] * 30)
    ]
    lengths = np.array([len(row.prompt) + len(row.output) for row in known], np.int32)
    assert np.bincount(tiers_of(lengths, known)).tolist() == [10, 10, 10]
    assert set(tiers_of(lengths, known[:10]).tolist()) == {0}
