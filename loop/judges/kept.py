"""Replies of a judge on disk as soon as they have come, and never asked for again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from loop.api.journal import Journal
from loop.example import digest_of
from loop.judges.judge import Judge


@runtime_checkable
class Keeping(Judge, Protocol):
    """A judge that keeps its replies itself: one that is paid for, so that each is paid once."""

    def keep_in(self, path: Path | None) -> None:
        """Keep replies from now on.

        Args:
            path: Replies found there are taken for given; None keeps none.
        """
        ...

    def given(self, prompt: str) -> str | None:
        """Look up the reply to a prompt.

        Args:
            prompt: As it was asked.

        Returns:
            The reply, or None where none was kept.
        """
        ...


class Kept:
    """A judge that keeps nothing, with its replies kept for it."""

    def __init__(self, judge: Judge, options: Mapping[str, Any]) -> None:
        """Take a judge.

        Args:
            judge: Who is asked.
            options: What it was made from; replies to others are not taken for its own.
        """
        self.name, self.parallel = judge.name, judge.parallel
        self._judge = judge
        self._options = json.dumps(dict(options), sort_keys=True, default=str)
        self._journal: Journal | None = None

    def keep_in(self, path: Path | None) -> None:
        """Keep replies from now on.

        Args:
            path: Replies found there are taken for given; None keeps none.
        """
        self._journal = None if path is None else Journal(path)

    def given(self, prompt: str) -> str | None:
        """Look up the reply to a prompt.

        Args:
            prompt: As it was asked.

        Returns:
            The reply, or None where none was kept.
        """
        record = self._journal.find(self._key(prompt)) if self._journal else None
        return None if record is None else str(record["texts"][0])

    def ask(self, prompt: str, schema: dict[str, Any]) -> str:
        """Answer one prompt.

        Args:
            prompt: The rubric and the row.
            schema: JSON schema that the reply should follow.

        Returns:
            The reply, on disk where replies are kept.
        """
        if (known := self.given(prompt)) is not None:
            return known
        text = self._judge.ask(prompt, schema)
        if self._journal is not None:
            # Nobody is paid by the call here, so there is no claim to settle.
            self._journal.write([{"key": self._key(prompt), "claim": "", "texts": [text]}])
        return text

    def _key(self, prompt: str) -> str:
        return digest_of(self.name, self._options, prompt)
