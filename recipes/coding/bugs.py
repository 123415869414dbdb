"""Plants one bug of a named kind in a program, by replacing a piece of one line."""

import ast
import builtins
import json
from collections.abc import Iterator
from dataclasses import dataclass

ONE_LINE = ("missing_return", "wrong_initial_value")
"""Kinds that the faulty line alone gives away."""
EVIDENT = (*ONE_LINE, "undefined_name")
"""Kinds that the program alone gives away; an undefined name, by its other lines."""
COMPARED = ("off_by_one", "wrong_operator", "wrong_variable", "wrong_condition")
"""Kinds that show only where the program is compared with what it should do."""
KINDS = (*COMPARED, *EVIDENT)
_OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: (" + ", " - "),
    ast.Sub: (" - ", " + "),
    ast.Mult: (" * ", " + "),
    ast.FloorDiv: (" // ", " % "),
    ast.Mod: (" % ", " // "),
    ast.Pow: (" ** ", " * "),
}
_INVERTED: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Gt: (" > ", " < "),
    ast.Lt: (" < ", " > "),
    ast.GtE: (" >= ", " <= "),
    ast.LtE: (" <= ", " >= "),
    ast.Eq: (" == ", " != "),
    ast.NotEq: (" != ", " == "),
    ast.In: (" in ", " not in "),
    ast.NotIn: (" not in ", " in "),
    ast.Is: (" is ", " is not "),
    ast.IsNot: (" is not ", " is "),
}
_SHIFTED: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Gt: (" > ", " >= "),
    ast.Lt: (" < ", " <= "),
    ast.GtE: (" >= ", " > "),
    ast.LtE: (" <= ", " < "),
}


@dataclass(frozen=True)
class Bug:
    """A wrong program, and what is wrong with it."""

    kind: str
    line: int
    source: str
    explanation: str


