"""How often the bound on a batch's error holds the truth, and what holding back lets through.

    python scripts/simulate_review.py        (three minutes on one core)

Each arm is 2,000 batches whose wrong rows are known; samples are drawn and judged by the loop's own
code, as the default `review:` section says (max_error 0.05, confidence 0.95). Fails where an arm is
beyond its limit; the limits were written down before the first run.
"""

import math
import random
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

from loop.example import Example
from loop.recipe import ReviewSection
from loop.records import Fate, Flag, Fulfilment, ReviewedBatch, RowVerdict
from loop.review.batches import Batch, batches_of
from loop.review.bound import judged
from loop.stats import EDGE, most_wrong

SEED = 20261123
BATCHES = 2_000
SIZES = (40, 200, 1_000)
RATES = (0.0, 0.02, 0.05, 0.1, 0.3)
WAYS = ("new", "evolve", "snippet", "answer")
SECTION = ReviewSection()
NOISE = 3 * math.sqrt(SECTION.confidence * (1 - SECTION.confidence) / BATCHES)
LEAST_HELD = SECTION.confidence - NOISE
"""Least share of batches whose true error the bound holds: 0.935."""
MOST_PASSED = 1 - SECTION.confidence + NOISE
"""Most batches that are trained on though more than max_error of what is left is wrong: 0.065."""


class Tally(NamedTuple):
    """What came of one batch."""

    held: bool
    held_back: bool
    slipped: bool
    reviewed: int
    left: float | None
    """Share of what is trained on that is wrong; None where the batch is held back."""


