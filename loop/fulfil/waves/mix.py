"""Which way is asked next: the one whose accepted examples cost least, as far as is known.

Thompson sampling: each way's chance to be accepted is drawn from what its deliveries leave open,
and the way with the best chance per cost is taken. So ways of which little is known are tried, and
ways that are known to be dear are left. Source: Xia et al. 2015, Thompson Sampling for Budgeted
Multi-Armed Bandits.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from loop.records import Fate, Fulfilment

MEMORY = 0.5
"""What a delivery of the request before counts, against one of this request."""
_PRIOR = 2.0
"""Deliveries that what a way gives in other categories counts for."""
_KNOWN = 5.0
"""Deliveries from which an expectation is formed."""


@dataclass
class Tally:
    """Deliveries of one way, the older ones counted less."""

    received: float = 0.0
    accepted: float = 0.0
    nano: float = 0.0
    priced: bool = True
    """Whether all that they cost is known."""

    def add(self, accepted: bool, nano: int | None, weight: float = 1.0) -> None:
        """Count a delivery.

        Args:
            accepted: Whether it may be trained on.
            nano: Nano-dollars it cost; None where that is unknown.
            weight: What it counts.
        """
        self.received += weight
        self.accepted += weight * accepted
        self.nano += weight * (nano or 0)
        self.priced = self.priced and nano is not None


Tallies = dict[tuple[str, str], Tally]
"""(way, category) → what came of it."""


def tallies_of(history: Sequence[Fulfilment], source: str, now: Iterable[Fate]) -> Tallies:
    """Count what came of a source's deliveries.

    Args:
        history: Earlier requests, oldest first.
        source: The source's name.
        now: Deliveries for this request.

    Returns:
        Counts by way and category.
    """
    found: Tallies = {}
    rounds = [each.fates for each in history]
    for age, fates in enumerate((tuple(now), *reversed(rounds))):
        for fate in fates:
            if fate.source == source and fate.way:
                tally = found.setdefault((fate.way, fate.category), Tally())
                tally.add(not fate.reason, fate.nano, MEMORY**age)
    return found


class Mix:
    """Draws ways. What it draws depends on what was measured and on the random numbers given."""

    def __init__(self, tallies: Mapping[tuple[str, str], Tally], explore: float) -> None:
        """Take what was measured.

        Args:
            tallies: By way and category.
            explore: Share of the draws that goes round all ways, the dear ones less often: every
                way gets the same part of the money.
        """
        self._tallies, self._explore = tallies, explore
        self._whole: dict[str, Tally] = {}
        for (way, _), tally in tallies.items():
            whole = self._whole.setdefault(way, Tally())
            whole.received += tally.received
            whole.accepted += tally.accepted
            whole.nano += tally.nano
            whole.priced = whole.priced and tally.priced

    def draw(self, ways: Sequence[str], category: str, draws: random.Random) -> str:
        """Choose a way for one call.

        Args:
            ways: Those that can be used, at least one.
            category: What is asked for.
            draws: Random numbers.

        Returns:
            One of the ways.
        """
        costs = self._costs(ways, category)
        if draws.random() < self._explore:
            return draws.choices(ways, [1 / costs[way] for way in ways])[0]
        worth = []
        for way in ways:
            good, bad = self._posterior(way, category)
            worth.append(draws.betavariate(good, bad) / costs[way])
        return ways[worth.index(max(worth))]

    def knows(self, way: str) -> bool:
        """Tell whether enough of a way's deliveries were judged to expect anything.

        Args:
            way: A way.

        Returns:
            Whether there were.
        """
        return self._whole.get(way, Tally()).received >= _KNOWN

    def chance(self, way: str, category: str) -> float:
        """Expect how many of a way's replies will be accepted.

        Args:
            way: A way.
            category: What is asked for.

        Returns:
            A share; 1 while too little is known to ask for more than is missing.
        """
        if not self.knows(way):
            return 1.0
        good, bad = self._posterior(way, category)
        return good / (good + bad)

    def _posterior(self, way: str, category: str) -> tuple[float, float]:
        """Parameters of the beta distribution of a way's acceptance in a category."""
        whole, own = self._whole.get(way, Tally()), self._tallies.get((way, category), Tally())
        usual = (whole.accepted + 1) / (whole.received + 2)
        good = _PRIOR * usual + own.accepted
        return good, _PRIOR * (1 - usual) + own.received - own.accepted

    def _costs(self, ways: Sequence[str], category: str) -> dict[str, float]:
        """Nano-dollars of a delivery; 1 for all where one's is unknown or all are free."""
        tallies = [self._whole.get(way, Tally()) for way in ways]
        received = sum(tally.received for tally in tallies)
        total = sum(tally.nano for tally in tallies)
        if not total or not all(tally.priced for tally in tallies):
            return dict.fromkeys(ways, 1.0)
        mean = total / received
        costs = {}
        for way, whole in zip(ways, tallies, strict=True):
            own = self._tallies.get((way, category), Tally())
            usual = (whole.nano + mean) / (whole.received + 1)
            costs[way] = (own.nano + _PRIOR * usual) / (own.received + _PRIOR)
        return costs
