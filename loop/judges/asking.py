"""Asking a judge: again where a reply cannot be read, once, and never for a reply already given."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from loop.api.structured import LONGEST, objects_in, one_line
from loop.judges.judge import Judge
from loop.judges.kept import Keeping, Kept

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
        self._judge = judge if isinstance(judge, Keeping) else Kept(judge, options)

    def keep_in(self, path: Path | None) -> None:
        """Keep replies on disk, so that what was interrupted pays for none twice.

        Args:
            path: Replies found there are taken for given, new ones are added; None keeps none.
        """
        self._judge.keep_in(path)

    @contextmanager
    def kept_in(self, folder: Path) -> Iterator[None]:
        """Keep replies on disk for a while.

        Args:
            folder: Where the file of replies stands.
        """
        self.keep_in(folder / REPLIES)
        try:
            yield
        finally:
            self.keep_in(None)

    def ask_all(self, questions: Sequence[Question[Read]]) -> list[Reply[Read]]:
        """Ask, as many at a time as the judge takes; equal questions once.

        Args:
            questions: What to ask.

        Returns:
            One reply per question, in order.

        Raises:
            JudgeError: The judge cannot be reached; replies that came are kept.
            OverBudget: The rest cannot be paid for; likewise.
        """
        replies: dict[str, Reply[Read]] = {}
        under_way: deque[tuple[str, Future[Reply[Read]]]] = deque()
        with ThreadPoolExecutor(self._judge.parallel) as threads:
            try:
                for prompt, question in {each.prompt: each for each in questions}.items():
                    under_way.append((prompt, threads.submit(_asked, self._judge.ask, question)))
                    if len(under_way) > _AHEAD * self._judge.parallel:
                        first, future = under_way.popleft()
                        replies[first] = future.result()
                while under_way:
                    first, future = under_way.popleft()
                    replies[first] = future.result()
            finally:
                # Left only by an error: what was sent is waited for and kept, no more is sent.
                for _, future in under_way:
                    future.cancel()
        return [replies[each.prompt] for each in questions]

    def given(self, question: Question[Read]) -> Reply[Read] | None:
        """Look up what came of a question, without asking.

        Args:
            question: What may have been asked.

        Returns:
            Its reply; None where it was not asked to the end.
        """

        def said(prompt: str, _schema: dict[str, Any]) -> str:
            text = self._judge.given(prompt)
            if text is None:
                raise KeyError(prompt)
            return text

        try:
            return _asked(said, question)
        except KeyError:
            return None


def _asked(ask: Callable[[str, dict[str, Any]], str], question: Question[Read]) -> Reply[Read]:
    """Ask, and once more where the reply cannot be read."""
    prompt = question.prompt
    for malformed in range(2):
        read = question.read(ask(prompt, question.schema)[:LONGEST])
        if not isinstance(read, Malformed):
            return Reply(read, malformed)
        prompt = question.prompt + _AGAIN.format(problem=read.problem, example=question.example)
    return Reply(None, 2)
