"""Where an answer of each format naturally ends, so that no tokens are decoded beyond it."""

import re

from loop.example import Format

_JSON_PART = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[{}\[\]]', re.DOTALL)
_CLOSED_FENCE = re.compile(r"\s*```[^\n]*\n(?:.*?\n)??[ \t]*```", re.DOTALL)


def _first_object_closed(text: str) -> bool:
    depth = 0
    for part in _JSON_PART.finditer(text):
        if part[0] in "{[":
            depth += 1
        elif part[0] in "}]" and depth:
            depth -= 1
            if depth == 0:
                return True
    return False


def has_ended(text: str, form: Format, marker: str, reasoned: bool) -> bool:
    """Tell whether an answer is complete although the model has not said so.

    Args:
        text: What was decoded so far.
        form: The category's output format. Text ends only at the end-of-turn token.
        marker: Stands between a rationale and the answer; a rationale never ends an answer.
        reasoned: Whether the category's examples carry rationales, so that one must come first.

    Returns:
        Whether a JSON value is balanced, a label's line is over, or a code fence that opened the
        answer is closed.
    """
    if form == "text":
        return False
    rationale, found, answer = text.partition(marker)
    if not found:
        if reasoned:
            return False
        answer = rationale
    if form == "json":
        return _first_object_closed(answer)
    if form == "label":
        return "\n" in answer.lstrip()
    return _CLOSED_FENCE.match(answer) is not None
