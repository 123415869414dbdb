"""What a teacher is, and how the one a recipe names is made."""

from pathlib import Path
from typing import Any, Protocol, cast

from loop.errors import TeacherError
from loop.plugins import load
from loop.recipe import TeacherSection
from loop.records import RequestItem


class Teacher(Protocol):
    """Delivers candidates for a request item. Sees the item and nothing else."""

    name: str
    """Goes into each example's source."""

    def deliver(self, item: RequestItem, count: int, attempt: int) -> list[dict[str, Any]]:
        """Make candidates.

        Args:
            item: What is asked for.
            count: How many are still missing.
            attempt: 0 at first, one more each time a shortfall is asked for again.

        Returns:
            Raw rows with an Example's fields; each is checked before it may be trained on.
        """
        ...


def load_teacher(section: TeacherSection, folder: Path, seed: int) -> Teacher | None:
    """Make the teacher that the recipe names.

    Args:
        section: The recipe's teacher section.
        folder: The recipe file's folder.
        seed: The run's random seed.

    Returns:
        The teacher, or None where the recipe names none.

    Raises:
        TeacherError: It cannot be imported or made, or has no `deliver`.
    """
    if section.use is None:
        return None
    factory = load(section.use, folder)
    try:
        teacher = factory(section.options, seed)
    except (TypeError, ValueError, KeyError) as error:
        raise TeacherError(
            f"teacher.use {section.use}: cannot be made from teacher.options "
            f"{section.options!r}: {error}"
        ) from error
    if not callable(getattr(teacher, "deliver", None)) or not hasattr(teacher, "name"):
        raise TeacherError(f"teacher.use {section.use}: a teacher has `name` and `deliver`")
    return cast(Teacher, teacher)
