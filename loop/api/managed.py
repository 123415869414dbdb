"""A model behind a server of the run's own: started when something is first sent, then watched."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from loop.api.call import ApiError
from loop.api.client import Client
from loop.api.exchange import Sent
from loop.api.structured import one_line
from loop.api.wire import without
from loop.budget import Purse
from loop.console import line
from loop.errors import ModelError
from loop.recipe import ApiSection, ManagedSection
from loop.serving import PORT, Server, begin, check_program, narrowed

if TYPE_CHECKING:
    from loop.api.connection import Connection

_COMMAND, _ENV = "server.command", "server.env"
_STARTS = 2
"""Of one connection: a server that dies is started once more."""
_LOOK = 0.2
"""Seconds between two looks whether it is ready."""


def managed(
    api: ApiSection, server: ManagedSection, log: Path, journal: Path, purse: Purse
) -> Client:
    """Make a client of a server that is started when it is needed.

    Args:
        api: The server's address, which may hold {port}, and how it is asked.
        server: Its command.
        log: What its output is put behind.
        journal: File that completions are kept in; for those found there nothing is started.
        purse: Pays.

    Returns:
        The client; closing it stops the server.

    Raises:
        ApiError: The environment variable of the key is not set.
        ModelError: There is no such program, or a variable that it is to be given is not set.
        OverBudget: There is a budget in USD, and the model's price is unknown.
    """
    check_program(server.command[0], _COMMAND)
    narrowed(os.environ, server.env, _ENV)

    def connect(section: ApiSection, key: str) -> Managed:
        return Managed(section, key, server, log)

    return Client(api, purse, "teacher", journal, connect=connect)


class Managed:
    """Sends bodies to a server that it starts and stops itself. Lives in one event loop."""

    def __init__(self, api: ApiSection, key: str, server: ManagedSection, log: Path) -> None:
        """Take what the server is started with; starts nothing yet.

        Args:
            api: The server's address, which may hold {port}, and how it is asked.
            key: Its key.
            server: Its command.
            log: What its output is put behind.
        """
        self._api, self._key, self._section, self._log = api, key, server, log
        self._one_at_a_time = asyncio.Lock()
        self._running: Server | None = None
        self._connection: Connection | None = None
        self._starts = 0
        self._failure = ""

    async def send(self, body: bytes, claim: str) -> Sent:
        """Make one attempt, once the server is up.

        Args:
            body: JSON.
            claim: Names the attempt.

        Returns:
            What became of it.

        Raises:
            ApiError: The server does not come up, or died again.
        """
        async with self._one_at_a_time:
            connection = await self._up()
        return await connection.send(body, claim)

    def told(self, text: str) -> str:
        """Make what the server says fit for a message.

        Args:
            text: Anything.

        Returns:
            One short line without the key.
        """
        return one_line(without(self._key, text), 200)

    async def close(self) -> None:
        """Close the connections and stop the server."""
        async with self._one_at_a_time:
            await self._down()

    async def _up(self) -> "Connection":
        """The connection to a server that runs."""
        if self._connection is not None and self._running is not None and self._running.alive:
            return self._connection
        if self._running is not None:
            line(f"server   | {self._log.stem} ended: {self.told(self._running.last_words)}")
            await self._down()
        if not self._failure and self._starts == _STARTS:
            self._failure = f"{_COMMAND}: the server died again; look at {self._log}"
        if not self._failure:
            self._starts += 1
            try:
                return await self._started()
            except ModelError as error:
                self._running = None
                self._failure = without(self._key, str(error))
        raise ApiError(f"{self._failure}; replies already given are not asked for twice")

    async def _started(self) -> "Connection":
        from loop.api.connection import Connection

        section = self._section
        server = begin(
            section.command,
            self._log,
            section.start_timeout,
            key=_COMMAND,
            health=section.health or f"{self._api.base_url.rstrip('/')}/models",
            environment=narrowed(os.environ, section.env, _ENV),
        )
        line(f"server   | {self._log.stem} is started: {section.command[0]}, port {server.port}")
        self._running = server
        # It may load for minutes: the event loop goes on meanwhile, and no thread is left waiting
        # that would hold up the end of the process.
        while not await asyncio.to_thread(server.ready):
            await asyncio.sleep(_LOOK)
        address = self._api.base_url.replace(PORT, str(server.port))
        here = self._api.model_copy(update={"base_url": address})
        self._connection = Connection(here, self._key)
        return self._connection

    async def _down(self) -> None:
        connection, server = self._connection, self._running
        self._connection = self._running = None
        if connection is not None:
            await connection.close()
        if server is not None:
            await asyncio.to_thread(server.stop)
