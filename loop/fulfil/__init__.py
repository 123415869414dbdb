"""A generation request in, accepted examples out: the recipe's sources, one after the other."""

from loop.fulfil.agree import Agreeing
from loop.fulfil.fulfil import Accept, fulfil, yields_of
from loop.fulfil.mixture import grow, seed_dose
from loop.fulfil.open import open_sources
from loop.fulfil.plugin import Teacher
from loop.fulfil.source import Delivery, Situation, Source, Waiting, Want

__all__ = [
    "Accept",
    "Agreeing",
    "Delivery",
    "Situation",
    "Source",
    "Teacher",
    "Waiting",
    "Want",
    "fulfil",
    "grow",
    "open_sources",
    "seed_dose",
    "yields_of",
]
