"""Everything one stage hands to another. Frozen, versioned, plain JSON; facts, not behaviour.

A field marked `Lines("name.jsonl")` is saved as JSON lines beside its record, so that pandas and
`datasets` load it directly; all other fields are saved in the record's own JSON file.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from loop.example import Example, Format, Tier

Role = Literal["diagnose", "gate", "final", "unseen"]
Reason = Literal[
    "passed", "format", "wrong_answer", "error", "timeout", "truncated", "empty", "ungraded"
]
Verdict = Literal["met", "not met", "undecided"]
Outcome = Literal["met", "plateau", "budget", "rounds", "finished"]


@dataclass(frozen=True)
class Lines:
    """Marks a field that is saved as JSON lines in a file of its own."""

    name: str


class Record(BaseModel):
    """Base of all records: immutable, unknown fields refused, docstrings kept."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    version: int = 1
    """Raised when a field changes its meaning."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all fields: 64 hexadecimal digits."""
        return hashlib.sha256(self.model_dump_json().encode("utf-8", "surrogatepass")).hexdigest()


# Data


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
    raw: str = ""
    """The row as it stood (cut to 2,000 characters), where it could not."""


class SeedData(Record):
    """What was read from the seed files."""

    examples: Annotated[tuple[Example, ...], Lines("seed.jsonl")]
    rejected: Annotated[tuple[Rejected, ...], Lines("seed_rejected.jsonl")]
    received: int
    """Rows read; examples + rejected."""


class Curated(Record):
    """Rows that may be used, and the others with their reasons; kept + rejected = received."""

    kept: Annotated[tuple[Example, ...], Lines("kept.jsonl")]
    rejected: Annotated[tuple[Rejected, ...], Lines("rejected.jsonl")]
    received: int

    @property
    def rejected_by_reason(self) -> dict[str, int]:
        """Number of rows per reason code, most frequent first."""
        return dict(Counter(row.reason for row in self.rejected).most_common())


class Holdout(Record):
    """The three roles and what is left to train on. Drawn once, then frozen."""

    diagnose: Annotated[tuple[Example, ...], Lines("diagnose.jsonl")]
    gate: Annotated[tuple[Example, ...], Lines("gate.jsonl")]
    final: Annotated[tuple[Example, ...], Lines("final.jsonl")]
    pool: Annotated[tuple[Example, ...], Lines("pool.jsonl")]
    """The training side: round 1's seed dose and the free pool."""
    set_aside: Annotated[tuple[Rejected, ...], Lines("set_aside.jsonl")] = ()
    """Training-side rows that are the same task as a holdout row; never trained on."""
    notes: tuple[str, ...] = ()
    """What a reader must know: floors that won over the share, the share reached."""

    def role(self, role: Role) -> tuple[Example, ...]:
        """Items of one role.

        Args:
            role: diagnose, gate or final.

        Returns:
            Its examples, in frozen order.
        """
        return {"diagnose": self.diagnose, "gate": self.gate, "final": self.final}[role]


class Mixture(Record):
    """What one round trains on."""

    examples: Annotated[tuple[Example, ...], Lines("dataset.jsonl")]
    new: int
    """How many of them (the last ones) were accepted since the previous round."""

    @property
    def by_category(self) -> dict[str, int]:
        """Number of examples per category."""
        return dict(Counter(example.category for example in self.examples))


# Training


class LossPoint(Record):
    """One logged step of training."""

    step: int
    loss: float
    """Mean negative log-likelihood per completion token, in nats."""
    learning_rate: float


class Adapter(Record):
    """A trained LoRA adapter."""

    folder: str
    """Relative to the run directory."""
    sha256: str
    """Of adapter_model.safetensors."""
    base: str
    """The logical id of the base model, as in the recipe."""
    examples: int
    steps: int
    tokens: int
    """Completion tokens that carried loss, over all epochs."""
    dropped: tuple[Rejected, ...] = ()
    """Rows that could not be rendered within the model's context; never silently."""
    loss: tuple[LossPoint, ...] = ()


# Evaluation


class Grade(Record):
    """One grader's judgement of one answer."""

    score: float = Field(ge=0, le=1)
    passed: bool
    reason: Reason
    evidence: str = ""
    """Short text for a person: the failing case, the missing field, the error's last line."""


class Sample(Record):
    """One item answered and graded."""

    example_id: str
    category: str
    tier: Tier
    tags: tuple[str, ...]
    prompt: str
    """The text given to the model, chat template applied."""
    answer: str
    """The text it gave, before the grader's extraction."""
    grade: Grade


class CategoryScore(Record):
    """Items passed in one category."""

    category: str
    passed: int = Field(ge=0)
    total: int = Field(ge=1)

    @property
    def score(self) -> float:
        """Share of items passed, in [0, 1]."""
        return self.passed / self.total


