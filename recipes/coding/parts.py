"""The parts that programs are composed of: a condition on an element, a change of it, words."""

from dataclasses import dataclass
from typing import Any

from coding.program import Param, Words

GREATER = ("greater", "above", "over", "more", "exceed", "larger", "bigger", "higher", ">")
LESS = ("less", "below", "under", "smaller", "fewer", "lower", "<")
AT_LEAST = ("at least", "or more", "or greater", "or equal", "minimum", "no less", ">=")
AT_MOST = ("at most", "or less", "or equal", "up to", "maximum", "no more", "<=")
NOT = ("not", "don't", "doesn't", "isn't", "aren't", "except", "without", "exclud", "skip",
       "other than", "differ", "non-", "no ", "lack")  # fmt: skip
MULTIPLE = ("multipl", "divisib", "divid", "evenly")


@dataclass(frozen=True)
class Pred:
    """A condition on an element. `{x}` in the code stands for it, `{y}` for its partner."""

    code: str
    negated: str
    plural: str
    """Behind a plural noun: `that are greater than 5`; empty for an adjective."""
    singular: str
    """Behind a singular noun: `is greater than 5`."""
    words: Words
    short: str
    """For a function's name."""
    adjective: str = ""
    params: tuple[Param, ...] = ()
    marks: tuple[Any, ...] = ()
    """Values at the boundary, for inputs."""


@dataclass(frozen=True)
class Change:
    """What an element is turned into."""

    code: str
    over: str
    """Description, with `{np}` for the elements."""
    words: Words
    short: str
    kind: str = "number"
    params: tuple[Param, ...] = ()
    marks: tuple[Any, ...] = ()
