"""Which checks an example of a category needs, and which of them the model is asked for.

What the training rows' checks have in common is theirs and is never asked for; what differs from
row to row is asked for in the form that it has there. Where no training row has checks, the grader
decides.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loop.example import Example
from loop.recipe import CategorySection

_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT}
_MOST_ROWS, _MOST_NAMES = 200, 20
_USUAL = 0.9
"""Share of the rows that have a check, from which every example needs it."""
_ALIKE = 5
"""Rows from which a check that is the same in all of them is the category's."""
_NEEDED: dict[str, dict[str, dict[str, Any] | None]] = {
    "unit_tests": {"tests": _TEXT},
    "equivalence": {"call": _TEXT, "inputs": None},
    "json_fields": {"fields": None},
    "label": {"labels": _TEXTS},
}
"""Grader → check → its JSON schema; None where only JSON written as a text has one."""
_WORDS = {
    "tests": "assertions on literal values, one a line, at least three, the edges among them; the "
    "output must hold them all, and a wrong output must not",
    "call": "the name of the function that the output defines",
    "inputs": "a list of at least three lists of arguments that the function is called with",
    "fields": "the names and values that any right answer has",
    "required": "names of further fields that the answer must have",
    "schema": "the JSON Schema (2020-12) that the answer keeps to",
    "answers": "other outputs that are as right, if any",
    "labels": "all labels that the instruction lets choose from",
}


@dataclass(frozen=True)
class Checks:
    """What a grader needs beside the answer."""

    shared: Mapping[str, Any] = field(default_factory=dict)
    """Holds for every example of the category."""
    asked: Mapping[str, dict[str, Any] | None] = field(default_factory=dict)
    """Check → its JSON schema; None where the model writes it as JSON in a text."""

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of the checks in a reply."""
        text = {"type": "string", "minLength": 2}
        return closed({name: schema or text for name, schema in self.asked.items()})

    def words(self, name: str) -> str:
        """Say what a check is.

        Args:
            name: Of one that is asked for.

        Returns:
            A phrase for the prompt.
        """
        written = " (JSON, written as a text)" if self.asked[name] is None else ""
        return _WORDS.get(name, "as in the examples") + written

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Take the checks from a reply.

        Args:
            given: What follows `schema`.

        Returns:
            An example's checks; those that the category shares cannot be replaced.
        """
        found = {
            name: _parsed(given[name]) if schema is None else given[name]
            for name, schema in self.asked.items()
        }
        return {**found, **self.shared}


def checks_of(category: CategorySection | None, rows: Sequence[Example]) -> Checks:
    """Find out what the examples of a category must bring.

    Args:
        category: Names the grader; None where only the rows can tell.
        rows: The category's training rows.

    Returns:
        What all have in common, and what is to be asked for.
    """
    found = [row.checks for row in rows if row.checks][:_MOST_ROWS]
    if not found:
        needed = dict(_NEEDED.get(category.grader, {})) if category else {}
        if category is not None and category.labels:
            needed.pop("labels", None)
        return Checks(asked=needed)
    usual = Counter(name for checks in found for name in checks)
    names = [name for name, count in usual.items() if count >= _USUAL * len(found)]
    values = {name: [checks[name] for checks in found if name in checks] for name in names}
    shared = {name: each[0] for name, each in values.items() if _is_one(each)}
    asked = {name: form_of(values[name]) for name in names if name not in shared}
    return Checks(shared, asked)


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Write the JSON schema of an object that has these fields and no others.

    Args:
        properties: Field → its schema.

    Returns:
        A schema that servers with strict structured output accept.
    """
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def form_of(values: Sequence[Any]) -> dict[str, Any] | None:
    """Find the JSON schema that values of one check have in common.

    Args:
        values: At least one.

    Returns:
        The schema, or None where they are too different for one.
    """
    kinds = {type(value) for value in values}
    if kinds == {str}:
        return _TEXT
    for kind, name in ((bool, "boolean"), (int, "integer")):
        if kinds == {kind}:
            return {"type": name}
    if kinds <= {int, float}:
        return {"type": "number"}
    if kinds == {list}:
        inner = [each for value in values for each in value]
        items = form_of(inner) if inner else _TEXT
        return None if items is None else {"type": "array", "items": items}
    if kinds == {dict} and values[0] and len({frozenset(value) for value in values}) == 1:
        forms = {name: form_of([value[name] for value in values]) for name in values[0]}
        plain = {name: form for name, form in forms.items() if form is not None}
        return closed(plain) if len(plain) == len(forms) <= _MOST_NAMES else None
    return None


def _is_one(values: Sequence[Any]) -> bool:
    return len(values) >= _ALIKE and all(value == values[0] for value in values)


def _parsed(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """What a text of JSON says; the text where it says nothing, for the grader to refuse."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