def _batch(rows: int) -> Fulfilment:
    accepted = tuple(
        Example(
            instruction=f"task {row}",
            output="answer",
            category="adding",
            source="synthetic:m",
            origin=f"r01-001/model/0-{row}",
        )
        for row in range(rows)
    )
    fates = tuple(
        Fate(
            id=example.origin,
            source="model",
            way=WAYS[row * len(WAYS) // rows],
            category=example.category,
            tier=example.tier,
            example=example.id,
        )
        for row, example in enumerate(accepted)
    )
    facts = {"round": 1, "rejected": (), "received": rows, "requested": {}, "shortfall": {}}
    return Fulfilment.model_validate({**facts, "accepted": accepted, "fates": fates})


Place = Callable[[random.Random, list[str], int], set[str]]
"""Which rows are wrong: chance, rows in order, how many."""


def _scattered(chance: random.Random, rows: list[str], wrong: int) -> set[str]:
    return set(chance.sample(rows, wrong))


def _in_one_way(chance: random.Random, rows: list[str], wrong: int) -> set[str]:
    """The last way asked gave them, as far as it reaches."""
    return set(rows[len(rows) - wrong :])


PATTERNS: dict[str, Place] = {"scattered": _scattered, "in one way": _in_one_way}


def _flagged(chance: random.Random, fulfilment: Fulfilment, bad: set[str]) -> Fulfilment:
    """Half of the wrong rows are flagged, and one right row in twenty."""
    flags = tuple(
        Flag(id=row.id, reason="odd")
        for row in fulfilment.accepted
        if chance.random() < (0.5 if row.id in bad else 0.05)
    )
    return fulfilment.model_copy(update={"flags": flags})


def _say(batch: Batch, bad: set[str], answered: float) -> dict[str, RowVerdict]:
    """Verdicts by people who are right, and who take the right rows first."""
    shown = sorted(batch.asked, key=lambda id_: id_ in bad)[
        : math.ceil(answered * len(batch.asked))
    ]
    return {
        id_: RowVerdict.model_construct(row=id_, verdict="reject" if id_ in bad else "accept")
        for id_ in shown
    }


def _tally(figures: ReviewedBatch, wrong: int) -> Tally:
    share = (wrong - figures.rejected) / (figures.rows - figures.rejected)
    passed = figures.answered_whole and not figures.held_back
    slipped = passed and share > SECTION.max_error + EDGE
    left = None if figures.held_back else share
    return Tally(wrong <= figures.at_most, figures.held_back, slipped, figures.reviewed, left)


def _arm(
    rows: int, rate: float, place: Place, flags: bool = False, answered: float = 1.0
) -> Iterator[Tally]:
    fulfilment = _batch(rows)
    ids = [row.id for row in fulfilment.accepted]
    for number in range(BATCHES):
        chance = random.Random(f"{SEED} {rows} {rate} {number}")
        bad = place(chance, ids, round(rate * rows))
        given = _flagged(chance, fulfilment, bad) if flags else fulfilment
        (batch,) = batches_of([given], SECTION, number)
        yield _tally(judged(batch, _say(batch, bad, answered), SECTION), len(bad))


def coverage() -> bool:
    """Print one row per arm; whether all are within the limits."""
    print(
        f"Limits: bound holds in at least {LEAST_HELD:.3f}, slipped through at most "
        f"{MOST_PASSED:.3f} of {BATCHES:,} batches.\n"
    )
    print(
        "| rows | truly wrong | where | reviewed | bound holds | held back | slipped through | "
        "wrong where it passes |\n|---:|---:|---|---:|---:|---:|---:|---:|"
    )
    arms = [(rows, rate, name, False, 1.0) for rows in SIZES for rate in RATES for name in PATTERNS]
    arms += [(200, rate, "scattered", True, 1.0) for rate in RATES]
    arms += [(200, rate, "scattered", False, 0.5) for rate in RATES]
    good = True
    for rows, rate, name, flags, answered in arms:
        tallies = list(_arm(rows, rate, PATTERNS[name], flags, answered))
        held = sum(tally.held for tally in tallies) / BATCHES
        back = sum(tally.held_back for tally in tallies) / BATCHES
        slipped = sum(tally.slipped for tally in tallies) / BATCHES
        reviewed = sum(tally.reviewed for tally in tallies) / BATCHES
        left = [tally.left for tally in tallies if tally.left is not None]
        good = good and held >= LEAST_HELD and slipped <= MOST_PASSED
        where = name + (", half of them flagged" if flags else "")
        where += ", half of the sample answered" if answered < 1 else ""
        print(
            f"| {rows} | {rate:.2f} | {where} | {reviewed:.0f} | {held:.3f} | {back:.3f} | "
            f"{slipped:.3f} | {f'{sum(left) / len(left):.3f}' if left else '–'} |"
        )
    return good


def _needed(rows: int, max_error: float, found: int) -> int | None:
    """Fewest rows of a sample that let a batch pass with so many wrong among them."""
    alpha = 1 - SECTION.confidence
    for sampled in range(found, rows + 1):
        at_most = most_wrong(found, sampled, rows, alpha)
        if at_most - found <= max_error * (rows - found) + EDGE:
            return sampled
    return None


def _passes(rows: int, sampled: int, bad: int) -> float:
    """Chance that a batch passes, exactly."""
    from scipy.stats import hypergeom

    alpha = 1 - SECTION.confidence
    chance = 0.0
    for found in range(min(sampled, bad) + 1):
        at_most = most_wrong(found, sampled, rows, alpha)
        if at_most - found <= SECTION.max_error * (rows - found) + EDGE:
            chance += float(hypergeom.pmf(found, rows, bad, sampled))
    return chance


def sizes() -> None:
    """Print what sample sizes prove, and how often a good batch passes."""
    print("\n| rows of the batch | may be wrong | none wrong | 1 wrong | 2 wrong | 3 wrong |")
    print("|---:|---:|---:|---:|---:|---:|")
    for rows in (40, 100, 200, 500, 1_000, 5_000):
        for max_error in (0.02, 0.05, 0.1):
            cells = " | ".join(str(_needed(rows, max_error, found)) for found in range(4))
            print(f"| {rows} | {max_error:.2f} | {cells} |")
    rates = (0.0, 0.01, 0.02, 0.03, 0.05, 0.1)
    print("\n| of 200 rows drawn |", *(f"{rate:.0%} wrong |" for rate in rates))
    print("|---:|" + "---:|" * len(rates))
    for sampled in (47, 70, 90, 110, 150):
        print(f"| {sampled} |", *(f"{_passes(200, sampled, round(200 * r)):.2f} |" for r in rates))


if __name__ == "__main__":
    within = coverage()
    sizes()
    sys.exit(0 if within else 1)
