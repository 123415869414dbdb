"""An open pool as a source: draws the rows that are most like what a request asks for."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from loop.errors import DataError
from loop.example import Example, digest_of
from loop.fulfil.mine.means import Means
from loop.fulfil.mine.nearest import Ranked, rank
from loop.fulfil.mine.shelf import Shelf
from loop.fulfil.mine.shelve import is_shelved, shelve
from loop.fulfil.mine.sort import probabilities
from loop.fulfil.mine.targets import Targets, targets_of
from loop.fulfil.mine.tiers import TIERS, tiers_of
from loop.fulfil.mine.vectors import hashed
from loop.fulfil.source import Delivery, Situation, Want
from loop.fulfil.waves.copies import Copies
from loop.neighbours import Canonical
from loop.recipe import CategorySection, CurationSection, OpenSource
from loop.records import RequestItem

CONFIDENCE, NEARNESS = "mined_confidence", "mined_nearness"
"""Names under which a mined row's `quality` holds how sure its category is, and its margin."""
_PER_CATEGORY = 1_000
"""Training-side rows of a category that the classifier is shown."""
_LEAST, _TIMES = 1_000, 20
"""Rows compared one by one for an item: at least so many, and so many times what is wanted."""
_BATCH = 64
"""Rows looked at together while drawing."""


class Mine:
    """Draws from an open pool; each row at most once in a run."""

    def __init__(
        self,
        section: OpenSource,
        taxonomy: Sequence[CategorySection],
        curation: CurationSection,
        folder: Path,
        run_folder: Path,
        seed: int,
        means: Means,
        canonical: Canonical = MappingProxyType({}),
    ) -> None:
        """Look at the pool's files; they are read in full when rows are first asked for.

        Args:
            section: Names the files and how they are read.
            taxonomy: All categories.
            curation: What makes two rows one.
            folder: The recipe file's folder.
            run_folder: The run directory, where the index is kept.
            seed: The run's random seed.
            means: Reads files and checks rows.
            canonical: Canonical form by category.

        Raises:
            DataError: A file cannot be read, its layout is not clear, or `labels` names a category
                that the taxonomy has not.
        """
        self._section, self._curation, self._canonical = section, curation, canonical
        self._names = [category.name for category in taxonomy]
        self._means, self._seed = means, seed
        self._folder, self._into = folder, run_folder / "open" / (section.name or section.kind)
        self._pool: Shelf | None = None
        self._drawing: _Drawing | None = None
        unknown = [name for name in section.labels.values() if name not in self._names]
        if unknown:
            raise DataError(
                f"sources: {section.name}.labels names {unknown[0]!r}, which is no category; "
                f"known are {', '.join(self._names)}"
            )
        if not is_shelved(section, self._names, folder, self._into):
            for file in section.files:
                self._look_at(file)

    def _look_at(self, file: str) -> None:
        """Fail now where a file cannot be read, and by the keys that this section has."""
        try:
            next(self._means.read(self._section, file), None)
        except DataError as error:
            said = str(error).replace("seed.categories", "labels").replace("seed.", "")
            raise DataError(f"sources: {self._section.name}: {said}") from error

    def deliver(
        self, wants: Sequence[Want], attempt: int, situation: Situation
    ) -> Iterator[Delivery]:
        """Draw rows.

        Args:
            wants: What is missing.
            attempt: 0 at first; later ones draw on behind what was drawn already.
            situation: Training-side rows show what is wanted; earlier requests, what was drawn.

        Yields:
            Rows with a category, a tier and tags; as many as are wanted, or what there is.
        """
        if self._pool is None:
            given = (self._folder, self._into, self._means)
            self._pool = shelve(self._section, self._names, *given)
        if not attempt or self._drawing is None:
            self._drawing = _Drawing(
                self._pool,
                self._names,
                situation,
                self._section,
                self._seed,
                self._means,
                Copies([*situation.training, *situation.accepted], self._curation, self._canonical),
            )
        for want in wants:
            yield from self._drawing.draw(want)


