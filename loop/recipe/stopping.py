"""The section on when a run ends."""

from typing import Literal

from pydantic import Field

from loop.recipe.section import Section


class StoppingSection(Section):
    """When the loop ends, and how sure a verdict must be. What it may cost: `budget`."""

    verdict: Literal["bound", "point"] = "bound"
    """bound needs the exact one-sided lower bound at the target; point the bare score."""
    alpha: float = Field(0.05, gt=0, lt=0.5)
    """Error allowed over all looks at the gate together."""
    looks: int = Field(3, ge=1, le=20)
    """Most looks at the gate."""
    min_chance: float = Field(0.25, gt=0, le=1)
    """Least chance, foretold from the diagnose scores, that a look would pass every category."""
    max_rounds: int = Field(6, ge=1)
    patience: int = Field(2, ge=1)
    """Rounds whose mean production-weighted diagnose score is compared with that of as many before;
    without a gain it is a plateau."""
    min_gain: float = Field(0.01, ge=0.0)
    """Least difference of those means that is a gain."""
