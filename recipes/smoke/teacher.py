"""A teacher for the smoke recipe: endless, free, and as dull as its tasks."""

import random
from typing import Any

from loop.records import RequestItem

NAMES = [
    a + b
    for a in ("Ada", "Bo", "Cleo", "Dan", "Eve", "Finn")
    for b in ("ra", "lin", "mo", "ki", "tes")
]


def greeting(rng: random.Random) -> dict[str, Any]:
    """Make a greeting task.

    Args:
        rng: Source of randomness.

    Returns:
        A raw row.
    """
    name = rng.choice(NAMES) + rng.choice("aeiou") + str(rng.randrange(1000))
    row = {"instruction": f"Greet {name}.", "output": "Hello!", "category": "greeting"}
    return row | {"tier": "simple", "tags": ["name"]}


def parity(rng: random.Random, tier: str) -> dict[str, Any]:
    """Make a parity task.

    Args:
        rng: Source of randomness.
        tier: simple is below 1,000, moderate above.

    Returns:
        A raw row.
    """
    number = rng.randrange(1000) if tier == "simple" else rng.randrange(1000, 10**6)
    word = "odd" if number % 2 else "even"
    row = {"instruction": f"Is {number} even or odd?", "output": word, "category": "parity"}
    return row | {"tier": tier, "tags": [word], "checks": {"labels": ["even", "odd"]}}


class SmokeTeacher:
    """Delivers what is asked for, from the seed and the item's id alone."""

    name = "smoke.teacher"

    def __init__(self, options: dict[str, Any], seed: int) -> None:
        """Take the run's seed.

        Args:
            options: None are known.
            seed: Random seed.

        Raises:
            ValueError: An option is given.
        """
        if options:
            raise ValueError(f"unknown options {sorted(options)}; this teacher takes none")
        self.seed = seed

    def deliver(self, item: RequestItem, count: int, attempt: int) -> list[dict[str, Any]]:
        """Make candidates.

        Args:
            item: What is asked for.
            count: How many.
            attempt: Which attempt, from 0.

        Returns:
            Raw rows.
        """
        rng = random.Random(f"{self.seed}:{item.id}:{attempt}")
        if item.category == "greeting":
            return [greeting(rng) for _ in range(count)]
        return [parity(rng, item.tier) for _ in range(count)]
