"""Run `loop.run` and kill it with SIGKILL at an exact moment: the Nth time it opens a file.

`python scripts/kill_at.py PATTERN N recipes/smoke.yaml --run-dir DIR` kills the process just
before its Nth opening, for writing, of a file whose path matches the regular expression. With
N = 0 it is never killed and prints how often that happened. Used by the kill campaign and tests;
an audit hook sees every opening, so the loop itself needs no hook.
"""

import os
import re
import signal
import sys
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR


def main() -> int:
    """Install the hook and run the loop.

    Returns:
        The loop's exit code, unless it is killed first.
    """
    pattern, number = re.compile(sys.argv[1]), int(sys.argv[2])
    from loop.run import main as run

    seen, owner = 0, os.getpid()

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event != "open" or os.getpid() != owner:
            return
        path, mode, flags = arguments
        writes = any(letter in (mode or "") for letter in "wax+") or (flags or 0) & WRITES
        if writes and isinstance(path, str | os.PathLike) and pattern.search(os.fspath(path)):
            seen += 1
            if seen == number:
                os.kill(owner, signal.SIGKILL)

    sys.addaudithook(watch)
    code = run(sys.argv[3:])
    if not number:
        sys.stdout.write(f"{seen} openings\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
