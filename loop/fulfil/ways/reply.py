"""What a reply must be, and how it becomes the raw fields of an example."""

from collections.abc import Mapping
from typing import Any

from loop.fulfil.ways.checks import closed
from loop.fulfil.ways.way import Task, Way

_TEXT = {"type": "string"}
_FILLED = {"type": "string", "minLength": 1}
_WORDS = {
    "rationale": "the reasoning that leads to the answer, step by step, without the answer itself;",
    "instruction": "what the user asks, with everything that is needed to answer;",
    "input": 'the material that the instruction is about, or "" where the instruction says all;',
    "output": "the answer, exactly as the model should give it, in the form named above;",
}


def schema_of(way: Way, task: Task) -> dict[str, Any]:
    """Describe the reply to a program.

    Category, tier, source and quality are not the model's to say, and no field holds them.

    Args:
        way: How it is asked.
        task: What is asked for.

    Returns:
        JSON schema.
    """
    output = {**_TEXT, "enum": list(task.labels)} if task.labels else _FILLED
    forms = {"instruction": _FILLED, "input": _TEXT, "output": output, "rationale": _FILLED}
    fields: dict[str, Any] = {name: forms[name] for name in _fields(way, task)}
    if asks_checks(way, task):
        fields["checks"] = task.checks.schema
    return closed(fields)


def reply_words(way: Way, task: Task) -> str:
    """Describe the reply to the model.

    Args:
        way: How it is asked.
        task: What is asked for.

    Returns:
        The end of the prompt.
    """
    lines = ["Reply with one JSON object and nothing else. Its fields are"]
    for name in _fields(way, task):
        words = _WORDS[name]
        if name == "output" and task.labels:
            words = f"the answer, one of: {', '.join(task.labels)};"
        lines.append(f'- "{name}": {words}')
    if asks_checks(way, task):
        lines.append('- "checks": what proves an answer right, an object with')
        lines += [f'  - "{name}": {task.checks.words(name)};' for name in task.checks.asked]
    return "\n".join(lines)[:-1] + "."


def asks_checks(way: Way, task: Task) -> bool:
    """Say whether the model writes checks: not where the instruction's own are kept with it.

    Args:
        way: How it is asked.
        task: What is asked for.

    Returns:
        Whether it does.
    """
    has_own = "instruction" not in way.asks and task.row is not None and bool(task.row.checks)
    return bool(task.checks.asked) and not has_own


def row_of(way: Way, task: Task, given: Mapping[str, Any]) -> dict[str, Any]:
    """Make the raw fields of an example.

    Args:
        way: How it was asked.
        task: What was asked for.
        given: The reply; follows `schema_of`.

    Returns:
        An example's fields, tags and checks included.
    """
    item = task.item
    tags = [task.tag] if task.tag else list(item.tags)
    checks = (
        task.checks.read(given["checks"]) if asks_checks(way, task) else dict(task.checks.shared)
    )
    row = {"tags": tags, "checks": checks, **way.row(given, task)}
    if task.reasoned:
        row["rationale"] = given["rationale"]
    return {**row, "category": item.category, "tier": item.tier}


def as_written(given: Mapping[str, Any], task: Task) -> dict[str, Any]:
    """Take instruction, input and output as the model wrote them.

    Args:
        given: The reply.
        task: What was asked for.

    Returns:
        The three.
    """
    return {name: given[name] for name in ("instruction", "input", "output")}


def _fields(way: Way, task: Task) -> tuple[str, ...]:
    """Reasoning stands behind the question and before the answer: what is written first leads."""
    if not (way.thinks or task.reasoned):
        return way.asks
    places = [name for name in way.asks if name != "output"]
    return (*places, "rationale", *(name for name in way.asks if name == "output"))
