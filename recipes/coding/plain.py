"""Writes programs without a loop of one's own: the long form line by line, and the short form."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from coding.draws import MANY, Marks, numbers, text
from coding.program import Param, Program, Tier, Words

NUMBER_NAMES = ("n", "x", "num", "value", "number")
TEXT_NAMES = ("text", "word", "s", "name", "line")


ALGORITHM = ("algorithms", "loop")
"""Tags of a program with a loop that has no one-line form."""


def made(
    name: str,
    params: Sequence[Param],
    body: Sequence[str],
    *,
    what: str,
    returns: str,
    words: Words,
    tags: Sequence[str],
    tier: Tier,
    inputs: Sequence[tuple[Any, ...]],
    compact: str = "",
) -> Program:
    """Write a program down.

    Args:
        name: Function name.
        params: Parameters.
        body: Lines of the long form, without the function's indentation.
        what: What it returns.
        returns: The docstring's Returns line.
        words: What a right description says.
        tags: Sub-skills.
        tier: How hard it is.
        inputs: Candidate arguments.
        compact: What the short form returns; nothing where there is no shorter form.

    Returns:
        The program.
    """
    head = f"def {name}({', '.join(param.name for param in params)}):\n"
    loop = head + "\n".join(f"    {line}" for line in body)
    return Program(
        name=name,
        params=tuple(params),
        loop=loop,
        compact=f"{head}    return {compact}" if compact else loop,
        what=what,
        returns=returns,
        words=tuple(dict.fromkeys(words)),
        tags=tuple(tags),
        tier=tier,
        inputs=tuple(inputs),
        via="expression",
    )


def drawn(
    rng: random.Random, marks: Marks, params: Sequence[Param], draw: Callable[..., Any]
) -> list[tuple[Any, ...]]:
    """Draw arguments of a function of one element and some limits.

    Args:
        rng: Source of randomness.
        marks: Boundary values.
        params: The limits; each is a small number.
        draw: Draws the element.

    Returns:
        Argument tuples.
    """
    inputs = []
    for _ in range(MANY):
        extra = [rng.randint(1, 9) for _ in params]
        inputs.append((draw(rng, [*marks, *extra]), *extra))
    return inputs


def many_lists(rng: random.Random, marks: Marks, extra: int) -> list[tuple[Any, ...]]:
    """Draw arguments of a function of a list of numbers and some limits.

    Args:
        rng: Source of randomness.
        marks: Boundary values.
        extra: Number of limits.

    Returns:
        Argument tuples.
    """
    return [
        (numbers(rng, [*marks, *(more := [rng.randint(1, 9) for _ in range(extra)])], 7), *more)
        for _ in range(MANY)
    ]


def one_number(rng: random.Random, marks: Marks) -> int:
    """Draw a number, often one at a boundary.

    Args:
        rng: Source of randomness.
        marks: Boundary values; others than integers are left out.

    Returns:
        The number.
    """
    edges = [mark for mark in marks if isinstance(mark, int)]
    return rng.choice([*edges, rng.randint(-9, 30), rng.randint(0, 60)])


def one_word(rng: random.Random, marks: Marks) -> str:
    """Draw a text that is not empty.

    Args:
        rng: Source of randomness.
        marks: Boundary values; others than text are left out.

    Returns:
        The text.
    """
    return text(rng, marks) or "a"
