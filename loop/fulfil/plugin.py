"""A recipe's own teacher as a source."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from loop.budget import NANO, Purse
from loop.errors import TeacherError
from loop.fulfil.source import Delivery, Situation, Want
from loop.plugins import load
from loop.recipe import PluginSource
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


class Plugin:
    """Asks a teacher item by item."""

    def __init__(self, section: PluginSource, folder: Path, seed: int, purse: Purse) -> None:
        """Make the teacher that the recipe names.

        Args:
            section: Names it.
            folder: The recipe file's folder.
            seed: The run's random seed.
            purse: Pays for deliveries that cost something.

        Raises:
            TeacherError: It cannot be imported or made, or has no `deliver`.
        """
        self._purse, self._name = purse, section.name or section.kind
        usd = section.usd_per_example
        self._nano = None if usd is None else int(usd * NANO)
        purse.needs_price(f"sources: {section.use}", self._nano)
        factory = load(section.use, folder)
        try:
            teacher = factory(section.options, seed)
        except (TypeError, ValueError, KeyError) as error:
            raise TeacherError(
                f"sources: {section.use} cannot be made from its options "
                f"{section.options!r}: {error}"
            ) from error
        if not callable(getattr(teacher, "deliver", None)) or not hasattr(teacher, "name"):
            raise TeacherError(f"sources: {section.use}: a teacher has `name` and `deliver`")
        self._teacher = cast(Teacher, teacher)

    def deliver(
        self, wants: Sequence[Want], attempt: int, situation: Situation
    ) -> Iterator[Delivery]:
        """Ask the teacher.

        Args:
            wants: What is missing.
            attempt: 0 at first, one more each time a shortfall is asked for again.
            situation: Not shown to it.

        Yields:
            Candidates.
        """
        source = f"synthetic:{self._teacher.name}"
        for want in wants:
            for row, raw in enumerate(self._teacher.deliver(want.item, want.count, attempt), 1):
                if row > want.count:
                    break
                name = f"{attempt}-{row}"
                self._purse.pay(f"{want.item.id}/{self._name}/{name}", "teacher", self._nano)
                yield Delivery(name, want.item.id, raw, source, nano=self._nano)
