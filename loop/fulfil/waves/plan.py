"""How many calls a wave makes for each request item, and in which ways."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loop.example import Example, digest_of
from loop.fulfil.source import Want
from loop.fulfil.waves.decisions import Planned
from loop.fulfil.waves.ground import Ground
from loop.fulfil.waves.mix import Mix
from loop.fulfil.waves.stock import Stock
from loop.fulfil.waves.there import there_of

MOST = 2
"""Replies asked for at most, for each example that is missing."""
PILOT = 25
"""Calls in each way of a first wave that finds out what the ways are worth, where there is much to
ask for."""
_NOTHING = 1e-9
"""Below it a number of examples is the rounding of 0."""


@dataclass(frozen=True)
class Planner:
    """Plans a wave."""

    ground: Ground
    stock: Stock
    mix: Mix
    accepted: tuple[Example, ...]
    """Accepted for this request so far, from any source."""
    candidates: int
    """Replies wanted of one call."""
    waves: int
    """Waves that may still be asked for, this one included. What one brings beyond what is missing
    can be delivered in those that follow."""

    def plan(self, wants: Sequence[Want], numbers: Mapping[str, int], *salt: str) -> list[Planned]:
        """Ask for so much that what is missing can be expected to be accepted.

        Args:
            wants: What is missing.
            numbers: Calls made so far, by item.
            *salt: Seeds what is drawn.

        Returns:
            One entry per want.
        """
        part = self._part(wants)
        return [
            self._planned(want, numbers.get(want.item.id, 0), part * want.count, *salt)
            for want in wants
        ]

    def _part(self, wants: Sequence[Want]) -> float:
        """Share of what is missing to ask for: all of it, or a pilot that tells the ways apart."""
        ways = {way for want in wants for way in self.ground.ways(want.item, 0)}
        pilot, total = PILOT * len(ways), sum(want.count for want in wants)
        measured = len(ways) == 1 or any(map(self.mix.knows, ways))
        if measured or self.waves == 1 or total <= 2 * pilot:
            return 1.0
        return pilot / total

    def _planned(self, want: Want, first: int, count: float, *salt: str) -> Planned:
        item = want.item
        draws = random.Random(digest_of(*salt, item.id))
        waiting = self.stock.waiting(item.id)
        replies, hoped = len(waiting), sum(self.mix.chance(way, item.category) for way in waiting)
        most = math.ceil(MOST * count)
        ways: list[str] = []
        candidates: list[int] = []
        while replies < most and (lacking := count - self._serves(replies, hoped)) > _NOTHING:
            usable = self.ground.ways(item, first + len(ways))
            way = self.mix.draw(usable, item.category, draws)
            wanted = min(self.candidates, most - replies, math.ceil(lacking - _NOTHING))
            ways.append(way)
            candidates.append(wanted)
            replies += wanted
            hoped += wanted * self.mix.chance(way, item.category)
        there = there_of(self._near(want), self.stock.copied[item.category])
        return Planned(item.id, first, tuple(ways), tuple(candidates), there)

    def _serves(self, replies: int, hoped: float) -> float:
        """Say for how many missing examples there are replies enough.

        A wave delivers what is missing and no more; what is refused of it is missing in the next.
        So m missing examples take up m(1 + q + q² + …) replies over the waves that are left, where
        q is the share that is refused.

        Args:
            replies: That there are.
            hoped: How many of them can be expected to be accepted.

        Returns:
            A number of examples.
        """
        if not replies:
            return 0.0
        refused = 1 - hoped / replies
        return float(replies / sum(refused**wave for wave in range(self.waves)))

    def _near(self, want: Want) -> list[Example]:
        item = want.item
        rows = (*self.ground.rows(item.category), *self.accepted)
        return [row for row in rows if (row.category, row.tier) == (item.category, item.tier)]
