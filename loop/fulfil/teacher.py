"""What a teacher is, and how the one a recipe names is made."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from loop.budget import Purse, paid_from
from loop.errors import TeacherError
from loop.fulfil.model_teacher import ModelTeacher
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


@runtime_checkable
class AllAtOnce(Protocol):
    """A teacher that fulfils a whole request better than item by item."""

    def deliver_all(
        self, wants: Sequence[tuple[RequestItem, int]], attempt: int
    ) -> list[list[dict[str, Any]]]:
        """Make candidates.

        Args:
            wants: Items with how many are still missing.
            attempt: 0 at first, one more each time a shortfall is asked for again.

        Returns:
            Raw rows per item, in the order of the items.
        """
        ...


def delivered(
    teacher: Teacher, wants: Sequence[tuple[RequestItem, int]], attempt: int
) -> list[list[dict[str, Any]]]:
    """Ask a teacher in the way that suits it.

    Args:
        teacher: Who is asked.
        wants: Items with how many are still missing.
        attempt: 0 at first, one more each time a shortfall is asked for again.

    Returns:
        Raw rows per item, in the order of the items.
    """
    if isinstance(teacher, AllAtOnce):
        return teacher.deliver_all(wants, attempt)
    return [teacher.deliver(item, count, attempt) for item, count in wants]


def load_teacher(
    section: TeacherSection, folder: Path, seed: int, run_folder: Path, purse: Purse
) -> Teacher | None:
    """Make the teacher that the recipe names.

    Args:
        section: The recipe's teacher section.
        folder: The recipe file's folder.
        seed: The run's random seed.
        run_folder: Where paid replies are kept.
        purse: Pays.

    Returns:
        The teacher, or None where the recipe names none.

    Raises:
        TeacherError: It cannot be imported or made, or has no `deliver`.
    """
    if section.api is not None:
        return ModelTeacher(section.api, seed, purse, run_folder / "deliveries.jsonl")
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
    return cast(Teacher, paid_from(teacher, purse))
