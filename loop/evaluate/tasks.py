"""The border to lm-eval: items become its tasks, its logged samples come back as grades.

lm-eval renders the prompts, pools the requests of all tasks, filters (grades) the responses and
counts; how answers are generated and graded is passed in.
"""

import logging
import os
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loop.example import Example
from loop.models import Loaded
from loop.records import Grade

Answerer = Callable[[Mapping[int, str]], dict[int, str]]
"""Prompts by item index → answers by item index."""
GradeAll = Callable[[str, Sequence[int]], list[Grade]]
"""A category and its items' indices → one grade per item."""


@dataclass(frozen=True)
class Logged:
    """What lm-eval logged for one item."""

    prompt: str
    """Chat template applied."""
    grade: Grade


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep lm-eval's notices and its bar per task off the terminal; errors still raise."""
    logger = logging.getLogger("lm_eval")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with Path(os.devnull).open("w") as sink, redirect_stderr(sink):
            yield
    finally:
        logger.setLevel(level)


@contextmanager
def _random_state_kept() -> Iterator[None]:
    """Leave Python's and numpy's generators as they were: `datasets` draws from them."""
    import numpy

    states = (random.getstate(), numpy.random.get_state())
    try:
        yield
    finally:
        random.setstate(states[0])
        numpy.random.set_state(states[1])


def _task(
    category: str,
    indices: Sequence[int],
    items: Sequence[Example],
    chats: Sequence[list[dict[str, str]]],
    grade: GradeAll,
) -> dict[str, Any]:
    def documents(**_: object) -> dict[str, Any]:
        from datasets import Dataset

        return {"test": Dataset.from_list([{"index": index} for index in indices])}

    def graded(_: object, docs: Sequence[Mapping[str, int]]) -> list[dict[str, Any]]:
        return [each.model_dump() for each in grade(category, [doc["index"] for doc in docs])]

    return {
        "task": category,
        "custom_dataset": documents,
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": lambda doc: chats[doc["index"]][-1]["content"],
        "doc_to_target": lambda doc: items[doc["index"]].output,
        "generation_kwargs": {"until": [], "do_sample": False},
        "num_fewshot": 0,
        "filter_list": [
            {"name": "graded", "filter": [{"function": "custom", "filter_fn": graded}]}
        ],
        "process_results": lambda _, results: {"pass": float(results[0]["passed"])},
        "metric_list": [{"metric": "pass", "aggregation": "mean", "higher_is_better": True}],
    }


def _language_model(loaded: Loaded, answer: Answerer) -> Any:  # noqa: ANN401
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    terminal = sys.stderr

    class Answering(HFLM):  # type: ignore[misc]
        """lm-eval's model, with generation that resumes and drops finished rows."""

        def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
            with redirect_stderr(terminal):
                answers = answer({each.doc["index"]: each.args[0] for each in requests})
            return [answers[each.doc["index"]] for each in requests]

    return Answering(pretrained=loaded.model, tokenizer=loaded.tokenizer)


def run(
    items: Sequence[Example],
    chats: Sequence[list[dict[str, str]]],
    loaded: Loaded,
    answer: Answerer,
    grade: GradeAll,
) -> dict[int, Logged]:
    """Evaluate all categories in one call of lm-eval.

    `lm_eval.evaluate` is called rather than `simple_evaluate`, which reseeds the global random
    generators, asks the hub about the model and runs a second of shell commands to describe the
    machine.

    Args:
        items: What to answer.
        chats: The messages of each item; the last is the user's, a first may be the system's.
        loaded: The model and its tokenizer.
        answer: Generates for every prompt at once.
        grade: Grades one category's answers at once.

    Returns:
        Prompt and grade by item index.

    Raises:
        RuntimeError: lm-eval's own count differs from the samples.
    """
    members: dict[str, list[int]] = {}
    for index, item in enumerate(items):
        members.setdefault(item.category, []).append(index)
    system = chats[0][0]["content"] if chats[0][0]["role"] == "system" else None
    with _quiet(), _random_state_kept():
        import lm_eval
        from lm_eval.tasks import TaskManager

        specs = [_task(name, indices, items, chats, grade) for name, indices in members.items()]
        tasks = TaskManager(include_defaults=False).load(specs)
        results = lm_eval.evaluate(
            lm=_language_model(loaded, answer),
            task_dict=tasks,
            bootstrap_iters=0,
            log_samples=True,
            system_instruction=system,
            apply_chat_template=True,
            fewshot_as_multiturn=True,
        )
    return _logged(results, members)


def _logged(results: Mapping[str, Any], members: Mapping[str, list[int]]) -> dict[int, Logged]:
    logged: dict[int, Logged] = {}
    for category, indices in members.items():
        for sample in results["samples"][category]:
            logged[sample["doc"]["index"]] = Logged(
                prompt=sample["arguments"][0][0],
                grade=Grade.model_validate(sample["filtered_resps"][0]),
            )
        passed = sum(logged[index].grade.passed for index in indices)
        counted = results["results"][category]["pass,graded"]
        if abs(counted - passed / len(indices)) > 1e-9:
            raise RuntimeError(f"{category}: lm-eval counted {counted}, samples say {passed}")
    return logged
