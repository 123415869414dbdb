"""Which replies repeat another, or what is there already, before they are looked at any further."""

from collections.abc import Sequence

from loop.example import Example
from loop.neighbours import Canonical, Index, shared_phrasing
from loop.recipe import CurationSection

_LONGEST = 20_000
"""Characters of a prompt from which it is not compared here: curation refuses it for its length."""


class Copies:
    """Finds what is the same task. Grows with what is delivered."""

    def __init__(
        self, rows: Sequence[Example], section: CurationSection, canonical: Canonical
    ) -> None:
        """Make rows known.

        Args:
            rows: What is trained on.
            section: What makes two tasks one.
            canonical: Canonical form by category.
        """
        self._made_of = (section, canonical, shared_phrasing(rows, section))
        self._index = Index(*self._made_of)
        self._index.add(*rows)

    def among(self, rows: Sequence[Example | None]) -> list[bool]:
        """Find the copies in a wave, and make the others known.

        Args:
            rows: Replies, the one to be kept first; None for what is no example.

        Returns:
            Per row whether it repeats one that stands before it or was known.
        """
        compared = [
            (place, row)
            for place, row in enumerate(rows)
            if row is not None and sum(map(len, row.texts)) <= _LONGEST
        ]
        fresh = self._fresh([row for _, row in compared])
        copied = [False] * len(rows)
        for (place, _), one in zip(compared, fresh, strict=True):
            copied[place] = not one
        self._index.add(*(row for (_, row), one in zip(compared, fresh, strict=True) if one))
        return copied

    def _fresh(self, rows: Sequence[Example]) -> list[bool]:
        wave = Index(*self._made_of)
        batch = wave.sketcher.batch(rows)
        wave.add_batch(batch)
        known, alike = self._index.matches_batch(batch), wave.matches_batch(batch)
        taken: set[str] = set()
        fresh = []
        for row, earlier, others in zip(rows, known, alike, strict=True):
            new = not earlier and row.id not in taken
            new = new and not any(match.id in taken for match in others)
            fresh.append(new)
            if new:
                taken.add(row.id)
        return fresh
