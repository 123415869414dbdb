"""Orders rows by how much nearer they are to the rows wanted than to the others, and how surely.

All rows are ordered by one linear pass first; only the best of them are compared with each row
wanted, by their words or, where the recipe names one, by a sentence encoder.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loop.example import Example
from loop.fulfil.mine.shelf import Shelf
from loop.fulfil.mine.targets import Targets
from loop.fulfil.mine.vectors import hashed, text_of

_NEIGHBOURS = 3
"""Rows of either group that a row is compared with: one could be an odd one out."""
_CHUNK = 20_000
Floats = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]


@dataclass(frozen=True)
class Ranked:
    """Places of a pool, the best first."""

    places: NDArray[np.int64]
    margins: Floats
    """Likeness to the rows wanted less that to the others, in [-1, 1]; shape (places,)."""
    nearest: NDArray[np.int64]
    """The rows wanted that each is most like, as places in `near`; shape (places, up to 3)."""


def rank(
    shelf: Shelf,
    places: NDArray[np.int64],
    sure: Floats,
    targets: Targets,
    most: int,
    embed: Embed | None,
) -> Ranked:
    """Order rows of a pool.

    Args:
        shelf: The pool.
        places: Rows to choose from, ascending.
        sure: Probability of each that it is of the category at all, added to its margin: where no
            part of the category is wanted more than another, the margin alone says too little.
        targets: Rows wanted, at least one, and others.
        most: Rows that are compared one by one.
        embed: Compares texts instead of words.

    Returns:
        At most so many of them.
    """
    near, far = (
        shelf.weights.rows(hashed(group)) if group else None
        for group in (targets.near, targets.far)
    )
    assert near is not None
    towards = near.mean(axis=0)
    if far is not None:
        towards = towards - far.mean(axis=0)
    coarse = np.zeros(len(places))
    for start in range(0, len(places), _CHUNK):
        coarse[start : start + _CHUNK] = shelf.chosen(places[start : start + _CHUNK]) @ towards
    # A stable order: of equals, the one that stands first in the pool.
    best = np.sort(np.argsort(-coarse, kind="stable")[:most])
    left = places[best]
    if embed is None:
        rows = shelf.chosen(left)
        likeness = (rows @ near.T).toarray()
        unlike = (rows @ far.T).toarray() if far is not None else None
    else:
        vectors = embed([text_of(shelf.row(place)) for place in left.tolist()])
        likeness = vectors @ _embedded(targets.near, embed).T
        unlike = vectors @ _embedded(targets.far, embed).T if targets.far else None
    margins = _closest(likeness) - (_closest(unlike) if unlike is not None else 0)
    order = np.argsort(-(margins + sure[best]), kind="stable")
    nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :_NEIGHBOURS]
    return Ranked(left[order], margins[order].astype(np.float32), nearest[order])


def _embedded(rows: Sequence[Example], embed: Embed) -> Floats:
    return embed([text_of(row) for row in rows])


def _closest(likeness: Floats) -> Floats:
    """Mean likeness of the nearest few; shape (rows,)."""
    few = min(_NEIGHBOURS, likeness.shape[1])
    best: Floats = np.sort(likeness, axis=1)[:, -few:].mean(axis=1)
    return best
