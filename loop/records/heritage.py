"""What a run takes over from an earlier one to train on, and where each row came from."""

from typing import Annotated, Literal

from loop.example import Example, Tier
from loop.records.base import Lines, Record


class Trace(Record):
    """Where one training row came from, to its end."""

    id: str
    """The example's id."""
    category: str
    tier: Tier
    source: str = ""
    """human, synthetic or open, and which, as it stands in the example."""
    runs: tuple[str, ...]
    """Runs that it went through, newest first: `<recipe's name>@<hash of the holdout>`."""
    asked_in: str = ""
    """The run that asked for it; empty for a row of the seed that no request drew."""
    round: int | None = None
    item: str = ""
    """The request item."""
    asked: str = ""
    """The source that delivered it, by its name in the recipe."""
    way: str = ""
    """The way of asking, where the source has several."""
    delivery: str = ""
    """The delivery's id within item and source."""
    author: str = ""
    nano: int | None = 0
    """Nano-dollars it cost; None where that is unknown."""
    seconds: float = 0.0
    """Of a person's time."""
    review: Literal["", "accept", "correct"] = ""
    """What a person who looked at it said; `correct` made this row out of the one delivered."""
    reviewer: str = ""
    read_in: str = ""
    """The run that read it from a file, where one did."""
    file: str = ""
    row: int | None = None
    """1-based row in that file."""


class Heritage(Record):
    """The training side of an earlier run."""

    run: str
    """Which run: `<recipe's name>@<hash of its holdout>`."""
    rows: Annotated[tuple[Example, ...], Lines("rows.jsonl")]
    """First what its rounds trained on or accepted, then the rest of its training side."""
    used: int
    """How many of them are the former."""
    traces: Annotated[tuple[Trace, ...], Lines("traces.jsonl")]
    """One per row, in the same order."""
    refused: tuple[str, ...] = ()
    """Ids of rows that people refused, in that run or before it."""
    notes: tuple[str, ...] = ()
    """What could not be taken over."""
