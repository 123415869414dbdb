"""What every source of examples is: it is told what is missing and yields deliveries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from loop.errors import Waiting as Waiting
from loop.example import Example
from loop.records import Fulfilment, Rejected, RequestItem


@dataclass(frozen=True)
class Want:
    """So many examples of one request item are still missing."""

    item: RequestItem
    count: int


@dataclass(frozen=True)
class Delivery:
    """One candidate. Nothing about it is believed."""

    id: str
    """Unique within the item and the source, and the same when the request is executed again."""
    item: str
    """Id of the request item."""
    raw: Any
    """An Example's fields, of which category, tier, source and origin need not be there; scores of
    quality are not believed. Or an Example, which was curated before."""
    source: str
    """Goes into the example's source: `synthetic:<model>`, `open:<file>`, `human:<author>`."""
    way: str = ""
    """The way of asking, where a source has several."""
    nano: int | None = 0
    """Nano-dollars it cost; None where that is unknown."""
    seconds: float = 0.0
    """Of a person's time."""
    author: str = ""


@dataclass(frozen=True)
class Situation:
    """What a source may look at beside the request. Nothing of the holdout is in it."""

    round: int
    training: tuple[Example, ...]
    """What is trained on already."""
    pool: tuple[Example, ...]
    """Training-side rows of the seed that no round has used yet."""
    accepted: tuple[Example, ...]
    """Accepted for this request so far, from any source."""
    history: tuple[Fulfilment, ...]
    """What came of earlier requests."""
    rejected: tuple[Rejected, ...] = ()
    """Deliveries for this request that were not accepted, from any source."""


@runtime_checkable
class Holds(Protocol):
    """A source that holds connections, memory or a server while it is asked."""

    def close(self) -> None:
        """Give them back; it may be asked again."""
        ...


class Source(Protocol):
    """Anything that can be asked for examples."""

    def deliver(
        self, wants: Sequence[Want], attempt: int, situation: Situation
    ) -> Iterator[Delivery]:
        """Deliver candidates; may be executed again after a kill and then costs nothing twice.

        Args:
            wants: What is missing and may come from here.
            attempt: 0 at first, one more each time a shortfall is asked for again.
            situation: What else is there.

        Returns:
            Candidates, in an order that depends on arguments and on what was kept on disk only.
            More than were wanted of an item are cut; fewer are a shortfall.

        Raises:
            Waiting: People have not delivered everything yet. What is missing of `wants` is then
                held for them.
        """
        ...
