"""How far a judge agrees with people."""

from pydantic import Field

from loop.records.base import Record


class JudgeAgreement(Record):
    """Judge and people on the same answers, in one category."""

    category: str
    grader: str
    """rubric compares pass and fail; pairwise win, tie and loss."""
    items: int = Field(ge=1)
    """Answers that people gave a verdict on."""
    ungraded: int = Field(ge=0)
    """Those that the judge gave no readable verdict on; no part of what follows."""
    agreed: int = Field(ge=0)
    kappa: float | None
    """Cohen's kappa; None where nothing was graded, or both gave one verdict throughout."""
    kappa_interval: tuple[float, float] | None = None
    """Of kappa, 95 %."""
    measures: dict[str, float] = Field(default_factory=dict)
    """The judge's own figures on these answers: malformed replies, order flips, noise."""

    @property
    def agreement(self) -> float | None:
        """Share of the graded answers on which both agree; None where none was graded."""
        graded = self.items - self.ungraded
        return self.agreed / graded if graded else None


class JudgeCheck(Record):
    """A judge checked on answers that people judged."""

    judge: str
    file: str
    """As the recipe names it."""
    categories: tuple[JudgeAgreement, ...]
    """In the taxonomy's order; a judged category that the file says nothing of is absent."""

    def category(self, name: str) -> JudgeAgreement | None:
        """Look a category up by name.

        Args:
            name: A name from the taxonomy.

        Returns:
            Its agreement; None where nobody checked the judge there.
        """
        return next((each for each in self.categories if each.category == name), None)
