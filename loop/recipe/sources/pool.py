"""The unused seed as a source."""

from typing import Literal

from pydantic import Field

from loop.recipe.sources.base import SourceSection


class PoolSource(SourceSection):
    """Rows of the seed's training side that no round has used yet. Free."""

    kind: Literal["pool"] = "pool"
    attempts: int = Field(20, ge=1, le=1000)
    """How often it is drawn from again for rows that were rejected."""