class _Drawing:
    """What is drawn for one request."""

    def __init__(
        self,
        shelf: Shelf,
        names: Sequence[str],
        situation: Situation,
        section: OpenSource,
        seed: int,
        means: Means,
        copies: Copies,
    ) -> None:
        self._shelf, self._names, self._means = shelf, names, means
        # A mined row shows nothing: it would bear out the guess that brought it.
        self._known = [
            row
            for row in (*situation.training, *situation.pool)
            if row.category in names and CONFIDENCE not in row.quality
        ]
        self._copies = copies
        self._free = np.ones(len(shelf), bool)
        self._free[shelf.places(_drawn(situation, section.name))] = False
        self._least = section.min_confidence
        labelled = _shown(self._known, names, seed)
        self._sure = probabilities(
            shelf,
            shelf.weights.rows(hashed(labelled)),
            [names.index(row.category) for row in labelled],
            len(names),
            seed,
        )
        self._found: dict[str, tuple[Targets, Ranked]] = {}

    def draw(self, want: Want) -> Iterator[Delivery]:
        """Draw what is wanted of one item, or what is left."""
        item = want.item
        if item.id not in self._found:
            self._found[item.id] = self._ranked(item, max(_LEAST, _TIMES * want.count))
        targets, ranked = self._found[item.id]
        left = want.count
        while left and len(batch := np.flatnonzero(self._free[ranked.places])[:left][:_BATCH]):
            # What is found wanting now is so for every later item too.
            self._free[ranked.places[batch]] = False
            rows = [self._row(item, targets, ranked, each) for each in batch.tolist()]
            faults = self._means.fault(rows)
            sound = [row if not fault else None for row, fault in zip(rows, faults, strict=True)]
            copied = self._copies.among(sound)
            for each, row, copy in zip(batch.tolist(), sound, copied, strict=True):
                if row is not None and not copy:
                    place = int(ranked.places[each])
                    name, source = self._shelf.name(place), self._shelf.source(place)
                    left -= 1
                    yield Delivery(name, item.id, row.model_dump(), source)

    def _ranked(self, item: RequestItem, most: int) -> tuple[Targets, Ranked]:
        category = self._names.index(item.category)
        targets = targets_of(item, self._known)
        sure = self._sure[:, category]
        places = np.flatnonzero(self._free & (sure >= self._least))
        if not targets.near:
            return targets, Ranked(places[:0], sure[:0], places[:0, None])
        own = [row for row in self._known if row.category == item.category]
        tiers = tiers_of(self._shelf.lengths[places], own)
        places = places[tiers == TIERS.index(item.tier)]
        return targets, rank(self._shelf, places, sure[places], targets, most, self._means.embed)

    def _row(self, item: RequestItem, targets: Targets, ranked: Ranked, each: int) -> Example:
        place = int(ranked.places[each])
        sure = float(self._sure[place, self._names.index(item.category)])
        row = self._shelf.row(place)
        like = [targets.near[near] for near in ranked.nearest[each].tolist()]
        tags = [tag for tag in item.tags if 2 * sum(tag in one.tags for one in like) > len(like)]
        scores = {CONFIDENCE: round(sure, 4), NEARNESS: round(float(ranked.margins[each]), 4)}
        return row.model_copy(
            update={
                "category": item.category,
                "tier": item.tier,
                "tags": tuple(dict.fromkeys((*row.tags, *tags))),
                "quality": {**row.quality, **scores},
            }
        )


def _drawn(situation: Situation, name: str) -> list[str]:
    """Rows that earlier requests were given, by their names, whatever became of them."""
    return [
        fate.id.rpartition("/")[2]
        for earlier in situation.history
        for fate in earlier.fates
        if fate.source == name
    ]


def _shown(known: Sequence[Example], names: Sequence[str], seed: int) -> list[Example]:
    """Rows that the classifier learns from: drawn, so that no order of the seed decides."""
    shown: list[Example] = []
    for name in names:
        own = {row.id: row for row in known if row.category == name}
        order = sorted(own, key=lambda each: digest_of(str(seed), each))
        shown += [own[each] for each in order[:_PER_CATEGORY]]
    return shown
