"""Batches: what one source gave in one round, and which of its rows people are asked about."""

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loop.example import Example, digest_of
from loop.recipe import ReviewSection
from loop.records import Fulfilment, Why
from loop.stats import sample_to_prove


@dataclass(frozen=True)
class Delivered:
    """One accepted row."""

    example: Example
    way: str
    """The way of asking, where its source has several."""
    finding: str
    """What curation found on it all the same; empty where nothing."""

    @property
    def stratum(self) -> tuple[str, str]:
        """Way and category."""
        return self.way, self.example.category


@dataclass(frozen=True)
class Batch:
    """What one source gave in one round."""

    round: int
    source: str
    """Its name in the recipe."""
    rows: dict[str, Delivered]
    """By the example's id, in the order in which they came."""
    asked: dict[str, Why]
    """Rows that the bound rests on, in the order in which they are shown: the sample comes first,
    in random order."""


def batches_of(
    fulfilments: Iterable[Fulfilment], section: ReviewSection, seed: int
) -> tuple[Batch, ...]:
    """Draw the sample of every batch; the same whenever it is drawn again.

    Args:
        fulfilments: What came back so far, oldest first.
        section: Which sources are sampled, and how many rows.
        seed: Random seed of all draws.

    Returns:
        Batches by round, then in the order in which sources delivered.
    """
    drawn: list[Batch] = []
    for fulfilment in fulfilments:
        for source, rows in _by_source(fulfilment, section).items():
            key = digest_of(str(seed), str(fulfilment.round), source)
            asked = _asked(rows, section, random.Random(int(key, 16)))
            named = {row.example.id: row for row in rows}
            drawn.append(Batch(fulfilment.round, source, named, asked))
    return tuple(drawn)


def _by_source(fulfilment: Fulfilment, section: ReviewSection) -> dict[str, list[Delivered]]:
    fates = {fate.id: fate for fate in fulfilment.fates if not fate.reason}
    findings: dict[str, str] = {}
    for flag in fulfilment.flags:
        findings.setdefault(flag.id, f"{flag.reason}: {flag.detail}")
    groups: dict[str, list[Delivered]] = {}
    for example in fulfilment.accepted:
        if example.source.partition(":")[0] in section.kinds:
            fate = fates[example.origin]
            row = Delivered(example, fate.way, findings.get(example.id, ""))
            groups.setdefault(fate.source, []).append(row)
    return groups


def _asked(
    rows: Sequence[Delivered], section: ReviewSection, chance: random.Random
) -> dict[str, Why]:
    """All flagged rows, a simple random sample of the others, and one row of each stratum missed.

    Simple, so that the bound is exact: one drawn within strata would need another bound.
    """
    plain = [row for row in rows if not row.finding]
    drawn = chance.sample(plain, sample_size(len(plain), section))
    seen = {row.stratum for row in rows if row.finding} | {row.stratum for row in drawn}
    missed: dict[tuple[str, str], list[Delivered]] = {}
    for row in plain:
        if row.stratum not in seen:
            missed.setdefault(row.stratum, []).append(row)
    asked: dict[str, Why] = {row.example.id: "sampled" for row in drawn}
    asked |= {row.example.id: "flagged" for row in rows if row.finding}
    asked |= {chance.choice(group).example.id: "stratum" for group in missed.values()}
    return asked


def sample_size(rows: int, section: ReviewSection) -> int:
    """Say how many rows are drawn.

    Args:
        rows: Rows without a flag.
        section: Says what is to be proved, and how many are drawn at least.

    Returns:
        As many as prove it if none of them is wrong, or more; at most all of them.
    """
    proves = sample_to_prove(rows, section.max_error, 1 - section.confidence)
    return max(proves, min(section.rows, rows), math.ceil(round(section.share * rows, 9)))
