"""Batches on disk, each in a numbered folder of its own: what a restart finds again.

A batch is planned, then reserved for in the ledger, then ready: from there on it may have been
handed over. What was planned and no more was never sent. `state.json` is written last of a plan,
and again whenever more is known.
"""

import json
import os
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from loop.errors import RunDirectoryError
from loop.rundir import write_bytes

REQUESTS = "requests.jsonl"
_LINES, _STATE = "lines.jsonl", "state.json"


@dataclass(frozen=True)
class Line:
    """One request of a batch, without its text."""

    custom_id: str
    key: str
    """The journal's."""
    claim: str
    worst: tuple[int, int | None]
    """Most tokens of the prompt, and of the completion."""
    candidates: int
    manner: str
    """How it is asked: the form of its reply, and whether for several at once."""


@dataclass
class State:
    """What is known about a batch."""

    tag: str
    """Names it among all batches of the account that it is submitted to."""
    stage: Literal["planned", "ready", "done"] = "planned"
    file: str = ""
    """Id of the uploaded requests."""
    uploaded: int = 0
    """When that was, by the server's clock."""
    batch: str = ""
    """Id that the server gave it."""
    proven: list[str] = field(default_factory=list)
    """Manners that got a completion."""
    unfit: list[str] = field(default_factory=list)
    """Manners that some request was refused in for good."""
    counts: dict[str, int] = field(default_factory=dict)
    """Results by what became of them."""


class Kept:
    """One batch."""

    def __init__(self, path: Path, state: State, fresh: bool = False) -> None:
        """Take a batch that is on disk.

        Args:
            path: Its folder.
            state: What is known about it.
            fresh: Whether it was made by this process, so that nobody can have submitted it.
        """
        self.path, self.state, self.fresh = path, state, fresh

    def __len__(self) -> int:
        """Requests in it."""
        return len(self.lines)

    @property
    def requests(self) -> Path:
        """Its requests, as they are handed over."""
        return self.path / REQUESTS

    @cached_property
    def lines(self) -> dict[str, Line]:
        """Its requests by id."""
        rows = (self.path / _LINES).read_bytes().splitlines()
        lines = (Line(**{**row, "worst": tuple(row["worst"])}) for row in map(json.loads, rows))
        return {line.custom_id: line for line in lines}

    @cached_property
    def keys(self) -> frozenset[str]:
        """What it asks for."""
        return frozenset(line.key for line in self.lines.values())

    def save(self) -> None:
        """Put on disk what is known about it."""
        write_bytes(self.path / _STATE, json.dumps(asdict(self.state), indent=1).encode())

    def drop(self) -> None:
        """Remove it; it was never sent."""
        # Without its state a folder counts as never finished, should this be cut short.
        (self.path / _STATE).unlink()
        shutil.rmtree(self.path)


class Shelf:
    """All batches of one source."""

    def __init__(self, folder: Path) -> None:
        """Find batches again; what is left of a plan that was cut short is removed.

        Args:
            folder: Where they are; created with the first.

        Raises:
            RunDirectoryError: A batch's state is damaged.
        """
        self._folder = folder
        self.batches: list[Kept] = []
        for path in sorted(folder.glob("[0-9][0-9][0-9][0-9]")):
            if (path / _STATE).exists():
                self.batches.append(Kept(path, _state(path / _STATE)))
            else:
                shutil.rmtree(path)
        self._number = max((int(each.path.name) for each in self.batches), default=0)

    @property
    def open(self) -> list[Kept]:
        """Those that are not collected yet, in order."""
        return [each for each in self.batches if each.state.stage != "done"]

    @property
    def proven(self) -> set[str]:
        """Manners that ever got a completion."""
        return {manner for each in self.batches for manner in each.state.proven}

    @property
    def refused(self) -> set[str]:
        """Manners that were refused and never got one."""
        unfit = {manner for each in self.batches for manner in each.state.unfit}
        return unfit - self.proven

    def plan(self, lines: Mapping[str, Line], requests: Iterable[bytes]) -> Kept:
        """Put a batch on disk.

        Args:
            lines: Requests by id.
            requests: As they are handed over, in the same order.

        Returns:
            The batch.
        """
        self._number += 1
        path = self._folder / f"{self._number:04d}"
        path.mkdir(parents=True)
        with (path / REQUESTS).open("wb") as file:
            file.writelines(requests)
            file.flush()
            os.fsync(file.fileno())
        rows = (json.dumps(asdict(line)) + "\n" for line in lines.values())
        write_bytes(path / _LINES, "".join(rows).encode())
        batch = Kept(path, State(uuid.uuid4().hex), fresh=True)
        batch.save()
        self.batches.append(batch)
        return batch

    def drop(self, batch: Kept) -> None:
        """Remove a batch that was never sent.

        Args:
            batch: One of these.
        """
        batch.drop()
        self.batches.remove(batch)


def _state(path: Path) -> State:
    try:
        given: dict[str, Any] = json.loads(path.read_bytes())
        return State(**given)
    except (ValueError, TypeError) as error:
        raise RunDirectoryError(f"{path}: is no state of a batch; restore the file") from error
