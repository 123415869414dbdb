"""People as a source."""

from typing import Literal

from pydantic import Field

from loop.recipe.api import Usd
from loop.recipe.sources.base import SourceSection


class PeopleSource(SourceSection):
    """People who write examples by a brief; the loop waits for them and exits 4."""

    kind: Literal["people"] = "people"
    usd_per_example: Usd | None = None
    """What one delivered example costs, accepted or not; 5 to 25 is usual. Unknown where it is not
    said, which a budget in USD refuses."""
    minutes_per_example: float | None = Field(None, gt=0)
    """Counted for a delivery that does not say how long it took."""
