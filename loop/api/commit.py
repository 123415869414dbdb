"""One write and one fsync for all that gathered while the last was under way."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Line = TypeVar("Line")


class Commit(Generic[Line]):
    """Writes what gathered while the last write was under way. Lives in one event loop."""

    def __init__(self, write: Callable[[Sequence[Line]], object]) -> None:
        """Name who writes.

        Args:
            write: Puts lines on disk before it returns; called in a thread, once at a time.
        """
        self._write = write
        self._lines: list[Line] = []
        self._written: asyncio.Future[None] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._failure: OSError | None = None

    def add(self, line: Line) -> "asyncio.Future[None]":
        """Hand a line over.

        Args:
            line: Written after all that were handed over before.

        Returns:
            Done once the line is on disk; fails where it cannot be written.

        Raises:
            OSError: Something handed over before could not be written.
        """
        if self._failure is not None:
            raise self._failure
        self._lines.append(line)
        if self._written is None:
            self._written = asyncio.get_running_loop().create_future()
        if self._writer is None:
            self._writer = asyncio.create_task(self._work())
        # One caller that is cancelled must not cancel what the others wait for.
        return asyncio.shield(self._written)

    async def flush(self) -> None:
        """Wait until all that was handed over is on disk.

        Raises:
            OSError: Some of it could not be written.
        """
        if self._writer is not None:
            await asyncio.shield(self._writer)
        if self._failure is not None:
            raise self._failure

    async def _work(self) -> None:
        try:
            while self._written is not None:
                lines, written = self._lines, self._written
                self._lines, self._written = [], None
                try:
                    await asyncio.to_thread(self._write, lines)
                except OSError as error:
                    self._failure = error
                    written.set_exception(error)
                    written.exception()  # Not every line is waited for; a failure must not warn.
                else:
                    written.set_result(None)
        finally:
            self._writer = None
