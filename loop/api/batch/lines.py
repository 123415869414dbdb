"""The lines of a batch: requests as they are written, results as they are read.

A result is hostile: any part of it may be missing, huge, cut off, or of another kind. Source: the
OpenAI API reference, and vllm/entrypoints/openai/run_batch.py for what vLLM writes instead.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from loop.api.structured import one_line
from loop.api.wire import Completion, completion_in, without

URL: Final = "/v1/chat/completions"
LONGEST_LINE = 1 << 20
"""Bytes of a result that are read; as of a response online."""
_SPARE = 256
"""Lines read beyond two for each request, so that results without an end are not read for ever."""
_HEAD = 4096
"""Bytes of an unreadable line in which its id is looked for."""
_ID = re.compile(rb'"custom_id"\s*:\s*"([0-9a-zA-Z._~-]{1,64})"')
_PASSING = frozenset({0, 408, 409, 425, 429})
"""Statuses, beside those from 500, of a request that may do better in another batch."""
_UNANSWERED = {"batch_expired": "expired", "batch_cancelled": "cancelled"}
"""Codes of requests that a batch did not get to, in our words."""


@dataclass(frozen=True)
class Result:
    """What became of one request."""

    custom_id: str
    """Empty where it cannot be told."""
    completion: Completion | None = None
    why: str = "answered"
    """In words of our own, to be counted."""
    detail: str = ""
    """Without a completion: more about it, for a person."""
    status: int = 0
    owed: bool = False
    """Without a completion: whether the server may have billed it."""

    @property
    def passing(self) -> bool:
        """Without a completion: whether another batch may bring one."""
        return self.status in _PASSING or self.status >= 500 or self.status // 100 == 2


def request_line(custom_id: str, body: bytes) -> bytes:
    """Write a request.

    Args:
        custom_id: Names it within the batch.
        body: Of a chat completion, JSON on one line.

    Returns:
        A line.
    """
    head = json.dumps({"custom_id": custom_id, "method": "POST", "url": URL})
    return head[:-1].encode() + b', "body": ' + body + b"}\n"


def most_lines(requests: int) -> int:
    """Bound the lines of results that are read.

    Args:
        requests: That were asked.

    Returns:
        Lines.
    """
    return 2 * requests + _SPARE


@dataclass(frozen=True)
class Row:
    """One line as it stands in a file."""

    data: bytes
    """At most `LONGEST_LINE` of it."""
    whole: bool
    """Whether that is all of it."""
    ended: bool
    """Whether a newline follows; without one it may have been cut off."""


def rows_in(chunks: Iterable[bytes]) -> Iterator[Row]:
    """Cut a stream into lines, and hold no more than `LONGEST_LINE` of any.

    Args:
        chunks: Bytes as they come.

    Yields:
        Lines that are not blank.
    """
    held, size = bytearray(), 0
    for chunk in chunks:
        *ends, rest = chunk.split(b"\n")
        for part in ends:
            held += part[: LONGEST_LINE - len(held)]
            if held.strip():
                yield Row(bytes(held), size + len(part) <= LONGEST_LINE, True)
            held, size = bytearray(), 0
        held += rest[: LONGEST_LINE - len(held)]
        size += len(rest)
    if held.strip():
        yield Row(bytes(held), size <= LONGEST_LINE, False)


def id_in(row: Row) -> str:
    """Say which request a line answers, without reading it.

    Args:
        row: Any line.

    Returns:
        The id; empty where none is found at its beginning.
    """
    found = _ID.search(row.data, 0, _HEAD)
    return found[1].decode() if found else ""


def result_in(row: Row, candidates: int, key: str) -> Result:
    """Read a result.

    Args:
        row: A line.
        candidates: Texts that were asked for; more are not taken.
        key: What must not be kept: a server knows it and may say it.

    Returns:
        What it says.
    """
    if not row.whole:
        detail = f"a line of more than {LONGEST_LINE:,} bytes"
        return Result(id_in(row), None, "unreadable", detail, owed=True)
    try:
        given = json.loads(row.data)
        custom_id = given["custom_id"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return Result(id_in(row), None, "unreadable", "a line that is no result", owed=True)
    if not isinstance(custom_id, str):
        return Result("", None, "unreadable", "a line without an id", owed=True)
    response, error = given.get("response"), given.get("error")
    code = _code(error)
    if code in _UNANSWERED:
        return Result(custom_id, None, _UNANSWERED[code], _UNANSWERED[code])
    status, body = _response(response)
    if status // 100 == 2:
        completion = completion_in(json.dumps(body).encode(), candidates, key)
        if completion is not None:
            return Result(custom_id, completion)
        detail = "its response is no chat completion"
        return Result(custom_id, None, "unreadable", detail, status, owed=True)
    why = f"status {status}" if status else "failed"
    said = one_line(without(key, _said(body) or _said(error)), 200)
    return Result(custom_id, None, why, f"{why} ({said})" if said else why, status)


def _response(given: object) -> tuple[int, Any]:
    """Status and body of a response; 0 where it has none."""
    if not isinstance(given, dict):
        return 0, None
    # The first versions of `vllm run-batch` wrote the completion itself.
    body = given.get("body", given if "choices" in given else None)
    status = given.get("status_code", 200 if body is not None else 0)
    known = isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599
    return (status if known else 0), body


def _code(error: object) -> str:
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""


def _said(given: object) -> str:
    """What a server says about a failure, wherever it puts it."""
    for _ in range(2):
        if isinstance(given, dict):
            given = given.get("error") or given.get("message") or given.get("code")
    if isinstance(given, dict):
        given = given.get("message")
    return given[:2000] if isinstance(given, str) else ""
