"""Asking a judge: again where a reply cannot be read, once, and never for a reply already given."""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from loop.api.structured import LONGEST, objects_in, one_line
from loop.example import digest_of
from loop.judges.judge import Judge

__all__ = ["REPLIES", "Asking", "Malformed", "Question", "Reply", "objects_in", "one_line"]

REPLIES = "judge.jsonl"
"""Name of the file that replies are kept in, beside the answers that they judge."""
_AHEAD = 2
"""Questions waiting for each that is under way."""
_AGAIN = """

A reply to this could not be used: {problem}. Reply with the JSON object only, for example
{example}"""

Read = TypeVar("Read")


@dataclass(frozen=True)
class Malformed:
    """A reply that cannot be used."""

    problem: str
    """In words of our own: they go back to the judge."""


@dataclass(frozen=True)
class Question(Generic[Read]):
    """One thing to ask."""

    prompt: str
    schema: dict[str, Any]
    """JSON schema of the reply."""
    example: str
    """A reply that could be read."""
    read: Callable[[str], Read | Malformed]


@dataclass(frozen=True)
class Reply(Generic[Read]):
    """What came of a question."""

    value: Read | None
    """None where neither reply could be read."""
    malformed: int
    """Replies that could not be read: 0, 1 (repaired by asking again) or 2."""


class Asking:
    """A judge, and the replies that it has given so far."""

    def __init__(self, judge: Judge, options: Mapping[str, Any]) -> None:
        """Take a judge.

        Args:
            judge: Who is asked.
            options: What it was made from; replies to others are not taken for its own.
        """
        self.name = judge.name
        self._judge = judge
        self._options = json.dumps(dict(options), sort_keys=True, default=str)
        self._journal: _Journal | None = None

    @contextmanager
    def kept_in(self, folder: Path) -> Iterator[None]:
        """Keep replies on disk, so that what was interrupted pays for none twice.

        Args:
            folder: Replies found there are taken for given; new ones are added.
        """
        with _Journal(folder / REPLIES) as journal:
            self._journal = journal
            try:
                yield
            finally:
                self._journal = None

    def ask_all(self, questions: Sequence[Question[Read]]) -> list[Reply[Read]]:
        """Ask, as many at a time as the judge takes; equal questions once.

        Args:
            questions: What to ask.

        Returns:
            One reply per question, in order.

        Raises:
            JudgeError: The judge cannot be reached; replies that came are kept.
        """
        keys = [digest_of(self.name, self._options, each.prompt) for each in questions]
        known = dict(self._journal.known) if self._journal else {}
        missing = {k: q for k, q in zip(keys, questions, strict=True) if k not in known}
        known |= self._fetch(missing)
        return [_reply(known[key], question) for key, question in zip(keys, questions, strict=True)]

    def _fetch(self, questions: Mapping[str, Question[Read]]) -> dict[str, list[str]]:
        fetched: dict[str, list[str]] = {}
        under_way: deque[tuple[str, Future[list[str]]]] = deque()

        def take(key: str, texts: list[str]) -> None:
            fetched[key] = texts
            if self._journal is not None:
                self._journal.keep(key, texts)

        with ThreadPoolExecutor(self._judge.parallel) as threads:
            try:
                for key, question in questions.items():
                    under_way.append((key, threads.submit(self._texts, question)))
                    if len(under_way) > _AHEAD * self._judge.parallel:
                        first, future = under_way.popleft()
                        take(first, future.result())
                while under_way:
                    first, future = under_way.popleft()
                    take(first, future.result())
            finally:
                # Left only by an error: what was sent is paid for, the rest is not sent.
                for key, future in under_way:
                    if not future.cancel() and future.exception() is None:
                        take(key, future.result())
        return fetched

    def _texts(self, question: Question[Read]) -> list[str]:
        first = self._judge.ask(question.prompt, question.schema)[:LONGEST]
        read = question.read(first)
        if not isinstance(read, Malformed):
            return [first]
        again = _AGAIN.format(problem=read.problem, example=question.example)
        return [first, self._judge.ask(question.prompt + again, question.schema)[:LONGEST]]


def _reply(texts: Sequence[str], question: Question[Read]) -> Reply[Read]:
    for malformed, text in enumerate(texts):
        read = question.read(text)
        if not isinstance(read, Malformed):
            return Reply(read, malformed)
    return Reply(None, len(texts))


class _Journal:
    """Replies as JSON lines; a line that a kill tore is passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known: dict[str, list[str]] = {}

    def __enter__(self) -> "_Journal":
        whole = self._path.read_bytes() if self._path.exists() else b""
        for line in whole.decode("utf-8", "replace").splitlines():
            self._take(line)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("a", encoding="utf-8")
        if whole and not whole.endswith(b"\n"):
            self._file.write("\n")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def keep(self, key: str, texts: list[str]) -> None:
        self.known[key] = texts
        self._file.write(json.dumps({"key": key, "replies": texts}) + "\n")
        self._file.flush()

    def _take(self, line: str) -> None:
        try:
            held = json.loads(line)
            key, texts = held["key"], held["replies"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return
        if isinstance(key, str) and isinstance(texts, list) and texts:
            self.known[key] = [str(text) for text in texts[:2]]
