"""What a request item wants more of, and what it does not: training-side rows in two groups."""

from collections.abc import Sequence
from dataclasses import dataclass

from loop.example import Example
from loop.records import RequestItem

_MOST = 300
"""Rows of a group; more cost time and say little new."""


@dataclass(frozen=True)
class Targets:
    """Training-side rows that a mined row should be like, and rows it should be less like."""

    near: tuple[Example, ...]
    far: tuple[Example, ...]


def targets_of(item: RequestItem, known: Sequence[Example]) -> Targets:
    """Choose the rows of an item.

    Args:
        item: What is asked for.
        known: Training-side rows, in a stable order.

    Returns:
        Near: the item's exemplars, and rows of its category with most of its tags, those of its
        tier first; where there are none, of its tier, else the whole category. Far: what is left of
        the category where tags were found, and other categories'.
    """
    shown = tuple(
        Example(
            instruction=one.instruction,
            input=one.input,
            output=one.output,
            category=item.category,
            tier=item.tier,
        )
        for one in item.exemplars
    )
    own = [row for row in known if row.category == item.category]
    tags = set(item.tags)
    tagged = [row for row in own if tags & set(row.tags)]
    tagged.sort(key=lambda row: (-len(tags & set(row.tags)), row.tier != item.tier))
    fitting = tagged or [row for row in own if row.tier == item.tier] or own
    chosen = {row.id for row in (*fitting, *shown)}
    # Without tags the tiers of a category differ in more than its wording; they are no contrast.
    rest = [row for row in own if row.id not in chosen] if tagged else []
    others = [row for row in known if row.category != item.category]
    return Targets((*shown, *fitting[:_MOST]), (*_spread(rest), *_spread(others)))


def _spread(rows: Sequence[Example]) -> Sequence[Example]:
    """As many as are compared, evenly from start to end."""
    step = max(1, -(-len(rows) // _MOST))
    return rows[::step]
