"""Run a command and kill it with SIGKILL at an exact moment: the Nth time it opens a file.

`python scripts/kill_at.py PATTERN N recipes/smoke.yaml --run-dir DIR` kills the process just
before its Nth opening, for writing, of a file whose path matches the regular expression. With
N = 0 it is never killed and prints how often that happened. Used by the kill campaign and tests;
an audit hook sees every opening, so the loop itself needs no hook. The command is `loop.run`;
another one is named before its arguments, as `--module loop.fulfil.__main__`.
"""

import importlib
import os
import re
import signal
import sys
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR


def main() -> int:
    """Install the hook and run the command.

    Returns:
        The command's exit code, unless it is killed first.
    """
    pattern, number, arguments = re.compile(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    module = "loop.run"
    if arguments[0] == "--module":
        module, arguments = arguments[1], arguments[2:]
    run = importlib.import_module(module).main
    seen, owner = 0, os.getpid()

    def watch(event: str, about: tuple[Any, ...]) -> None:
        nonlocal seen
        if event != "open" or os.getpid() != owner:
            return
        path, mode, flags = about
        writes = any(letter in (mode or "") for letter in "wax+") or (flags or 0) & WRITES
        if writes and isinstance(path, str | os.PathLike) and pattern.search(os.fspath(path)):
            seen += 1
            if seen == number:
                os.kill(owner, signal.SIGKILL)

    sys.addaudithook(watch)
    code: int = run(arguments)
    if not number:
        sys.stdout.write(f"{seen} openings\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
