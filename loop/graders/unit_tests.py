"""The answer's code must hold the example's tests, in the sandbox."""

from collections.abc import Callable, Sequence

from loop.example import Example
from loop.graders.answer import extract_code
from loop.graders.verdict import failed, passed, ungraded
from loop.records import Grade, Reason
from loop.sandbox import LANGUAGES, Job, Sandbox, Verdict

_REASONS: dict[str, Reason] = {
    "wrong_answer": "wrong_answer",
    "error": "error",
    "timeout": "timeout",
    "resource": "error",
}


def grade_unit_tests(
    examples: Sequence[Example],
    answers: Sequence[str],
    language: str,
    sandbox: Callable[[], Sandbox],
    workers: int,
) -> list[Grade]:
    """Run all tests, side by side.

    Args:
        examples: checks.tests holds assertions; checks.language may name another language.
        answers: One per example, none of them blank.
        language: The category's language.
        sandbox: Opens the sandbox; called only if there is something to run.
        workers: Runs side by side; 0 takes every core.

    Returns:
        One grade per example.
    """
    jobs = [
        _job(example, answer, language) for example, answer in zip(examples, answers, strict=True)
    ]
    runnable = [job for job in jobs if isinstance(job, Job)]
    verdicts = iter(sandbox().run_many(runnable, workers) if runnable else ())
    return [_grade(next(verdicts)) if isinstance(job, Job) else job for job in jobs]


def _job(example: Example, answer: str, language: str) -> Job | Grade:
    tests = example.checks.get("tests")
    if not isinstance(tests, str) or not tests.strip():
        return ungraded("tests (a text of assertions)")
    named = example.checks.get("language", language)
    if not isinstance(named, str) or named not in LANGUAGES:
        return ungraded(f"language (one of {', '.join(LANGUAGES)})")
    return Job(named, extract_code(answer), tests)


def _grade(verdict: Verdict) -> Grade:
    if verdict.status == "passed":
        return passed()
    kind = "out of resources: " if verdict.status == "resource" else ""
    return failed(_REASONS[verdict.status], kind + verdict.evidence)
