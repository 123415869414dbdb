"""The files that people work with: the queue as it stands, and the rows still to be decided."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from loop.errors import DataError
from loop.records import ReviewRow, RowVerdict
from loop.review.answers import sheet_row
from loop.review.queue import open_rows
from loop.rundir import write_bytes

QUEUE, OPEN, BRIEF = "queue.jsonl", "open.jsonl", "brief.md"
_BRIEF = """# Review

{total} rows are open in [open.jsonl](open.jsonl): {counts}.

Copy the file, fill in `verdict` and hand the copy in, RUN being the folder above this one:

    python -m loop.review RUN answers.jsonl

| verdict | when | what else |
|---|---|---|
| `accept` | the answer is right and does what the instruction says | |
| `reject` | it is wrong and not worth mending | say why in `reason` |
| `correct` | it is wrong, and you have mended it | change the fields themselves |

Write your name in `author` and the time you took in `minutes`. Rows may be handed in a few at a
time and in any order; a row whose verdict is empty stays open. What is said last of a row counts.

Judge each row by itself. `why` says what brought it here: `sampled` rows were drawn at random, so
that their verdicts say how wrong all the rest may be; `flagged` rows were accepted, with a
`finding`; `stratum` is the one row shown of its kind; `held_back` and `set_aside` rows are trained
on only if you accept or correct them, and nothing waits for those.
"""


def write_sheets(
    folder: Path, rows: Sequence[ReviewRow], verdicts: Mapping[str, RowVerdict]
) -> tuple[ReviewRow, ...]:
    """Write what people work with.

    Args:
        folder: The run's `review` folder; made if missing.
        rows: The whole queue.
        verdicts: Those given so far, by row.

    Returns:
        The rows that are open.
    """
    left = open_rows(rows, verdicts)
    # The queue itself comes first: answers are checked against it.
    write_bytes(folder / QUEUE, b"".join(row.model_dump_json().encode() + b"\n" for row in rows))
    sheet = (json.dumps(sheet_row(row), ensure_ascii=False) + "\n" for row in left)
    write_bytes(folder / OPEN, "".join(sheet).encode())
    brief = _BRIEF.format(total=len(left), counts=counted(left))
    write_bytes(folder / BRIEF, brief.encode())
    return left


def read_queue(folder: Path) -> dict[str, ReviewRow]:
    """Read the queue that a run wrote.

    Args:
        folder: The run's `review` folder.

    Returns:
        Rows by their ids, in order.

    Raises:
        DataError: There is none.
    """
    path = folder / QUEUE
    if not path.exists():
        raise DataError(
            f"{path} is not there: the recipe has no `review` section, or nothing has been "
            "delivered yet"
        )
    lines = path.read_bytes().splitlines()
    rows = (ReviewRow.model_validate_json(line) for line in lines)
    return {row.id: row for row in rows}


def counted(rows: Iterable[ReviewRow]) -> str:
    """Count rows by why they are in the queue.

    Args:
        rows: Of the queue.

    Returns:
        `12 sampled, 3 set_aside`; `none` where there is none.
    """
    counts = Counter(row.why for row in rows)
    return ", ".join(f"{number} {why}" for why, number in counts.most_common()) or "none"
