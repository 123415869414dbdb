"""Which rows of a pool belong to which category, and which to none.

A pool is mostly something else. Each category is therefore told apart from the others and from the
pool at large, all weighed alike: its probability passes one half where the training side's rows of
it are denser than everything else together, however rare such rows are in the pool. A row is never
judged by a classifier that was shown it as "the pool at large": the pool is sorted in two halves,
each by what the other one looks like. Where a pool holds much of a category, in a phrasing of its
own, its rows would count against themselves: those that stand out in a first pass are therefore
left out of what the pool at large looks like in the second.

Source: Elkan and Noto, "Learning classifiers from only positive and unlabeled data", KDD 2008.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from loop.fulfil.mine.shelf import Shelf

if TYPE_CHECKING:
    from scipy.sparse import csr_array

HALVES = 2
"""A row belongs to the half of its place's remainder."""
_AT_LARGE = 4_000
"""Rows of a half that stand for it."""
_USUAL, _STANDS_OUT = 0.25, 4.0
"""A row whose odds of a category are so many times those of this quantile does not stand for the
pool. docs/open_pools.md has what that gains and costs."""
_CHUNK = 20_000
"""Rows judged at once."""
_STRENGTH = 10.0
"""Inverse of the penalty on weights; rows have length 1, so that 1.0 would flatten every score."""


def probabilities(
    shelf: Shelf, labelled: "csr_array", labels: Sequence[int], categories: int, seed: int
) -> NDArray[np.float32]:
    """Judge every row of a pool.

    Args:
        shelf: The pool.
        labelled: Training-side rows, weighed by the pool; shape (labelled, WIDTH).
        labels: Category of each, in [0, categories).
        categories: Number of categories.
        seed: Draws the rows that stand for the pool.

    Returns:
        Probability of each category; shape (rows, categories). A category without training-side
        rows has none anywhere. A row that came with a category has all of it there.
    """
    rng = np.random.default_rng(seed)
    # Rows that came with a category stand for it and not for the rest.
    unlabelled = np.flatnonzero(shelf.labels < 0)
    drawn: list[NDArray[np.int64]] = []
    for half in range(HALVES):
        its = unlabelled[unlabelled % HALVES == half]
        drawn.append(np.sort(rng.choice(its, min(_AT_LARGE, len(its)), replace=False)))

    def judges(at_large: Sequence[NDArray[np.int64]]) -> "list[_Judge]":
        return [
            _Judge(labelled, labels, shelf.chosen(each), categories) for each in reversed(at_large)
        ]

    first = [judge(shelf.chosen(its)) for judge, its in zip(judges(drawn), drawn, strict=True)]
    plain = _plain(first)
    final = judges([its[kept] for its, kept in zip(drawn, plain, strict=True)])
    found = np.zeros((len(shelf), categories), np.float32)
    for start in range(0, len(shelf), _CHUNK):
        stop = min(start + _CHUNK, len(shelf))
        rows, half_of = shelf.vectors(start, stop), np.arange(start, stop) % HALVES
        for half, judge in enumerate(final):
            found[start:stop][half_of == half] = judge(rows[half_of == half])
    given = np.flatnonzero(shelf.labels >= 0)
    found[given] = 0
    found[given, shelf.labels[given]] = 1
    return found


def _plain(judged: Sequence[NDArray[np.float32]]) -> list[NDArray[np.bool_]]:
    """Which rows drawn stand for the pool, by half: their odds of no category stand out."""
    odds = [each / np.maximum(1 - each, 1e-6) for each in judged]
    both = np.concatenate(odds)
    usual = np.quantile(both, _USUAL, axis=0) if len(both) else both.sum(axis=0)
    return [np.all(each <= _STANDS_OUT * usual, axis=1) for each in odds]


class _Judge:
    """Tells categories apart from one another and from the rows at large."""

    def __init__(
        self, labelled: "csr_array", labels: Sequence[int], at_large: "csr_array", categories: int
    ) -> None:
        from scipy.sparse import vstack
        from sklearn.linear_model import LogisticRegression

        none = categories
        known = np.concatenate([np.asarray(labels), np.full(at_large.shape[0], none)])
        self._shape = categories
        self._only = np.unique(known)
        rows = vstack([labelled, at_large], format="csr")
        self._model = LogisticRegression(
            C=_STRENGTH, class_weight="balanced", max_iter=500, tol=1e-3
        )
        # Of all columns only those in use are fitted: the solver's cost is in their number.
        self._used = np.unique(rows.indices)
        if len(self._only) > 1:
            self._model.fit(rows[:, self._used], known)

    def __call__(self, rows: "csr_array") -> NDArray[np.float32]:
        """Judge rows; shape (rows, categories)."""
        found = np.zeros((rows.shape[0], self._shape), np.float32)
        if len(self._only) < 2 or not rows.shape[0]:
            return found
        judged = self._model.predict_proba(rows[:, self._used])
        for column, name in enumerate(self._only.tolist()):
            if name < self._shape:
                found[:, name] = judged[:, column]
        return found
