"""Work spread over forked processes of one torch thread each; they share the model's memory.

Decoding a small model is bound by memory and by many small steps: two processes of one thread
outrun one of two threads. What crosses the pipe is bytes, never a pickled object.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
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


def _work(
    task: Callable[[int], bytes], numbers: Sequence[int], out: Connection, parent: int
) -> None:
    import torch

    # Ctrl-C is the parent's to handle, and a parent killed outright must not leave us behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    torch.set_num_threads(1)
    for number in numbers:
        out.send_bytes(number.to_bytes(8) + task(number))
    out.close()


def spread(
    task: Callable[[int], bytes], numbers: Sequence[int], workers: int
) -> Iterator[tuple[int, bytes]]:
    """Do numbered tasks in processes of their own.

    Args:
        task: Called in a child process.
        numbers: What to call it with; dealt out in turn.
        workers: Most processes at a time.

    Yields:
        Number and result, in the order of `numbers`.

    Raises:
        ModelError: A process ended before its work was done.
    """
    context = get_context("fork")
    running: dict[Connection, ForkProcess] = {}
    done: dict[int, bytes] = {}
    try:
        for start in range(min(workers, len(numbers))):
            inbox, outbox = context.Pipe(duplex=False)
            share = numbers[start::workers]
            process = context.Process(
                target=_work, args=(task, share, outbox, os.getpid()), daemon=True
            )
            process.start()
            outbox.close()
            running[inbox] = process
        for number in numbers:
            while number not in done:
                for ready in wait(list(running)):
                    assert isinstance(ready, Connection)
                    _receive(ready, running, done)
            yield number, done.pop(number)
    finally:
        for process in running.values():
            process.kill()
            process.join()


def _receive(
    inbox: Connection, running: dict[Connection, ForkProcess], done: dict[int, bytes]
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
