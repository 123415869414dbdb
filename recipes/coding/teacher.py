"""A teacher for the coding recipe: endless, free, and right by execution."""

import random
from itertools import islice
from typing import Any

from coding.families import seen_families
from coding.kept import kept_forms
from coding.tasks import CATEGORIES, tasks
from loop.records import RequestItem


class CodingTeacher:
    """Delivers what is asked for, from the seed, the item's id and the attempt alone.

    It draws from the seen families only: what is kept unseen never comes from here.
    """

    name = "coding.teacher"

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
        """Make examples for a request item.

        Args:
            item: What is asked for; every other example has one of its tags where it can.
            count: How many.
            attempt: Which attempt, from 0; another attempt makes other examples.

        Returns:
            Raw rows of different canonical forms; none for a category this teacher cannot make.
        """
        if item.category not in CATEGORIES:
            return []
        rng = random.Random(f"{self.seed}:{item.id}:{attempt}")
        made = tasks(
            rng, item.category, item.tier, seen_families(), taken=set(kept_forms()), tags=item.tags
        )
        return list(islice(made, count))
