"""Turns the rows of the seed files into examples. A row that is none is kept with its reason."""

import difflib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from loop.errors import DataError
from loop.example import Example, Tier
from loop.recipe import CategorySection, SeedSection
from loop.records import Rejected, SeedData
from loop.seed.files import Bad, rows_of

_CUT = 2000
_TIERS = get_args(Tier)


def read_seed(section: SeedSection, taxonomy: Sequence[CategorySection], folder: Path) -> SeedData:
    """Read every seed file.

    An empty or missing output is left to curation, which counts it.

    Args:
        section: Names of the files.
        taxonomy: Categories that a row may name.
        folder: The recipe's folder, which file names are relative to.

    Returns:
        Examples in file order, with their file and row as origin, and the rows that are none.

    Raises:
        DataError: A file cannot be read or holds no rows, or no row at all is an example.
    """
    names = [category.name for category in taxonomy]
    examples: list[Example] = []
    rejected: list[Rejected] = []
    for file in section.files:
        for number, row in enumerate(rows_of(folder / file), 1):
            read = _example(row, names, f"{file}:{number}")
            if isinstance(read, Example):
                examples.append(read)
                continue
            reason, detail = read
            raw = row.raw if isinstance(row, Bad) else json.dumps(row, default=str)
            given = row.get("category") if isinstance(row, dict) else None
            rejected.append(
                Rejected(
                    reason=reason,
                    detail=_printable(detail),
                    file=file,
                    row=number,
                    category=given if isinstance(given, str) and given in names else "",
                    raw=_printable(raw[:_CUT])[:_CUT],
                )
            )
    if not examples:
        counts = Counter(row.reason for row in rejected).most_common()
        raise DataError(
            f"{', '.join(section.files)}: none of {len(rejected)} rows is an example "
            f"({', '.join(f'{reason} {count}' for reason, count in counts)}); "
            f"the first: row {rejected[0].row}, {rejected[0].detail}"
        )
    return SeedData(
        examples=tuple(examples),
        rejected=tuple(rejected),
        received=len(examples) + len(rejected),
    )


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _near(value: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(value, known, n=1)
    return f"; did you mean `{close[0]}`?" if close else f"; known are {', '.join(known)}"


def _example(
    row: Any,  # noqa: ANN401 - any JSON value
    names: list[str],
    origin: str,
) -> Example | tuple[str, str]:
    """The row as an Example, or the reason code and detail why it is none."""
    if isinstance(row, Bad):
        return row.reason, row.detail
    if not isinstance(row, dict):
        return "not_an_object", f"a {type(row).__name__}; write an object per row"
    instruction = row.get("instruction")
    if instruction is None or (isinstance(instruction, str) and not instruction.strip()):
        return "missing_instruction", "no instruction"
    if row.get("category") not in names:
        shown = str(row.get("category"))[:80]
        return "unknown_category", f"category is {shown!r}{_near(shown, names)}"
    if row.get("tier") is not None and row["tier"] not in _TIERS:
        shown = str(row["tier"])[:80]
        return "bad_tier", f"tier is {shown!r}{_near(shown, _TIERS)}"
    present = {name: value for name, value in row.items() if value is not None}
    try:
        json.dumps(present, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError as error:
        return "bad_encoding", f"holds text that is not Unicode: {error.reason}"
    try:
        return Example.model_validate({"output": "", **present, "origin": origin})
    except ValidationError as error:
        return "bad_field", _problem(error)


def _problem(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))[:80]
    if first["type"] == "extra_forbidden":
        return f"{place}: no such field{_near(place, list(Example.model_fields))}"
    return f"{place}: {first['msg']}"
