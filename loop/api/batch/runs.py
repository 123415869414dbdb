"""Who answers a batch: a server that it is submitted to, or a program that reads its file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from loop.api.batch.kept import Kept
from loop.api.batch.lines import Row


class Interrupted(Exception):
    """Results could not be read to their end; they can be read again from the start."""


@dataclass(frozen=True)
class Outcome:
    """What a batch that ended came to."""

    rows: Callable[[], Iterator[Row]]
    """Reads its results; may raise Interrupted."""
    unanswered: str
    """What became of requests that no result names, in words of our own."""
    owed: bool
    """Whether those may be billed."""
    fault: str = ""
    """What a person has to see to before more is asked. What was not answered is then asked for
    again when the run goes on, and does not count as an attempt."""


class Runs(Protocol):
    """Answers batches."""

    waits: bool
    """Whether it is waited for; else the process ends, and goes on when it is started again."""

    def hand_over(self, batch: Kept) -> None:
        """Submit a batch, unless that was done before, by whatever process.

        Args:
            batch: Ready.

        Raises:
            ApiError: It cannot be reached or refuses.
        """
        ...

    def outcome(self, batch: Kept) -> Outcome | None:
        """Say what a batch came to.

        Args:
            batch: Handed over.

        Returns:
            The outcome, or None where it has not ended.

        Raises:
            ApiError: It cannot be reached or refuses.
        """
        ...

    def waiting(self, batches: Sequence[Kept]) -> str:
        """Word what is waited for.

        Args:
            batches: Handed over and not ended.

        Returns:
            What a person reads: what to do, and that the same command goes on then.
        """
        ...

    def close(self) -> None:
        """Give connections back."""
        ...
