"""What every source of examples says about itself."""

from pydantic import Field

from loop.example import Tier
from loop.recipe.section import Section, Share


class SourceSection(Section):
    """Who may be asked for what. Sources are asked in the order in which they stand."""

    name: str = Field("", pattern=r"^([a-z0-9][a-z0-9_-]*)?$")
    """Names the source in reports and files; its kind where it is not said. Unique in a recipe."""
    categories: tuple[str, ...] = ()
    """Asked for these only; none named is all."""
    tiers: tuple[Tier, ...] = ()
    """Asked for these only; none named is all."""
    max_share: Share = 1.0
    """Most of one request that may come from it."""
    attempts: int = Field(3, ge=1, le=20)
    """How often it is asked again for what was rejected or did not come."""
