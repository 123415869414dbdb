"""How many examples are asked for, for whom, and of whom."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from loop.recipe.api import ApiSection
from loop.recipe.section import PLUGIN, Section


class CurriculumSection(Section):
    """How many examples are asked for, and for whom."""

    seed_dose: int = Field(100, ge=1)
    """Seed examples per category that round 1 trains on; the rest is a free pool."""
    seed_doses: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    """The same for single categories, where one number does not suit all."""
    round_budget: int = Field(200, ge=1)
    """New examples per round."""
    floor: float = Field(0.1, ge=0.0, lt=1.0)
    """Share of a round's budget spread over all categories, met or not, to keep them."""
    exemplars: int = Field(3, ge=0, le=20)
    """Training-side examples shown to the teacher per request item."""
    policy: Literal["gap", "uniform"] = "gap"
    """gap follows gap to target times priority; uniform is the baseline arm."""
    withhold: tuple[str, ...] = ()
    """Categories whose targeted dose goes to the others instead: an ablation."""


class TeacherSection(Section):
    """Who fulfils a generation request once the pool is dry."""

    use: str | None = None
    """`module:attribute` of a Teacher class; none of `use` and `api` is the pool only."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Passed to the teacher that `use` names, as they are."""
    api: ApiSection | None = None
    """A model behind an OpenAI-compatible server as the teacher, in place of `use`."""
    attempts: int = Field(3, ge=1, le=20)
    """How often a shortfall is asked for again."""
    pool_first: bool = True
    """Draw from the unused seed before the teacher is asked."""

    @field_validator("use")
    @classmethod
    def _use_is_plugin(cls, value: str | None) -> str | None:
        if value is not None and not PLUGIN.match(value):
            raise ValueError("a teacher is named as module:attribute")
        return value

    @model_validator(mode="after")
    def _one_teacher(self) -> "TeacherSection":
        if self.use is not None and self.api is not None:
            raise ValueError("teacher.use and teacher.api are both set; keep one")
        return self
