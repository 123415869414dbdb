"""What is weak, why, what would fix it, and how it changed. Counts, names and ids; no text."""

from typing import Literal

from pydantic import Field

from loop.example import Tier
from loop.records.base import Reason, Record, Verdict

CauseCode = Literal[
    "ungraded",
    "suspect_label",
    "interference",
    "ran_on",
    "stopped_early",
    "format",
    "underfit",
    "missing_skill",
]
"""Why an item failed; of several causes the one that stands first here is told."""
Sign = Literal[
    "not_graded",
    "reference_fails",
    "training_disagrees",
    "opinions_disagree",
    "limit_reached",
    "text_after_answer",
    "empty_answer",
    "left_open",
    "much_shorter",
    "not_parsed",
    "written_otherwise",
    "lost_since_best",
    "loss_still_falls",
    "dose_without_gain",
    "wrong_answer",
    "error",
    "timeout",
]
"""What tells a cause."""
ProposalKind = Literal[
    "fix_checks",
    "fix_labels",
    "raise_limit",
    "end_answers",
    "lengthen_answers",
    "show_format",
    "replay",
    "more_epochs",
    "more_data",
]
NO_DATA: frozenset[ProposalKind] = frozenset({"fix_checks", "fix_labels", "raise_limit"})
"""What no new example can bring about."""
LONGEST_TAG = 40
"""In characters. A longer "label" could carry a holdout row's text to a teacher."""


def is_label(tag: str) -> bool:
    """Tell whether a tag may leave the holdout.

    Args:
        tag: A tag of an item.

    Returns:
        Whether it is short and printable, as a label is and an item's text is not.
    """
    return 0 < len(tag) <= LONGEST_TAG and tag.isprintable()


def slice_words(tier: Tier | None, tag: str | None) -> str:
    """Name a part of a category in words that a teacher can act on.

    Args:
        tier: How hard its items are; None is any tier.
        tag: What they are about; None is anything.

    Returns:
        `moderate items about undefined_name`.
    """
    return f"{f'{tier} ' if tier else ''}items{f' about {tag}' if tag else ''}"


class Slice(Record):
    """A part of a category, whether it is weak or not."""

    by: Literal["tier", "tag", "both"]
    name: str
    """The tier, or the tag."""
    tier: Tier | None = None
    """By both: the tier within which the tag was counted."""
    passed: int
    total: int
    failures: dict[Reason, int] = Field(default_factory=dict)
    """Failed items by kind, most frequent first; of tiers only."""


class WeakSlice(Record):
    """A part of a category that fails significantly more than the rest of it."""

    tier: Tier | None
    """None is any tier."""
    tag: str | None
    """None is any tag."""
    kind: CauseCode | None = None
    """The one cause that is counted here as a failure; None counts every failure."""
    failed: int
    total: int
    low: float
    """Wilson 95 % interval of the share that fails, for display, lower end."""
    high: float
    elsewhere_failed: int
    """Of the items outside it, those of weak slices named before it left out."""
    elsewhere_total: int
    p_value: float
    """One-sided exact test against elsewhere, before correction."""
    causes: dict[CauseCode, int] = Field(default_factory=dict)
    """Its failures by cause, most frequent first."""

    @property
    def name(self) -> str:
        """In words: `moderate items about undefined_name`."""
        return slice_words(self.tier, self.tag)

    @property
    def sentence(self) -> str:
        """In words, with the counts that make it weak."""
        if self.kind is not None:
            return (
                f"{self.name}: {self.failed} of {self.total} fail by {self.kind} against "
                f"{self.elsewhere_failed} of {self.elsewhere_total} elsewhere"
            )
        return (
            f"{self.name}: {self.total - self.failed} of {self.total} pass against "
            f"{self.elsewhere_total - self.elsewhere_failed} of {self.elsewhere_total} elsewhere"
        )


class Cause(Record):
    """Why some items of a category failed."""

    code: CauseCode
    ids: tuple[str, ...]
    """The failed examples, in holdout order."""
    signs: dict[Sign, int]
    """What told it, most frequent first; one sign an item."""

    @property
    def count(self) -> int:
        """Number of failed items."""
        return len(self.ids)


class Proposal(Record):
    """What would fix the failures of one cause."""

    kind: ProposalKind
    cause: CauseCode
    count: int
    """Failed items that it is for."""
    text: str
    """One sentence a person can act on."""
    ids: tuple[str, ...] = ()
    """Examples that a person must look at, where it is the data that must be fixed."""


class Change(Record):
    """Paired comparison with an earlier round on the same items."""

    better: int
    """Items that failed and now pass."""
    worse: int
    """Items that passed and now fail."""
    p_value: float
    """Two-sided exact McNemar, before correction."""


class SinceBest(Change):
    """Paired comparison with the category's best earlier round."""

    round: int
    rounds: int
    """Earlier rounds that it is the best of. The best of many is optimistic, so p counts that
    many times before it is corrected over the categories."""


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
    to_decide: int | None = None
    """More items that would decide it at 80 % power, if it scored on as it does; None where it is
    decided, or no number would."""
    slices: tuple[Slice, ...] = ()
    weak: tuple[WeakSlice, ...] = ()
    """Most significant first."""
    failures: dict[Reason, int] = Field(default_factory=dict)
    """Number of failed items by kind."""
    causes: tuple[Cause, ...] = ()
    """Most frequent first; each failed item has one."""
    proposals: tuple[Proposal, ...] = ()
    """One per cause, in their order."""
    change: Change | None = None
    """Against the last round."""
    regressed: bool = False
    """Significantly worse than the last round, Holm-corrected over categories at 0.05."""
    since_best: SinceBest | None = None
    below_best: bool = False
    """Significantly worse than its best earlier round, corrected for having chosen the best and,
    after Holm, over categories at 0.05."""
    worst: tuple[str, ...] = ()
    """Ids of failed examples, worst first."""
    measures: dict[str, float] = Field(default_factory=dict)
    """Figures that are shown and never stand against a target, by name."""

    @property
    def score(self) -> float:
        """Share of items passed, in [0, 1]."""
        return self.passed / self.total

    @property
    def gap(self) -> float:
        """Target minus score, at least 0."""
        return max(0.0, self.target - self.score)

    @property
    def fixable(self) -> float:
        """Share of the failures that new examples could fix, in [0, 1]; 1 where none failed."""
        failed = self.total - self.passed
        lost = sum(each.count for each in self.proposals if each.kind in NO_DATA)
        return 1 - lost / failed if failed else 1.0


class WeightedChange(Record):
    """The weighted score against the last round's, on the same items."""

    mean: float
    low: float
    """Paired bootstrap over items, 95 %, lower end."""
    high: float


class Weakness(Record):
    """The weakness report of one round, highest priority first."""

    round: int
    categories: tuple[CategoryWeakness, ...]
    weighted: float
    """Production-weighted diagnose score."""
    weighted_change: WeightedChange | None = None
    """None where nothing was measured before, or on too few items for an interval."""

    @property
    def to_review(self) -> tuple[str, ...]:
        """Ids of failed examples whose label or checks a person must look at."""
        return tuple(id_ for each in self.categories for p in each.proposals for id_ in p.ids)

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