class Evaluation(Record):
    """Every item of one role answered and graded, in holdout order."""

    role: Role
    round: int
    model: str
    """SHA-256 of the adapter, or `base`."""
    samples: Annotated[tuple[Sample, ...], Lines("samples.jsonl")]

    @property
    def scores(self) -> tuple[CategoryScore, ...]:
        """One score per category, in the order of the samples."""
        totals = Counter(sample.category for sample in self.samples)
        passed = Counter(s.category for s in self.samples if s.grade.passed)
        return tuple(
            CategoryScore(category=name, passed=passed[name], total=total)
            for name, total in totals.items()
        )


class GateRuling(Record):
    """All that the controller may learn from a look at the gate."""

    look: int = Field(ge=1)
    round: int
    alpha: float
    """Error this look was allowed to spend."""
    needed: dict[str, int]
    """Passes each category needed."""
    total: dict[str, int]
    """Items each category has in the gate."""
    met: dict[str, bool]

    @property
    def all_met(self) -> bool:
        """Whether every category passed."""
        return all(self.met.values())


# Diagnosis


class Slice(Record):
    """A part of a category: one tier, one tag, or one kind of failure."""

    by: Literal["tier", "tag"]
    name: str
    passed: int
    total: int


class Change(Record):
    """Paired comparison with the last round on the same items."""

    better: int
    """Items that failed and now pass."""
    worse: int
    """Items that passed and now fail."""
    p_value: float
    """Two-sided exact McNemar, before correction."""


class CategoryWeakness(Record):
    """What is wrong with one category."""

    category: str
    priority: int
    weight: float
    target: float
    passed: int
    total: int
    low: float
    """Wilson 95 % interval for display, lower end."""
    high: float
    verdict: Verdict
    """One-sided exact bounds on the diagnose items."""
    slices: tuple[Slice, ...] = ()
    failures: dict[Reason, int] = Field(default_factory=dict)
    """Number of failed items by kind."""
    change: Change | None = None
    regressed: bool = False
    """Significantly worse than the last round, Holm-corrected over categories at 0.05."""
    worst: tuple[str, ...] = ()
    """Ids of failed examples, worst first."""

    @property
    def score(self) -> float:
        """Share of items passed, in [0, 1]."""
        return self.passed / self.total

    @property
    def gap(self) -> float:
        """Target minus score, at least 0."""
        return max(0.0, self.target - self.score)


class Weakness(Record):
    """The weakness report of one round, highest priority first."""

    round: int
    categories: tuple[CategoryWeakness, ...]
    weighted: float
    """Production-weighted diagnose score."""

    def category(self, name: str) -> CategoryWeakness:
        """Look a category up by name.

        Args:
            name: A name from the taxonomy.

        Returns:
            Its weakness.

        Raises:
            KeyError: The report has no such category.
        """
        for weakness in self.categories:
            if weakness.category == name:
                return weakness
        raise KeyError(name)


# Curriculum


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
    exemplars: tuple[Exemplar, ...] = ()


class GenerationRequest(Record):
    """What is asked for after a round. Carries nothing of the holdout."""

    round: int
    items: tuple[RequestItem, ...]

    @property
    def count(self) -> int:
        """Examples asked for."""
        return sum(item.count for item in self.items)


class Fulfilment(Record):
    """What came back for a request, and what of it may be trained on."""

    round: int
    accepted: Annotated[tuple[Example, ...], Lines("accepted.jsonl")]
    rejected: Annotated[tuple[Rejected, ...], Lines("deliveries_rejected.jsonl")]
    received: int
    requested: dict[str, int]
    """Examples asked for per category."""
    by_source: dict[str, int]
    """Accepted examples per source: pool, or the teacher's name."""
    shortfall: dict[str, int]
    """Examples still missing per category after the last attempt."""

    @property
    def rejected_by_reason(self) -> dict[str, int]:
        """Number of deliveries per reason code, most frequent first."""
        return dict(Counter(row.reason for row in self.rejected).most_common())


# Stopping


class Decision(Record):
    """What the loop does after a round."""

    action: Literal["continue", "gate", "stop"]
    outcome: Outcome | None = None
    """Why it stops, where it does."""
    reason: str
    """One sentence for the report."""


class UnseenScore(Record):
    """A category's score on tasks from outside the seed's families. Never a target."""

    file: str
    """Stem of the file the tasks stand in."""
    category: str
    passed: int
    total: int


class Summary(Record):
    """The whole run, once it is closed."""

    name: str
    outcome: Outcome
    reason: str
    rounds: int
    shipped_round: int
    shipped_by: Literal["gate", "diagnose"]
    """gate: that round passed it. diagnose: best weighted diagnose score, hence optimistic."""
    adapter: str | None
    """Folder of the adapter to ship, relative to the run directory."""
    verdict_rule: Literal["bound", "point"]
    weakness: tuple[Weakness, ...]
    """One per round, round 0 first."""
    rulings: tuple[GateRuling, ...]
    final: tuple[CategoryScore, ...] = ()
    unseen: tuple[UnseenScore, ...] = ()
    fulfilments: tuple[dict[str, int], ...] = ()
    """Accepted examples per category and round."""
