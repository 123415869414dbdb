"""What a judge is, and how the one a recipe names is made."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from pydantic import ValidationError

from loop.budget import Purse, paid_from
from loop.errors import LoopError, TeacherError
from loop.plugins import load
from loop.recipe import QualitySection


class JudgeError(LoopError):
    """A judge cannot be reached or refuses to answer. What it answers is data, never an error."""


class Judge(Protocol):
    """Answers a rubric prompt."""

    name: str
    """Goes into the names of its scores: `judge:<name>:clarity`."""
    parallel: int
    """Prompts that it may be asked at the same time, each in a thread of its own; 1 or more."""

    def ask(self, prompt: str, schema: dict[str, Any]) -> str:
        """Answer one prompt.

        Args:
            prompt: The rubric and the row.
            schema: JSON schema that the reply should follow.

        Returns:
            The reply as it came, well-formed or not.
        """
        ...


def load_judge(
    section: QualitySection, folder: Path, seed: int, purse: Purse | None = None
) -> Judge | None:
    """Make the judge that the recipe names.

    Args:
        section: The recipe's `curation.quality` section.
        folder: The recipe file's folder.
        seed: The run's random seed.
        purse: Pays; without one nothing is counted.

    Returns:
        The judge, or None where the recipe names none.

    Raises:
        TeacherError: It cannot be imported or made, or lacks `name`, `parallel` or `ask`.
    """
    if section.judge is None:
        return None
    key = "curation.quality.judge"
    return make_judge(key, section.judge, section.options, folder, seed, purse)


def make_judge(
    key: str,
    name: str,
    options: Mapping[str, Any],
    folder: Path,
    seed: int,
    purse: Purse | None = None,
) -> Judge:
    """Make a judge.

    Args:
        key: Key of the recipe that names it, for errors.
        name: `module:attribute`.
        options: Passed to the judge as they are.
        folder: The recipe file's folder.
        seed: The run's random seed.
        purse: Pays; without one nothing is counted.

    Returns:
        The judge.

    Raises:
        TeacherError: It cannot be imported or made, or lacks `name`, `parallel` or `ask`.
    """
    factory = load(name, folder)
    key = f"{key} {name}"
    try:
        judge = factory(options, seed)
    except (TypeError, ValueError, KeyError) as error:
        said = _problems(error) if isinstance(error, ValidationError) else str(error)
        raise TeacherError(f"{key}: cannot be made from its options: {said}") from error
    lacking = [name for name in ("name", "parallel", "ask") if not hasattr(judge, name)]
    if lacking:
        raise TeacherError(f"{key}: a judge has `name`, `parallel` and `ask`; no {lacking[0]}")
    return cast(Judge, paid_from(judge, purse) if purse is not None else judge)


def _problems(error: ValidationError) -> str:
    # The values are left out: one of them may be a key that was pasted here by mistake.
    return "; ".join(
        f"options.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
    )
