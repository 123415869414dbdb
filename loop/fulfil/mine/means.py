"""What mining is given that other stages own: how files are read, and how single rows are checked.

Stages never import one another; whoever makes the sources passes these in.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loop.example import Example
from loop.recipe import OpenSource
from loop.records import Rejected


@dataclass(frozen=True)
class Means:
    """Functions of other stages."""

    read: Callable[[OpenSource, str], Iterator[Example | Rejected]]
    """(section, one of its files) → its rows, streamed, each with its file and row as origin."""
    fault: Callable[[Sequence[Example]], list[str | None]]
    """Rows with a category → per row the reason code for which curation would refuse it, alone."""
    embed: Callable[[Sequence[str]], NDArray[np.float32]] | None = None
    """Texts → unit vectors, where the recipe names a sentence encoder; shape (texts, width)."""
