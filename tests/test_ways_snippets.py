"""The coding recipe's real code: functions of the standard library."""

import ast
from itertools import islice
from pathlib import Path

from loop.fulfil.ways import snippets_of
from loop.plugins import load

RECIPES = Path(__file__).parents[1] / "recipes"
library_functions = load("coding.snippets:library_functions", RECIPES)
stands_alone = load("coding.snippets:stands_alone", RECIPES)

MODULE = '''import os


def whole(a, b=1):
    """Say a word."""
    import math

    return [math.floor(x) + b for x in a]


def needs_its_module(a):
    b = a
    c = b
    return os.path.join(a, c)


def writes_a_global(a):
    global state
    state = a
    b = state
    return b


def gives_nothing(a):
    b = a
    c = b
    print(c)


@property
def decorated(a):
    b = a
    c = b
    return c


def short(a):
    return a
'''


def test_only_functions_that_stand_alone_are_given(tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("def f(:\n")
    assert [name for name, _ in library_functions(tmp_path)] == ["mod.whole"]


def test_the_library_of_this_interpreter_gives_functions_that_can_be_run() -> None:
    found = list(islice(library_functions(), 20))
    assert len(found) == 20
    for name, text in found:
        tree = ast.parse(text)
        [function] = tree.body
        assert isinstance(function, ast.FunctionDef) and stands_alone(function), name
        assert 4 <= len(text.splitlines()) <= 30
        compile(tree, name, "exec")


def test_a_recipe_names_them_as_snippets() -> None:
    found = snippets_of(["coding.snippets:library_functions"], RECIPES)
    assert len(found) > 50
    assert len({each.text for each in found}) == len(found)
