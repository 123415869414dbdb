"""The ways to shut a process in: bubblewrap, sandlock, or nothing but rlimits.

A cage starts a command with no network, no environment but the language's, no files but those it
needs, and limits on memory, processes, files and time. It decides nothing about verdicts.
"""

import itertools
import math
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Protocol, cast

from loop.errors import SandboxUnavailable
from loop.recipe import SandboxSection
from loop.sandbox.languages import Language
from loop.sandbox.launch import Process
from loop.sandbox.seccomp import build_filter

_LIBRARIES = ("/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib32", "/usr/lib64")
_RUN_NUMBERS = itertools.count()


class Cage(Protocol):
    """Starts commands shut in."""

    @property
    def name(self) -> str:
        """What the recipe calls it."""

    def start(self, language: Language) -> Process:
        """Start a language's command.

        Args:
            language: What to run.

        Returns:
            The running process.
        """


class _Started:
    """A process of our own, ended together with its group or namespace."""

    def __init__(
        self, command: Sequence[str], environment: dict[str, str], fds: tuple[int, ...]
    ) -> None:
        self._popen = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            pass_fds=fds,
            start_new_session=True,
            bufsize=0,
        )
        self.pid = self._popen.pid
        self.stdin = cast(IO[bytes], self._popen.stdin)
        self.stdout = cast(IO[bytes], self._popen.stdout)

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()


@dataclass(frozen=True)
class Bubblewrap:
    """Namespaces by `bwrap`, rlimits by `prlimit`, a filter of system calls by seccomp."""

    section: SandboxSection
    name: str = "bubblewrap"

    def start(self, language: Language) -> Process:
        """Start a language's command in namespaces of its own.

        Args:
            language: What to run.

        Returns:
            The running process; everything in its process namespace dies with it.
        """
        rules = build_filter()
        if rules is None:
            return _Started([*self._outer(language), *self._inner(language)], {}, ())
        reads, writes = os.pipe()
        try:
            os.write(writes, rules)
            os.close(writes)
            seccomp = ("--seccomp", str(reads))
            command = [*self._outer(language), *seccomp, *self._inner(language)]
            # An empty environment: what bwrap was started with can be read in its /proc.
            return _Started(command, {}, (reads,))
        finally:
            os.close(reads)

    @cached_property
    def _tools(self) -> dict[str, str]:
        found = {name: shutil.which(name) for name in ("bwrap", "prlimit", "setpriv")}
        missing = [name for name, path in found.items() if path is None]
        if missing:
            raise SandboxUnavailable(f"{', '.join(missing)} not found on PATH")
        return {name: os.path.realpath(path) for name, path in found.items() if path is not None}

    def _outer(self, language: Language) -> Iterator[str]:
        yield self._tools["bwrap"]
        yield from ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts")
        yield from ("--unshare-cgroup-try", "--die-with-parent", "--new-session")
        if os.geteuid() == 0:
            # Root's processes are not counted by RLIMIT_NPROC, not even inside a user namespace:
            # stay in the first one and become another user there, see _inner.
            yield from ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
        else:
            yield from ("--unshare-user", "--uid", "65534", "--gid", "65534")
        yield from self._files(language)
        for name, value in language.environment.items():
            yield from ("--setenv", name, value)

    def _files(self, language: Language) -> Iterator[str]:
        tools = (Path(self._tools["prlimit"]), Path(self._tools["setpriv"]))
        binds = [Path("/etc/ld.so.cache"), *map(Path, _LIBRARIES), *tools, *language.reads]
        binds = [path for path in dict.fromkeys(binds) if path.exists()]
        # Without --perms bwrap makes parent folders that a dropped user cannot enter.
        parents = {parent for path in binds for parent in path.parents} - {Path("/")}
        for parent in sorted(parents - set(binds)):
            yield from ("--perms", "0755", "--dir", str(parent))
        for path in binds:
            if path.is_symlink():
                yield from ("--symlink", str(path.readlink()), str(path))
            else:
                yield from ("--ro-bind", str(path), str(path))
        yield from ("--perms", "0755", "--dir", "/dev")
        for device in ("/dev/null", "/dev/zero", "/dev/urandom"):
            yield from ("--dev-bind", device, device)
        size = str(self.section.file_mb * 2**20)
        yield from ("--perms", "1777", "--size", size, "--tmpfs", "/tmp")
        # Else the root, which lies in memory, is scratch space without a limit.
        yield from ("--remount-ro", "/", "--chdir", "/tmp")

    def _inner(self, language: Language) -> Iterator[str]:
        if os.geteuid() == 0:
            # A user per run: runs side by side must not count each other's processes.
            user = str(20_000 + (os.getpid() * 64 + next(_RUN_NUMBERS)) % 40_000)
            yield from (self._tools["setpriv"], "--reuid", user, "--regid", user)
            yield from ("--clear-groups", "--no-new-privs")
        yield from (self._tools["prlimit"], "--core=0", "--nofile=64")
        yield f"--as={self.section.memory_mb * 2**20}"
        yield f"--nproc={self.section.processes}"
        yield f"--fsize={self.section.file_mb * 2**20}"
        yield f"--cpu={math.ceil(self.section.seconds) + 1}"
        yield from language.command


