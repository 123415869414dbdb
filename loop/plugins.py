"""Python that a recipe brings: teachers, graders and canonical forms named `module:attribute`."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loop.errors import TeacherError


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    entry = str(folder.resolve())
    sys.path.insert(0, entry)
    try:
        yield
    finally:
        sys.path.remove(entry)


def load(name: str, folder: Path) -> Any:  # noqa: ANN401 - the attribute's type is the caller's
    """Import what a recipe names.

    Args:
        name: `module:attribute`; the module is looked up beside the recipe first, so
            `coding.teacher:CodingTeacher` is recipes/coding/teacher.py for recipes/coding.yaml.
        folder: The recipe file's folder.

    Returns:
        The attribute.

    Raises:
        TeacherError: No such module or attribute.
    """
    module_name, _, attribute = name.partition(":")
    with _importable(folder):
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            raise TeacherError(
                f"{name}: {error}; modules are looked up in {folder} and the environment"
            ) from error
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise TeacherError(f"{name}: {module.__file__} has no `{attribute}`") from error
