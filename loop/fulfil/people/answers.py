"""What people hand in: read row by row, and what is wrong with a row."""

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loop.errors import DataError
from loop.example import Example
from loop.fulfil.people.journal import Answer
from loop.fulfil.people.slots import FIELDS, Slot
from loop.fulfil.people.tools import row_of

_ABOUT = ("id", "category", "tier", "tags", "format", "note")
_GIVEN = ("author", "minutes")
_LONGEST_NAME = 60
_MOST_MINUTES = 10_000


@dataclass
class Read:
    """What a file came to."""

    new: list[Answer] = field(default_factory=list)
    again: int = 0
    """Rows that were handed in before, word for word."""
    left_open: int = 0
    """Rows without instruction and output."""
    problems: list[str] = field(default_factory=list)
    """One line each: where, what, and what to write instead."""
    refused: list[dict[str, Any]] = field(default_factory=list)
    """The rows that are wrong, as they stood, with what is wrong with them."""


def read_file(
    path: Path,
    slots: Mapping[str, Slot],
    known: Mapping[str, Answer],
    author: str = "",
    ended: str = "",
) -> Read:
    """Read a file of answers: the sheet's JSONL, or an export of Label Studio or Argilla.

    Args:
        path: JSON lines, or a JSON list.
        slots: What is asked for, by id.
        known: What was handed in before, by slot.
        author: Who wrote it, where a row does not say.
        ended: Why nothing new is taken any more; empty where it is.

    Returns:
        New answers, and a problem for each row that is none; a bad row takes nothing from others.

    Raises:
        DataError: The file cannot be read.
    """
    try:
        data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    read, taken = Read(), dict(known)
    for place, row in _rows(data):
        try:
            answer = _answer(_parsed(row), slots, taken, author)
            if answer is not None and ended and answer.slot not in taken:
                raise ValueError(f"{answer.slot}: {ended}")
        except (ValueError, OverflowError, RecursionError) as error:
            problem = f"{path}:{place}: {error}"
            stood = row.decode("utf-8", "replace") if isinstance(row, bytes) else row
            read.problems.append(problem)
            read.refused.append({"problem": problem, "row": stood})
            continue
        if answer is None:
            read.left_open += 1
        elif taken.get(answer.slot) == answer:
            read.again += 1
        else:
            taken[answer.slot] = answer
            read.new.append(answer)
    return read


def _rows(data: bytes) -> Iterator[tuple[str, Any]]:
    """Rows with their places: entries of a list, or lines still to be parsed."""
    if data.lstrip()[:1] == b"[":
        try:
            listed = json.loads(data)
        except (ValueError, RecursionError):
            listed = None
        if isinstance(listed, list):
            yield from ((f"entry {number}", row) for number, row in enumerate(listed, 1))
            return
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            yield str(number), line


def _parsed(row: Any) -> Any:  # noqa: ANN401 - JSON
    return row_of(json.loads(row) if isinstance(row, bytes) else row)


def _answer(
    given: Any,  # noqa: ANN401 - JSON
    slots: Mapping[str, Slot],
    taken: Mapping[str, Answer],
    author: str,
) -> Answer | None:
    """One answer; None where it is left open. A ValueError says what to write instead."""
    if not isinstance(given, Mapping):
        raise ValueError(f"a {type(given).__name__}, where an object with id and output is due")
    name = given.get("id")
    if not isinstance(name, str) or not (name in slots or name in taken):
        raise ValueError(f"id is {name!r:.60}; use the id of a line of open.jsonl")
    if unknown := [key for key in given if key not in (*_ABOUT, *FIELDS, *_GIVEN)]:
        raise ValueError(f"{name}: no field is called {unknown[0]!r:.60}; leave it out")
    fields = {key: given[key] for key in FIELDS if given.get(key) not in (None, "", {})}
    if not fields:
        return None
    who = _author(given.get("author"), name) or author
    try:
        # Here, where one row at most is lost: what cannot be written cannot be kept.
        json.dumps(fields, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: a field cannot be written as JSON ({error})") from error
    answer = Answer(name, fields, who, _seconds(given.get("minutes"), name))
    if name in taken:
        if taken[name] != answer:
            raise ValueError(
                f"{name}: was handed in already, otherwise; what came first counts, and what is "
                "not accepted is asked for again under another id"
            )
        return answer
    _check(slots[name], fields)
    return answer


def _check(slot: Slot, fields: Mapping[str, Any]) -> None:
    output = fields.get("output")
    if not output or (isinstance(output, str) and not output.strip()):
        raise ValueError(f"{slot.id}: output is empty; write the answer")
    item = slot.item
    try:
        made = Example.model_validate({"category": item.category, "tier": item.tier, **fields})
        made.model_dump_json()
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{slot.id}: {place}: {first['msg']}; correct it") from error
    except ValueError as error:
        raise ValueError(f"{slot.id}: a character is no Unicode; write it again") from error


def _author(given: Any, name: str) -> str:  # noqa: ANN401 - JSON
    if given is None:
        return ""
    if not isinstance(given, str) or not given.isprintable() or len(given) > _LONGEST_NAME:
        raise ValueError(
            f"{name}: author is {given!r:.60}; write a name of at most {_LONGEST_NAME} characters"
        )
    return given.strip()


def _seconds(minutes: Any, name: str) -> float | None:  # noqa: ANN401 - JSON
    if minutes is None:
        return None
    if (
        isinstance(minutes, bool)
        or not isinstance(minutes, int | float)
        or not 0 <= minutes <= _MOST_MINUTES
    ):
        raise ValueError(
            f"{name}: minutes is {minutes!r:.60}; write a number from 0 to {_MOST_MINUTES}"
        )
    return round(60.0 * minutes, 1)
