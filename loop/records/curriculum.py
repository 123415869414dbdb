"""What is asked for, and what came."""

from collections import Counter
from typing import Annotated

from pydantic import Field

from loop.example import Example, Format, Tier
from loop.records.base import Lines, Reason, Record
from loop.records.data import Flag, Rejected
from loop.records.diagnosis import ProposalKind


class Allocation(Record):
    """How a round's budget is divided."""

    doses: dict[str, int]
    """New examples per category; sums to the budget."""
    why: dict[str, str]
    """One phrase per category."""


class Exemplar(Record):
    """A training-side example shown to a teacher."""

    instruction: str
    input: str
    output: str


class RequestItem(Record):
    """One line of a generation request: so many examples of one kind."""

    id: str
    """Unique within the run: `r01-003`."""
    category: str
    description: str = ""
    tier: Tier
    tags: tuple[str, ...] = ()
    """Sub-skills to address, weakest first; empty asks for the category's whole breadth."""
    count: int = Field(ge=1)
    format: Format
    language: str | None = None
    failures: tuple[Reason, ...] = ()
    """Kinds of failure seen, most frequent first."""
    wanted: tuple[ProposalKind, ...] = ()
    """What the examples should bring about, for most failures first."""
    exemplars: tuple[Exemplar, ...] = ()


class GenerationRequest(Record):
    """What is asked for after a round. Carries nothing of the holdout."""

    round: int
    items: tuple[RequestItem, ...]

    @property
    def count(self) -> int:
        """Examples asked for."""
        return sum(item.count for item in self.items)


class Fate(Record):
    """What became of one delivery."""

    id: str
    """`<request item>/<source>/<delivery>`; the origin of the example that came of it."""
    source: str
    """The source's name in the recipe."""
    way: str = ""
    """The way of asking, where the source has several."""
    category: str = ""
    tier: Tier
    author: str = ""
    nano: int | None = 0
    """Nano-dollars it cost; None where that is unknown."""
    seconds: float = 0.0
    """Of a person's time."""
    example: str = ""
    """Id of the example, where it is one."""
    reason: str = ""
    """Why it was rejected; empty where it was accepted."""


class Yield(Record):
    """What one source, asked in one way, gave for a request."""

    source: str
    way: str = ""
    received: int = 0
    accepted: int = 0
    nano: int | None = 0
    """Nano-dollars that all deliveries cost; None where one's price is unknown."""
    seconds: float = 0.0
    """Of people's time."""
    rejected: dict[str, int] = Field(default_factory=dict)
    """Deliveries per reason, most frequent first."""

    @property
    def nano_per_accepted(self) -> float | None:
        """Nano-dollars an accepted example cost; None where that is unknown."""
        return self.nano / self.accepted if self.nano is not None and self.accepted else None


class Fulfilment(Record):
    """What came back for a request, and what of it may be trained on."""

    round: int
    accepted: Annotated[tuple[Example, ...], Lines("accepted.jsonl")]
    rejected: Annotated[tuple[Rejected, ...], Lines("deliveries_rejected.jsonl")]
    fates: Annotated[tuple[Fate, ...], Lines("deliveries.jsonl")] = ()
    """Every delivery, in the order in which it came: whence each example is."""
    flags: Annotated[tuple[Flag, ...], Lines("deliveries_flags.jsonl")] = ()
    """Findings on deliveries that were accepted all the same."""
    received: int
    requested: dict[str, int]
    """Examples asked for per category."""
    yields: tuple[Yield, ...] = ()
    """By source and way, in the order in which they were asked."""
    shortfall: dict[str, int]
    """Examples still missing per category after the last attempt."""
    notes: tuple[str, ...] = ()
    """What a reader must know: a source that was dry, over budget or at its share."""

    @property
    def by_source(self) -> dict[str, int]:
        """Accepted examples per source, in the order in which they were asked."""
        counted: Counter[str] = Counter()
        for each in self.yields:
            counted[each.source] += each.accepted
        return {source: count for source, count in counted.items() if count}

    @property
    def rejected_by_reason(self) -> dict[str, int]:
        """Number of deliveries per reason code, most frequent first."""
        return dict(Counter(row.reason for row in self.rejected).most_common())
