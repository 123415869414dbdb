"""People as a source."""

from typing import Literal

from loop.recipe.api import Usd
from loop.recipe.sources.base import SourceSection


class PeopleSource(SourceSection):
    """People who write examples by a brief; the loop waits for them."""

    kind: Literal["people"] = "people"
    usd_per_example: Usd | None = None
    """What one delivered example costs; 5 to 25 is usual. Unknown where it is not said."""
