"""Which known example is the same task as this one. Reads examples; decides nothing about them.

Two examples are the same task when, in this order:

1. exact: their prompts read the same (`text.tokens` says what makes no difference). This holds
   whatever their answers are.
2. canonical: their category has a canonical form and both forms are equal and not empty.
3. near: the Jaccard similarity of their shingles reaches `near_duplicate`, over all shingles and
   over the distinctive ones alike. The second keeps a shared template from making two tasks one;
   the first keeps two tasks apart that differ in common words ("even" and "odd") and share a
   rare one. One word exchanged in fewer than about 35 makes another task.
4. ngram: of the distinctive n-grams of the shorter text, a share of at least `overlap` stands in
   the other, in runs of at least twenty words together. Shorter runs are shared by chance.

Two non-empty canonical forms that one function gave and that differ rule out 3 and 4: different
programs are different tasks, however alike they are described. Equal forms join rows of one
category only: to explain a program and to shorten it are two tasks.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from rensa import RMinHash, RMinHashLSH

from loop.example import Example
from loop.neighbours.phrasing import Phrasing
from loop.neighbours.text import ngrams, shingles, tokens
from loop.recipe import CurationSection

Canonical = Mapping[str, Callable[[Example], str]]
"""Canonical form by category; a form of "" means that the example has none."""
Kind = Literal["exact", "canonical", "near", "ngram"]

# 32 bands of 4 find a pair of similarity 0.85 but for one in 10^10, and one of 0.6 but for 1 %.
_PERMUTATIONS, _BANDS = 128, 32
_FEWEST_WORDS = 20


@dataclass(frozen=True)
class Match:
    """A known example that is the same task."""

    kind: Kind
    id: str
    """The known example's id."""
    similarity: float
    """Jaccard for near, the share of n-grams for ngram, else 1."""


@dataclass(frozen=True)
class _Sketch:
    id: str
    category: str
    key: str
    form: str
    shingles: frozenset[str]
    distinctive: frozenset[str]
    ngrams: frozenset[str]
    minhash: RMinHash | None


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared) if shared else 0.0


class Index:
    """Known examples, searchable for the same task. Grows one by one."""

    def __init__(
        self, section: CurationSection, canonical: Canonical, phrasing: Phrasing, seed: int = 0
    ) -> None:
        """Start empty.

        Args:
            section: Thresholds.
            canonical: Canonical form by category; categories without one are left out.
            phrasing: What `shared_phrasing` found.
            seed: Seeds the hash permutations that propose near duplicates.
        """
        self._section = section
        self._canonical = canonical
        self._phrasing = phrasing
        self._seed = seed
        self._known: list[_Sketch] = []
        self._keys: dict[str, list[int]] = defaultdict(list)
        self._forms: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._holding: dict[str, list[int]] = defaultdict(list)
        self._lsh = RMinHashLSH(section.near_duplicate, _PERMUTATIONS, _BANDS)
        self._last: tuple[Example, _Sketch] | None = None

    def __len__(self) -> int:
        """Count the known examples."""
        return len(self._known)

    def add(self, example: Example) -> None:
        """Make an example known.

        Args:
            example: The example.
        """
        sketch, position = self._sketch(example), len(self._known)
        self._known.append(sketch)
        self._keys[sketch.key].append(position)
        if sketch.form:
            self._forms[sketch.category, sketch.form].append(position)
        for gram in sketch.ngrams:
            self._holding[gram].append(position)
        if sketch.minhash is not None:
            self._lsh.insert(position, sketch.minhash)

    def match(self, example: Example) -> Match | None:
        """Find the known example that is most surely the same task.

        Args:
            example: The example; it need not be known.

        Returns:
            The match, or None. Of equals, the one made known first.
        """
        return next(iter(self.matches(example)), None)

    def matches(self, example: Example) -> list[Match]:
        """Find every known example that is the same task.

        Args:
            example: The example; it need not be known.

        Returns:
            Matches, the surest first: by kind, then similarity, then age.
        """
        sketch = self._sketch(example)
        found: dict[int, Match] = {}
        searched: dict[Kind, dict[int, float]] = {
            "exact": self._keyed(sketch),
            "canonical": self._formed(sketch),
            "near": self._near(sketch),
            "ngram": self._overlapping(sketch),
        }
        order = {kind: rank for rank, kind in enumerate(searched)}
        for kind, scored in searched.items():
            for position, similarity in scored.items():
                found.setdefault(position, Match(kind, self._known[position].id, similarity))
        ranked = sorted(
            found.items(), key=lambda item: (order[item[1].kind], -item[1].similarity, item[0])
        )
        return [match for _, match in ranked]

    def _sketch(self, example: Example) -> _Sketch:
        if self._last is not None and self._last[0] is example:
            return self._last[1]
        words = tokens(example.instruction, example.input)
        phrasing = self._phrasing.get(example.category, frozenset())
        form = self._canonical.get(example.category)
        runs = shingles(words)
        distinctive = runs - phrasing
        minhash = None
        if distinctive:
            minhash = RMinHash(_PERMUTATIONS, self._seed)
            minhash.update(list(distinctive))
        sketch = _Sketch(
            id=example.id,
            category=example.category,
            key=" ".join(words),
            form=form(example) if form else "",
            shingles=runs,
            distinctive=distinctive,
            ngrams=ngrams(words, self._section.ngram) - phrasing,
            minhash=minhash,
        )
        self._last = (example, sketch)
        return sketch

    def _keyed(self, sketch: _Sketch) -> dict[int, float]:
        return dict.fromkeys(self._keys.get(sketch.key, ()), 1.0)

    def _formed(self, sketch: _Sketch) -> dict[int, float]:
        if not sketch.form:
            return {}
        return dict.fromkeys(self._forms.get((sketch.category, sketch.form), ()), 1.0)

    def _differ(self, sketch: _Sketch, other: _Sketch) -> bool:
        return (
            bool(sketch.form and other.form)
            and sketch.form != other.form
            and self._canonical[sketch.category] is self._canonical[other.category]
        )

    def _near(self, sketch: _Sketch) -> dict[int, float]:
        if sketch.minhash is None:
            return {}
        found = {}
        for position in self._lsh.query(sketch.minhash):
            other = self._known[position]
            if self._differ(sketch, other):
                continue
            similarity = min(
                _jaccard(sketch.distinctive, other.distinctive),
                _jaccard(sketch.shingles, other.shingles),
            )
            if similarity >= self._section.near_duplicate:
                found[position] = similarity
        return found

    def _overlapping(self, sketch: _Sketch) -> dict[int, float]:
        shared: Counter[int] = Counter()
        for gram in sketch.ngrams:
            shared.update(self._holding.get(gram, ()))
        least = max(1, _FEWEST_WORDS - self._section.ngram + 1)
        found = {}
        for position, count in shared.items():
            other = self._known[position]
            if count < least or self._differ(sketch, other):
                continue
            similarity = count / min(len(sketch.ngrams), len(other.ngrams))
            if similarity >= self._section.overlap:
                found[position] = similarity
        return found
