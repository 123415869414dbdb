"""Who looks over what was delivered, and how wrong a batch may be."""

from typing import Literal

from pydantic import Field

from loop.recipe.api import Usd
from loop.recipe.section import Section, Share

Origin = Literal["human", "open", "synthetic"]
"""What an example's source begins with."""


class ReviewSection(Section):
    """People look over a random sample of each batch: what one source gave in one round."""

    kinds: tuple[Origin, ...] = Field(("synthetic",), min_length=1)
    """Sources whose rows are sampled."""
    max_error: Share = 0.05
    """Share of a batch's rows that may be wrong; a batch that may hold more is held back. As many
    rows are drawn as prove it if none of them is wrong. 1 holds nothing back."""
    confidence: float = Field(0.95, ge=0.5, lt=1)
    """How sure the bound of each batch is."""
    rows: int = Field(0, ge=0)
    """Fewest rows drawn of each batch: with more, a good batch passes with a wrong row or two."""
    share: float = Field(0.0, ge=0, le=1)
    """Least share drawn of each batch."""
    wait: bool = True
    """Whether the loop waits for the sample's verdicts (exit code 4), or goes on and says that a
    batch was not reviewed."""
    minutes_per_row: float = Field(2.0, ge=0)
    """Of a person's time, for a verdict that does not say."""
    usd_per_row: Usd | None = None
    """What one verdict costs, 0 where it is free; a budget in USD refuses a review that does not
    say."""
