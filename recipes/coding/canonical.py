"""The canonical form of a coding example: its program's syntax tree without chosen names.

Renaming a variable, a parameter or the function makes no new task; a changed operator, constant
or structure does. Text that is no Python has no form.
"""

import ast

from loop.example import Example

LONGEST = 20_000
"""Characters from which a text is no short program and is not parsed."""


def parsed(code: str) -> ast.Module | None:
    """Parse Python that may be hostile.

    Args:
        code: Any text.

    Returns:
        The tree, or None where it is no Python, or too long or too deep to say.
    """
    if len(code) > LONGEST:
        return None
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Renamed(ast.NodeTransformer):
    """Gives chosen names numbers in the order of their first appearance."""

    def __init__(self, chosen: set[str]) -> None:
        self.chosen = chosen
        self.names: dict[str, str] = {}

    def _number(self, name: str) -> str:
        if name not in self.chosen:
            return name
        return self.names.setdefault(name, f"v{len(self.names)}")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._number(node.name)
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._number(node.arg)
        node.annotation = None
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._number(node.id)
        return node


def _chosen(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def program_form(code: str) -> str:
    """Give programs that differ only in chosen names the same form.

    Args:
        code: A program; comments, such as line numbers, do no harm.

    Returns:
        Its form, or nothing where it cannot be parsed or holds no statement.
    """
    tree = parsed(code)
    if tree is None or not tree.body:
        return ""
    try:
        renamed = _Renamed(_chosen(tree)).visit(tree)
        return ast.dump(renamed)
    except (RecursionError, MemoryError):
        return ""


def canonical(example: Example) -> str:
    """Give the canonical form of an example.

    Args:
        example: An example of any of this recipe's categories.

    Returns:
        The category and the form of the program it is about, or nothing where it has none.
    """
    code = example.output if example.category == "code_generation" else example.input
    form = program_form(code)
    return f"{example.category}|{form}" if form else ""
