"""The ledger of a run: what happened and when, one line each, on disk before the loop goes on."""

import json
import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loop.budget import Account
from loop.errors import RunDirectoryError


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
        self.torn_bytes = self._repair() if path.exists() else 0
        if path.exists():
            self._read()
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

    def _read(self) -> None:
        with self.path.open("rb") as file:
            for number, row in enumerate(file, 1):
                try:
                    entry = json.loads(row)
                    if not self.account.apply(entry):
                        self.entries.append(entry)
                except ValueError as error:
                    raise RunDirectoryError(
                        f"{self.path}:{number} is not JSON; restore the file or start a new run"
                    ) from error
                except (LookupError, TypeError, AttributeError) as error:
                    raise RunDirectoryError(
                        f"{self.path}:{number} does not fit what stands before it; restore the "
                        "file or start a new run"
                    ) from error

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

    @property
    def hours(self) -> float:
        """Hours spent in steps, completed or cut short."""
        return sum(self.seconds.values()) / 3600

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
    def unfinished(self) -> tuple[str, datetime] | None:
        """The step that a kill cut short, and when it began; None where none was."""
        for entry in reversed(self.entries):
            if entry["event"] in ("stage_done", "stage_cut"):
                return None
            if entry["event"] == "stage_start":
                return entry["step"], datetime.fromisoformat(entry["time"])
        return None

    def steps(self, event: str) -> list[str]:
        """List what an event happened to.

        Args:
            event: For example `look`.

        Returns:
            Steps, oldest first.
        """
        return [entry.get("step", "") for entry in self.entries if entry["event"] == event]
