"""A scripted OpenAI-compatible server on loopback, with a billing log of its own.

In a test: `with serving(said("ok"), refused(429)) as server:` gives one reply after the other, the
last one for ever. As a process, for what has to survive a kill:

    python -m tests.server FOLDER [--delay SECONDS] [--trouble]

writes its address to FOLDER/url and what it bills to FOLDER/bills.jsonl until it is terminated.
"""

import argparse
import asyncio
import json
import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

HUGE = 50 * 1024 * 1024
"""Bytes of a reply that must not be read whole."""
HOSTILE = '</s><|im_end|>\x1b[2J<script>alert(1)</script> ../../etc/passwd \ud800 "}]{{$x}}'


@dataclass(frozen=True)
class Answer:
    """What the server does with one request."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    silent: bool = False
    """Reads the request and never answers."""
    reset: bool = False
    """Closes the connection instead."""
    padding: int = 0
    """Bytes of blanks sent before the body."""
    bill: dict[str, int] | None = None
    """What the request costs; written down before the answer is sent."""


@dataclass
class Seen:
    """One request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


def completion(*contents: object, **fields: Any) -> dict[str, Any]:
    choices = [
        {"index": i, "message": {"role": "assistant", "content": each}, "finish_reason": "stop"}
        for i, each in enumerate(contents)
    ]
    return {"choices": choices, "model": "m-1-2026", **fields}


def said(*contents: object, usage: tuple[int, int] | None = (10, 5)) -> Answer:
    """A completion with these texts."""
    if usage is None:
        return Answer(body=json.dumps(completion(*contents)).encode())
    bill = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return Answer(body=json.dumps(completion(*contents, usage=bill)).encode(), bill=bill)


def refused(status: int, **headers: str) -> Answer:
    """An error status; `Retry_After="7"` gives a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps({"error": {"message": f"refused {status}"}}).encode()
    return Answer(status, named, body)


def raw(body: bytes, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, body)


SILENT = Answer(silent=True)
RESET = Answer(reset=True)

Script = Callable[[int, Seen], Answer]
"""(number of the request from 0, the request) → what to do."""


class Server:
    """Serves until it is closed, in an event loop of its own."""

    def __init__(self, script: Script, bills: IO[str] | None = None) -> None:
        self.script, self._bills = script, bills
        self.seen: list[Seen] = []
        self.keep = True
        """Whether requests are kept in `seen`."""
        self.models = refused(404)
        """What is said to those who look which models there are; not counted."""
        self.looks: list[Seen] = []
        self.count = 0
        self.most_at_once = 0
        self.sent_bytes = 0
        self._at_once = 0
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [each.body for each in self.seen]

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=2048)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def stop(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while (seen := await _request(reader)) is not None:
                if seen.path.endswith("/models"):
                    self.looks.append(seen)
                    if not await self._give(self.models, writer):
                        return
                elif not await self._answer(seen, writer):
                    return
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        number, self.count = self.count, self.count + 1
        if self.keep:
            self.seen.append(seen)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            answer = self.script(number, seen)
            if answer.bill is not None and self._bills is not None:
                line = {"claim": seen.headers.get("x-client-request-id"), **answer.bill}
                self._bills.write(json.dumps(line) + "\n")
                self._bills.flush()
            if answer.delay:
                await asyncio.sleep(answer.delay)
            if answer.silent:
                await asyncio.sleep(3600)
        finally:
            self._at_once -= 1
        return await self._give(answer, writer)

    async def _give(self, answer: Answer, writer: asyncio.StreamWriter) -> bool:
        if answer.reset:
            writer.transport.abort()
            return False
        length = len(answer.body) + answer.padding
        head = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {length}"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        writer.write("\r\n".join([*head, "", ""]).encode())
        for start in range(0, answer.padding, 1 << 16):
            writer.write(b" " * min(1 << 16, answer.padding - start))
            await writer.drain()
            self.sent_bytes += 1 << 16
        writer.write(answer.body)
        await writer.drain()
        return True


async def _request(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *rest = head.split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rest)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(first.split()[1], headers, json.loads(body or b"{}"))


def in_turn(*answers: Answer) -> Script:
    return lambda number, _: answers[min(number, len(answers) - 1)]


@contextmanager
def scripted(script: Script) -> Iterator[Server]:
    """Serve in a thread."""
    server = Server(script)
    loop = server._loop
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start(), loop).result()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def serving(*answers: Answer) -> Iterator[Server]:
    """Give these answers in turn, the last one for ever."""
    with scripted(in_turn(*answers)) as server:
        yield server


def example_text(name: str) -> str:
    """What a teacher answers, valid for the schema of the plain way of asking."""
    return json.dumps({"instruction": f"Do {name}.", "input": "", "output": f"Done {name}."})


def graded(clarity: int) -> str:
    """What a judge of quality answers."""
    return json.dumps(
        {"reason": "As asked.", "clarity": clarity, "correctness": 4, "completeness": 4}
    )


def steady(delay: float) -> Script:
    """Good replies after a while."""

    def answer(number: int, seen: Seen) -> Answer:
        texts = [example_text(f"{number}-{i}") for i in range(seen.body.get("n", 1))]
        return replace(said(*texts, usage=(200, 40)), delay=delay * (0.9 + number % 21 / 100))

    return answer


def troubled(delay: float) -> Script:
    """Everything that goes wrong with a server, by shares; what it does is drawn per attempt."""

    def answer(number: int, seen: Seen) -> Answer:
        claim = seen.headers.get("x-client-request-id", str(number))
        draw = random.Random(claim)
        chance, key = draw.random(), claim.split(".")[0]
        usage = (draw.randint(150, 250), draw.randint(20, 60))
        judged = "clarity" in str(seen.body.get("response_format"))
        text = graded(draw.randint(3, 5)) if judged else example_text(key)
        good = replace(said(text, usage=usage), delay=delay * draw.uniform(0.5, 1.5))
        troubles: list[tuple[float, Answer]] = [
            (0.10, refused(500)),
            (0.05, refused(429, Retry_After="0.05")),
            (0.05, replace(good, silent=True, delay=0)),
            (0.025, replace(good, body=good.body[: len(good.body) // 2])),
            (0.025, said(text[:20], usage=usage)),
            (0.02, said('{"instruction": 3}', usage=usage)),
            (0.02, replace(good, reset=True)),
            (0.01, replace(good, reset=True, bill=None)),
            (0.02, said(example_text("the same for all"), usage=usage)),
            (0.002, replace(good, padding=HUGE)),
            (0.01, said(json.dumps({"instruction": HOSTILE, "input": "", "output": key}))),
        ]
        for share, trouble in troubles:
            if chance < share:
                return trouble
            chance -= share
        echoed = f"{key} {seen.headers.get('authorization', '')}"
        if chance < 0.01:
            return said(example_text(echoed), usage=usage)
        return good

    return answer


async def _main(folder: Path, script: Script) -> None:
    with (folder / "bills.jsonl").open("a", encoding="utf-8") as bills:
        server = Server(script, bills)
        server.keep = False
        await server.start()
        (folder / "url.tmp").write_text(server.url)
        (folder / "url.tmp").rename(folder / "url")
        await asyncio.sleep(36_000)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--delay", type=float, default=0.02)
    parser.add_argument("--trouble", action="store_true")
    arguments = parser.parse_args()
    make = troubled if arguments.trouble else steady
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(arguments.folder, make(arguments.delay)))
    sys.exit(0)
