"""What a wave of calls asks: planned, spread over ways by their yield, compared, kept on disk."""

from loop.fulfil.waves.copies import Copies
from loop.fulfil.waves.decisions import Decisions, Planned
from loop.fulfil.waves.ground import Ground
from loop.fulfil.waves.mix import Mix, tallies_of
from loop.fulfil.waves.plan import Planner
from loop.fulfil.waves.stock import COMMON, Held, Stock
from loop.fulfil.waves.topics import topics_call, topics_from, words_of

__all__ = [
    "COMMON",
    "Copies",
    "Decisions",
    "Ground",
    "Held",
    "Mix",
    "Planned",
    "Planner",
    "Stock",
    "tallies_of",
    "topics_call",
    "topics_from",
    "words_of",
]
