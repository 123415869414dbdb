"""Open pools as a source: rows are indexed once, sorted into categories, and the nearest drawn."""

from loop.fulfil.mine.means import Means
from loop.fulfil.mine.mine import Mine

__all__ = ["Means", "Mine"]
