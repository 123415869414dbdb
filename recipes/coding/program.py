"""What a generated program is: source in two forms, a plain description, and example inputs."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Tier = Literal["simple", "moderate", "complex"]
Words = tuple[tuple[str, ...], ...]
"""Groups of word stems; a right description hits each group at least once."""

_NUMERALS = tuple(
    "zero one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Param:
    """One parameter and its line in a docstring."""

    name: str
    about: str


@dataclass(frozen=True)
class Program:
    """A single Python function with all that tasks about it need."""

    name: str
    params: tuple[Param, ...]
    loop: str
    """The long form: explicit loops and steps."""
    compact: str
    """The short form; equal to `loop` where there is no shorter one."""
    what: str
    """What it returns, to stand behind "returns"."""
    returns: str
    """One line for the docstring's Returns section."""
    words: Words
    tags: tuple[str, ...]
    tier: Tier
    inputs: tuple[tuple[Any, ...], ...]
    """Candidate arguments, of which tests are chosen."""
    via: str = ""
    """What the short form uses in place of the loop: `comprehension`, `sum`, `any`, …"""
    family: str = field(default="", compare=False)

    @property
    def signature(self) -> str:
        """Name and parameters, as in a call."""
        return f"{self.name}({', '.join(param.name for param in self.params)})"

    @property
    def has_loop(self) -> bool:
        """Whether the long form has a loop that the short form has not."""
        return self.loop != self.compact and "\n    for " in self.loop


@dataclass(frozen=True)
class Family:
    """A kind of program. `build` draws one of a tier, or None where parts do not go together."""

    name: str
    group: str
    tiers: tuple[Tier, ...]
    build: Callable[[random.Random, Tier], Program | None]
    unseen: bool = False
    """Kept out of seed and teacher, to measure what the tuned model does on new structure."""


def numeral(number: int) -> tuple[str, ...]:
    """Give the spellings of a number that a description may use.

    Args:
        number: Any integer.

    Returns:
        Digits, and the word up to twelve.
    """
    spelled = (_NUMERALS[number],) if 0 <= number < len(_NUMERALS) else ()
    return (str(number), *spelled)


def constant(rng: random.Random, low: int = 2, high: int = 12) -> int:
    """Draw a constant: mostly small, sometimes up to 99.

    Args:
        rng: Source of randomness.
        low: Least value.
        high: Largest of the small values.

    Returns:
        The constant.
    """
    return rng.randint(low, high) if rng.random() < 0.6 else rng.randint(high, 99)


def literal(value: Any) -> str:  # noqa: ANN401 - any plain Python value
    """Write a value as Python with double quotes, sets sorted.

    Args:
        value: Numbers, text, None, and lists, tuples, sets and dictionaries of them.

    Returns:
        An expression that evaluates to the value.
    """
    if isinstance(value, str):
        shown = repr(value)
        return shown if '"' in value or "\\" in shown else f'"{shown[1:-1]}"'
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        inside = ", ".join(map(literal, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, set):
        return f"{{{', '.join(sorted(map(literal, value)))}}}" if value else "set()"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(k)}: {literal(v)}' for k, v in value.items())}}}"
    return repr(value)
