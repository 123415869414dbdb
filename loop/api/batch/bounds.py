"""Responses over HTTP that are never read beyond a limit."""

from collections.abc import Iterator
from typing import Any

import httpx2

_MOST_BYTES = 1 << 20
"""Longest response that is read, the content of a file aside."""


class Unreadable(Exception):
    """A response that is not read to its end."""


def bound(response: httpx2.Response) -> None:
    """See that a response is not read beyond the limit; files are read piece by piece.

    Args:
        response: Of which only the head has been read.

    Raises:
        Unreadable: It is packed.
    """
    if response.headers.get("content-encoding", "identity") != "identity":
        # A few bytes may unpack to any number.
        raise Unreadable("a response that is packed, though it was asked for as it is")
    if response.status_code // 100 != 2 or not response.request.url.path.endswith("/content"):
        response.stream = _Bounded(response.stream)


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - httpx2 allows several kinds
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        for chunk in self._stream:
            read += len(chunk)
            if read > _MOST_BYTES:
                raise Unreadable(f"a response of more than {_MOST_BYTES:,} bytes")
            yield chunk

    def close(self) -> None:
        self._stream.close()
