"""Indexes a pool: every file is read once, row after row, in memory that does not grow with it."""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, count, islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import ArrayLike

from loop.errors import DataError
from loop.example import Example, digest_of
from loop.fulfil.mine.means import Means
from loop.fulfil.mine.shelf import (
    ARRAYS,
    CARD,
    COLUMNS,
    ENDS,
    HOLDING,
    HUB,
    LABELS,
    LENGTHS,
    MOST_PARTS,
    NUMBERS,
    ROWS,
    STARTS,
    Shelf,
    number_of,
)
from loop.fulfil.mine.vectors import WIDTH, hashed, length_of
from loop.recipe import OpenSource
from loop.records import Rejected

_FORM = "1"
"""Changed with what is written, so that an older index is not read."""
_CHUNK = 2_000
"""Rows hashed at once."""
_LONGEST = 2**31 - 1


def shelve(
    section: OpenSource, categories: Sequence[str], folder: Path, into: Path, means: Means
) -> Shelf:
    """Index a pool, or find it indexed.

    Args:
        section: Its files and how they are read.
        categories: Names of the taxonomy; a row that comes with another has none.
        folder: What file names are relative to.
        into: Where indices lie.
        means: Reads files.

    Returns:
        The index.

    Raises:
        DataError: A file cannot be read, or no row of the pool is an example.
    """
    path = into / _key(section, categories, folder)
    if not (path / CARD).is_file():
        partial = path.with_name(f".{path.name}.part")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _write(section, categories, partial, means)
        for file in sorted(partial.iterdir()):
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        partial.replace(path)
    return Shelf(path, section.files)


def is_shelved(section: OpenSource, categories: Sequence[str], folder: Path, into: Path) -> bool:
    """Tell whether a pool is indexed already.

    Args:
        section: Its files and how they are read.
        categories: Names of the taxonomy.
        folder: What file names are relative to.
        into: Where indices lie.

    Returns:
        Whether it is, in full.

    Raises:
        DataError: A file cannot be read.
    """
    return (into / _key(section, categories, folder) / CARD).is_file()


def _key(section: OpenSource, categories: Sequence[str], folder: Path) -> str:
    """Hash of what the index is made from; a dataset of the hub counts by its id."""
    read = {"files", "shape", "columns", "labels", "max_rows", "licence"}
    given = json.dumps([section.model_dump(include=read), list(categories)], sort_keys=True)
    contents = [_sha256(folder / file) for file in section.files if not file.startswith(HUB)]
    return digest_of(_FORM, given, *contents)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            f"{path}: {error.strerror or error}; correct the name in the source's `files`, which "
            "is relative to the recipe's folder"
        ) from error


class _Files:
    """The files of an index while they are written; holds counts, never rows."""

    def __init__(self, into: Path, categories: Sequence[str]) -> None:
        self.examples = 0
        self._columns_ended = self._rows_ended = 0
        self._holding = np.zeros(WIDTH, np.int64)
        self._places = {name: place for place, name in enumerate(categories)}
        self._into = into
        names = (*ARRAYS, ROWS)
        self._opened: dict[str, BinaryIO] = {name: (into / name).open("wb") for name in names}
        self._append(STARTS, [0])
        self._append(ENDS, [0])

    def add(self, numbers: Sequence[int], rows: Sequence[Example]) -> None:
        """Append rows with their numbers."""
        found = hashed(rows)
        self._holding += np.bincount(found.indices, minlength=WIDTH)
        lines = [row.model_dump_json().encode() + b"\n" for row in rows]
        self._opened[ROWS].writelines(lines)
        self._append(COLUMNS, found.indices)
        self._append(STARTS, self._columns_ended + found.indptr[1:])
        self._append(ENDS, self._rows_ended + np.cumsum([len(line) for line in lines]))
        self._append(NUMBERS, numbers)
        self._append(LENGTHS, [min(length_of(row), _LONGEST) for row in rows])
        self._append(LABELS, [self._places.get(row.category, -1) for row in rows])
        self._columns_ended += int(found.indptr[-1])
        self._rows_ended += sum(map(len, lines))
        self.examples += len(rows)

    def close(self) -> None:
        """Write what is known of all rows together."""
        for file in self._opened.values():
            file.close()
        self._holding.tofile(self._into / HOLDING)

    def _append(self, name: str, values: ArrayLike) -> None:
        self._opened[name].write(np.asarray(values).astype(ARRAYS[name]).tobytes())


def _write(section: OpenSource, categories: Sequence[str], into: Path, means: Means) -> None:
    refused: Counter[str] = Counter()
    examples = chain.from_iterable(
        _examples(section, place, file, means, refused) for place, file in enumerate(section.files)
    )
    files = _Files(into, categories)
    try:
        while chunk := list(islice(examples, _CHUNK)):
            files.add([number for number, _ in chunk], [row for _, row in chunk])
    finally:
        files.close()
    if not files.examples:
        counts = ", ".join(f"{reason} {number}" for reason, number in refused.most_common())
        raise DataError(f"{', '.join(section.files)}: no row is an example ({counts or 'no rows'})")
    card = {
        "files": list(section.files),
        "licence": section.licence,
        "examples": files.examples,
        "refused": dict(refused.most_common()),
    }
    (into / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _examples(
    section: OpenSource, place: int, file: str, means: Means, refused: Counter[str]
) -> Iterator[tuple[int, Example]]:
    """Examples of one file with their numbers; the others are counted by reason."""
    last, parts = -1, count()
    for found in means.read(section, file):
        number = found.row if isinstance(found, Rejected) else _row_of(found)
        if section.max_rows is not None and number is not None and number > section.max_rows:
            return
        if isinstance(found, Rejected):
            refused[found.reason] += 1
            continue
        assert number is not None
        if number != last:
            last, parts = number, count()
        part = next(parts)
        if part < MOST_PARTS:
            yield number_of(place, number, part), found
        else:
            refused["too_many_in_one_row"] += 1


def _row_of(example: Example) -> int:
    return int(example.origin.rpartition(":")[2])
