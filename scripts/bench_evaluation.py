"""Items per second of the loop's evaluation against plain lm-eval on the same model and items.

    python scripts/bench_evaluation.py                                # the untuned packaged model
    python scripts/bench_evaluation.py --run results/coding           # the adapter that a run ships

All arms answer the same prompts greedily, with the same most tokens an answer, in one process and
one after the other; answers are compared by exact text only, so that no sandbox is timed. Plain
lm-eval is `simple_evaluate` with `HFLM` on the same loaded model: once at its default batch of 1,
then at several fixed batches, of which the best counts. It ends an answer at the end-of-turn
token; the loop also where the category's format ends, which is one of the things measured. The
answers of both must agree up to that point, and the table says how many do.

Most of a base model's answers run on to the limit; a tuned one ends. Say which was measured.
"""

import argparse
import contextlib
import json
import logging
import os
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loop import models
from loop.evaluate import evaluate, in_process
from loop.example import Example
from loop.graders import build_grader
from loop.recipe import CategorySection, Recipe, load_recipe
from loop.records import Adapter

ROOT = Path(__file__).parent.parent
RECIPE = ROOT / "recipes" / "coding.yaml"


def taxonomy_of(recipe: Recipe) -> tuple[CategorySection, ...]:
    """Let every category be graded by exact text: the same work for every arm.

    Args:
        recipe: The coding recipe.

    Returns:
        Its categories without graders that run code.
    """
    return tuple(c.model_copy(update={"grader": "exact"}) for c in recipe.taxonomy)


