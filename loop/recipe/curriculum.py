"""How many examples are asked for, for whom, and of whom."""

from typing import Annotated, Literal

from pydantic import Field

from loop.recipe.section import Section


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
