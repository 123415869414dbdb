"""Answers graded while others are still generated, where generation leaves cores idle."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from loop.records import Grade

GradeSome = Callable[[str, Sequence[int]], list[Grade]]
"""A category and indices of answered items of it → one grade per item."""


class Grading:
    """Grades each answer once: beside generation where that is wanted, else when asked for."""

    def __init__(self, grade: GradeSome, categories: Mapping[int, str], beside: bool) -> None:
        """Begin with nothing graded.

        Args:
            grade: Grades answers that are there.
            categories: Of every item, by index.
            beside: Whether a thread is to grade answers as they come.
        """
        self._grade, self._categories = grade, categories
        self._thread = ThreadPoolExecutor(1, "loop.grade") if beside else None
        self._under_way: list[tuple[list[int], Future[list[Grade]]]] = []
        self._grades: dict[int, Grade] = {}

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the thread; what waits for it is not graded any more."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def answered(self, indices: Sequence[int]) -> None:
        """Take note of answers that are there.

        Args:
            indices: Items; each is named once.
        """
        if self._thread is None:
            return
        for category in dict.fromkeys(self._categories[i] for i in indices):
            some = [i for i in indices if self._categories[i] == category]
            self._under_way.append((some, self._thread.submit(self._grade, category, some)))

    def grades(self, category: str, indices: Sequence[int]) -> list[Grade]:
        """Wait for the grades of a category.

        Args:
            category: Its name.
            indices: Its items; all are answered.

        Returns:
            One grade per item, in order.
        """
        for some, future in self._under_way:
            self._grades.update(zip(some, future.result(), strict=True))
        self._under_way = []
        if left := [i for i in indices if i not in self._grades]:
            self._grades.update(zip(left, self._grade(category, left), strict=True))
        return [self._grades[i] for i in indices]
