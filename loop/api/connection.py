"""One attempt over HTTP: the SDK's client with bounds, and what became of the attempt.

Takes a second to import; it is imported where a client first sends something.
"""

import asyncio
import email.utils
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx2
import openai

from loop.api.exchange import Sent
from loop.api.structured import one_line
from loop.api.wire import without
from loop.recipe import ApiSection

MOST_BYTES = 1 << 20
"""Longest response that is read; the rest stays unread and the connection is closed."""
_POOL = 16
"""Connections in one pool. For every request a pool looks at each connection it has: with 256 in
one, that took half of the processor's time."""
_CONNECT = 10.0
"""Seconds to reach a server, within the attempt's own."""
_LOOK = 20.0
"""Seconds that a look at a server may take."""


_LOOPBACK = re.compile(r"https?://(127\.|localhost\b|\[::1\])")


class _Unreadable(Exception):
    """A response that is not read to its end."""


class Connection:
    """Sends bodies to one server's `/chat/completions`. Lives in one event loop."""

    def __init__(self, section: ApiSection, key: str) -> None:
        """Open a pool of connections; none is made yet.

        Args:
            section: Server and timeout.
            key: Its key.
        """
        self._key, self._timeout = key, section.timeout
        # The SDK would also send what it finds in the environment for another server.
        unnamed = ("OpenAI-Organization", "OpenAI-Project", *(() if key else ("Authorization",)))
        self._headers: dict[str, Any] = {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            **dict.fromkeys(unnamed, openai.Omit()),
        }
        secured = httpx2.create_ssl_context()
        self._clients = [
            openai.AsyncOpenAI(
                api_key=key or "none",
                base_url=section.base_url,
                # Every attempt is paid for and counted by itself.
                max_retries=0,
                timeout=httpx2.Timeout(section.timeout, connect=min(_CONNECT, section.timeout)),
                http_client=httpx2.AsyncClient(
                    # A redirect would carry the key to a server that the recipe does not name.
                    follow_redirects=False,
                    # A proxy of the environment cannot reach this machine's own loopback.
                    trust_env=not _LOOPBACK.match(section.base_url),
                    verify=secured,
                    limits=httpx2.Limits(max_connections=_POOL, max_keepalive_connections=_POOL),
                    event_hooks={"response": [_bound]},
                ),
            )
            for _ in range(-(-section.parallel // _POOL))
        ]
        self._busy = [0] * len(self._clients)

    async def send(self, body: bytes, claim: str) -> Sent:
        """Make one attempt.

        Args:
            body: JSON.
            claim: Goes along as a header, so that bills can be compared.

        Returns:
            What became of it.
        """
        place = min(range(len(self._busy)), key=self._busy.__getitem__)
        self._busy[place] += 1
        try:
            return await self._sent(self._clients[place], body, claim)
        finally:
            self._busy[place] -= 1

    async def look(self) -> Sent:
        """Ask which models there are, which costs nothing.

        Returns:
            What became of it; a server need not know the question.
        """
        try:
            async with asyncio.timeout(min(_LOOK, self._timeout)):
                response = await self._clients[0].get(
                    "/models", cast_to=httpx2.Response, options={"headers": self._headers}
                )
        except openai.APIStatusError as error:
            response = error.response
        except (TimeoutError, openai.APIConnectionError) as error:
            cause = error.__cause__ or error
            said = self.told(str(cause) or type(cause).__name__)
            return Sent(0, why="not reached", detail=f"no answer ({said})")
        except _Unreadable as error:
            return Sent(200, why="unreadable", detail=str(error))
        return Sent(response.status_code, response.content)

    async def _sent(self, client: openai.AsyncOpenAI, body: bytes, claim: str) -> Sent:
        headers = {**self._headers, "X-Client-Request-Id": claim}
        try:
            async with asyncio.timeout(self._timeout):
                response = await client.post(
                    "/chat/completions",
                    cast_to=httpx2.Response,
                    content=body,
                    options={"headers": headers},
                )
        except openai.APIStatusError as error:
            response = error.response
        except (TimeoutError, openai.APITimeoutError) as error:
            sent = not isinstance(error.__cause__, httpx2.ConnectTimeout | httpx2.PoolTimeout)
            detail = f"no answer within {self._timeout:g} s"
            return Sent(0, why="timeout", detail=detail, owed=sent)
        except openai.APIConnectionError as error:
            cause = error.__cause__
            unsent = isinstance(cause, httpx2.ConnectError | httpx2.UnsupportedProtocol)
            why = "not reached" if unsent else "connection lost"
            detail = f"no answer ({self.told(str(cause) or type(cause).__name__)})"
            return Sent(0, why=why, detail=detail, owed=not unsent)
        except _Unreadable as error:
            return Sent(0, why="unreadable", detail=str(error), owed=True)
        return Sent(response.status_code, response.content, wait=_wait(response.headers))

    def told(self, text: str) -> str:
        """Make what a server says fit for a message.

        Args:
            text: Anything.

        Returns:
            One short line without the key.
        """
        return one_line(without(self._key, text), 200)

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.gather(*(client.close() for client in self._clients))


async def _bound(response: httpx2.Response) -> None:
    """See that no response is read beyond the limit, that of an error included."""
    if response.headers.get("content-encoding", "identity") != "identity":
        # A few bytes may unpack to any number.
        raise _Unreadable("a response that is packed, though it was asked for as it is")
    response.stream = _Bounded(response.stream)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - httpx2 allows several kinds
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in self._stream:
            read += len(chunk)
            if read > MOST_BYTES:
                raise _Unreadable(f"a response of more than {MOST_BYTES:,} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks for."""
    asked = headers.get("retry-after", "")[:40]
    try:
        seconds = float(asked) if asked.isascii() else -1.0
    except ValueError:
        when = email.utils.parsedate_tz(asked)
        seconds = email.utils.mktime_tz(when) - datetime.now(UTC).timestamp() if when else -1.0
    return seconds if seconds >= 0 else None
