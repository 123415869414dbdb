"""A pool on disk, read at random: its rows, and what stands in each.

Lies below the run directory, named by a hash of the files and of how they are read: a changed file
is indexed anew, and a run that is resumed needs neither the file's layout nor the hub again.
"""

import mmap
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from loop.example import Example
from loop.fulfil.mine.vectors import Weights

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CARD, ROWS, HOLDING = "card.json", "rows.jsonl", "holding.bin"
COLUMNS, STARTS, ENDS = "columns.bin", "starts.bin", "ends.bin"
NUMBERS, LENGTHS, LABELS = "numbers.bin", "lengths.bin", "labels.bin"
ARRAYS = {COLUMNS: "<u4", STARTS: "<i8", ENDS: "<i8", NUMBERS: "<i8", LENGTHS: "<i4", LABELS: "<i2"}
"""Files of one plain array each, and what is in them."""
HUB = "hub:"
_PART, _ROW = 12, 36
"""Bits of an example's number that say which of several in one row, and which row of its file."""
MOST_PARTS = 1 << _PART
_NAME = re.compile(r"([1-9]\d{0,3})-(\d{1,10})(?:-([1-9]\d{0,3}))?", re.ASCII)


def number_of(file: int, row: int, part: int) -> int:
    """Put in one number where an example stands.

    Args:
        file: Which file, from 0.
        row: Row in it, from 1.
        part: Which of the examples in that row, from 0.

    Returns:
        A number that grows with all three, the file first.
    """
    return (file << (_ROW + _PART)) | (row << _PART) | part


@dataclass(frozen=True)
class Shelf:
    """An indexed pool."""

    path: Path
    files: tuple[str, ...]

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """File, row and part of each example in one number; shape (rows,)."""
        return np.fromfile(self.path / NUMBERS, ARRAYS[NUMBERS])

    def __len__(self) -> int:
        """Count the examples."""
        return len(self.numbers)

    def row(self, place: int) -> Example:
        """Read one example.

        Args:
            place: Its place, in [0, rows).

        Returns:
            The example, as its file has it.
        """
        start, end = self._ends[place], self._ends[place + 1]
        return Example.model_validate_json(self._rows[start:end])

    def vectors(self, start: int, stop: int) -> "csr_array":
        """Weigh what stands in consecutive examples.

        Args:
            start: The first one's place.
            stop: The place after the last one's.

        Returns:
            Rows of length 1; shape (stop - start, WIDTH).
        """
        starts = self._starts[start : stop + 1]
        columns = self._columns[starts[0] : starts[-1]]
        return self.weights.weighed(starts - starts[0], columns)

    def chosen(self, places: NDArray[np.int64]) -> "csr_array":
        """Weigh what stands in some examples.

        Args:
            places: Their places.

        Returns:
            Rows of length 1, in that order; shape (places, WIDTH).
        """
        starts = self._starts
        parts = [self._columns[starts[place] : starts[place + 1]] for place in places.tolist()]
        ends = np.cumsum([0, *map(len, parts)])
        return self.weights.weighed(ends, np.concatenate(parts) if parts else np.empty(0, "u4"))

    @cached_property
    def weights(self) -> Weights:
        """How much each column counts in this pool."""
        return Weights(np.fromfile(self.path / HOLDING, "<i8"), len(self))

    @cached_property
    def lengths(self) -> NDArray[np.int32]:
        """Characters of prompt and answer together; shape (rows,)."""
        return np.fromfile(self.path / LENGTHS, ARRAYS[LENGTHS])

    @cached_property
    def labels(self) -> NDArray[np.int16]:
        """Category of the taxonomy that each example came with, by place; -1 for none."""
        return np.fromfile(self.path / LABELS, ARRAYS[LABELS])

    def name(self, place: int) -> str:
        """Name an example within the source.

        Args:
            place: Its place.

        Returns:
            `<file>-<row>`, both from 1, and `-<part>` where its row holds several.
        """
        number = int(self.numbers[place])
        row, part = (number >> _PART) % (1 << _ROW), number % (1 << _PART)
        file = number >> (_ROW + _PART)
        return f"{file + 1}-{row}" + (f"-{part + 1}" if part else "")

    def places(self, names: Iterable[str]) -> NDArray[np.int64]:
        """Find examples by their names.

        Args:
            names: From `name`; others are passed over.

        Returns:
            Their places, ascending.
        """
        found = [match for name in names if (match := _NAME.fullmatch(name))]
        numbers = [
            number_of(int(match[1]) - 1, int(match[2]), int(match[3] or 1) - 1) for match in found
        ]
        return np.flatnonzero(np.isin(self.numbers, np.array(numbers, np.int64)))

    def source(self, place: int) -> str:
        """Say where an example is from.

        Args:
            place: Its place.

        Returns:
            `open:` and the file's name or the hub id.
        """
        file = self.files[int(self.numbers[place]) >> (_ROW + _PART)]
        return f"open:{file if file.startswith(HUB) else PurePath(file).name}"

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.fromfile(self.path / STARTS, ARRAYS[STARTS])

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return np.fromfile(self.path / ENDS, ARRAYS[ENDS])

    @cached_property
    def _columns(self) -> NDArray[np.uint32]:
        return np.memmap(self.path / COLUMNS, ARRAYS[COLUMNS], "r")

    @cached_property
    def _rows(self) -> mmap.mmap:
        with (self.path / ROWS).open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
