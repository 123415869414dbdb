"""The run directory: the only place that writes into it, and what makes a killed run go on.

A step's record is written last, after everything it refers to is on disk, so its presence means
that the step is complete. A step that was killed leaves no record and is done again. A record made
from other inputs is an error and never reused.
"""

import fcntl
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter

from loop import __version__
from loop.errors import RunDirectoryError
from loop.ledger import Ledger
from loop.recipe import Recipe, differing_keys, dump_recipe, load_recipe
from loop.records import Lines, Record

R = TypeVar("R", bound=Record)
PACKAGES = (
    "torch",
    "transformers",
    "trl",
    "peft",
    "datasets",
    "accelerate",
    "lm_eval",
    "tokenizers",
    "pydantic",
    "rensa",
)
RAISABLE = (
    "stopping.max_rounds",
    "stopping.looks",
    "budget.usd",
    "budget.examples",
    "budget.hours",
    "budget.gpu_hours",
    "budget.people_minutes",
)

_ASIDE = ("ledger.jsonl", "timing.json", "lock")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that after a crash either the old or the whole new one is there.

    Args:
        path: Where to; its folder is created.
        data: The content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def code_hash(*folders: Path) -> str:
    """Hash Python sources.

    Args:
        *folders: Searched recursively for *.py.

    Returns:
        16 hexadecimal digits.
    """
    hashed = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            hashed.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return hashed.hexdigest()[:16]


def environment(recipe_folder: Path, name: str) -> dict[str, str]:
    """Collect what a result depends on besides recipe and data.

    Args:
        recipe_folder: Folder of the recipe file; its <name>/ folder holds the recipe's own code.
        name: The recipe file's stem.

    Returns:
        Versions of Python and the main packages, and hashes of the code.
    """
    versions = {package: metadata.version(package) for package in PACKAGES}
    return {
        "loop": __version__,
        "loop_code": code_hash(Path(__file__).parent),
        "recipe_code": code_hash(recipe_folder / name),
        "python": ".".join(map(str, sys.version_info[:3])),
        **versions,
    }


def _lines_fields(kind: type[Record]) -> dict[str, str]:
    """Field name → file name, for fields marked with Lines."""
    return {
        name: mark.name
        for name, field in kind.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Lines)
    }


def _input_hash(value: Any) -> str:  # noqa: ANN401 - any record, section, or plain JSON value
    if isinstance(value, Record):
        return value.digest
    if isinstance(value, BaseModel):
        return hashlib.sha256(value.model_dump_json().encode()).hexdigest()
    if isinstance(value, tuple | list):
        return hashlib.sha256("\n".join(_input_hash(each) for each in value).encode()).hexdigest()
    if isinstance(value, dict):
        value = {key: _input_hash(each) for key, each in value.items()}
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


