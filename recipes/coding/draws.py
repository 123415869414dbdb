"""Example arguments: short numbers, words, texts and dictionaries, some at the boundaries."""

import random
from typing import Any

Marks = list[Any]
MANY = 14
_WORDS = [
    "apple",
    "Banana",
    "kiwi",
    "sun",
    "tree",
    "Stone",
    "bread",
    "go",
    "cat",
    "house",
    "garden",
    "Ada",
    "echo",
    "level",
    "note",
    "radar",
    "table",
    "ice",
    "moon",
    "open",
    "rain",
    "seed",
    "umbrella",
    "code",
    "data",
    "ten",
]
NAMES = ["Ada", "Bob", "Cleo", "Dan", "Eve", "Finn"]


def numbers(rng: random.Random, marks: Marks, most: int = 6) -> list[int]:
    """Draw a short list of numbers, some of them at the boundaries.

    Args:
        rng: Source of randomness.
        marks: Boundary values; others than integers are left out.
        most: Greatest length.

    Returns:
        The list, sometimes empty.
    """
    if rng.random() < 0.08:
        return []
    edges = [mark for mark in marks if isinstance(mark, int)]
    pool = edges + [rng.randint(-9, 30) for _ in range(4)] + [0, 1, 2, 4, -3]
    return [rng.choice(pool) for _ in range(rng.randint(2, most))]


def words(rng: random.Random, marks: Marks) -> list[str]:
    """Draw a short list of words, some of them at the boundaries.

    Args:
        rng: Source of randomness.
        marks: Boundary values; others than text are left out.

    Returns:
        The list, sometimes empty.
    """
    if rng.random() < 0.08:
        return []
    edges = [mark for mark in marks if isinstance(mark, str) and mark]
    pool = edges * 3 + rng.sample(_WORDS, 6)
    return [rng.choice(pool) for _ in range(rng.randint(2, 5))]


def text(rng: random.Random, marks: Marks) -> str:
    """Draw a short text with some boundary characters in it.

    Args:
        rng: Source of randomness.
        marks: Boundary values; others than text are left out.

    Returns:
        The text, sometimes empty.
    """
    if rng.random() < 0.06:
        return ""
    edges = [mark for mark in marks if isinstance(mark, str)]
    pieces = [rng.choice(_WORDS)] + [rng.choice(edges + _WORDS) for _ in range(rng.randint(0, 1))]
    return rng.choice(["", " ", "7", "2B"]).join([*pieces, rng.choice(["", "e", "42", "X"])])


def scores(rng: random.Random, marks: Marks) -> dict[str, int]:
    """Draw a small dictionary from names to numbers.

    Args:
        rng: Source of randomness.
        marks: Boundary values.

    Returns:
        The dictionary, sometimes empty.
    """
    return dict(zip(rng.sample(NAMES, 6), numbers(rng, marks, 4), strict=False))
