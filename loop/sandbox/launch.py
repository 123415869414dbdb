"""One run of one process: feed it, read a bounded answer, end it in time and wholly."""

import os
import selectors
import time
from pathlib import Path
from typing import IO, Literal, NamedTuple, Protocol

_TICK = 0.1
"""Seconds between looks at the memory in use."""


class Process(Protocol):
    """A started process and everything that it starts."""

    @property
    def pid(self) -> int:
        """Its process id on the host."""

    @property
    def stdin(self) -> IO[bytes]:
        """Where its input is written."""

    @property
    def stdout(self) -> IO[bytes]:
        """Where its output, errors included, is read."""

    def end(self) -> None:
        """Kill it with all of its descendants and wait for it."""


class Limits(NamedTuple):
    """What a run may take, as seen from outside."""

    seconds: float
    output_bytes: int
    memory_bytes: int
    """Resident memory of all of its processes together."""


class Output(NamedTuple):
    """What a run gave."""

    data: bytes
    stopped_by: Literal["timeout", "output", "memory"] | None
    """The limit that ended it, if one did."""


def run(process: Process, feed: bytes, limits: Limits) -> Output:
    """Feed a process and read it until it ends or meets a limit; it is dead afterwards.

    Args:
        process: Just started.
        feed: What it reads on standard input.
        limits: What it may take.

    Returns:
        Its output, and the limit that ended it.
    """
    try:
        with selectors.DefaultSelector() as selector:
            return _exchange(process, feed, limits, selector)
    finally:
        process.end()
        process.stdin.close()
        process.stdout.close()


def _exchange(
    process: Process, feed: bytes, limits: Limits, selector: selectors.BaseSelector
) -> Output:
    reads, writes = process.stdout.fileno(), process.stdin.fileno()
    for fd in (reads, writes):
        os.set_blocking(fd, False)
    selector.register(reads, selectors.EVENT_READ)
    selector.register(writes, selectors.EVENT_WRITE)
    remaining, data = memoryview(feed), b""
    now = time.monotonic()
    deadline, look = now + limits.seconds, now + _TICK
    while (now := time.monotonic()) < deadline:
        if now >= look:
            look = now + _TICK
            if _resident_bytes(process.pid) > limits.memory_bytes:
                return Output(data, "memory")
        for key, _ in selector.select(min(look, deadline) - now):
            if key.fd == reads:
                piece = os.read(reads, 65536)
                data += piece
                if len(data) > limits.output_bytes:
                    return Output(data[: limits.output_bytes], "output")
                if not piece:
                    return Output(data, None)
            else:
                remaining = _write_some(writes, remaining)
                if not remaining:
                    selector.unregister(writes)
    return Output(data, "timeout")


def _write_some(fd: int, remaining: memoryview) -> memoryview:
    try:
        return remaining[os.write(fd, remaining[:65536]) :]
    except BrokenPipeError:
        return remaining[:0]


def _resident_bytes(pid: int) -> int:
    # Linux only; elsewhere there is no /proc and the limit per process must do.
    total, queue = 0, [pid]
    while queue:
        folder = Path(f"/proc/{queue.pop()}")
        try:
            total += int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for task in (folder / "task").iterdir():
                queue += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return total
