"""Verdicts on disk, in the order in which they came; one that stands there is not kept twice."""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from loop.errors import RunDirectoryError
from loop.records import RowVerdict

FILE = "verdicts.jsonl"


def read_verdicts(folder: Path) -> list[RowVerdict]:
    """Read what is there.

    Args:
        folder: The run's `review` folder.

    Returns:
        Verdicts, oldest first; a line that is still being written is not among them.

    Raises:
        RunDirectoryError: A line is damaged.
    """
    path = folder / FILE
    return [_parsed(path, number, line) for number, line in enumerate(_lines(path), 1)]


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def _parsed(path: Path, number: int, line: bytes) -> RowVerdict:
    try:
        return RowVerdict.model_validate_json(line)
    except ValidationError as error:
        raise RunDirectoryError(f"{path}:{number} is no verdict; restore the file") from error


def keep_verdicts(folder: Path, verdicts: Iterable[RowVerdict]) -> int:
    """Put verdicts on disk before this returns.

    Args:
        folder: The run's `review` folder.
        verdicts: Checked against the queue.

    Returns:
        How many are new: the last word of its author on a row, said again, is not.

    Raises:
        RunDirectoryError: The file is damaged.
    """
    path = folder / FILE
    with path.open("ab+") as file:
        # Several people may hand in at once; the lock goes with the file.
        fcntl.flock(file, fcntl.LOCK_EX)
        whole = _lines(path)
        file.truncate(sum(len(line) + 1 for line in whole))
        last = {}
        for number, line in enumerate(whole, 1):
            known = _parsed(path, number, line)
            last[known.row, known.author] = known
        new = []
        for verdict in verdicts:
            if last.get((verdict.row, verdict.author)) != verdict:
                last[verdict.row, verdict.author] = verdict
                new.append(verdict)
        file.write(b"".join(each.model_dump_json().encode() + b"\n" for each in new))
        file.flush()
        os.fsync(file.fileno())
    return len(new)