class _Sandlocked:
    """A process that sandlock started."""

    def __init__(self, process: Any) -> None:  # noqa: ANN401 - sandlock has no types
        self._process = process
        self.pid, self.stdin, self.stdout = process.pid, process.stdin, process.stdout

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@dataclass(frozen=True)
class Sandlock:
    """Landlock and seccomp by the package `sandlock`; no scratch space at all."""

    section: SandboxSection
    name: str = "sandlock"

    def start(self, language: Language) -> Process:
        """Start a language's command under Landlock.

        Args:
            language: What to run.

        Returns:
            The running process.

        Raises:
            SandboxUnavailable: The package is missing, or the kernel refuses.
        """
        try:
            import sandlock
        except ImportError as error:
            raise SandboxUnavailable("sandlock is not installed") from error
        devices = ("/dev/null", "/dev/zero", "/dev/urandom")
        readable = (*_LIBRARIES, *devices, "/etc/ld.so.cache", *map(str, language.reads))
        box = sandlock.Sandbox(
            fs_readable=[path for path in readable if Path(path).exists()],
            fs_writable=["/dev/null"],
            clean_env=True,
            env=language.environment,
            cwd="/",
            max_memory=self.section.memory_mb * 2**20,
            max_processes=self.section.processes,
            max_open_files=64,
            no_coredump=True,
            # Memory that belongs to no process and that no limit counts.
            extra_deny_syscalls=["memfd_create"],
        )
        piped, null = sandlock.StdioMode.PIPED, sandlock.StdioMode.NULL
        try:
            started = box.popen(language.command, stdin=piped, stdout=piped, stderr=null)
        except (RuntimeError, sandlock.SandlockError) as error:
            raise SandboxUnavailable(f"sandlock cannot start a process: {error}") from error
        return _Sandlocked(started)


@dataclass(frozen=True)
class Bare:
    """No sandbox: a plain process with what rlimits the shell can set."""

    section: SandboxSection
    name: str = "unsafe"

    def start(self, language: Language) -> Process:
        """Start a language's command as the user who runs the loop.

        Args:
            language: What to run.

        Returns:
            The running process.
        """
        limits = (
            "ulimit -c 0; ulimit -n 64; "
            f"ulimit -t {math.ceil(self.section.seconds) + 1}; "
            f"ulimit -f {self.section.file_mb * 2048}; "
            # macOS knows no limit on address space.
            f"ulimit -v {self.section.memory_mb * 1024} 2>/dev/null; "
        )
        command = ("/bin/sh", "-c", f'{limits} exec "$@"', "sh", *language.command)
        return _Started(command, language.environment, ())
