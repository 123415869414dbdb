"""What a person sees while the loop works: one dense line per stage, a bar for long work."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def line(text: str) -> None:
    """Print one line at once.

    Args:
        text: The line, without a newline.
    """
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how far long work is, on standard error; a bar on a terminal, else a line a minute.

    Args:
        label: What is being done.
        total: Steps in all.

    Yields:
        A function to call with the number of further steps done.
    """
    done, started, last = 0, time.monotonic(), 0.0
    terminal = sys.stderr.isatty()

    def advance(steps: int) -> None:
        nonlocal done, last
        done += steps
        now = time.monotonic() - started
        if now - last < (0.5 if terminal else 60.0) and done < total:
            return
        last = now
        left = now / max(done, 1) * (total - done)
        width = 24 * done // max(total, 1)
        bar = "█" * width + "░" * (24 - width)
        text = f"{label} {bar} {done}/{total} {now:.0f} s, {left:.0f} s left"
        if terminal:
            sys.stderr.write(f"\r\033[K{text}")
        elif done < total:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()

    try:
        yield advance
    finally:
        if terminal:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
