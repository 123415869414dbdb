"""Files and batches on an OpenAI-compatible server, over the openai SDK, with bounds.

Takes a second to import; it is imported where a batch is first submitted or looked at.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import httpx2
import openai

from loop.api.batch.bounds import Unreadable, bound
from loop.api.batch.lines import LONGEST_LINE, URL
from loop.api.batch.runs import Interrupted
from loop.api.call import ApiError
from loop.api.structured import one_line
from loop.api.wire import without
from loop.recipe import ApiSection

_CONNECT = 10.0
"""Seconds to reach a server."""
_CHUNK = 1 << 16
_PAGE = 100
"""Entries of a list in one response."""
_FILES, _BATCHES = 10, 100
"""Responses of a list that are looked through."""
_ID = re.compile(r"[\w.:-]{1,200}", re.ASCII)
_TAG = "loop_batch"
"""What a batch's tag is called among its metadata."""
_PASSING = frozenset({0, 408, 409, 425, 429, 500, 502, 503, 504, 529})


class Unanswered(Exception):
    """No answer, or one that another attempt may better. What was asked may have been done."""


class Remote:
    """One server's files and batches."""

    def __init__(self, section: ApiSection, key: str) -> None:
        """Open a pool of connections; none is made yet.

        Args:
            section: Server and timeout.
            key: Its key.
        """
        self._section, self._key = section, key
        # The SDK would also send what it finds in the environment for another server.
        unnamed = ("OpenAI-Organization", "OpenAI-Project", *(() if key else ("Authorization",)))
        self._headers: dict[str, Any] = {
            "Accept-Encoding": "identity",
            **dict.fromkeys(unnamed, openai.Omit()),
        }
        timeout = httpx2.Timeout(section.timeout, connect=min(_CONNECT, section.timeout))
        self._client = openai.OpenAI(
            api_key=key or "none",
            base_url=section.base_url,
            max_retries=0,
            timeout=timeout,
            http_client=httpx2.Client(
                # A redirect would carry the key to a server that the recipe does not name.
                follow_redirects=False,
                event_hooks={"response": [bound]},
            ),
        )

    def upload(self, requests: Path, name: str) -> tuple[str, int]:
        """Upload a batch's requests.

        Args:
            requests: The file.
            name: What it is called there.

        Returns:
            Its id, and when it was made by the server's clock.

        Raises:
            Unanswered: It may be there all the same.
            ApiError: The server refuses.
        """
        with requests.open("rb") as file:
            given = self._got(
                lambda: self._client.files.with_raw_response.create(
                    file=(name, file, "application/jsonl"),
                    purpose="batch",
                    extra_headers=self._headers,
                )
            )
        return self._id(given), _moment(given)

    def find_file(self, name: str, size: int) -> tuple[str, int] | None:
        """Find a file that was uploaded before.

        Args:
            name: What it is called.
            size: Its bytes.

        Returns:
            Its id, and when it was made; None where it is not among the latest.

        Raises:
            Unanswered: No answer.
            ApiError: The server refuses.
        """
        query = {"purpose": "batch", "order": "desc"}
        for _ in range(_FILES):
            for each in self._page(self._client.files.with_raw_response.list, query):
                if each.get("filename") == name and each.get("bytes") == size:
                    return self._id(each), _moment(each)
            if "after" not in query:
                break
        return None

    def create(self, file: str, tag: str) -> str:
        """Submit a batch.

        Args:
            file: Id of its requests.
            tag: Goes into its metadata.

        Returns:
            Its id.

        Raises:
            Unanswered: It may be submitted all the same.
            ApiError: The server refuses.
        """
        given = self._got(
            lambda: self._client.batches.with_raw_response.create(
                completion_window="24h",
                endpoint=URL,
                input_file_id=file,
                metadata={_TAG: tag},
                extra_headers=self._headers,
            )
        )
        return self._id(given)

    def find_batch(self, file: str, tag: str, since: int) -> str | None:
        """Find a batch that was submitted before.

        Args:
            file: Id of its requests.
            tag: Stands in its metadata.
            since: None that is older is looked at, by the server's clock.

        Returns:
            Its id, or None.

        Raises:
            Unanswered: No answer.
            ApiError: The server refuses, or has too many to look through.
        """
        query: dict[str, str] = {}
        for _ in range(_BATCHES):
            rows = self._page(self._client.batches.with_raw_response.list, query)
            for each in rows:
                metadata = each.get("metadata")
                tagged = isinstance(metadata, dict) and metadata.get(_TAG) == tag
                if tagged or each.get("input_file_id") == file:
                    return self._id(each)
            if "after" not in query or _moment(rows[-1]) < since:
                return None
        raise ApiError(
            f"{self._section.base_url}: an earlier session may have submitted {file}, and it is "
            f"not among the latest {_PAGE * _BATCHES:,} batches; look there before it is paid twice"
        )

    def batch(self, name: str) -> dict[str, Any]:
        """Look at a batch.

        Args:
            name: Its id.

        Returns:
            What the server says about it; nothing about it is believed.

        Raises:
            Unanswered: No answer.
            ApiError: The server refuses.
        """
        return self._got(
            lambda: self._client.batches.with_raw_response.retrieve(
                name, extra_headers=self._headers
            )
        )

    def content(self, file: str, lines: int) -> Iterator[bytes]:
        """Read a file piece by piece.

        Args:
            file: Its id.
            lines: It is read as far as so many lines may reach.

        Yields:
            Its content.

        Raises:
            Interrupted: It could not be read to its end.
            ApiError: The server refuses.
        """
        read, most = 0, lines * (LONGEST_LINE + 1)
        try:
            with self._client.files.with_streaming_response.content(
                file, extra_headers=self._headers
            ) as response:
                for chunk in response.iter_bytes(_CHUNK):
                    read += len(chunk)
                    yield chunk
                    if read > most:
                        return
        except (openai.APIError, httpx2.HTTPError, Unreadable) as error:
            try:
                self._fail(error)
            except Unanswered as failure:
                raise Interrupted(str(failure)) from error

    def told(self, given: object) -> str:
        """Make what a server says fit for a message.

        Args:
            given: Anything.

        Returns:
            One short line without the key; empty where it is no text.
        """
        return one_line(without(self._key, given), 300) if isinstance(given, str) else ""

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _page(self, send: Callable[..., Any], query: dict[str, str]) -> list[dict[str, Any]]:
        """Entries of a list, latest first; `query` then asks for those after them."""
        page = self._got(lambda: send(limit=_PAGE, extra_headers=self._headers, **query))
        given = page.get("data")
        rows = given if isinstance(given, list) else []
        rows = [each for each in rows if isinstance(each, dict)]
        query.pop("after", None)
        if rows and page.get("has_more"):
            query["after"] = self._id(rows[-1])
        return rows

    def _got(self, send: Callable[[], Any]) -> dict[str, Any]:
        """An object that the server answers with."""
        try:
            content: bytes = send().content
        except (openai.APIError, httpx2.HTTPError, Unreadable) as error:
            self._fail(error)
        try:
            given = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise Unanswered(f"{self._section.base_url}: an answer that is no JSON") from error
        if not isinstance(given, dict):
            raise Unanswered(f"{self._section.base_url}: an answer that is no object")
        return given

    def _fail(self, error: Exception) -> NoReturn:
        """Say what a failure means: Unanswered where another attempt may help, else ApiError."""
        url = self._section.base_url
        if not isinstance(error, openai.APIStatusError):
            cause = error.__cause__ or error
            raise Unanswered(f"{url}: no answer ({self.told(str(cause)) or type(cause).__name__})")
        status, said = error.status_code, self.told(error.response.text)
        problem = f"{url}: status {status} ({said})" if said else f"{url}: status {status}"
        if status in _PASSING and "insufficient_quota" not in said:
            raise Unanswered(problem)
        way = "look at whether this server has /files and /batches, or use batch.mode: file"
        if status in (401, 403):
            way = f"look at the key in {self._section.key_env or '(no environment variable)'}"
        elif status in (402, 429):
            way = "the account behind the key has no credit left"
        raise ApiError(f"{problem}; {way}", status)

    def _id(self, given: dict[str, Any]) -> str:
        name = given.get("id")
        # Ids are kept on disk, where no key may stand.
        known = isinstance(name, str) and _ID.fullmatch(name) and without(self._key, name) == name
        if not isinstance(name, str) or not known:
            raise Unanswered(f"{self._section.base_url}: an answer without an id")
        return name


def _moment(given: dict[str, Any]) -> int:
    moment = given.get("created_at")
    return moment if isinstance(moment, int) else 0
