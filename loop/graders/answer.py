"""Finding the answer in what a model wrote: behind its rationale, inside its code fence."""

import re

# Tempered so that a hostile answer costs linear time: the body stops at the first closing fence.
_OPENING = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*$", re.MULTILINE)


def without_rationale(answer: str, marker: str) -> str:
    """Take a chain of thought off.

    Args:
        answer: What the model wrote.
        marker: Stands alone on the line between rationale and answer.

    Returns:
        What follows the first such line; the answer as it is where there is none.
    """
    lines = answer.split("\n")
    for index, line in enumerate(lines):
        if line.strip() == marker.strip():
            return "\n".join(lines[index + 1 :])
    return answer


def extract_code(answer: str) -> str:
    """Take code out of its fence.

    Args:
        answer: What the model wrote, without its rationale.

    Returns:
        The body of the first fenced block, to the end where it is not closed; the whole answer
        where there is no fence.
    """
    opening = _OPENING.search(answer)
    if opening is None:
        return answer
    fence = opening.group(1)
    body: list[str] = []
    for line in answer[opening.end() + 1 :].split("\n"):
        text = line.strip()
        if text.startswith(fence) and not text.strip(fence[0]):
            return "\n".join(body) + "\n"
        body.append(line)
    return "\n".join(body)
