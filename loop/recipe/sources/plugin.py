"""A recipe's own teacher as a source."""

from typing import Any, Literal

from pydantic import Field, field_validator

from loop.recipe.api import Usd
from loop.recipe.section import PLUGIN
from loop.recipe.sources.base import SourceSection


class PluginSource(SourceSection):
    """A `Teacher` class in Python, beside the recipe or installed."""

    kind: Literal["plugin"] = "plugin"
    use: str
    """`module:attribute`."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Passed to the teacher as they are."""
    usd_per_example: Usd | None = None
    """What one delivery costs, 0 where it is free; a budget in USD refuses a teacher that does not
    say."""

    @field_validator("use")
    @classmethod
    def _use_is_plugin(cls, value: str) -> str:
        if not PLUGIN.match(value):
            raise ValueError("a teacher is named as module:attribute")
        return value
