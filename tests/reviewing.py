"""Batches and people for tests of review."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from loop.budget import Purse
from loop.example import Example
from loop.recipe import ReviewSection
from loop.records import (
    Curated,
    Fate,
    Flag,
    Fulfilment,
    Mixture,
    Rejected,
    Reviewed,
    ReviewRow,
    RowVerdict,
)
from loop.review import review
from loop.review.journal import keep_verdicts
from loop.review.sheet import read_queue

EMPTY = Mixture(examples=(), new=0)


def example(text: str, **fields: Any) -> Example:
    given = {"output": "answer", "category": "adding", "source": "synthetic:m"}
    return Example.model_validate(given | {"instruction": text} | fields)


def batch(
    number: int,
    rows: int,
    flags: Sequence[int] = (),
    aside: Sequence[Rejected] = (),
    source: str = "model",
    ways: Sequence[str] = ("",),
    **fields: Any,
) -> Fulfilment:
    """A fulfilment of one source; row n of round 1 says `1-n`."""
    accepted = tuple(
        example(f"{number}-{row}", origin=f"r{number:02d}-001/{source}/0-{row}", **fields)
        for row in range(rows)
    )
    fates = tuple(
        Fate(
            id=each.origin,
            source=source,
            way=ways[row % len(ways)],
            category=each.category,
            tier=each.tier,
            example=each.id,
        )
        for row, each in enumerate(accepted)
    )
    return Fulfilment(
        round=number,
        accepted=accepted,
        rejected=tuple(aside),
        fates=fates,
        flags=tuple(Flag(id=accepted[row].id, reason="odd", detail="seems odd") for row in flags),
        received=rows,
        requested={"adding": rows},
        shortfall={},
    )


def set_aside(text: str, **fields: Any) -> Rejected:
    row = example(text, **{"origin": "r01-001/model/1-1", **fields})
    return Rejected(
        reason="low_quality", detail="2.0 of 5", category=row.category, example=row, review=True
    )


def accept_all(candidates: tuple[Example, ...], training: tuple[Example, ...]) -> Curated:
    """Refuses what is trained on already and whatever says bad."""
    known = {row.prompt_id for row in training}
    kept = tuple(r for r in candidates if r.prompt_id not in known and "bad" not in r.instruction)
    lost = tuple(
        Rejected(reason="bad", category=row.category, example=row)
        for row in candidates
        if row not in kept
    )
    return Curated(kept=kept, rejected=lost, received=len(candidates))


def touches_nothing(rows: Sequence[Example]) -> list[bool]:
    return [False] * len(rows)


class Desk:
    """A run's review folder, and people who answer what stands in its queue."""

    def __init__(self, folder: Path, **section: Any) -> None:
        self.folder = folder / "review"
        self.section = ReviewSection(**section)
        self.purse = Purse()
        self.accepting: Callable[[tuple[Example, ...], tuple[Example, ...]], Curated] = accept_all
        self.touches: Callable[[Sequence[Example]], list[bool]] = touches_nothing

    def review(
        self,
        *fulfilments: Fulfilment,
        mixture: Mixture = EMPTY,
        aside: tuple[Rejected, ...] = (),
        seed: int = 0,
    ) -> Reviewed:
        return review(
            fulfilments,
            aside,
            mixture,
            self.section,
            seed,
            folder=self.folder,
            accept=self.accepting,
            touches=self.touches,
            purse=self.purse,
        )

    @property
    def queue(self) -> dict[str, ReviewRow]:
        return read_queue(self.folder)

    def answer(self, says: Mapping[str, str] | None = None, otherwise: str = "accept") -> int:
        """Decide on every row: by its instruction, else alike; how many verdicts are new."""
        verdicts = [
            RowVerdict(row=row.id, verdict=verdict, reason="so", author="ann")
            for row in self.queue.values()
            if (verdict := (says or {}).get(row.example.instruction, otherwise))
        ]
        return keep_verdicts(self.folder, verdicts)
