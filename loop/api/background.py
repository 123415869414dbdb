"""The event loop that all clients share, in a thread of its own."""

import asyncio
import threading

_lock = threading.Lock()
_loops: list[asyncio.AbstractEventLoop] = []


def background() -> asyncio.AbstractEventLoop:
    """Give the loop; it is started when it is first needed.

    Returns:
        A running loop. Its thread ends with the process.
    """
    with _lock:
        if not _loops:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="loop.api", daemon=True).start()
            _loops.append(loop)
        return _loops[0]
