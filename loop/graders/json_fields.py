"""The answer must be one JSON object that holds the expected fields."""

import json
import math
from typing import Any, NoReturn

from loop.example import Example
from loop.graders.answer import extract_code
from loop.graders.verdict import failed, passed, ungraded
from loop.records import Grade


def grade_json_fields(example: Example, answer: str) -> Grade:
    """Parse the answer and compare its fields.

    Args:
        example: checks.fields maps names to expected values, checks.required lists names that
            must be there and not be empty, checks.tolerance is allowed between numbers.
        answer: JSON, bare or in one fence, and nothing beside it.

    Returns:
        passed; format where it is no such object; else wrong_answer with the share of the
        checks that held as the score.
    """
    fields = example.checks.get("fields", {})
    required = example.checks.get("required", [])
    tolerance = example.checks.get("tolerance", 0)
    if not isinstance(fields, dict) or not isinstance(required, list) or not (fields or required):
        return ungraded("fields (expected values by name) or checks.required (a list of names)")
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)):
        return ungraded("tolerance (a number)")
    given = _parse(answer)
    if isinstance(given, Grade):
        return given
    wrong = [
        f"{name}: wanted {_show(wanted)}, got {_show(given[name]) if name in given else 'nothing'}"
        for name, wanted in fields.items()
        if name not in given or not _same(given[name], wanted, tolerance)
    ]
    empty = [f"{name}: required" for name in map(str, required) if _is_empty(given.get(name))]
    if not wrong and not empty:
        return passed()
    held = 1 - (len(wrong) + len(empty)) / (len(fields) + len(required))
    return failed("wrong_answer", "; ".join(wrong + empty), score=held)


def _parse(answer: str) -> dict[str, Any] | Grade:
    text = answer.strip()
    if text.startswith(("```", "~~~")):
        # Only a fence around everything: text behind it is not JSON.
        if not text.endswith(text[:3]) or text.count(text[:3]) != 2:
            return failed("format", "text beside the fenced JSON")
        text = extract_code(text).strip()
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError, MemoryError) as error:
        return failed("format", f"not JSON: {type(error).__name__}: {error}")
    if not isinstance(value, dict):
        return failed("format", f"JSON, but a {type(value).__name__} and not an object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice[:60]!r} stands twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _same(given: Any, wanted: Any, tolerance: float) -> bool:  # noqa: ANN401 - any JSON value
    if isinstance(given, bool) or isinstance(wanted, bool):
        return given is wanted
    if isinstance(given, (int, float)) and isinstance(wanted, (int, float)):
        try:
            return given == wanted or math.fabs(given - wanted) <= tolerance
        except OverflowError:
            return False
    if isinstance(given, list) and isinstance(wanted, list):
        return len(given) == len(wanted) and all(
            _same(one, other, tolerance) for one, other in zip(given, wanted, strict=True)
        )
    if isinstance(given, dict) and isinstance(wanted, dict):
        return given.keys() == wanted.keys() and all(
            _same(given[name], wanted[name], tolerance) for name in wanted
        )
    return bool(given == wanted)


def _is_empty(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    return (
        value is None
        or (isinstance(value, (str, list, dict)) and not value)
        or (isinstance(value, str) and not value.strip())
    )


def _show(value: Any) -> str:  # noqa: ANN401 - any JSON value
    try:
        return repr(value)[:80]
    except (ValueError, RecursionError):
        return f"a {type(value).__name__} too large to show"
