"""Rows read, curated, held out and trained on."""

from collections import Counter
from typing import Annotated

from loop.example import Example
from loop.records.base import Lines, Record
from loop.records.evaluation import GateRuling


class Rejected(Record):
    """A row that will not be trained on, and why."""

    reason: str
    """Stable code that is counted: `empty_output`, `near_duplicate`, …"""
    detail: str = ""
    """One line for a person: the value, the limit, the similarity."""
    file: str = ""
    """Where it came from; a request item's id for a delivery."""
    row: int | None = None
    """1-based row in that file."""
    category: str = ""
    matched: str = ""
    """Id of the example it repeats, where that is the reason."""
    example: Example | None = None
    """The row, where it could be read as one. Never holdout text of another row."""
    review: bool = False
    """Set aside for a person, who may still take it."""
    raw: str = ""
    """The row as it stood (cut to 2,000 characters), where it could not."""


class SeedData(Record):
    """What was read from the seed files."""

    examples: Annotated[tuple[Example, ...], Lines("seed.jsonl")]
    rejected: Annotated[tuple[Rejected, ...], Lines("seed_rejected.jsonl")]
    received: int
    """Rows read; examples + rejected."""


class Flag(Record):
    """A finding on a row that was kept all the same."""

    id: str
    """The example's id."""
    reason: str
    detail: str = ""


class Curated(Record):
    """Rows that may be used, and the others with their reasons; kept + rejected = received."""

    kept: Annotated[tuple[Example, ...], Lines("kept.jsonl")]
    rejected: Annotated[tuple[Rejected, ...], Lines("rejected.jsonl")]
    received: int
    flags: Annotated[tuple[Flag, ...], Lines("flags.jsonl")] = ()

    @property
    def rejected_by_reason(self) -> dict[str, int]:
        """Number of rows per reason code, most frequent first."""
        return dict(Counter(row.reason for row in self.rejected).most_common())


class Split(Record):
    """What the loop may see of the holdout: what it steers by, and how much it may not see."""

    diagnose: tuple[Example, ...]
    """Scored every round; drives the weakness report."""
    pool: tuple[Example, ...]
    """The training side: what is carried on, round 1's seed dose, the free pool."""
    carried: int = 0
    """How many rows of the pool, its first ones, an earlier run trained on or accepted."""
    unused: int = 0
    """How many, its last ones, are of an earlier run's training side and were never used."""
    rulings: tuple[GateRuling, ...] = ()
    """Looks that earlier runs took at this gate, oldest first; their round is -1."""
    gate: dict[str, int]
    """Items per category."""
    final: dict[str, int]
    """Items per category."""
    set_aside: int
    """Training-side rows that are the same task as a holdout row."""
    notes: tuple[str, ...] = ()
    """What a reader must know: floors that won over the share, the share reached."""

    @property
    def seeds(self) -> tuple[Example, ...]:
        """Rows that round 1's seed dose is drawn from."""
        return self.pool[self.carried : len(self.pool) - self.unused]


class Mixture(Record):
    """What one round trains on."""

    examples: Annotated[tuple[Example, ...], Lines("dataset.jsonl")]
    new: int
    """How many of them (the last ones) were accepted since the previous round."""

    @property
    def by_category(self) -> dict[str, int]:
        """Number of examples per category."""
        return dict(Counter(example.category for example in self.examples))
