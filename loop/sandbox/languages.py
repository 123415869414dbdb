"""How each programming language is run: its interpreter, what that needs to see, its harness.

The only place in loop/ that knows a programming language by name. A harness is a program in that
language; harness_python.py says what one must do.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from loop.errors import RecipeError


@dataclass(frozen=True)
class Language:
    """One way to run code."""

    command: tuple[str, ...]
    """Interpreter, flags and harness."""
    environment: dict[str, str]
    """All of its environment."""
    reads: tuple[Path, ...]
    """Files and folders it needs beside the system's libraries."""


def _python() -> Language:
    base = Path(sys.base_prefix)
    named = base / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = Path(os.path.realpath(named if named.exists() else sys.executable))
    harness = Path(__file__).with_name("harness_python.py").read_text("utf-8")
    libraries = (base / "lib", base / "lib64")
    return Language(
        # The harness travels as text: its file may lie where a dropped user cannot read.
        command=(str(interpreter), "-s", "-S", "-B", "-P", "-c", harness),
        # Without a fixed hash seed the order of a set of strings differs from run to run.
        environment={"PYTHONHASHSEED": "0"},
        reads=(interpreter, *(path for path in libraries if path.is_dir())),
    )


LANGUAGES: dict[str, Callable[[], Language]] = {"python": cache(_python)}


def find_language(name: str) -> Language:
    """Look a language up.

    Args:
        name: A key of the table.

    Returns:
        How to run it.

    Raises:
        RecipeError: The table has no such language.
    """
    if name not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise RecipeError([f"language {name!r} is not known; code can be run in: {known}"])
    return LANGUAGES[name]()
