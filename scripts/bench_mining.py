"""Measures mining: precision and recall of what is drawn from a mixed pool, beside other ways.

    python scripts/bench_mining.py [--draws 10] [--background FILE ...] [--like REGEX ...]
    python scripts/bench_mining.py --rows 10000 100000 1000000
    python scripts/bench_mining.py --tiers

A pool of 1,500 rows is put together, of which 30, 2 %, belong to the weak slice; nothing in it says
which. Slices are made from recipes/coding, rows of one tier, each task once by the recipe's own
canonical form: `category` is bug_explanation, where the taxonomy has only it and code_generation,
so that most of the pool is of no category at all; `tag` is the part of code_generation that works
on dicts, among its own category and the others. The rest of the pool is the rest of the packaged
rows, or of the files named. With --like, slices are the rows of those files whose text
matches instead, and their category is the only one of the taxonomy. The training side holds 60 rows
of the slice and 100 of each other category; the request shows 4 of them as exemplars.

Beside mining stand the pool's rows in the order of their likeness to the exemplars (TF-IDF, the
largest cosine), and rows drawn at random. Depths are in multiples of the slice's rows in the pool:
at depth 1 a perfect mine has precision 1 and recall 1. Intervals are 95 % bootstrap intervals of
the mean over draws; each draw has a pool of its own. Mining stops where no row passes its floors;
precision is then of what was drawn.

With --rows it measures time, memory and disk instead: a pool of so many rows of about 100 tokens,
whose words follow one another as in the packaged rows, is indexed, and 20 rows are drawn for each
of the twelve pairs of category and tier, twice, as one request and the next would. Each size has a
process of its own; memory is its largest resident set. With --tiers it says how often the tier rule
is right on the packaged rows, each fifth judged by the others.
"""

import argparse
import json
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from bench_curation import Chain  # noqa: E402

from loop import plugins  # noqa: E402
from loop.curate import faults_alone  # noqa: E402
from loop.example import Example, Tier  # noqa: E402
from loop.fulfil import Situation, Want  # noqa: E402
from loop.fulfil.mine import Means, Mine  # noqa: E402
from loop.fulfil.mine.shelve import shelve  # noqa: E402
from loop.fulfil.mine.tiers import TIERS, tiers_of  # noqa: E402
from loop.fulfil.mine.vectors import length_of  # noqa: E402
from loop.recipe import CategorySection, OpenSource, Recipe, SeedSection, load_recipe  # noqa: E402
from loop.records import Exemplar, Rejected, RequestItem  # noqa: E402
from loop.seed import read_rows  # noqa: E402

SHARE = 0.02
DEPTHS = (0.25, 0.5, 1.0, 2.0)
PRECISION_AT_HALF, RECALL_AT_TWO = 0.8, 0.8
"""What mining must reach in the packaged background, for either slice: fixed before the run."""
SLICE_ROWS, OTHER_ROWS, EXEMPLARS = 60, 100, 4
"""Training-side rows of the slice and of each other category, and exemplars shown."""
POSITIVES = 30
MOST = round(DEPTHS[-1] * POSITIVES)
WAYS = ("mining", "likeness to the exemplars", "chance")
TIER: Tier = "simple"
FIRST = 3_000
"""Seed of the first draw; those below served while mining was written."""
RECIPE = ROOT / "recipes" / "coding.yaml"


def main() -> None:
    """Print the tables; exit 1 where a threshold is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--background", nargs="*", type=Path, default=[])
    parser.add_argument("--like", nargs="*", default=[])
    parser.add_argument("--rows", nargs="*", type=int, default=[])
    parser.add_argument("--tiers", action="store_true")
    given = parser.parse_args()
    if given.tiers:
        _tiers()
        return
    if given.rows:
        _sizes(given.rows)
        return
    recipe = load_recipe(RECIPE)
    background = [row for file in given.background for row in _rows(file) if row.output]
    missed = []
    for slice_name in given.like or ("category", "tag"):
        results = []
        for draw in range(FIRST, FIRST + given.draws):
            rng = random.Random(draw)
            if given.like:
                trial = _matching(slice_name, background, recipe, rng)
            else:
                trial = _packaged_slice(slice_name, background, recipe, rng)
            results.append(_hits(trial, recipe, rng, draw))
        print(f"\nslice: {slice_name}, {given.draws} draws\n")
        missed += _table(np.array(results, float), slice_name)
    if missed and not background:
        sys.exit("missed: " + "; ".join(missed))


@dataclass(frozen=True)
class Trial:
    """One slice, and what stands round it."""

    taxonomy: tuple[CategorySection, ...]
    training: tuple[Example, ...]
    """The slice's rows first."""
    planted: tuple[Example, ...]
    others: tuple[Example, ...]
    tags: tuple[str, ...] = ()

    @property
    def item(self) -> RequestItem:
        """What is asked for."""
        category = next(c for c in self.taxonomy if c.name == self.training[0].category)
        return RequestItem(
            id="r01-001",
            category=category.name,
            tier=TIER,
            tags=self.tags,
            count=MOST,
            format=category.format,
            exemplars=tuple(
                Exemplar(instruction=row.instruction, input=row.input, output=row.output)
                for row in self.training[:EXEMPLARS]
            ),
        )


