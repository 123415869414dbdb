"""What people said of delivered rows, how wrong a batch may be, and what that changes."""

from typing import Annotated, Any, Literal

from pydantic import Field

from loop.example import Example
from loop.records.base import Lines, Record

Why = Literal["sampled", "flagged", "stratum", "held_back", "set_aside"]
"""Why a row is in the queue: drawn at random; kept with a finding on it; the one row of a way and
category of which none was drawn; of a batch that is held back; set aside by curation."""


class ReviewRow(Record):
    """One row that a person is asked about."""

    id: str
    """The example's id."""
    round: int
    """The round that asked for it; 0 for the seed."""
    source: str = ""
    """The source's name in the recipe; empty for the seed."""
    why: Why
    finding: str = ""
    """What curation found on it: reason code and detail."""
    example: Example

    @property
    def waited_for(self) -> bool:
        """Whether a batch's bound rests on it."""
        return self.why in ("sampled", "flagged", "stratum")


class RowVerdict(Record):
    """What one person said of one row."""

    row: str
    """Id of the example that was shown."""
    verdict: Literal["accept", "reject", "correct"]
    reason: str = ""
    """Why it was rejected, or what was corrected."""
    fields: dict[str, Any] = Field(default_factory=dict)
    """Of a corrected row, what differs."""
    author: str = ""
    seconds: int | None = Field(None, ge=0)
    """Of the person's time; None where it was not said."""


class ReviewFate(Record):
    """What a verdict brought about."""

    row: str
    """Id of the example that was shown."""
    origin: str
    """Where that came from: `<request item>/<source>/<delivery>`, or a seed row."""
    round: int
    why: Why
    verdict: Literal["accept", "reject", "correct"]
    reason: str = ""
    author: str = ""
    seconds: int = 0
    """Of the person's time, as it was paid."""
    nano: int | None = 0
    """Nano-dollars it cost; None where that is unknown."""
    example: str = ""
    """Id of the example that may be trained on; empty where there is none."""
    refused: str = ""
    """Why it may not be trained on all the same: it fails its checks, repeats a row, or overlaps
    the holdout."""


class ReviewedStratum(Record):
    """The rows of a batch that were asked for in one way for one category."""

    way: str
    category: str
    rows: int
    reviewed: int
    wrong: int
    """Rejected or corrected."""


class ReviewedBatch(Record):
    """What one source gave in one round, and how much of it may be wrong."""

    round: int
    source: str
    rows: int
    """Accepted by curation."""
    asked: int
    """Rows that its bound rests on: flagged ones, the sample, one of each stratum without any."""
    answered: int
    """Of those, with a verdict."""
    sampled: int
    """Drawn at random from the rows without a flag."""
    sampled_wrong: int
    """Of the sample, rejected or corrected."""
    reviewed: int
    """Rows with a verdict, for whatever reason they were shown."""
    wrong: int
    """Rejected or corrected, of all reviewed."""
    rejected: int
    at_most: int
    """The most rows that may be wrong, at the section's confidence; a row of the sample without a
    verdict counts as wrong."""
    confidence: float
    max_error: float
    held_back: bool
    """Whether only rows that a person accepted or corrected may be trained on."""
    strata: tuple[ReviewedStratum, ...] = ()

    @property
    def answered_whole(self) -> bool:
        """Whether all that its bound rests on has a verdict."""
        return self.answered == self.asked

    @property
    def left_at_most(self) -> float:
        """Share of the rows that are left, once rejected ones are out, that may be wrong."""
        left = self.rows - self.rejected
        return (self.at_most - self.wrong) / left if left else 0.0


class Reviewed(Record):
    """How things stand after a round: all batches so far, all verdicts so far."""

    round: int
    batches: tuple[ReviewedBatch, ...]
    """Oldest first."""
    removed: tuple[str, ...] = ()
    """Ids of examples that may not be trained on: rejected, replaced by a correction, or of a batch
    that is held back."""
    added: Annotated[tuple[Example, ...], Lines("reviewed_added.jsonl")] = ()
    """Examples that may be trained on now: set aside and accepted, corrected, or no longer held
    back. What is in training already is not among them."""
    fates: Annotated[tuple[ReviewFate, ...], Lines("reviewed.jsonl")] = ()
    """The verdict in force on each row, and what came of it."""
    open: dict[Why, int] = Field(default_factory=dict)
    """Rows without a verdict."""
    notes: tuple[str, ...] = ()
    """What a reader must know."""

    @property
    def latest(self) -> tuple[ReviewedBatch, ...]:
        """This round's batches, one per source."""
        return tuple(each for each in self.batches if each.round == self.round)
