"""Batches as files: answered by a program that the recipe names, or by whoever runs one elsewhere.

Results may come in parts: every results*.jsonl beside the requests is read, and what no line
answers is written to rest.jsonl, so that only that has to be run again.
"""

import fcntl
import json
import os
import shlex
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from loop.api.batch.kept import Kept
from loop.api.batch.lines import Row, id_in, rows_in
from loop.api.batch.runs import Outcome
from loop.api.call import ApiError
from loop.console import line as say
from loop.recipe import ApiSection, BatchSection
from loop.rundir import write_bytes

_CHUNK = 1 << 20
_STOP = 10.0
"""Seconds that a program is given to end."""


class Local:
    """Answers batches from files."""

    waits = False

    def __init__(self, api: ApiSection, section: BatchSection) -> None:
        """Take the program, if there is one.

        Args:
            api: The model.
            section: The program.
        """
        self._api, self._command = api, section.command

    def hand_over(self, batch: Kept) -> None:
        """Do nothing: the requests are on disk.

        Args:
            batch: Ready.
        """

    def outcome(self, batch: Kept) -> Outcome | None:
        """Read what results there are, after the program has run if there is one.

        Args:
            batch: The batch.

        Returns:
            What it came to; None where a request is not answered and nobody runs a program here.

        Raises:
            ApiError: The program cannot be run, or ended without any result.
        """
        if self._command:
            self._answer(batch)
        elif len(_answered(batch)) < len(batch):
            return None
        return Outcome(lambda: _rows(batch), "missing", owed=False)

    def waiting(self, batches: Sequence[Kept]) -> str:
        """Say what to run, and where to put its results.

        Args:
            batches: Not answered.

        Returns:
            One line for each.
        """
        return "\n".join(self._asked(batch) for batch in batches)

    def close(self) -> None:
        """Do nothing: no file is held."""

    def _asked(self, batch: Kept) -> str:
        answered = _answered(batch)
        source, target = _input(batch, answered), _output(batch)
        words = ("vllm", "run-batch", "-i", str(source), "-o", str(target))
        run = shlex.join((*words, "--model", self._api.model))
        if not _results(batch):
            return f"run `{run}`, here or elsewhere, and start again: {len(batch):,} requests"
        counts = Counter(id_in(row) in batch.lines for row in _rows(batch))
        foreign = f"{counts[False]:,} lines are none of them; " if counts[False] else ""
        return (
            f"{batch.path}: {len(answered):,} of {len(batch):,} requests are answered; {foreign}"
            f"let what still runs end, or run `{run}` for the rest, and start again"
        )

    def _answer(self, batch: Kept) -> None:
        """Run the program, unless everything is answered; a run that is under way is waited for."""
        with _alone(batch.path / "lock") as lock:
            before = _answered(batch)
            if len(before) == len(batch):
                return
            target, log = _output(batch), batch.path / "command.log"
            places = {"{input}": str(_input(batch, before)), "{output}": str(target)}
            words = [_filled(word, places) for word in self._command]
            say(f"batch    | {batch.path.name}: {words[0]} runs; its output goes to {log}")
            code = self._run(words, log, lock)
            if len(_answered(batch)) == len(before):
                raise ApiError(
                    f"{words[0]} ended with code {code} and answered none of "
                    f"{len(batch) - len(before):,} requests; see {log}"
                )

    def _run(self, words: Sequence[str], log: Path, lock: int) -> int:
        secret = self._api.key_env
        environment = {name: value for name, value in os.environ.items() if name != secret}
        with log.open("ab") as output:
            try:
                process = subprocess.Popen(
                    words,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    start_new_session=True,
                    # Held as long as the program lives, should this process be killed before it.
                    pass_fds=(lock,),
                )
            except OSError as error:
                raise ApiError(
                    f"batch.command: {words[0]} cannot be started: {error.strerror}"
                ) from error
            try:
                return process.wait()
            finally:
                _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a program that was interrupted, and what it started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, sign)
            try:
                process.wait(timeout=_STOP)
            except subprocess.TimeoutExpired:
                continue


@contextmanager
def _alone(path: Path) -> Iterator[int]:
    """Hold a lock that a program started by an earlier session may still hold."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"batch    | {path.parent.name}: a program of an earlier session still runs")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


def _filled(word: str, places: dict[str, str]) -> str:
    for mark, path in places.items():
        word = word.replace(mark, path)
    return word


def _results(batch: Kept) -> list[Path]:
    """Files of results, in the order in which they were begun."""
    return sorted(batch.path.glob("results*.jsonl"), key=lambda path: (len(path.name), path.name))


def _output(batch: Kept) -> Path:
    """A file of results that is not there yet."""
    number = len(_results(batch)) + 1
    while True:
        name = "results.jsonl" if number == 1 else f"results-{number}.jsonl"
        path = (batch.path / name).resolve()
        if not path.exists():
            return path
        number += 1


def _rows(batch: Kept) -> Iterator[Row]:
    """Lines of results, but for a last one that is still written or was cut off."""
    rows = chain.from_iterable(rows_in(_chunks(path)) for path in _results(batch))
    return (row for row in rows if row.ended or _is_json(row.data))


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _answered(batch: Kept) -> set[str]:
    """Requests that a line answers."""
    return {id_in(row) for row in _rows(batch)} & batch.lines.keys()


def _input(batch: Kept, answered: set[str]) -> Path:
    """The requests, or where some are answered the rest of them."""
    if not answered:
        return batch.requests.resolve()
    rest = batch.path / "rest.jsonl"
    with batch.requests.open("rb") as file:
        lines = zip(batch.lines, file, strict=True)
        write_bytes(rest, b"".join(line for name, line in lines if name not in answered))
    return rest.resolve()
