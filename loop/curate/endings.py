"""Tells whether code stops in the middle, from its brackets and quotes alone; parses no language.

Only what is left open counts. A check that needs the language is the category's grader.
"""

import re

_HASH_COMMENTS = frozenset({"python", "ruby", "bash", "shell", "sh", "r", "yaml", "perl"})
_STRINGS = r"""(?P<open_triple>\"{3}|'{3})|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
_TRIPLE = r'"{3}(?:\\.|[^\\])*?"{3}|' + r"'{3}(?:\\.|[^\\])*?'{3}"
_BRACKET = r"(?P<bracket>[()\[\]{}])"
_HASH = re.compile(rf"{_TRIPLE}|{_STRINGS}|#[^\n]*|{_BRACKET}", re.DOTALL)
_SLASH = re.compile(rf"`(?:\\.|[^`\\])*`|{_STRINGS}|//[^\n]*|/\*.*?\*/|{_BRACKET}", re.DOTALL)
_PAIRS = {")": "(", "]": "[", "}": "{"}


def unfinished_code(text: str, language: str) -> str | None:
    """Tell whether code stops before its end.

    Args:
        text: The code, without a fence.
        language: Decides how a comment starts: `#`, or else `//` and `/* */`.

    Returns:
        What is left open, or None.
    """
    hashed = language.casefold() in _HASH_COMMENTS
    opened: list[str] = []
    for found in (_HASH if hashed else _SLASH).finditer(text):
        if hashed and found.group("open_triple"):
            return "a string is not closed"
        bracket = found.group("bracket")
        if bracket is None:
            continue
        if bracket not in _PAIRS:
            opened.append(bracket)
        elif opened and opened[-1] == _PAIRS[bracket]:
            opened.pop()
    if opened:
        return f"`{opened[-1]}` is not closed"
    return None
