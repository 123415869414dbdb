"""Starts the command that serves a model on loopback, waits until it answers, and ends it."""

import atexit
import http.client
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loop.errors import ModelError

PORT = "{port}"
"""Stands for the port in commands and addresses."""
_MODELS = f"http://127.0.0.1:{PORT}/v1/models"
_PATIENCE = 10.0
"""Seconds that a server is given to end."""
_LOOK = 0.2
"""Seconds between two looks whether it answers."""
_WATCH = Path(__file__).with_name("watch.py")
# A proxy named in the environment does not reach this machine's loopback.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def filled(template: str, places: Mapping[str, str]) -> list[str]:
    """Make a command of its template; a place never becomes two arguments.

    Args:
        template: Shell words with {places}; no shell runs it.
        places: What stands in them; the port is left for `start`.

    Returns:
        Program and arguments.
    """
    kept = {**places, "port": PORT}
    return [word.format(**kept) for word in shlex.split(template)]


def check_program(name: str, key: str) -> None:
    """Make sure that a program is there.

    Args:
        name: As a command begins with it.
        key: What the recipe calls the command.

    Raises:
        ModelError: It is not.
    """
    if shutil.which(name) is None:
        raise ModelError(
            f"{key}: {name} cannot be started: there is no such program; install it, or write its "
            "whole path"
        )


@dataclass
class Server:
    """A server that this process started."""

    process: subprocess.Popen[bytes]
    """Watches over it: it ends when the server does, and the server when this process does."""
    port: int
    key: str
    """What the recipe calls its command."""
    log: Path
    health: str
    """Answers once the server is ready."""
    limit: float
    """When it must be, by the monotonic clock."""

    @property
    def url(self) -> str:
        """Up to and without /completions."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def ready(self) -> bool:
        """Look whether it answers.

        Returns:
            False where it may still come.

        Raises:
            ModelError: It ended, or did not answer in time; it is stopped then.
        """
        if self.alive and _answers(self.health):
            return True
        code = self.process.poll()
        if code is None and time.monotonic() < self.limit:
            return False
        self.stop()
        what = f"ended with code {code}" if code is not None else "did not answer in time"
        raise ModelError(f"{self.key}: the server {what}; {self.log} ends with: {self.last_words}")

    @property
    def last_words(self) -> str:
        """The last line of its log, fit for a message."""
        with self.log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 400))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
        last = lines[-1] if lines else "(nothing)"
        return "".join(char if char.isprintable() else " " for char in last)

    def stop(self) -> None:
        """End it and what it started."""
        atexit.unregister(self.stop)
        if self.alive:
            self.process.terminate()
            # The watcher hangs on nothing itself.
            self.process.wait(timeout=3 * _PATIENCE)


def begin(
    command: Sequence[str],
    log: Path,
    seconds: float,
    *,
    key: str,
    health: str = _MODELS,
    environment: Mapping[str, str] | None = None,
) -> Server:
    """Start a server; it need not answer yet.

    Args:
        command: Program and arguments; {port} stands for a free port on loopback.
        log: What its output is put behind.
        seconds: Longest that `ready` waits for it.
        key: What the recipe calls the command.
        health: Address that answers once it is ready; may hold {port}.
        environment: The server's; None is this process's own.

    Returns:
        The server, stopped with this process at the latest, however that ends.

    Raises:
        ModelError: There is no such program.
    """
    port = _free_port()
    words = [word.replace(PORT, str(port)) for word in command]
    check_program(words[0], key)
    log.parent.mkdir(parents=True, exist_ok=True)
    watcher = [sys.executable, "-I", str(_WATCH), str(os.getpid()), str(_PATIENCE)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*watcher, *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            # An interrupt from the terminal is for this process, which then stops the server.
            start_new_session=True,
        )
    address = health.replace(PORT, str(port))
    server = Server(process, port, key, log, address, time.monotonic() + seconds)
    atexit.register(server.stop)
    return server


def start(command: Sequence[str], log: Path, seconds: float, *, key: str) -> Server:
    """Start a server and wait until it answers.

    Args:
        command: Program and arguments; {port} stands for the port.
        log: What its output is put behind.
        seconds: Longest to wait.
        key: What the recipe calls the command.

    Returns:
        The server, stopped with this process at the latest.

    Raises:
        ModelError: It cannot be started, ended, or did not answer in time.
    """
    server = begin(command, log, seconds, key=key)
    while not server.ready():
        time.sleep(_LOOK)
    return server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with _DIRECT.open(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        with error:
            # Some servers list no models; one that is still loading says 503.
            return error.code in (404, 405)
    except (OSError, http.client.HTTPException):
        return False
