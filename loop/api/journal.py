"""Paid completions on disk, found again by key; only their places are held in memory."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from loop.errors import RunDirectoryError


class Journal:
    """Append-only JSON lines with a `key` each. One writer at a time; the run's lock sees to it."""

    def __init__(self, path: Path, each: Callable[[Mapping[str, Any]], None] | None = None) -> None:
        """Open the journal and cut off a torn last line.

        Args:
            path: Created where missing, with its folder.
            each: Called with every record that stands there.

        Raises:
            RunDirectoryError: A line other than the last is damaged.
        """
        self.path = path
        self._places: dict[str, int] = {}
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        for place, record in self._read():
            self._places[record["key"]] = place
            if each is not None:
                each(record)

    def __contains__(self, key: str) -> bool:
        """Whether a completion stands there."""
        return key in self._places

    def __len__(self) -> int:
        """Completions that stand there."""
        return len(self._places)

    def find(self, key: str) -> dict[str, Any] | None:
        """Look a completion up.

        Args:
            key: As it was written with.

        Returns:
            Its record, or None.
        """
        place = self._places.get(key)
        if place is None:
            return None
        with self.path.open("rb") as file:
            file.seek(place)
            record: dict[str, Any] = json.loads(file.readline())
        return record

    def write(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Put records on disk together.

        Args:
            records: With a `key` each.
        """
        lines = [json.dumps(record).encode() + b"\n" for record in records]
        with self._lock, self.path.open("ab") as file:
            place = file.tell()
            file.write(b"".join(lines))
            file.flush()
            os.fsync(file.fileno())
            for record, line in zip(records, lines, strict=True):
                self._places[record["key"]] = place
                place += len(line)

    def _read(self) -> Iterator[tuple[int, dict[str, Any]]]:
        if not self.path.exists():
            return
        place, torn = 0, False
        with self.path.open("rb") as file:
            for line in file:
                torn = not line.endswith(b"\n")
                if torn:
                    break
                try:
                    record = json.loads(line)
                    record["key"], record["claim"]
                except (ValueError, LookupError, TypeError) as error:
                    raise RunDirectoryError(
                        f"{self.path}: the line at byte {place} is no reply; restore the file"
                    ) from error
                yield place, record
                place += len(line)
        if torn:
            os.truncate(self.path, place)
