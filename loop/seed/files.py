"""Opens JSONL, JSON, CSV and Parquet as rows. Never unpickles; knows nothing of categories."""

import csv
import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loop.errors import DataError
from loop.example import Example

TEXT_OF_JSON = ("tags", "checks", "quality")
"""Columns of a table that hold JSON text where they are not lists or objects already."""


@dataclass(frozen=True)
class Bad:
    """A row that could not be read at all."""

    reason: str
    detail: str
    raw: str


Row = Any | Bad


def rows_of(path: Path) -> list[Row]:
    """Read a file of rows.

    Args:
        path: A .jsonl, .json, .csv or .parquet file.

    Returns:
        One entry per row: whatever JSON value stands there, or why it could not be read.

    Raises:
        DataError: The file is missing, unreadable, empty, or of an unknown kind.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(_READERS)
        raise DataError(f"{path}: cannot read `{path.suffix}` files; convert it to one of {known}")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: no such file; seed.files are relative to the recipe's folder"
        ) from error
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; make it readable, or correct seed") from error
    rows = list(reader(path, data))
    if not rows:
        raise DataError(f"{path}: holds no rows; add examples, or take it out of seed.files")
    return rows


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _parse(text: str) -> Row:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return Bad("bad_json", str(error), text)


def _jsonl(path: Path, data: bytes) -> Iterator[Row]:
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield _parse(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            raw = line.decode("utf-8", "backslashreplace")
            yield Bad("bad_encoding", f"line {number} is not UTF-8: {error.reason}", raw)


def _json(path: Path, data: bytes) -> Iterator[Row]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 at byte {error.start}; convert it") from error
    if not text.strip():
        return
    value = _parse(text)
    if isinstance(value, Bad):
        raise DataError(f"{path}: not JSON: {value.detail}; for one object a line, name it .jsonl")
    if not isinstance(value, list):
        raise DataError(f"{path}: holds a {type(value).__name__}; write a list of objects")
    yield from value


def _csv(path: Path, data: bytes) -> Iterator[Row]:
    # Undecodable bytes become lone surrogates, so that only the rows that hold them are refused.
    text = data.decode("utf-8-sig", "surrogateescape")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    if reader.fieldnames is None:
        return
    _check_columns(path, list(reader.fieldnames))
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Bad("bad_csv", f"line {reader.line_num}: {error}", "")
            continue
        if None in row:
            yield Bad("bad_csv", "more values than columns; quote commas", repr(dict(row)))
        else:
            yield _from_table({name: value for name, value in row.items() if value != ""})


def _parquet(path: Path, data: bytes) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a Parquet file that can be read: {error}") from error
    _check_columns(path, table.column_names)
    for row in table.to_pylist():
        yield _from_table(row)


def _check_columns(path: Path, columns: list[str]) -> None:
    known = list(Example.model_fields)
    if "instruction" not in columns:
        raise DataError(
            f"{path}: no column `instruction`, only {', '.join(map(repr, columns))[:300]}; "
            f"known columns are {', '.join(known)}"
        )
    unknown = [name for name in columns if name not in known]
    if unknown:
        raise DataError(
            f"{path}: unknown columns {', '.join(map(repr, unknown))[:300]}; "
            f"take them out, or rename them to one of {', '.join(known)}"
        )


def _from_table(row: dict[str, Any]) -> Row:
    """Drop what a table writes for "absent", and read JSON text."""
    found = {}
    for name, value in row.items():
        if _absent(value):
            continue
        if name in TEXT_OF_JSON and isinstance(value, str):
            value = _parse(value)
            if isinstance(value, Bad):
                return Bad("bad_field", f"{name}: not JSON text: {value.detail}", repr(row))
        elif isinstance(value, dict):
            # Arrow gives every row of a struct column the keys of all rows.
            value = {key: inner for key, inner in value.items() if not _absent(inner)}
        found[name] = value
    return found


def _absent(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


_READERS = {".jsonl": _jsonl, ".json": _json, ".csv": _csv, ".parquet": _parquet}
