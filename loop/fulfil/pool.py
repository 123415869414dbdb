"""The unused seed as a source."""

from collections.abc import Iterator, Sequence

from loop.fulfil.source import Delivery, Situation, Want

POOL = "pool"
"""Counted under this name, wherever a row came from before."""


class Pool:
    """Draws unused seed rows of an item's category and tier, those with its tags first."""

    def __init__(self) -> None:
        """Begin with nothing drawn."""
        self._drawn: set[str] = set()

    def deliver(
        self, wants: Sequence[Want], attempt: int, situation: Situation
    ) -> Iterator[Delivery]:
        """Draw rows; each is drawn once for one request.

        Args:
            wants: What is missing.
            attempt: 0 at first.
            situation: Holds the pool.

        Yields:
            Rows.
        """
        if not attempt:
            self._drawn = set()
        for want in wants:
            item, tags = want.item, set(want.item.tags)
            fitting = [
                row
                for row in situation.pool
                if (row.category, row.tier) == (item.category, item.tier)
                and row.id not in self._drawn
            ]
            fitting.sort(key=lambda row: -len(tags & set(row.tags)))
            for row in fitting[: want.count]:
                self._drawn.add(row.id)
                yield Delivery(row.id, item.id, row, row.source)
