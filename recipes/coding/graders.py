"""Graders for refactoring and documentation. Any text is graded; none makes them raise."""

import ast
import re
from collections.abc import Callable, Iterable

from coding.canonical import parsed
from loop.example import Example
from loop.graders import extract_code
from loop.records import Grade, Reason
from loop.sandbox import Sandbox

LONGEST = 8_000
"""Characters from which a text is no docstring."""
_SECTION = re.compile(r"^(Args|Arguments|Parameters|Returns|Return|Raises|Yields):\s*$")
_ENTRY = re.compile(r"^\s*\*{0,2}([A-Za-z_]\w*)\s*(?:\([^)]*\))?\s*:\s*(\S.*)?$")


def _failed(reason: Reason, evidence: str) -> Grade:
    return Grade(score=0.0, passed=False, reason=reason, evidence=evidence[:300])


_PASSED = Grade(score=1.0, passed=True, reason="passed")


def refactoring(example: Example, answer: str, sandbox: Callable[[], Sandbox]) -> Grade:
    """Judge a program that was to be rewritten without its loop.

    Args:
        example: Its checks hold the `tests` that both programs pass.
        answer: What the model gave.
        sandbox: Gives the sandbox; called only where there is something to run.

    Returns:
        Passed where the tests pass and no for or while statement is left.
    """
    code = extract_code(answer)
    if not code.strip():
        return _failed("empty", "no code")
    tree = parsed(code)
    if tree is None:
        return _failed("format", "not Python")
    if _has_loop(tree):
        return _failed("wrong_answer", "still has a loop")
    verdict = sandbox().run_tests("python", code, str(example.checks.get("tests", "")))
    if verdict.status == "passed":
        return _PASSED
    reasons: dict[str, Reason] = {"wrong_answer": "wrong_answer", "timeout": "timeout"}
    return _failed(reasons.get(verdict.status, "error"), verdict.evidence)


def _has_loop(tree: ast.Module) -> bool:
    loops = (ast.For, ast.AsyncFor, ast.While)
    return any(isinstance(node, loops) for node in ast.walk(tree))


def documentation(example: Example, answer: str, sandbox: Callable[[], Sandbox]) -> Grade:
    """Judge a Google-style docstring.

    Args:
        example: Its checks hold `args`, the parameters in order, and `keywords`, groups of word
            stems of which each must be hit by one.
        answer: What the model gave.
        sandbox: Not needed: nothing is run.

    Returns:
        Passed where summary, Args and Returns are there, Args names exactly the parameters, and
        the text says what the function does.
    """
    text = answer.strip().strip("`").strip().removeprefix('"""').removesuffix('"""').strip()
    if not text:
        return _failed("empty", "no docstring")
    if len(text) > LONGEST:
        return _failed("format", "too long for a docstring")
    summary, sections = _split(text)
    if not summary:
        return _failed("format", "no summary line")
    wanted = _texts(example.checks.get("args"))
    listed = [match.group(1) for match in _entries(sections.get("Args", [])) if match.group(2)]
    if sorted(listed) != sorted(wanted):
        # A part that is missing is a matter of form; another name is a mistake about the function.
        reason: Reason = "wrong_answer" if set(listed) - set(wanted) else "format"
        return _failed(reason, f"Args lists {listed}, the function has {wanted}")
    if not any(line.strip() for line in sections.get("Returns", [])):
        return _failed("format", "no Returns section")
    told = " ".join([*summary, *sections.get("Args", []), *sections.get("Returns", [])]).lower()
    groups = example.checks.get("keywords")
    missing = [
        group for group in (groups if isinstance(groups, list) else []) if not _hit(group, told)
    ]
    if missing:
        shown = "; ".join("/".join(_texts(group)[:4]) for group in missing)
        return _failed("wrong_answer", f"does not say: {shown}")
    return _PASSED


def _texts(values: object) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list | tuple) else []


def _split(text: str) -> tuple[list[str], dict[str, list[str]]]:
    """Summary lines, and the lines of each section."""
    summary: list[str] = []
    sections: dict[str, list[str]] = {}
    current = summary
    names = {"Arguments": "Args", "Parameters": "Args", "Return": "Returns"}
    for line in text.splitlines():
        match = _SECTION.match(line.strip())
        if match:
            name = names.get(match.group(1), match.group(1))
            current = sections.setdefault(name, [])
        elif line.strip():
            current.append(line)
    return summary, sections


def _entries(lines: list[str]) -> Iterable[re.Match[str]]:
    """The lines of Args that open a parameter: those indented least."""
    depths = [len(line) - len(line.lstrip()) for line in lines]
    least = min(depths, default=0)
    for line, depth in zip(lines, depths, strict=True):
        match = _ENTRY.match(line) if depth == least else None
        if match:
            yield match


def _hit(group: object, told: str) -> bool:
    return any(_stem_in(stem.lower(), told) for stem in _texts(group))


def _stem_in(stem: str, told: str) -> bool:
    if not stem or not stem[0].isalnum():
        return bool(stem) and stem in told
    # A number or a single letter is a word of its own; any other stem begins one.
    whole = stem.isdigit() or len(stem) == 1
    return bool(
        re.search(rf"(?<![a-z0-9]){re.escape(stem)}" + (r"(?![a-z0-9])" if whole else ""), told)
    )
