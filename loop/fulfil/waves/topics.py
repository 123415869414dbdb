"""What examples are to be about: a list from the recipe, from the model, or from training rows."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from loop.api import Call, Message
from loop.api.structured import one_line
from loop.example import Example, digest_of
from loop.fulfil.ways.checks import closed
from loop.records import RequestItem

MOST = 60
"""Topics of a category."""
_LONGEST = 80
_LETTERS = 4
"""Fewer letters are seldom what a text is about."""
_FEWEST_ROWS, _COMMON = 2, 0.2
"""A word of one row is chance; one of a fifth of the rows is how the category speaks."""
_WORD = re.compile(r"[^\W\d_]+")
_SCHEMA = closed({"topics": {"type": "array", "items": {"type": "string"}}})


def words_of(rows: Sequence[Example], most: int = MOST) -> tuple[str, ...]:
    """Find the words that tell what rows are about.

    Args:
        rows: Training rows of one category.
        most: Words wanted.

    Returns:
        Words that stand in several rows and not in many, the most frequent first.
    """
    counts: Counter[str] = Counter()
    for row in rows:
        found = {word.casefold() for word in _WORD.findall(row.prompt[:5_000])}
        counts.update(word for word in found if len(word) >= _LETTERS)
    limit = max(_FEWEST_ROWS, int(_COMMON * len(rows)))
    fitting = [word for word, count in counts.items() if _FEWEST_ROWS <= count <= limit]
    return tuple(sorted(fitting, key=lambda word: (-counts[word], word))[:most])


def topics_call(item: RequestItem, model: str) -> Call:
    """Ask a model for topics.

    Args:
        item: Any of the category's.
        model: Who is asked.

    Returns:
        The call; the same for every request of the category.
    """
    told = {"category": item.category, "description": item.description or item.category}
    text = Path(__file__).with_suffix(".md").read_text(encoding="utf-8").strip()
    prompt = Template(text).substitute(told, count=MOST)
    name = f"topics-{digest_of(model, prompt)}"
    return Call(name, (Message("user", prompt),), _SCHEMA, seed=0)


def topics_from(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - what a model said
    """Read a model's topics.

    Args:
        value: What follows the schema, or None.

    Returns:
        Short single lines, each once; none where it gave none.
    """
    given = value["topics"] if value else ()
    lines = [one_line(topic, _LONGEST) for topic in given]
    return tuple(dict.fromkeys(line for line in lines if line))[:MOST]
