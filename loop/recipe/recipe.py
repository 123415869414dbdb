"""A whole recipe."""

from pydantic import Field, field_validator, model_validator

from loop.recipe.agreement import AgreementSection
from loop.recipe.api import BudgetSection, PriceSection
from loop.recipe.category import CategorySection
from loop.recipe.curriculum import CurriculumSection
from loop.recipe.data import CurationSection, HoldoutSection, SeedSection
from loop.recipe.evaluation import EvaluationSection
from loop.recipe.judge import JUDGED, JudgeSection
from loop.recipe.model import ModelSection
from loop.recipe.review import ReviewSection
from loop.recipe.sandbox import SandboxSection
from loop.recipe.section import Section
from loop.recipe.sources import ModelSource, PoolSource, Source
from loop.recipe.stopping import StoppingSection
from loop.recipe.training import TrainingSection


class Recipe(Section):
    """A whole recipe."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    """Names the run directory: results/<name>."""
    seed_number: int = Field(0, ge=0, lt=2**31)
    """The one random seed; each stage's seed is derived from it."""
    model: ModelSection = ModelSection()
    taxonomy: tuple[CategorySection, ...] = Field(min_length=1)
    seed: SeedSection
    holdout: HoldoutSection = HoldoutSection()
    curation: CurationSection = CurationSection()
    training: TrainingSection = TrainingSection()
    evaluation: EvaluationSection = EvaluationSection()
    judge: JudgeSection = JudgeSection()
    curriculum: CurriculumSection = CurriculumSection()
    sources: tuple[Source, ...] = (PoolSource(name="pool"),)
    """Who fulfils generation requests, asked in this order; the unused seed alone by default."""
    agreement: AgreementSection | None = None
    """Who answers again what nothing else checks; nobody by default."""
    review: ReviewSection | None = None
    """People who look over what was delivered; nobody by default."""
    prices: dict[str, PriceSection] = Field(default_factory=dict)
    """Model, as a teacher or judge names it → what its tokens cost; before published prices."""
    budget: BudgetSection = BudgetSection()
    stopping: StoppingSection = StoppingSection()
    sandbox: SandboxSection = SandboxSection()

    @field_validator("sources")
    @classmethod
    def _sources_are_named(cls, given: tuple[Source, ...]) -> tuple[Source, ...]:
        named = tuple(
            each if each.name else each.model_copy(update={"name": each.kind}) for each in given
        )
        names = [each.name for each in named]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two sources are called {name}; give each a `name` of its own")
        return named

    @model_validator(mode="after")
    def _names_agree(self) -> "Recipe":
        names = [category.name for category in self.taxonomy]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"taxonomy names {', '.join(twice)} more than once")
        for key in ("withhold", "seed_doses"):
            unknown = sorted(set(getattr(self.curriculum, key)) - set(names))
            if unknown:
                found = ", ".join(unknown)
                raise ValueError(f"curriculum.{key} names {found}, not in the taxonomy")
        for source in self.sources:
            reasoned = source.rationale if isinstance(source, ModelSource) else ()
            if unknown := sorted({*source.categories, *reasoned} - set(names)):
                found = ", ".join(unknown)
                raise ValueError(f"sources: {source.name} names {found}, not in the taxonomy")
        if self.agreement and (unknown := sorted(set(self.agreement.categories) - set(names))):
            raise ValueError(
                f"agreement.categories names {', '.join(unknown)}, not in the taxonomy"
            )
        if self.holdout.max_per_category < self.holdout.min_per_category:
            raise ValueError("holdout.max_per_category is below holdout.min_per_category")
        return self

    @model_validator(mode="after")
    def _judged_categories_have_a_judge(self) -> "Recipe":
        judged = [category for category in self.taxonomy if category.grader in JUDGED]
        if judged and self.judge.use is None:
            named = ", ".join(f"{category.name} ({category.grader})" for category in judged)
            raise ValueError(
                f"{named}: graded by a judge, and judge.use names none; "
                "for example `judge: {use: loop.judges.openai:OpenAIJudge, options: {model: …}}`"
            )
        if self.judge.second_opinions and self.judge.use is None:
            raise ValueError("judge.second_opinions is set, and judge.use names nobody to give any")
        if self.judge.checked_on is not None and not judged:
            raise ValueError("judge.checked_on is set, but no category has a judge for its grader")
        return self

    def category(self, name: str) -> CategorySection:
        """Look a category up by name.

        Args:
            name: A name from the taxonomy.

        Returns:
            Its section.

        Raises:
            KeyError: The taxonomy has no such name.
        """
        for category in self.taxonomy:
            if category.name == name:
                return category
        raise KeyError(name)

    @property
    def seed_doses(self) -> dict[str, int]:
        """Seed examples that round 1 trains on, per category."""
        doses = self.curriculum.seed_doses
        names = (category.name for category in self.taxonomy)
        return {name: doses.get(name, self.curriculum.seed_dose) for name in names}

    @property
    def weights(self) -> dict[str, float]:
        """Production weight per category; sums to 1."""
        total = sum(category.weight for category in self.taxonomy)
        return {category.name: category.weight / total for category in self.taxonomy}
