"""People as a source: what they are asked for, and what they hand in."""

from loop.fulfil.people.people import People
from loop.fulfil.people.slots import waiting

__all__ = ["People", "waiting"]
