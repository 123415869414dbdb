"""The answer must be the reference, but for white space."""

from loop.example import Example
from loop.graders.verdict import failed, passed
from loop.records import Grade


def grade_exact(example: Example, answer: str) -> Grade:
    """Compare with the reference.

    Args:
        example: Its output is the reference.
        answer: Not blank.

    Returns:
        passed, or wrong_answer.
    """
    given, wanted = answer.split(), example.output.split()
    if given == wanted:
        return passed()
    return failed("wrong_answer", f"wanted {' '.join(wanted)[:140]!r}, got {answer[:140]!r}")
