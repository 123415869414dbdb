"""What people handed in, on disk before the command answers."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loop.errors import RunDirectoryError

FILE, REFUSED = "answers.jsonl", "refused.jsonl"


@dataclass(frozen=True)
class Answer:
    """One example that a person handed in."""

    slot: str
    fields: Mapping[str, Any]
    author: str
    seconds: float | None
    """It took; None where nobody said."""


@dataclass
class Handed:
    """Everything that was handed in."""

    answers: dict[str, Answer] = field(default_factory=dict)
    """By slot; the first one counts."""
    closed: set[int] = field(default_factory=set)
    """Rounds for which nothing more will come."""


def read_answers(folder: Path) -> Handed:
    """Read what is there.

    Args:
        folder: The source's folder in the run directory.

    Returns:
        Answers and closed rounds; a line that is still being written is not among them.

    Raises:
        RunDirectoryError: A line is damaged.
    """
    path, handed = folder / FILE, Handed()
    for number, line in enumerate(_lines(path), 1):
        try:
            entry = json.loads(line)
            if "closed" in entry:
                handed.closed.add(int(entry["closed"]))
            else:
                answer = Answer(**entry)
                handed.answers.setdefault(answer.slot, answer)
        except (ValueError, TypeError) as error:
            raise RunDirectoryError(f"{path}:{number} is no answer; restore the file") from error
    return handed


def keep(folder: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Add lines; they are on disk when this returns. One process at a time.

    Args:
        folder: The source's folder.
        entries: The fields of answers, or `{"closed": round}`.
    """
    _append(folder / FILE, [json.dumps(entry).encode() for entry in entries])


def keep_refused(folder: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Keep rows that were wrong; one that stands there already is not kept twice.

    Args:
        folder: The source's folder.
        rows: With what is wrong with each.

    Returns:
        Where they are.
    """
    path = folder / REFUSED
    there = set(_lines(path))
    _append(path, [line for row in rows if (line := json.dumps(row).encode()) not in there])
    return path


def _append(path: Path, lines: list[bytes]) -> None:
    """Add whole lines behind the last whole one; what a kill tore goes."""
    with path.open("ab") as file:
        file.truncate(sum(len(line) + 1 for line in _lines(path)))
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []
