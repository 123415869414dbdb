"""Runs the programs that this folder itself generates, to verify them and to choose tests.

Nothing of a model is ever run here: that is the sandbox's job.
"""

import ast
import copy
from collections.abc import Callable, Sequence
from typing import Any

from coding.program import literal

_FUEL = 400
_LARGEST = 500
"""Values and characters of a result."""
_BITS = 600
_RAISED = (
    ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError, RecursionError,
)  # fmt: skip


class _OutOfFuel(ArithmeticError):
    """A mutant's loop does not end."""


class _Fuelled(ast.NodeTransformer):
    def _tick(self, node: ast.For | ast.While) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, ast.parse("__tick()").body[0])
        return node

    visit_While = _tick
    visit_For = _tick


def compiled(source: str, name: str) -> Callable[..., Any]:
    """Make a generated program callable; its loops end after some hundred steps.

    Args:
        source: A program of this folder, or a mutant of one.
        name: Its function.

    Returns:
        The function.
    """
    left = [_FUEL]

    def tick() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise _OutOfFuel

    code: str | ast.Module = source
    if "\n    for " in source or "\n    while " in source:
        code = ast.fix_missing_locations(_Fuelled().visit(ast.parse(source)))
    scope: dict[str, Any] = {"__tick": tick}
    exec(compile(code, "<program>", "exec"), scope)
    function = scope[name]

    def call(*args: Any) -> Any:  # noqa: ANN401 - any program
        left[0] = _FUEL
        return function(*args)

    return call


def _bounded(value: Any, left: list[int]) -> Any:  # noqa: ANN401 - any program's result
    """The value, unless a mutant made it too large to write down."""
    left[0] -= len(value) if isinstance(value, str) else 1
    if left[0] < 0 or (isinstance(value, int) and value.bit_length() > _BITS):
        raise _OutOfFuel
    for part in value.items() if isinstance(value, dict) else value if _holds(value) else ():
        _bounded(part, left)
    return value


def _holds(value: Any) -> bool:  # noqa: ANN401 - any program's result
    return isinstance(value, list | tuple | set)


def outcomes(source: str, name: str, inputs: Sequence[tuple[Any, ...]]) -> tuple[str, ...]:
    """Run a program on inputs.

    Args:
        source: The program.
        name: Its function.
        inputs: Argument tuples; they are not changed.

    Returns:
        Each result as a literal, or `! ErrorName`.
    """
    call = compiled(source, name)
    found = []
    for args in inputs:
        try:
            found.append(literal(_bounded(call(*copy.deepcopy(args)), [_LARGEST])))
        except _RAISED as error:
            found.append(f"! {type(error).__name__}")
    return tuple(found)


def _plain(result: str) -> bool:
    return result in ("True", "False", "None")


def chosen_tests(
    name: str,
    inputs: Sequence[tuple[Any, ...]],
    expected: Sequence[str],
    mutants: Sequence[str],
    most: int = 4,
) -> str:
    """Write the asserts that tell a program from as many of its mutants as possible.

    Args:
        name: The program's function.
        inputs: Candidate arguments.
        expected: What the program gives for each.
        mutants: Sources of wrong programs.
        most: How many asserts at most; at least three where there are as many candidates.

    Returns:
        Lines of asserts, or nothing where the program fails on too many of its inputs.
    """
    usable = [
        i
        for i, result in enumerate(expected)
        if not result.startswith("!") and len(result) + len(literal(inputs[i])) < 90
    ]
    alive = [outcomes(mutant, name, inputs) for mutant in mutants]
    chosen: list[int] = []
    seen: set[str] = set()
    while usable and len(chosen) < most:
        kills = {i: sum(results[i] != expected[i] for results in alive) for i in usable}
        best = max(
            usable, key=lambda i: (kills[i], expected[i] not in seen, -len(literal(inputs[i])))
        )
        if len(chosen) >= 3 and kills[best] == 0:
            break
        chosen.append(best)
        seen.add(expected[best])
        alive = [results for results in alive if results[best] == expected[best]]
        usable = [i for i in usable if inputs[i] != inputs[best]]
    if len(chosen) < 3 or len(seen) < 2:
        return ""
    lines = []
    for i in chosen:
        args = ", ".join(literal(arg) for arg in inputs[i])
        symbol = "is" if _plain(expected[i]) else "=="
        lines.append(f"assert {name}({args}) {symbol} {expected[i]}")
    return "\n".join(lines)
