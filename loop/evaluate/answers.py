"""Answers to many prompts: batched by length, spread over the cores, kept batch by batch.

A batch is the unit of resumption: which prompts share one depends on the whole list, never on
what is still missing, so that a resumed evaluation equals an uninterrupted one.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from loop import console
from loop.evaluate.backends import Backend
from loop.evaluate.decode import Answer, Question
from loop.evaluate.workers import spread

FILE = "answers.jsonl"
Arrived = Callable[[Sequence[int], Sequence[Answer]], None]
"""Which questions a batch holds, and their answers."""


def _batches(questions: Sequence[Question], size: int, workers: int) -> list[list[int]]:
    """Group what takes equally long; the longest first, so that memory runs out at once."""
    size = max(1, min(size, -(-len(questions) // workers)))
    order = sorted(
        range(len(questions)),
        key=lambda i: (-questions[i].limit, -len(questions[i].tokens), questions[i].prompt, i),
    )
    return [order[start : start + size] for start in range(0, len(order), size)]


def _key(questions: Sequence[Question], settings: Sequence[str]) -> str:
    facts = [list(settings), [[q.prompt, q.limit, list(q.settings)] for q in questions]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


class _Journal:
    """Answers on disk, a line per batch; a line that a crash tore is as good as missing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, list[Answer]] = {}
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:
            with path.open("r+b") as file:
                file.truncate(len(whole))
        for line in whole.splitlines():
            try:
                row = json.loads(line)
                self.known[row["key"]] = [Answer(**answer) for answer in row["answers"]]
            except (ValueError, KeyError, TypeError):
                continue

    def append(self, key: str, answers: list[Answer]) -> None:
        self.known[key] = answers
        line = json.dumps({"key": key, "answers": [asdict(answer) for answer in answers]})
        with self.path.open("ab") as file:
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def answer_all(
    questions: Sequence[Question],
    backend: Backend,
    batch_size: int,
    folder: Path,
    label: str,
    arrived: Arrived = lambda batch, answers: None,
) -> list[Answer]:
    """Answer every prompt, taking complete batches of an interrupted run from disk.

    Args:
        questions: At least one prompt.
        backend: What answers, and in how many processes of one thread each.
        batch_size: Prompts decoded together.
        folder: Where answers.jsonl is kept.
        label: What the progress bar says.
        arrived: Told of every batch as soon as its answers are there.

    Returns:
        One answer per question, in order.

    Raises:
        ModelError: Memory ran out, a worker was ended from outside, or a server failed.
    """
    batches = _batches(questions, batch_size, backend.workers)
    keys = [_key([questions[i] for i in batch], backend.settings) for batch in batches]
    folder.mkdir(parents=True, exist_ok=True)
    journal = _Journal(folder / FILE)
    missing = [
        n
        for n, (key, batch) in enumerate(zip(keys, batches, strict=True))
        if len(journal.known.get(key, ())) != len(batch)
    ]

    def answer(number: int) -> list[Answer]:
        return backend.decode([questions[i] for i in batches[number]])

    with console.progress(label, len(questions)) as advance:
        advance(len(questions) - sum(len(batches[number]) for number in missing))
        for number in sorted(set(range(len(batches))) - set(missing)):
            arrived(batches[number], journal.known[keys[number]])
        for number, answers in _each(answer, missing, backend.workers):
            journal.append(keys[number], answers)
            arrived(batches[number], answers)
            advance(len(answers))
    given: dict[int, Answer] = {}
    for key, batch in zip(keys, batches, strict=True):
        given.update(zip(batch, journal.known[key], strict=True))
    return [given[i] for i in range(len(questions))]


def _each(
    answer: Callable[[int], list[Answer]], numbers: Sequence[int], workers: int
) -> Iterator[tuple[int, list[Answer]]]:
    if workers == 1:
        for number in numbers:
            yield number, answer(number)
        return

    def as_json(number: int) -> bytes:
        return json.dumps([asdict(each) for each in answer(number)]).encode()

    for number, data in spread(as_json, numbers, workers):
        yield number, [Answer(**each) for each in json.loads(data)]
