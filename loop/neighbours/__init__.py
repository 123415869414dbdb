"""What "the same task" means. Used by every split, duplicate and contamination check."""

from loop.neighbours.clusters import clusters
from loop.neighbours.index import Canonical, Index, Kind, Match
from loop.neighbours.phrasing import Phrasing, shared_phrasing
from loop.neighbours.text import text_key

__all__ = [
    "Canonical",
    "Index",
    "Kind",
    "Match",
    "Phrasing",
    "clusters",
    "shared_phrasing",
    "text_key",
]