class _Planter:
    """Finds the places of one program where a bug of each kind can be planted."""

    def __init__(self, source: str) -> None:
        self.lines = source.split("\n")
        self.tree = ast.parse(source)
        function = self.tree.body[0]
        assert isinstance(function, ast.FunctionDef)
        self.function = function
        self.params = [arg.arg for arg in function.args.args]
        self.locals = [
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        ]

    def text(self, node: ast.expr | ast.stmt) -> str:
        """The source of a node that stands on one line."""
        return self.lines[node.lineno - 1][node.col_offset : node.end_col_offset]

    def bug(self, kind: str, node: ast.expr | ast.stmt, now: str) -> Bug:
        """A bug that replaces a node's source."""
        line = self.lines[node.lineno - 1]
        changed = line[: node.col_offset] + now + line[node.end_col_offset :]
        lines = [*self.lines[: node.lineno - 1], changed, *self.lines[node.lineno :]]
        quoted = numbered_line(changed.strip(), node.lineno)
        explanation = f"`{quoted}` should be `{line.strip()}`."
        return Bug(kind, node.lineno, "\n".join(lines), explanation)

    def swapped(self, node: ast.expr, left: ast.expr, marks: tuple[str, str]) -> str:
        """A node's source with the operator behind its left side exchanged."""
        text, start = self.text(node), (left.end_col_offset or 0) - node.col_offset
        # A bracket may stand between the left side and the operator.
        return text[:start] + text[start:].replace(*marks, 1)

    def all(self) -> Iterator[Bug]:
        """Every bug there is a place for."""
        for node in ast.walk(self.function):
            if isinstance(node, ast.Call):
                yield from self._range(node)
            elif isinstance(node, ast.Subscript):
                yield from self._index(node)
            elif isinstance(node, ast.Compare):
                yield from self._compare(node)
            elif isinstance(node, ast.BinOp):
                yield from self._operator(node)
            elif isinstance(node, ast.AugAssign):
                yield from self._augmented(node)
            elif isinstance(node, ast.Return):
                yield from self._return(node)
            elif isinstance(node, ast.Assign):
                yield from self._initial(node)
            elif isinstance(node, ast.If):
                yield from self._if(node)
        yield from self._variables()

    def _range(self, node: ast.Call) -> Iterator[Bug]:
        if not isinstance(node.func, ast.Name) or node.func.id != "range":
            return
        stop = node.args[0] if len(node.args) == 1 else node.args[1]
        was, whole = self.text(stop), self.text(node)
        now = was.removesuffix(" + 1") if was.endswith(" + 1") else f"{was} - 1"
        at = stop.col_offset - node.col_offset
        wrong = whole[:at] + now + whole[at + len(was) :]
        yield self.bug("off_by_one", node, wrong)
        if len(node.args) == 1:
            yield self.bug("off_by_one", node, f"range(1, {was})")

    def _index(self, node: ast.Subscript) -> Iterator[Bug]:
        whole = self.text(node)
        bounds = [node.slice]
        if isinstance(node.slice, ast.Slice):
            bounds = [b for b in (node.slice.lower, node.slice.upper) if b is not None]
        for bound in bounds:
            value = bound.operand if isinstance(bound, ast.UnaryOp) else bound
            if not isinstance(value, ast.Constant) or not isinstance(value.value, int):
                continue
            was = self.text(bound)
            now = str(int(was) + (1 if int(was) >= 0 else -1))
            at = bound.col_offset - node.col_offset
            wrong = whole[:at] + now + whole[at + len(was) :]
            yield self.bug("off_by_one", node, wrong)

    def _compare(self, node: ast.Compare) -> Iterator[Bug]:
        if len(node.ops) > 1:
            return
        operator = type(node.ops[0])
        if operator in _INVERTED:
            wrong = self.swapped(node, node.left, _INVERTED[operator])
            yield self.bug("wrong_condition", node, wrong)
        if operator in _SHIFTED:
            wrong = self.swapped(node, node.left, _SHIFTED[operator])
            yield self.bug("off_by_one", node, wrong)

    def _if(self, node: ast.If) -> Iterator[Bug]:
        test, whole = node.test, self.text(node.test)
        if isinstance(test, ast.Call):
            wrong = f"not {whole}"
        elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            wrong = whole.removeprefix("not ")
        else:
            return
        yield self.bug("wrong_condition", test, wrong)

    def _operator(self, node: ast.BinOp) -> Iterator[Bug]:
        if type(node.op) not in _OPERATORS:
            return
        wrong = self.swapped(node, node.left, _OPERATORS[type(node.op)])
        yield self.bug("wrong_operator", node, wrong)

    def _augmented(self, node: ast.AugAssign) -> Iterator[Bug]:
        marks = {ast.Add: (" += ", " -= "), ast.Sub: (" -= ", " += "), ast.Mult: (" *= ", " += ")}
        pair = marks.get(type(node.op))
        if pair is None:
            return
        whole = self.text(node)
        wrong = whole.replace(*pair, 1)
        yield self.bug("wrong_operator", node, wrong)

    def _return(self, node: ast.Return) -> Iterator[Bug]:
        if node.value is None:
            return
        value = self.text(node.value)
        yield self.bug("missing_return", node, value)

    def _initial(self, node: ast.Assign) -> Iterator[Bug]:
        target = node.targets[0]
        if not isinstance(target, ast.Name) or node.col_offset != 4:
            return
        changes = {"0": "1", "1": "0", "True": "False", "False": "True", "None": "0", '""': '" "',
                   "[]": "[0]"}  # fmt: skip
        was = self.text(node.value)
        if was not in changes:
            return
        now, name = changes[was], target.id
        yield self.bug("wrong_initial_value", node, f"{name} = {now}")

    def _variables(self) -> Iterator[Bug]:
        known = list(dict.fromkeys([*self.params, *self.locals]))
        # No power of an accumulator, and no appending to what is looped over: numbers would grow
        # beyond all bounds.
        left = {id(node.iter) for node in ast.walk(self.function) if isinstance(node, ast.For)}
        left |= {
            id(node.left)
            for node in ast.walk(self.function)
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)
        }
        left |= {
            id(node.value)
            for node in ast.walk(self.function)
            if isinstance(node, ast.Attribute) and node.attr in ("append", "add")
        }
        for node in ast.walk(self.function):
            if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
                continue
            if node.id not in known or id(node) in left:
                continue
            for other in known:
                if other != node.id:
                    yield self.bug("wrong_variable", node, other)
            for wrong in _misspelled(node.id):
                if wrong not in known and not hasattr(builtins, wrong):
                    yield self.bug("undefined_name", node, wrong)


def _misspelled(name: str) -> list[str]:
    """A name with two letters exchanged, and with one left out; none where it is too short."""
    middle = len(name) // 2
    swapped = name[: middle - 1] + name[middle] + name[middle - 1] + name[middle + 1 :]
    dropped = name[:middle] + name[middle + 1 :]
    found = [swapped] if len(name) >= 3 else []
    found += [dropped] if len(name) >= 4 else []
    return [wrong for wrong in found if wrong != name and wrong.isidentifier()]


def numbered_line(line: str, number: int) -> str:
    """Put its number behind a line, as a comment.

    Args:
        line: A line of a program.
        number: Its number, from 1.

    Returns:
        The line, such as `return total  # 5`. A model that quotes a line copies what stands
        behind it too; a number before the line it would have to know before it quotes.
    """
    return f"{line}  # {number}"


def planted(source: str) -> list[Bug]:
    """Plant every bug that a program has a place for, each alone.

    Args:
        source: A right program of one function; every expression stands on one line.

    Returns:
        The wrong programs, which may still happen to behave right.
    """
    found = {bug.source: bug for bug in _Planter(source).all() if bug.source != source}
    return list(found.values())


def answer(bug: Bug) -> str:
    """Write the JSON that describes a bug.

    Args:
        bug: The bug.

    Returns:
        An object with explanation, line and kind. A model writes from left to right: whoever has
        quoted the faulty line and its repair knows its number and kind, not the other way round.
    """
    return json.dumps({"explanation": bug.explanation, "line": bug.line, "kind": bug.kind})
