"""Functions of the installed Python standard library, as real code to start examples from.

Only functions that stand by themselves: they use built-ins, their own arguments and what they
import themselves. The texts are under the license of the Python Software Foundation.
"""

import ast
import builtins
import sysconfig
from collections.abc import Iterator
from pathlib import Path

LEAST_LINES, MOST_LINES = 4, 30
_BUILTINS = frozenset(dir(builtins))


def library_functions(folder: Path | None = None) -> Iterator[tuple[str, str]]:
    """Give the functions of top-level modules.

    Args:
        folder: Holds the modules; the standard library of this interpreter by default.

    Yields:
        `module.function` and its source, in alphabetical order of modules and then as they stand.
    """
    library = folder or Path(sysconfig.get_paths()["stdlib"])
    for file in sorted(library.glob("*.py")):
        try:
            source = file.read_text(encoding="utf-8")
            tree = ast.parse(source)
        except (UnicodeDecodeError, SyntaxError):
            continue  # A module of another encoding, or written for another version.
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and _fits(node) and stands_alone(node):
                yield f"{file.stem}.{node.name}", ast.get_source_segment(source, node) or ""


def _fits(function: ast.FunctionDef) -> bool:
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    return LEAST_LINES <= lines <= MOST_LINES


def stands_alone(function: ast.FunctionDef) -> bool:
    """Tell whether a function can be run and understood without its module.

    Args:
        function: Of a module's top level.

    Returns:
        Whether it has no decorator and returns or yields something, and every name that it reads
        is its own or a built-in.
    """
    nodes = list(ast.walk(function))
    gives = any(
        isinstance(node, ast.Yield | ast.YieldFrom)
        or (isinstance(node, ast.Return) and node.value is not None)
        for node in nodes
    )
    return gives and not function.decorator_list and _read(nodes) <= _BUILTINS | _bound(nodes)


def _read(nodes: list[ast.AST]) -> set[str]:
    return {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    } | {name for node in nodes if isinstance(node, ast.Global) for name in node.names}


def _bound(nodes: list[ast.AST]) -> set[str]:
    names: set[str | None] = set()
    shared: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update((each.asname or each.name).partition(".")[0] for each in node.names)
        elif isinstance(node, ast.Global):
            shared.update(node.names)
    return {name for name in names if name} - shared
