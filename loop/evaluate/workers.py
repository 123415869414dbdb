"""Work spread over forked processes of one torch thread each; they share the model's memory.

Decoding a small model is bound by memory and by many small steps: two processes of one thread
outrun one of two threads. What crosses the pipe is bytes, never a pickled object.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess

from loop.errors import ModelError

_PR_SET_PDEATHSIG = 1


def worker_count(device: str) -> int:
    """Count the processes that decode side by side.

    Args:
        device: cuda, mps or cpu; only a CPU is worth sharing.

    Returns:
        One per torch thread on Linux, where forking a process that runs torch is sound as long as
        the child uses one thread; 1 elsewhere.
    """
    import torch

    if device == "cpu" and sys.platform == "linux":
        return torch.get_num_threads()
    return 1


def _work(task: Callable[[int], bytes], parent_end: Connection, parent: int) -> None:
    import torch

    # Ctrl-C is the parent's to handle, and a parent killed outright must not leave us behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    torch.set_num_threads(1)
    while given := parent_end.recv_bytes():
        parent_end.send_bytes(given + task(int.from_bytes(given)))
    parent_end.close()


def spread(
    task: Callable[[int], bytes], numbers: Sequence[int], workers: int
) -> Iterator[tuple[int, bytes]]:
    """Do numbered tasks in processes of their own.

    Args:
        task: Called in a child process.
        numbers: What to call it with; whoever is done gets the next, so the longest go first.
        workers: Most processes at a time.

    Yields:
        Number and result, in the order of `numbers`.

    Raises:
        ModelError: A process ended before its work was done.
    """
    context = get_context("fork")
    running: dict[Connection, ForkProcess] = {}
    done: dict[int, bytes] = {}
    left = iter(numbers)
    try:
        for _ in range(min(workers, len(numbers))):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(task, theirs, os.getpid()), daemon=True)
            process.start()
            theirs.close()
            running[ours] = process
            _hand_out(ours, left)
        for number in numbers:
            while number not in done:
                for ready in wait(list(running)):
                    assert isinstance(ready, Connection)
                    _receive(ready, running, done, left)
            yield number, done.pop(number)
    finally:
        for process in running.values():
            process.kill()
            process.join()


def _hand_out(worker: Connection, left: Iterator[int]) -> None:
    """Give the next number, or say that there is none."""
    number = next(left, None)
    # One that has died meanwhile is found out where its results are read.
    with suppress(BrokenPipeError, ConnectionResetError):
        worker.send_bytes(b"" if number is None else number.to_bytes(8))


def _receive(
    inbox: Connection,
    running: dict[Connection, ForkProcess],
    done: dict[int, bytes],
    left: Iterator[int],
) -> None:
    try:
        data = inbox.recv_bytes()
    except EOFError:
        process = running.pop(inbox)
        process.join()
        if process.exitcode == 0:
            return
        raise ModelError(
            f"a decoding process ended with code {process.exitcode}; if the machine ran out of "
            "memory, lower evaluation.batch_size or model.threads, then run the same command again"
        ) from None
    done[int.from_bytes(data[:8])] = data[8:]
    _hand_out(inbox, left)
