"""Runs a program, and ends it and what it started once whoever wanted it is gone.

    python watch.py PARENT SECONDS PROGRAM ARGUMENTS…

PARENT is the process id of who wants it. However that one ends, by SIGKILL too, the program's whole
process group gets SIGTERM and, once the program has ended or SECONDS later, SIGKILL. Only the
standard library is imported: this lives as long as the program does.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

_LOOK = 0.1
"""Seconds between two looks at program and parent."""


def _end(program: "subprocess.Popen[bytes]", patience: float) -> None:
    """End the program, and with it whatever of its group it did not end itself."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            program.wait(timeout=patience)
        os.killpg(program.pid, signal.SIGKILL)


def watch(parent: int, patience: float, words: list[str]) -> int:
    """Run a program as long as it is wanted.

    Args:
        parent: Process that wants it.
        patience: Seconds between SIGTERM and SIGKILL.
        words: Program and arguments.

    Returns:
        Its exit code, as a shell would say it.
    """
    wanted = True

    def ended(_signal: int, _frame: object) -> None:
        nonlocal wanted
        wanted = False

    signal.signal(signal.SIGTERM, ended)
    program = subprocess.Popen(words, process_group=0)
    while program.poll() is None and wanted and os.getppid() == parent:
        time.sleep(_LOOK)
    _end(program, patience)
    code = program.wait()
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(watch(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
