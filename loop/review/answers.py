"""What people hand in: verdicts on rows of the queue, or what is wrong with a line."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from loop.example import Example
from loop.records import ReviewRow, RowVerdict

SHOWN = ("category", "tier", "tags", "history", "instruction", "input", "rationale", "output")
"""Fields of an example that are shown in this order, with its checks behind them."""
FIELDS = (*SHOWN, "checks")
"""Those that a person may correct."""
_ABOUT = ("id", "round", "why", "source", "finding")
_GIVEN = ("verdict", "reason", "author", "minutes")
_VERDICTS = ("accept", "reject", "correct")


@dataclass
class Answers:
    """What a file of answers came to."""

    verdicts: list[RowVerdict] = field(default_factory=list)
    undecided: int = 0
    """Rows whose verdict was left empty."""
    problems: list[str] = field(default_factory=list)
    """One line each: where, what, and what to write instead."""


def sheet_row(row: ReviewRow) -> dict[str, Any]:
    """Lay a row out for a person to fill in.

    Args:
        row: Of the queue.

    Returns:
        The row flat, its verdict empty.
    """
    example = row.example.model_dump(mode="json")
    about = {name: getattr(row, name) for name in _ABOUT}
    blank = {"verdict": "", "reason": "", "author": "", "minutes": None}
    return {**about, **{name: example[name] for name in FIELDS}, **blank}


def read_answers(
    lines: Iterable[bytes], file: str, queue: Mapping[str, ReviewRow], author: str = ""
) -> Answers:
    """Read answers, row by row; a bad row takes nothing from the others.

    Args:
        lines: Of a JSONL file.
        file: Its name, for what is said of it.
        queue: Rows by their ids.
        author: Who answered, where a row does not say.

    Returns:
        Verdicts in order, and a problem for each row that is none.
    """
    answers = Answers()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
            verdict = _verdict(given, queue, author)
        except (ValueError, RecursionError) as error:
            answers.problems.append(f"{file}:{number}: {error}")
            continue
        if verdict is None:
            answers.undecided += 1
        else:
            answers.verdicts.append(verdict)
    return answers


def _verdict(
    given: Any,  # noqa: ANN401 - JSON
    queue: Mapping[str, ReviewRow],
    author: str,
) -> RowVerdict | None:
    """One answer; None where it is left open. A ValueError says what to write instead."""
    if not isinstance(given, Mapping):
        raise ValueError(f"a {type(given).__name__}, where an object with id and verdict is due")
    if not isinstance(name := given.get("id"), str) or name not in queue:
        raise ValueError(f"id is {name!r:.60}; use the id of a row in the queue")
    row = queue[name]
    if given.get("verdict") in (None, ""):
        return None
    known = (*_ABOUT, *FIELDS, *_GIVEN)
    if unknown := [key for key in given if key not in known]:
        raise ValueError(f"{name}: no field is called {unknown[0]!r:.60}; leave it out")
    verdict = given["verdict"]
    if verdict not in _VERDICTS:
        raise ValueError(f"{name}: verdict is {verdict!r:.60}; write {', '.join(_VERDICTS)}")
    changed = _changed(given, row.example)
    reason = _text(given, "reason", name)
    if verdict == "reject" and not reason:
        raise ValueError(f"{name}: rejected without a reason; say why in `reason`")
    if verdict == "accept" and changed:
        raise ValueError(
            f"{name}: accepted, but {', '.join(changed)} was changed; write correct, or change it "
            "back"
        )
    if verdict == "correct":
        _check(row, changed)
    return _writable(
        row=name,
        verdict=verdict,
        reason=reason,
        fields=changed if verdict == "correct" else {},
        author=_text(given, "author", name) or author,
        seconds=_seconds(given.get("minutes"), name),
    )


def _writable(**facts: Any) -> RowVerdict:  # noqa: ANN401 - fields of a verdict
    verdict = RowVerdict.model_validate(facts)
    try:
        verdict.model_dump_json()
    except ValueError as error:
        raise ValueError(f"{verdict.row}: a character is no Unicode; write it again") from error
    return verdict


def _text(given: Mapping[str, Any], key: str, name: str) -> str:
    value = given.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name}: {key} is {value!r:.60}; write a text")
    return (value or "").strip()


def _seconds(minutes: Any, name: str) -> int | None:  # noqa: ANN401 - JSON
    if minutes is None:
        return None
    if (
        isinstance(minutes, bool)
        or not isinstance(minutes, int | float)
        or not math.isfinite(minutes)
        or minutes < 0
    ):
        raise ValueError(f"{name}: minutes is {minutes!r:.60}; write a number, 0 or more")
    return round(60 * minutes)


def _changed(given: Mapping[str, Any], example: Example) -> dict[str, Any]:
    shown = example.model_dump(mode="json")
    return {key: given[key] for key in FIELDS if key in given and given[key] != shown[key]}


def _check(row: ReviewRow, changed: Mapping[str, Any]) -> None:
    if not changed:
        raise ValueError(
            f"{row.id}: corrected, but nothing was changed; change a field, or write accept"
        )
    try:
        with_fields(row.example, changed)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{row.id}: {place}: {first['msg']}") from error


def with_fields(example: Example, fields: Mapping[str, Any], author: str = "") -> Example:
    """Correct an example.

    Args:
        example: As it was shown.
        fields: What differs.
        author: Who corrected it.

    Returns:
        The corrected example, of the same origin. Its text is a person's now.
    """
    source = f"human:{author}" if author else "human"
    facts = {**example.model_dump(), **fields, "source": source, "quality": {}}
    return Example.model_validate(facts)
