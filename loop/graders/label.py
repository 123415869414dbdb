"""The answer must be the reference label, one of a known set."""

from loop.example import Example
from loop.graders.verdict import failed, passed, ungraded
from loop.records import Grade


def grade_label(example: Example, answer: str) -> Grade:
    """Compare with the reference, case aside.

    Args:
        example: Its output is the right label; checks.labels are all labels.
        answer: Not blank.

    Returns:
        passed, wrong_answer for another label, format for no label.
    """
    labels = example.checks.get("labels")
    if not isinstance(labels, list) or not labels:
        return ungraded("labels (a list of all labels)")
    given, wanted = answer.strip().casefold(), example.output.strip().casefold()
    if given == wanted:
        return passed()
    if given in {str(label).strip().casefold() for label in labels}:
        return failed("wrong_answer", f"wanted {wanted}, got {given}")
    return failed("format", f"not one of the labels: {answer.strip()[:100]!r}")
