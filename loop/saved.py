"""Records of a run directory that belongs to someone else: read, checked, never written."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

from loop.errors import RunDirectoryError
from loop.records import Lines, Record

R = TypeVar("R", bound=Record)


@contextmanager
def at_rest(run: Path) -> Iterator[None]:
    """Keep a run from being started while it is read.

    Args:
        run: Its directory.

    Yields:
        Once nobody works on it.

    Raises:
        RunDirectoryError: A controller works on it now.
    """
    try:
        lock = os.open(run / "lock", os.O_RDONLY)
    except FileNotFoundError:
        # A copy of a run, which nobody can be working on.
        yield
        return
    try:
        # Shared: two runs may start from one at the same time.
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise RunDirectoryError(
            f"{run}: another process works on this run; wait until it ends, or stop it with Ctrl-C"
        ) from error
    finally:
        os.close(lock)


def has(run: Path, step: str) -> bool:
    """Whether a step is complete.

    Args:
        run: The run's directory.
        step: For example `round-01/mixture`.

    Returns:
        True if its record is there.
    """
    return (run / f"{step}.json").is_file()


def read_saved(run: Path, step: str, kind: type[R]) -> R:
    """Read a step's record with its JSON lines, whatever the step was made from.

    Args:
        run: The run's directory.
        step: For example `round-01/mixture`.
        kind: The record's class.

    Returns:
        The record; its files have the hashes that stand in it.

    Raises:
        RunDirectoryError: A file is missing, was changed, or has another format than this code's.
    """
    target = run / f"{step}.json"
    try:
        fields = json.loads(target.read_bytes())
        written, known = fields.get("version"), kind.model_fields["version"].default
        if written != known:
            raise RunDirectoryError(
                f"{target} has format {written}, and this version of loop reads {known}; use the "
                "version that wrote it"
            )
        files = fields.pop("_files")
        del fields["_key"]
        for name, field in kind.model_fields.items():
            marks = [mark.name for mark in field.metadata if isinstance(mark, Lines)]
            # A record from before the field was there has its default.
            if not marks or (marks[0] not in files and not field.is_required()):
                continue
            path = target.with_name(marks[0])
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() != files[marks[0]]:
                raise RunDirectoryError(f"{path} was changed since it was written; put it back")
            parse = TypeAdapter(get_args(field.annotation)[0]).validate_json
            fields[name] = tuple(parse(row) for row in data.split(b"\n") if row)
        return kind.model_validate(fields)
    except FileNotFoundError as error:
        raise RunDirectoryError(f"{error.filename} is missing; put it back") from error
    except (ValidationError, ValueError, KeyError, AttributeError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise RunDirectoryError(f"{target} is damaged: {first}; put it back") from error
