"""Open datasets as a source."""

from typing import Literal

from pydantic import Field

from loop.recipe.sources.base import SourceSection


class OpenSource(SourceSection):
    """Raw material that is mined for what a request asks. Free."""

    kind: Literal["open"] = "open"
    files: tuple[str, ...] = Field(min_length=1)
    """Relative to the recipe; layouts as for the seed."""
