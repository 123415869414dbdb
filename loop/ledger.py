"""The ledger of a run: what happened and when, one line each, on disk before the loop goes on."""

import json
import os
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loop.budget import Account, Hours
from loop.errors import RunDirectoryError


def read(path: Path) -> tuple[list[dict[str, Any]], Account, int]:
    """Read a ledger, which another process may be writing to, and change nothing.

    Args:
        path: ledger.jsonl.

    Returns:
        All but money entries, what the money entries come to, and the bytes of a torn last line.

    Raises:
        RunDirectoryError: A line other than the last is not JSON, or contradicts those before it.
    """
    entries: list[dict[str, Any]] = []
    account = Account()
    with path.open("rb") as file:
        for number, row in enumerate(file, 1):
            if not row.endswith(b"\n"):
                return entries, account, len(row)
            try:
                entry = json.loads(row)
                if not account.apply(entry):
                    entries.append(entry)
            except ValueError as error:
                raise RunDirectoryError(
                    f"{path}:{number} is not JSON; restore the file or start a new run"
                ) from error
            except (LookupError, TypeError, AttributeError) as error:
                raise RunDirectoryError(
                    f"{path}:{number} does not fit what stands before it; restore the file or "
                    "start a new run"
                ) from error
    return entries, account, 0


def hours_in(entries: Iterable[Mapping[str, Any]], accelerator: bool = False) -> Hours:
    """Add up the time of steps, completed or cut short.

    Args:
        entries: Of a ledger.
        accelerator: Only steps that used one, times its devices.

    Returns:
        Hours in all, and of the longest round.
    """
    total = 0.0
    rounds: dict[str, float] = {}
    for entry in entries:
        if entry["event"] in ("stage_done", "stage_cut"):
            spent = entry["seconds"] * (entry.get("devices", 0) if accelerator else 1) / 3600
            total += spent
            part = entry["step"].partition("/")[0]
            if part.startswith("round-"):
                rounds[part] = rounds.get(part, 0.0) + spent
    return Hours(total, max(rounds.values(), default=0.0))


class Ledger:
    """Append-only log of a run, one JSON object a line, on disk before the call returns."""

    def __init__(self, path: Path) -> None:
        """Open the ledger and repair a torn last line.

        Args:
            path: ledger.jsonl; created where missing.

        Raises:
            RunDirectoryError: A line other than the last is not JSON.
        """
        self.path = path
        self.entries: list[dict[str, Any]] = []
        """All but money entries, of which there may be too many to keep."""
        self.account = Account()
        """What the money entries come to."""
        self._lock = threading.Lock()
        self.torn_bytes = 0
        if path.exists():
            self.torn_bytes = self._repair()
            self.entries, self.account, _ = read(path)
        if self.torn_bytes:
            self.append("repaired", detail=f"dropped a torn last line of {self.torn_bytes} bytes")

    def _repair(self) -> int:
        """Cut a torn last line off; its bytes."""
        with self.path.open("r+b") as file:
            size = end = file.seek(0, os.SEEK_END)
            while end:
                start = max(0, end - 65536)
                file.seek(start)
                if (place := file.read(end - start).rfind(b"\n")) >= 0:
                    end = start + place + 1
                    break
                end = start
            if end < size:
                file.truncate(end)
                os.fsync(file.fileno())
        return size - end

    def append(self, event: str, step: str = "", **facts: Any) -> None:  # noqa: ANN401 - JSON
        """Write one entry that is not about money.

        Args:
            event: What happened.
            step: Which step it happened to.
            **facts: JSON values.
        """
        entry = {"event": event} | ({"step": step} if step else {}) | facts
        (stamped,) = self.write([entry])
        self.account.apply(stamped)
        self.entries.append(stamped)

    def write(self, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Put entries on disk together, for one price; they are not counted here.

        Args:
            entries: In order, without their time.

        Returns:
            Them with their time; they are on disk.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        stamped = [{"time": now, **entry} for entry in entries]
        data = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in stamped)
        with self._lock, self.path.open("ab") as file:
            file.write(data.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
        return stamped

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds spent per step, whether it was completed or cut short."""
        spent: Counter[str] = Counter()
        for entry in self.entries:
            if entry["event"] in ("stage_done", "stage_cut"):
                spent[entry["step"]] += entry["seconds"]
        return dict(spent)

    def once(self, event: str, step: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
        """Write an entry unless it stands there already, so that a resume repeats nothing.

        Args:
            event: What happens.
            step: Which step it happens to.
            **facts: JSON values.
        """
        if step not in self.steps(event):
            self.append(event, step, **facts)

    @property
    def unfinished(self) -> Mapping[str, Any] | None:
        """How the step began that a kill cut short; None where none was."""
        for entry in reversed(self.entries):
            if entry["event"] in ("stage_done", "stage_cut"):
                return None
            if entry["event"] == "stage_start":
                return dict(entry)
        return None

    def steps(self, event: str) -> list[str]:
        """List what an event happened to.

        Args:
            event: For example `look`.

        Returns:
            Steps, oldest first.
        """
        return [entry.get("step", "") for entry in self.entries if entry["event"] == event]
