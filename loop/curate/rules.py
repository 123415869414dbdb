"""Rules that judge one row alone. A rule says keep (None), or a reason code and a detail."""

import json
import re
from collections.abc import Callable, Mapping

from loop.curate.endings import unfinished_code
from loop.example import Example
from loop.recipe import CategorySection

Fault = tuple[str, str]
"""Reason code that is counted, and one line for a person."""
Rule = Callable[[Example], Fault | None]

_FENCE = re.compile(r"^```\w*\n(.*)\n```$", re.DOTALL)
_OPEN_ENDED = re.compile(
    r"(?:[,;:(\[{-]|\.\.\.|…|(?<!\w)(?:and|or|the|of|with|because))$", re.IGNORECASE
)


def row_rules(
    categories: Mapping[str, CategorySection], count_tokens: Callable[[str], int], limit: int
) -> tuple[Rule, ...]:
    """Make the rules of one recipe, cheapest first.

    Args:
        categories: Sections by name.
        count_tokens: Counts tokens of the base model.
        limit: Most tokens of prompt and completion together.

    Returns:
        Rules in the order in which they are applied.
    """

    def unknown_category(example: Example) -> Fault | None:
        if example.category in categories:
            return None
        return "unknown_category", f"category is {example.category[:80]!r}, not in the taxonomy"

    def truncated_output(example: Example) -> Fault | None:
        fault = unfinished(example.output, categories[example.category])
        return ("truncated_output", fault) if fault else None

    def over_long(example: Example) -> Fault | None:
        tokens = count_tokens(f"{example.prompt}\n{example.completion('')}")
        return ("over_long", f"{tokens} tokens; the limit is {limit}") if tokens > limit else None

    return (unknown_category, empty_instruction, empty_output, truncated_output, over_long)


def empty_instruction(example: Example) -> Fault | None:
    """Nothing to do.

    Args:
        example: The row.

    Returns:
        A fault where the instruction is only whitespace.
    """
    return None if example.instruction.strip() else ("empty_instruction", "only whitespace")


def empty_output(example: Example) -> Fault | None:
    """Nothing to learn from.

    Args:
        example: The row.

    Returns:
        A fault where the output is only whitespace.
    """
    return None if example.output.strip() else ("empty_output", "no answer")


def unfinished(output: str, category: CategorySection) -> str | None:
    """Tell whether an answer stops before its end.

    Args:
        output: The answer.
        category: Its format decides what an end looks like.

    Returns:
        What is unfinished, or None.
    """
    text = output.strip()
    if text.count("```") % 2:
        return "a code fence is not closed"
    fenced = _FENCE.match(text)
    body = fenced.group(1) if fenced else text
    if category.format == "json":
        return _broken_json(body)
    if category.format == "code":
        return unfinished_code(body, category.language or "")
    if category.format == "text" and (ending := _OPEN_ENDED.search(text)):
        return f"ends with `{ending.group()}`"
    return None


def _broken_json(text: str) -> str | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at character {error.pos}"
    except (ValueError, RecursionError):
        return "not JSON that can be read: a number or a nesting too large"
    return None
