"""What each wave asks, decided once and kept: a resume asks the same, and finds the replies.

What a wave asks depends on what was accepted before, and that may come out otherwise when a run is
resumed: a test that ran out of time on a busy machine, a call that was answered only later. Asked
anew, the wave would be other prompts, paid again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loop.api.journal import Journal
from loop.records import RequestItem


@dataclass(frozen=True)
class Planned:
    """What a wave asks for one request item."""

    item: str
    """Its id."""
    first: int
    """Number of its first call; numbers go on from wave to wave."""
    ways: tuple[str, ...]
    """One call each."""
    candidates: tuple[int, ...]
    """Replies wanted of each."""
    there: Mapping[str, str]
    """What the prompts say of what is there."""

    @property
    def calls(self) -> list[tuple[str, int]]:
        """Way and candidates, call by call."""
        return list(zip(self.ways, self.candidates, strict=True))


class Decisions:
    """Plans of waves, on disk where there is a run directory."""

    def __init__(self, path: Path | None) -> None:
        """Open the file.

        Args:
            path: JSON lines; None keeps none.

        Raises:
            RunDirectoryError: The file is damaged.
        """
        self._journal = Journal(path) if path is not None else None

    def once(
        self, wave: str, items: Sequence[RequestItem], plan: Callable[[], list[Planned]]
    ) -> list[Planned]:
        """Plan a wave, as far as it was not planned before.

        Args:
            wave: Its name, unique in the run.
            items: What is asked for. One that was changed is another one.
            plan: Makes the plan, one entry per item.

        Returns:
            The plan, in the order of the items.
        """
        if self._journal is None:
            return plan()
        keys = [f"{wave}/{item.id}/{item.digest}" for item in items]
        found = [self._journal.find(key) for key in keys]
        if None not in found:
            return [_planned(each["plan"]) for each in found if each]
        made = plan()
        new = [
            {"key": key, "claim": "", "plan": asdict(planned)}
            for key, planned, kept in zip(keys, made, found, strict=True)
            if kept is None
        ]
        self._journal.write(new)
        return [
            _planned(kept["plan"]) if kept else planned
            for planned, kept in zip(made, found, strict=True)
        ]


def _planned(given: Mapping[str, Any]) -> Planned:
    lists = {name: tuple(given[name]) for name in ("ways", "candidates")}
    return Planned(**{**given, **lists})