def draw(recipe: Recipe, count: int) -> tuple[Example, ...]:
    """Take items of the recipe's seed in equal parts per category.

    Args:
        recipe: The coding recipe.
        count: How many.

    Returns:
        Examples, category by category.
    """
    names = {category.name for category in recipe.taxonomy}
    found: dict[str, list[Example]] = defaultdict(list)
    for line in (RECIPE.parent / recipe.seed.files[0]).read_text(encoding="utf-8").splitlines():
        # The seed holds broken rows on purpose; the loop rejects them.
        with contextlib.suppress(ValidationError, json.JSONDecodeError):
            example = Example.model_validate(json.loads(line))
            if example.category in names and example.output.strip():
                found[example.category].append(example)
    share = -(-count // len(names))
    return tuple(example for name in sorted(found) for example in found[name][-share:])[:count]


def ours(
    items: Sequence[Example], recipe: Recipe, loaded: models.Loaded, folder: Path
) -> dict[str, str]:
    """Answer as a round of the loop does.

    Args:
        items: What to answer.
        recipe: Its evaluation and model sections count.
        loaded: The model.
        folder: Where answers are kept.

    Returns:
        Answer by example id.
    """
    taxonomy = taxonomy_of(recipe)

    def no_sandbox() -> Any:  # noqa: ANN401 - never called
        raise AssertionError("exact text needs no sandbox")

    graders = {c.name: build_grader(c, no_sandbox, RECIPE.parent, 1) for c in taxonomy}
    done = evaluate(
        tuple(items),
        "diagnose",
        0,
        taxonomy,
        recipe.evaluation,
        in_process(loaded, recipe.model.base, "bench", 1),
        "bench",
        graders,
        recipe.model.rationale_marker,
        folder,
        recipe.model,
    )
    return {sample.example_id: sample.answer for sample in done.samples}


def plain(
    items: Sequence[Example], recipe: Recipe, loaded: models.Loaded, batch: int
) -> dict[str, str]:
    """Answer as lm-eval does by itself.

    Args:
        items: What to answer.
        recipe: Most tokens of an answer, per category.
        loaded: The model.
        batch: Prompts decoded together.

    Returns:
        Answer by example id.
    """
    from datasets import Dataset
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    def task(category: CategorySection) -> dict[str, Any]:
        rows = [
            {"id": item.id, "prompt": item.prompt, "output": item.output}
            for item in items
            if item.category == category.name
        ]
        return {
            "task": f"bench_{category.name}",
            "custom_dataset": lambda **_: {"test": Dataset.from_list(rows)},
            "test_split": "test",
            "output_type": "generate_until",
            "doc_to_text": "{{prompt}}",
            "doc_to_target": "{{output}}",
            "generation_kwargs": {
                "until": [],
                "do_sample": False,
                "max_gen_toks": category.max_new_tokens,
            },
            "metric_list": [{"metric": "exact_match"}],
        }

    present = {item.category for item in items}
    tasks = [task(category) for category in recipe.taxonomy if category.name in present]
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    with Path(os.devnull).open("w") as sink, contextlib.redirect_stderr(sink):
        results = simple_evaluate(
            model=HFLM(pretrained=loaded.model, tokenizer=loaded.tokenizer, batch_size=batch),
            tasks=tasks,
            task_manager=TaskManager(include_defaults=False),
            apply_chat_template=True,
            log_samples=True,
            bootstrap_iters=0,
        )
    assert results is not None
    return {
        sample["doc"]["id"]: sample["resps"][0][0]
        for samples in results["samples"].values()
        for sample in samples
    }


def agree(one: dict[str, str], other: dict[str, str]) -> int:
    """Count answers of which one is the beginning of the other.

    Args:
        one: Answer by example id.
        other: The same of another arm.

    Returns:
        How many agree, white space at the ends aside.
    """
    pairs = ((text.strip(), other[name].strip()) for name, text in one.items())
    return sum(a.startswith(b) or b.startswith(a) for a, b in pairs)


@contextlib.contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Add an arm's wall-clock time to the table.

    Args:
        seconds: By arm.
        name: The arm.

    Yields:
        Nothing.
    """
    started = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - started


def load(recipe: Recipe, run: Path | None) -> models.Loaded:
    """Load the untuned model, or with the adapter that a run ships.

    Args:
        recipe: The coding recipe.
        run: A run directory that has a summary, or None.

    Returns:
        The model.
    """
    if run is None:
        return models.load(recipe.model, ROOT, None)
    folder = Path(json.loads((run / "summary.json").read_bytes())["adapter"]).parent
    fields = json.loads((run / folder / "adapter.json").read_bytes())
    kept = {name: value for name, value in fields.items() if not name.startswith("_")}
    return models.load(recipe.model, run, Adapter.model_validate(kept))


def main() -> None:
    """Run all arms and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--run", type=Path, help="a finished run of the coding recipe")
    parser.add_argument("--items", type=int, default=160, help="items over all categories")
    parser.add_argument("--batches", type=int, nargs="+", default=[8, 16, 32, 64])
    parser.add_argument(
        "--only-batches", action="store_true", help="leave out lm-eval's default, which is slow"
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    from datasets import disable_progress_bars

    disable_progress_bars()
    recipe = load_recipe(RECIPE)
    items = draw(recipe, options.items)
    loaded = load(recipe, options.run)
    seconds: dict[str, float] = {}
    answers: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        # The first call of either pays for imports.
        ours(items[:2], recipe, loaded, Path(scratch) / "warm")
        plain(items[:2], recipe, loaded, 2)
        with timed(seconds, "loop"):
            answers["loop"] = ours(items, recipe, loaded, Path(scratch) / "loop")
        for batch in (*(() if options.only_batches else (1,)), *options.batches):
            name = f"lm-eval, batch {batch}" + (" (its default)" if batch == 1 else "")
            with timed(seconds, name):
                answers[name] = plain(items, recipe, loaded, batch)
    which = "the untuned base" if options.run is None else "a tuned adapter"
    print(f"{len(items)} items of {len(recipe.taxonomy)} categories, {which}; ", end="")
    print(loaded.machine.description)
    print(f"{'arm':<32}{'seconds':>9}{'items/s':>9}{'loop is':>9}   answers that agree")
    for name, spent in seconds.items():
        ratio, same = spent / seconds["loop"], agree(answers["loop"], answers[name])
        print(f"{name:<32}{spent:>9.1f}{len(items) / spent:>9.2f}{ratio:>8.2f}x   {same}")
    fixed = min(spent for name, spent in seconds.items() if name[-1].isdigit())
    found = [f"{fixed / seconds['loop']:.2f} times its best fixed batch (to reach: 1.5)"]
    base = [spent for name, spent in seconds.items() if "default" in name]
    found += [f"{spent / seconds['loop']:.2f} times its default (to reach: 3)" for spent in base]
    print(f"against lm-eval the loop is {' and '.join(found)}")


if __name__ == "__main__":
    main()
