"""Where training rows came from: request, delivery, source, file, or an earlier run."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from loop.errors import RunDirectoryError
from loop.example import Example
from loop.heritage.ancestor import DATASET, label_of
from loop.records import (
    Curated,
    Fate,
    Fulfilment,
    Heritage,
    Record,
    Reviewed,
    ReviewFate,
    SeedData,
    Trace,
)
from loop.saved import has, read_saved

R = TypeVar("R", bound=Record)


class Tracer:
    """Traces rows of one run, from its directory alone; of earlier runs it has what was copied."""

    def __init__(self, run: Path) -> None:
        """Read what rows are traced by.

        Args:
            run: The run's directory, which is only read.

        Raises:
            RunDirectoryError: It is no run directory, has no holdout yet, or is damaged.
        """
        self.run, self.label = run, label_of(run)
        self._places = {row.origin for row in read_saved(run, "seed/read", SeedData).examples}
        kept = read_saved(run, "seed/curation", Curated).kept
        self._seeds = {row.id: row.origin for row in kept}
        self._fates: dict[str, tuple[int, Fate]] = {}
        for number, fulfilment in _rounds(run, "fulfilment", Fulfilment):
            for fate in fulfilment.fates:
                if not fate.reason or fate.id not in self._fates:
                    self._fates[fate.id] = number, fate
        self._reviews: dict[str, ReviewFate] = {}
        for _, reviewed in _rounds(run, "review", Reviewed):
            self._reviews |= {fate.example: fate for fate in reviewed.fates if fate.example}
        self._carried: dict[str, tuple[str, Trace]] = {}
        self._by_origin: dict[str, Trace] = {}
        if has(run, DATASET):
            heritage = read_saved(run, DATASET, Heritage)
            for row, trace in zip(heritage.rows, heritage.traces, strict=True):
                self._carried[row.id] = row.origin, trace
                self._by_origin.setdefault(row.origin, trace)

    def carried(self, row: Example) -> bool:
        """Whether a row was taken over from an earlier run, as it is.

        Args:
            row: A training row.

        Returns:
            False for a row that this run read or asked for, even if it drew it from the others.
        """
        return row.id in self._carried and self._carried[row.id][0] == row.origin

    def trace(self, row: Example) -> Trace:
        """Trace a row.

        Args:
            row: A training row of the run.

        Returns:
            Where it came from, to its end.

        Raises:
            RunDirectoryError: Nothing accounts for it: a file was changed.
        """
        found = self._found(row)
        about = {"id": row.id, "category": row.category, "tier": row.tier, "source": row.source}
        if (said := self._reviews.get(row.id)) is not None:
            about |= {"review": said.verdict, "reviewer": said.author}
        return found.model_copy(update=about)

    def _found(self, row: Example) -> Trace:
        if row.origin in self._fates:
            return self._delivered(row)
        if self.carried(row):
            return self._handed_on(self._carried[row.id][1])
        if row.origin in self._by_origin:
            # Corrected by a person, so that its id is another.
            return self._handed_on(self._by_origin[row.origin])
        if row.origin in self._places:
            return self._read(row, row.origin)
        raise RunDirectoryError(
            f"{self.run}: example {row.id} comes from {row.origin!r}, for which neither a seed "
            "file, a delivery nor an earlier run accounts: a file was changed; put it back"
        )

    def _handed_on(self, trace: Trace) -> Trace:
        return trace.model_copy(update={"runs": (self.label, *trace.runs)})

    def _read(self, row: Example, origin: str) -> Trace:
        file, _, number = origin.rpartition(":")
        return Trace(
            id=row.id,
            category=row.category,
            tier=row.tier,
            runs=(self.label,),
            read_in=self.label,
            file=file,
            row=int(number) if number.isdecimal() else None,
        )

    def _delivered(self, row: Example) -> Trace:
        number, fate = self._fates[row.origin]
        item, source, delivery = fate.id.split("/", 2)
        if delivery in self._seeds:
            # The pool's deliveries have the ids of the rows that it draws.
            first = self._read(row, self._seeds[delivery])
        elif delivery in self._carried:
            first = self._handed_on(self._carried[delivery][1])
        else:
            runs = (self.label,)
            first = Trace(id=row.id, category=row.category, tier=row.tier, runs=runs)
        asked = {
            "asked_in": self.label,
            "round": number,
            "item": item,
            "asked": source,
            "way": fate.way,
            "delivery": delivery,
            "author": fate.author,
            "nano": fate.nano,
            "seconds": fate.seconds,
        }
        return first.model_copy(update=asked)


def _rounds(run: Path, step: str, kind: type[R]) -> Iterator[tuple[int, R]]:
    for folder in sorted(run.glob("round-*")):
        if has(run, f"{folder.name}/{step}"):
            yield (
                int(folder.name.removeprefix("round-")),
                read_saved(run, f"{folder.name}/{step}", kind),
            )