def _tiers() -> None:
    """Print precision and recall of each tier of each category."""
    print(
        "| category | right | " + " | ".join(f"{tier}: precision, recall" for tier in TIERS) + " |"
    )
    print("|---|---:|" + "---:|" * len(TIERS))
    every = _rows(RECIPE.parent / "coding" / "seed.jsonl")
    for category in load_recipe(RECIPE).taxonomy:
        rows = [row for row in every if row.category == category.name and row.output]
        true = np.array([TIERS.index(row.tier) for row in rows])
        said = np.zeros(len(rows), int)
        for fold in range(5):
            lengths = np.array([length_of(row) for row in rows[fold::5]], np.int32)
            rest = [row for place, row in enumerate(rows) if place % 5 != fold]
            said[fold::5] = tiers_of(lengths, rest)
        cells = [
            f"{np.mean(true[said == tier] == tier):.2f}, {np.mean(said[true == tier] == tier):.2f}"
            for tier in range(len(TIERS))
        ]
        print(f"| {category.name} | {np.mean(said == true):.2f} | {' | '.join(cells)} |")


def _sizes(sizes: Sequence[int]) -> None:
    """Print what a pool of each size costs."""
    print("| rows | index, s | rows/s | first request, s | next request, s | memory | disk |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for size in sizes:
        with ProcessPoolExecutor(1, get_context("spawn")) as one:
            indexed, first, second, memory, disk = one.submit(_cost, size).result()
        figures = f"{indexed:.0f} | {size / indexed:.0f} | {first:.1f} | {second:.1f}"
        print(f"| {size:,} | {figures} | {memory / 2**30:.2f} GiB | {disk / 2**30:.2f} GiB |")


def _cost(size: int) -> tuple[float, float, float, int, int]:
    """Seconds to index, and for two requests; bytes of memory and of disk."""
    rng = random.Random(FIRST)
    recipe = load_recipe(RECIPE)
    packaged = _packaged(rng, recipe)
    training = tuple(packaged[:1000])
    chain = Chain([f"{row.prompt} {row.output}" for row in packaged])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with (folder / "pool.jsonl").open("w") as file:
            for _ in range(size):
                texts = {"instruction": chain.draw(rng, 50), "output": chain.draw(rng, 25)}
                file.write(json.dumps(texts) + "\n")
        section = OpenSource(name="open", files=("pool.jsonl",), shape="alpaca")
        means = Means(_read(folder), faults_alone(recipe.taxonomy, recipe.curation))
        given = (section, recipe.taxonomy, recipe.curation, folder, folder / "run", 0, means)
        mine = Mine(*given)
        wants = [
            Want(RequestItem(id=f"{c.name}-{tier}", category=c.name, tier=tier, count=20,
                             format=c.format), 20)
            for c in recipe.taxonomy
            for tier in get_args(Tier)
        ]  # fmt: skip
        marks = [time.monotonic()]
        names = [category.name for category in recipe.taxonomy]
        shelve(section, names, folder, folder / "run" / "open" / "open", means)
        marks.append(time.monotonic())
        for number in (1, 2):
            list(mine.deliver(wants, 0, Situation(number, training, (), (), ())))
            marks.append(time.monotonic())
        disk = sum(f.stat().st_size for f in (folder / "run").rglob("*") if f.is_file())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    indexed, first, second = (b - a for a, b in pairwise(marks))
    return indexed, first, second, memory, disk


def _table(hits: NDArray[np.float64], name: str) -> list[str]:
    """Print one slice's table from running counts of hits; shape (draws, ways, MOST, 2)."""
    print("| drawn by | depth | rows | precision | recall |")
    print("|---|---:|---:|---:|---:|")
    found = []
    for way, said in enumerate(WAYS):
        for depth in DEPTHS:
            most = round(depth * POSITIVES)
            right, drawn = hits[:, way, most - 1, 0], hits[:, way, most - 1, 1]
            precision, recall = right / np.maximum(drawn, 1), right / POSITIVES
            cells = f"{_with_interval(precision)} | {_with_interval(recall)}"
            print(f"| {said} | {depth:g} | {drawn.mean():.0f} | {cells} |")
            if not way and depth == 0.5 and precision.mean() < PRECISION_AT_HALF:
                found.append(f"{name}: precision {precision.mean():.2f} at depth 0.5")
            if not way and depth == 2 and recall.mean() < RECALL_AT_TWO:
                found.append(f"{name}: recall {recall.mean():.2f} at depth 2")
    return found


def _with_interval(values: NDArray[np.float64]) -> str:
    rng = np.random.default_rng(0)
    means = rng.choice(values, (2000, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{values.mean():.2f} [{low:.2f}, {high:.2f}]"


def _hits(trial: Trial, recipe: Recipe, rng: random.Random, seed: int) -> list[list[list[int]]]:
    """Hits among the first rows and how many those are, by way and by number of rows."""
    size = round(POSITIVES / SHARE) - POSITIVES
    assert len(trial.others) >= size, f"{len(trial.others)} other rows, {size} needed"
    pool = [*trial.planted, *rng.sample(trial.others, size)]
    rng.shuffle(pool)
    wanted = {row.id for row in trial.planted}
    ways = (
        _mined(trial, pool, recipe, seed),
        _likest(trial, pool),
        rng.sample(range(len(pool)), MOST),
    )
    counted = []
    for places in ways:
        hit = [pool[place].id in wanted for place in places]
        counted.append([[sum(hit[:most]), min(most, len(hit))] for most in range(1, MOST + 1)])
    return counted


def _mined(trial: Trial, pool: Sequence[Example], recipe: Recipe, seed: int) -> list[int]:
    """Places in the pool, in the order in which mining draws them."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bare = [row.model_dump(include={"instruction", "input", "output"}) for row in pool]
        (folder / "pool.jsonl").write_text("\n".join(map(json.dumps, bare)))
        section = OpenSource(name="open", files=("pool.jsonl",), shape="alpaca")
        means = Means(_read(folder), faults_alone(trial.taxonomy, recipe.curation))
        made_of = (section, trial.taxonomy, recipe.curation, folder, folder / "run", seed, means)
        situation = Situation(1, trial.training, (), (), ())
        drawn = list(Mine(*made_of).deliver([Want(trial.item, MOST)], 0, situation))
    return [int(each.id.split("-")[1]) - 1 for each in drawn]


def _likest(trial: Trial, pool: Sequence[Example]) -> list[int]:
    """Places in the pool, those most like an exemplar first."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    shown = [f"{row.prompt} {row.output}" for row in trial.training[:EXEMPLARS]]
    vectors = TfidfVectorizer(sublinear_tf=True).fit_transform(
        [*(f"{row.prompt} {row.output}" for row in pool), *shown]
    )
    likeness = (vectors[: len(pool)] @ vectors[len(pool) :].T).toarray().max(axis=1)
    places: list[int] = np.argsort(-likeness, kind="stable")[:MOST].tolist()
    return places


def _packaged_slice(
    name: str, background: Sequence[Example], recipe: Recipe, rng: random.Random
) -> Trial:
    taxonomy = recipe.taxonomy
    tags: tuple[str, ...] = ("dicts",)
    if name == "category":
        kept = ("bug_explanation", "code_generation")
        taxonomy, tags = tuple(c for c in taxonomy if c.name in kept), ()

    def is_weak(row: Example) -> bool:
        if name == "category":
            return row.category == "bug_explanation"
        return row.category == "code_generation" and tags[0] in row.tags

    rows = _packaged(rng, recipe)
    weak = [row for row in rows if is_weak(row)]
    rest = [row for row in rows if not is_weak(row)]
    training = weak[:SLICE_ROWS]
    for category in taxonomy:
        training += [row for row in rest if row.category == category.name][:OTHER_ROWS]
    taken = {row.id for row in training}
    others = background or [row for row in rest if row.id not in taken]
    planted = tuple(weak[SLICE_ROWS : SLICE_ROWS + POSITIVES])
    return Trial(taxonomy, tuple(training), planted, tuple(others), tags)


def _matching(
    pattern: str, background: Sequence[Example], recipe: Recipe, rng: random.Random
) -> Trial:
    category = recipe.taxonomy[0].model_copy(update={"name": "wanted", "format": "text"})
    weak = [row for row in background if re.search(pattern, f"{row.prompt}\n{row.output}")]
    rng.shuffle(weak)
    assert len(weak) >= SLICE_ROWS + POSITIVES, f"{len(weak)} rows match {pattern}"
    training = (row.model_copy(update={"category": "wanted"}) for row in weak[:SLICE_ROWS])
    planted = tuple(weak[SLICE_ROWS : SLICE_ROWS + POSITIVES])
    matching = {row.id for row in weak}
    others = tuple(row for row in background if row.id not in matching)
    return Trial((category,), tuple(training), planted, others)


def _packaged(rng: random.Random, recipe: Recipe) -> list[Example]:
    """The recipe's rows of the tier asked for in random order, each task once."""
    forms: dict[str, Callable[[Example], str]] = {
        category.name: plugins.load(category.canonical, RECIPE.parent)
        for category in recipe.taxonomy
        if category.canonical
    }
    found: dict[tuple[str, str], Example] = {}
    for row in _rows(RECIPE.parent / "coding" / "seed.jsonl"):
        if row.category in forms and row.output and row.tier == TIER:
            task = forms[row.category](row) or row.prompt_id
            found.setdefault((row.category, task), row)
    rows = list(found.values())
    rng.shuffle(rows)
    return rows


def _rows(file: Path) -> list[Example]:
    rows = read_rows((file.name,), SeedSection(files=(file.name,)), (), file.parent)
    return [row for row in rows if isinstance(row, Example)]


def _read(folder: Path) -> Callable[[OpenSource, str], Iterator[Example | Rejected]]:
    def read(source: OpenSource, file: str) -> Iterator[Example | Rejected]:
        return read_rows((file,), SeedSection(files=(file,), shape=source.shape), (), folder)

    return read


if __name__ == "__main__":
    main()
