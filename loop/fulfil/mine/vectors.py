"""Rows as sparse vectors: hashed words and pairs of words, of the prompt and of the answer apart.

A hashed vocabulary needs no pass over the pool before the first row can be written down, and the
same row has the same columns in every run.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from loop.example import Example

if TYPE_CHECKING:
    from scipy.sparse import csr_array

WIDTH = 1 << 17
"""Columns. Of a million rows' pairs of words many share one; single words seldom do."""
PROMPT, ANSWER = 800, 400
"""Characters of a row that are read: what it is about shows early, and a row's cost is bounded."""
Columns = NDArray[np.uint32]
Floats = NDArray[np.float64]
_WORD = re.compile(r"\w+|[^\w\s]")


def text_of(row: Example) -> str:
    """Say what of a row a sentence encoder compares.

    Args:
        row: The row.

    Returns:
        The start of its prompt.
    """
    return row.prompt[:PROMPT]


def length_of(row: Example) -> int:
    """Measure how much there is to a row.

    Args:
        row: The row.

    Returns:
        Characters of prompt and answer.
    """
    return sum(map(len, row.texts)) + len(row.output)


def hashed(rows: Sequence[Example]) -> "csr_array":
    """Hash what stands in rows.

    Args:
        rows: Any number of rows.

    Returns:
        1 where a word or a pair stands in a row; shape (rows, WIDTH), columns ascending.
    """
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import HashingVectorizer

    if not rows:
        return csr_array(np.zeros((0, WIDTH), np.float32))
    vectorizer = HashingVectorizer(
        analyzer=_words,
        n_features=WIDTH,
        binary=True,
        norm=None,
        alternate_sign=False,
        dtype=np.float32,
    )
    found = csr_array(vectorizer.transform(rows))
    found.sort_indices()
    return found


def _words(row: Example) -> Iterator[str]:
    for mark, text in (("", row.prompt[:PROMPT]), ("=", row.output[:ANSWER])):
        before = mark
        for word in _WORD.findall(text.lower()):
            yield mark + word
            yield f"{before} {word}"
            before = mark + word


class Weights:
    """Weighs columns by how seldom they are, and gives rows the length 1."""

    def __init__(self, holding: NDArray[np.int64], rows: int) -> None:
        """Take what is common from a pool.

        Args:
            holding: Rows that hold each column; shape (WIDTH,).
            rows: Rows counted.
        """
        self._of: Floats = np.log((1 + rows) / (1 + holding)) + 1

    def rows(self, found: "csr_array") -> "csr_array":
        """Weigh rows.

        Args:
            found: From `hashed`.

        Returns:
            Rows of length 1, as float32, except those that hold nothing.
        """
        return self.weighed(found.indptr, found.indices)

    def weighed(self, starts: NDArray[Any], columns: NDArray[Any]) -> "csr_array":
        """Weigh rows given by their columns.

        Args:
            starts: Where each row's columns start, and the end of the last; shape (rows + 1,).
            columns: All rows' columns.

        Returns:
            As `rows`.
        """
        from scipy.sparse import csr_array

        data = self._of[columns]
        lengths = np.diff(starts)
        # reduceat gives a value to an empty row too; it has no entry to divide.
        square = np.add.reduceat(np.append(data**2, 0.0), starts[:-1]) if len(lengths) else data
        norms = np.repeat(np.sqrt(np.maximum(square, 1e-12)), lengths)
        weighed = (data / norms).astype(np.float32)
        return csr_array(
            (weighed, columns.astype(np.int32), starts.astype(np.int64)),
            shape=(len(lengths), WIDTH),
        )
