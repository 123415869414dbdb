"""The grades that every grader gives alike."""

from collections.abc import Callable

from loop.example import Example
from loop.records import Grade, Reason

EVIDENCE_LENGTH = 300

Judge = Callable[[Example, str], Grade]
"""Judges one answer that is not blank."""


def passed() -> Grade:
    """Everything held.

    Returns:
        A full grade.
    """
    return Grade(score=1.0, passed=True, reason="passed")


def failed(reason: Reason, evidence: str = "", score: float = 0.0) -> Grade:
    """Something did not hold.

    Args:
        reason: What kind of failure it is.
        evidence: What a person should see, cut to 300 characters.
        score: Share of it that held.

    Returns:
        A failing grade.
    """
    # A lone surrogate in an answer could not be written to a report.
    text = evidence.encode("utf-8", "replace").decode()[:EVIDENCE_LENGTH]
    return Grade(score=score, passed=False, reason=reason, evidence=text)


def ungraded(check: str) -> Grade:
    """The example lacks what its grader needs.

    Args:
        check: Which check, and what it should be.

    Returns:
        A failing grade that says so.
    """
    return failed("ungraded", f"checks.{check} is missing or malformed")
