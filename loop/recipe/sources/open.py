"""Open datasets as a source."""

from typing import Literal

from pydantic import Field

from loop.recipe.data import Shape
from loop.recipe.sources.base import SourceSection


class OpenSource(SourceSection):
    """Raw material that is mined for what a request asks. Free."""

    kind: Literal["open"] = "open"
    files: tuple[str, ...] = Field(min_length=1)
    """JSONL, JSON, CSV or Parquet, relative to the recipe's folder; `hub:owner/name[:split]`."""
    shape: Shape = "auto"
    """auto detects each file's shape; a file of two shapes is refused."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Field of an example → the column that holds it, where a file uses names of its own."""
    labels: dict[str, str] = Field(default_factory=dict)
    """A file's own label → category of the taxonomy; such a row is not classified."""
    licence: str = ""
    """What the rows may be used for, as their publisher says; kept beside what was read of them."""
    max_rows: int | None = Field(None, ge=1)
    """Rows read of each file, from its start; none reads all."""
    min_confidence: float = Field(0.5, gt=0, lt=1)
    """Probability from which a row is of a category, where every other category and the pool at
    large are as probable beforehand as this one."""