class RunDirectory:
    """One run on disk, held by one controller at a time."""

    def __init__(self, path: Path) -> None:
        """Name the directory; nothing is read or written before `with`.

        Args:
            path: The run directory.
        """
        self.path = path
        self.devices: Callable[[str], int] = lambda _: 0
        """How many accelerators a step uses; who knows the machine says it."""
        self._lock: int | None = None

    def __enter__(self) -> "RunDirectory":
        """Take the lock and open the ledger.

        Returns:
            Itself.

        Raises:
            RunDirectoryError: Another process works on this run.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise RunDirectoryError(
                f"{self.path}: another process works on this run; wait for it, or give this one "
                "a directory of its own with --run-dir"
            ) from error
        self.ledger = Ledger(self.path / "ledger.jsonl")
        self._count_what_a_kill_cut()
        return self

    def _count_what_a_kill_cut(self) -> None:
        """Enter the time of a step that was killed: until the last file that it wrote."""
        if (cut := self.ledger.unfinished) is None:
            return
        step, began = cut["step"], datetime.fromisoformat(cut["time"])
        files = (file for file in self.path.rglob("*") if file.is_file())
        # The ledger itself was just repaired, perhaps, and that was not the step's work.
        written = [file.stat().st_mtime for file in files if file.name != "ledger.jsonl"]
        seconds = max([0.0, *(time - began.timestamp() for time in written)])
        used = {"devices": cut["devices"]} if "devices" in cut else {}
        self.ledger.append("stage_cut", step, seconds=round(seconds, 3), killed=True, **used)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the lock; say so in the ledger where the run was interrupted.

        Args:
            kind: Class of what ended the run, if anything did.
            error: The exception itself.
            trace: Its traceback.
        """
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            self.ledger.append("interrupted")
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def begin(self, recipe: Recipe, facts: Mapping[str, str]) -> bool:
        """Store recipe and environment, or check that a resume uses the same.

        Args:
            recipe: The resolved recipe.
            facts: From `environment`.

        Returns:
            Whether the run goes on from an earlier start.

        Raises:
            RunDirectoryError: The recipe or the environment differs, naming keys and ways out.
        """
        recipe_file, facts_file = self.path / "recipe.yaml", self.path / "environment.json"
        if not facts_file.exists():
            write_bytes(recipe_file, dump_recipe(recipe).encode())
            write_bytes(facts_file, json.dumps(dict(facts), indent=1).encode() + b"\n")
            self.ledger.append("start", detail=recipe.name)
            return False
        changed = differing_keys(load_recipe(recipe_file), recipe)
        raised = {
            key: (old, new)
            for key, (old, new) in changed.items()
            if key in RAISABLE and old is not None and (new is None or new > old)
        }
        frozen = {key: pair for key, pair in changed.items() if key not in raised}
        if frozen:
            rows = "\n".join(f"  {key}: {old!r} → {new!r}" for key, (old, new) in frozen.items())
            raise RunDirectoryError(
                f"{self.path} was started with another recipe:\n{rows}\n"
                "put these keys back to resume it, or start a new run with --run-dir; only "
                f"{', '.join(RAISABLE)} may be raised on resume"
            )
        stored = json.loads(facts_file.read_bytes())
        differs = [key for key in facts if stored.get(key) != facts[key]]
        if differs:
            rows = "\n".join(f"  {key}: {stored.get(key)} → {facts[key]}" for key in differs)
            raise RunDirectoryError(
                f"{self.path} was started in another environment:\n{rows}\n"
                "install those versions to resume it, or start a new run with --run-dir"
            )
        if raised:
            write_bytes(recipe_file, dump_recipe(recipe).encode())
            for key, (old, new) in raised.items():
                self.ledger.append("raised_limit", detail=f"{key}: {old} → {new}")
        self.ledger.append("resume")
        return True

    def has(self, step: str) -> bool:
        """Whether a step is complete.

        Args:
            step: For example `round-01/adapter`.

        Returns:
            True if its record is there.
        """
        return (self.path / f"{step}.json").exists()

    def once(
        self,
        step: str,
        kind: type[R],
        function: Callable[..., R],
        *inputs: Any,  # noqa: ANN401 - records, sections and plain values
        **context: Any,  # noqa: ANN401 - what the result does not depend on, or code
    ) -> R:
        """Do a step, or read its record where it is complete.

        Args:
            step: Names the record's file below the run directory.
            kind: The record's class.
            function: The stage.
            *inputs: Hashed into the step's key and passed on.
            **context: Passed on only: folders, loaded models, graders.

        Returns:
            The record.

        Raises:
            RunDirectoryError: The record on disk was made from other inputs, or was damaged.
        """
        facts = (self.path / "environment.json").read_bytes()
        key = hashlib.sha256(
            "\n".join([step, hashlib.sha256(facts).hexdigest(), *map(_input_hash, inputs)]).encode()
        ).hexdigest()
        if self.has(step):
            return self._read(step, kind, key)
        with self._timed(step):
            record = function(*inputs, **context)
            self._write(step, record, key)
        return record

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        used = {"devices": count} if (count := self.devices(step)) else {}
        self.ledger.append("stage_start", step, **used)
        started = time.monotonic()
        event = "stage_cut"
        try:
            yield
            event = "stage_done"
        finally:
            seconds = round(time.monotonic() - started, 3)
            self.ledger.append(event, step, seconds=seconds, **used)

    def _write(self, step: str, record: Record, key: str) -> None:
        target = self.path / f"{step}.json"
        lines = _lines_fields(type(record))
        files: dict[str, str] = {}
        for field, name in lines.items():
            rows = (row.model_dump_json() for row in getattr(record, field))
            data = "".join(row + "\n" for row in rows).encode("utf-8", "surrogatepass")
            files[name] = hashlib.sha256(data).hexdigest()
            write_bytes(target.parent / name, data)
        fields = record.model_dump(mode="json", exclude=set(lines))
        text = json.dumps({"_key": key, "_files": files, **fields}, indent=1, ensure_ascii=False)
        write_bytes(target, text.encode("utf-8", "surrogatepass") + b"\n")

    def _read(self, step: str, kind: type[R], key: str) -> R:
        target = self.path / f"{step}.json"
        fields = json.loads(target.read_bytes())
        if fields.pop("_key") != key:
            raise RunDirectoryError(
                f"{target} was made from other inputs than this run now has: a data file or an "
                "earlier record was changed; put it back, or start a new run with --run-dir"
            )
        files = fields.pop("_files")
        for field, name in _lines_fields(kind).items():
            data = (target.parent / name).read_bytes()
            if hashlib.sha256(data).hexdigest() != files[name]:
                raise RunDirectoryError(
                    f"{target.parent / name} was changed since it was written; put it back, or "
                    "start a new run with --run-dir"
                )
            row_type = get_args(kind.model_fields[field].annotation)[0]
            parse = TypeAdapter(row_type).validate_json
            fields[field] = tuple(parse(row) for row in data.split(b"\n") if row)
        return kind.model_validate(fields)

    def write_text(self, name: str, text: str) -> None:
        """Write a page.

        Args:
            name: Relative to the run directory.
            text: The content.
        """
        write_bytes(self.path / name, text.encode("utf-8", "replace"))

    def write_timing(self) -> None:
        """Write timing.json: seconds per step, from the ledger."""
        text = json.dumps(self.ledger.seconds, indent=1)
        write_bytes(self.path / "timing.json", text.encode() + b"\n")


def artefacts(path: Path) -> dict[str, str]:
    """Hash what a run made, times aside, so that two runs can be compared.

    Args:
        path: A run directory.

    Returns:
        Relative file name → SHA-256. Left out: the ledger, timing.json, the lock, paid replies in
        the order in which they came; of reports, the section on time.
    """
    hashes = {}
    for file in sorted(path.rglob("*")):
        name = str(file.relative_to(path))
        if not file.is_file() or name in _ASIDE or name.startswith("replies/"):
            continue
        if file.name == "judge.jsonl":
            continue
        if file.suffix == ".html":
            continue  # rendered from the .md beside it
        data = file.read_bytes()
        if file.suffix == ".md":
            # Without the blank lines before it: no time is known where every stage's end was lost.
            data = data.split(b"## Time per stage")[0].rstrip()
        hashes[name] = hashlib.sha256(data).hexdigest()
    return hashes
