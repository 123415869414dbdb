"""JSON in what a model says: found, checked against the schema, and asked for again in words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 20_000
"""Characters of a reply that are read, and that a repair shows again."""
_OBJECTS = 50
"""Places in a reply where a JSON object may begin."""


def objects_in(reply: str, longest: int = LONGEST) -> list[dict[str, Any]]:
    """Find the JSON objects of a reply, behind whatever a model thinks aloud first.

    Args:
        reply: As it came.
        longest: Characters that are read.

    Returns:
        The outermost objects, in order; those that cannot be parsed are passed over.
    """
    text = reply[:longest].rpartition("</think>")[2]
    found: list[dict[str, Any]] = []
    start = text.find("{")
    for _ in range(_OBJECTS):
        if start < 0:
            break
        try:
            value, end = json.JSONDecoder().raw_decode(text, start)
            found.append(value)
        except (ValueError, RecursionError):
            end = start + 1
        start = text.find("{", end)
    return found


def one_line(text: str, longest: int = 300) -> str:
    """Make what a model or server says fit for a report or a message.

    Args:
        text: Anything.
        longest: Characters kept.

    Returns:
        Printable text on one line.
    """
    whole = text[: 8 * longest].encode("utf-8", "replace").decode("utf-8")
    printable = "".join(char if char.isprintable() else " " for char in whole)
    return " ".join(printable.split())[:longest]


@dataclass(frozen=True)
class Misfit:
    """A text that does not follow the schema."""

    problem: str


def read(text: str, schema: Mapping[str, Any]) -> dict[str, Any] | Misfit:
    """Find the first object that follows a schema.

    Args:
        text: What a model said.
        schema: JSON schema, our own; never one that a model wrote.

    Returns:
        The object, or what is wrong with the first one.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    validator = Draft202012Validator(schema)
    problem = "it holds no JSON object"
    for place, found in enumerate(objects_in(text, len(text))):
        try:
            fault = best_match(validator.iter_errors(found))
        except RecursionError:
            problem = "it is nested too deeply"
            continue
        if fault is None:
            return found
        if not place:
            where = "".join(f"[{key!r}]" for key in fault.absolute_path)
            problem = f"{where or 'the object'}: {fault.message}"
    return Misfit(one_line(problem))


def again(problem: str) -> str:
    """Word a repair.

    Args:
        problem: What is wrong.

    Returns:
        The next message to the model.
    """
    return f"This could not be used: {problem}. Reply with the corrected JSON object only."
