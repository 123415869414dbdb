"""A scripted server with OpenAI's Files and Batch API on loopback, with a billing log of its own.

In a test: `with batch_server() as server:`. As a process, a client that can be killed:

    python -m tests.batch_server FOLDER URL COUNT

asks COUNT things of the server at URL in batches, with ledger and journal in FOLDER.
"""

import email
import email.message
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.server import completion

USAGE = {"prompt_tokens": 10, "completion_tokens": 5}

Answer = Callable[[dict[str, Any]], dict[str, Any] | bytes | None]
"""Request line → result line: as an object, as raw bytes, or none at all."""


def fitting(*texts: str, usage: dict[str, int] | None = USAGE) -> dict[str, Any]:
    """A response of the model."""
    body = completion(*texts) | ({"usage": usage} if usage else {})
    return {"status_code": 200, "request_id": "r", "body": body}


def echo(request: dict[str, Any]) -> dict[str, Any]:
    """Say what was asked, as many times as was asked for."""
    body = request["body"]
    said = [body["messages"][-1]["content"]] * body.get("n", 1)
    return {"id": "x", "custom_id": request["custom_id"], "response": fitting(*said), "error": None}


def refusal(request: dict[str, Any], status: int, message: str = "no") -> dict[str, Any]:
    """What OpenAI writes for a request that it does not take."""
    body = {"error": {"message": message, "code": None}}
    response = {"status_code": status, "request_id": "r", "body": body}
    return {"id": "x", "custom_id": request["custom_id"], "response": response, "error": None}


def expiry(request: dict[str, Any]) -> dict[str, Any]:
    """What OpenAI writes for a request that it did not get to."""
    error = {"code": "batch_expired", "message": "This request could not be executed in time."}
    return {"id": "x", "custom_id": request["custom_id"], "response": None, "error": error}


@dataclass
class Batch:
    """One submitted batch."""

    id: str
    file: str
    metadata: dict[str, str]
    created: int
    looks: int = 0
    status: str = "completed"
    errors: list[str] = field(default_factory=list)


class BatchServer:
    """What the server knows and does."""

    def __init__(self) -> None:
        self.url = ""
        self.answer: Answer = echo
        self.states: tuple[str, ...] = ("validating", "in_progress", "finalizing", "completed")
        """What each look at a batch finds, the last one for ever."""
        self.errors: list[str] = []
        self.trouble: dict[str, list[Callable[[Handler], bool]]] = {}
        """Operation → what to do first, once each; True where that was the answer."""
        self.arrange: Callable[[list[bytes]], list[bytes]] = lambda lines: lines
        """Applied to the lines of results."""
        self.files: dict[str, tuple[str, bytes, int]] = {}
        self.batches: dict[str, Batch] = {}
        self.calls: list[str] = []
        self.headers: set[str] = set()
        self.billed: list[dict[str, int]] = []
        self.stalled = threading.Event()
        self.over = threading.Event()
        self.clock = 1_700_000_000

    @property
    def requests(self) -> list[list[dict[str, Any]]]:
        """Request lines of each batch."""
        data = [self.files[batch.file][1] for batch in self.batches.values()]
        return [[json.loads(line) for line in each.splitlines()] for each in data]

    @property
    def tokens(self) -> int:
        """What was billed at one USD per million tokens of any kind, in nano-dollars."""
        return 1000 * sum(sum(each.values()) for each in self.billed)

    def put(self, name: str, data: bytes) -> dict[str, Any]:
        self.clock += 1
        key = f"file-{len(self.files) + 1}"
        self.files[key] = (name, data, self.clock)
        return self.file(key)

    def file(self, key: str) -> dict[str, Any]:
        name, data, created = self.files[key]
        return {"id": key, "filename": name, "bytes": len(data), "created_at": created}

    def submit(self, file: str, metadata: dict[str, str]) -> Batch:
        self.clock += 1
        key = f"batch_{len(self.batches) + 1}"
        self.batches[key] = Batch(key, file, metadata, self.clock)
        return self.batches[key]

    def show(self, batch: Batch) -> dict[str, Any]:
        known = {"id": batch.id, "input_file_id": batch.file, "metadata": batch.metadata}
        state = self.states[min(batch.looks, len(self.states) - 1)]
        shown: dict[str, Any] = {**known, "created_at": batch.created, "status": state}
        if state in ("completed", "expired", "cancelled"):
            shown |= self.results(batch)
        if state == "failed":
            shown["errors"] = {"data": [{"message": each} for each in self.errors]}
        return shown

    def results(self, batch: Batch) -> dict[str, str]:
        names = {"output_file_id": f"out-{batch.id}", "error_file_id": f"err-{batch.id}"}
        if names["output_file_id"] not in self.files:
            good: list[bytes] = []
            bad: list[bytes] = []
            for line in self.files[batch.file][1].splitlines():
                given = self.answer(json.loads(line))
                if isinstance(given, bytes):
                    good.append(given)
                elif given is not None:
                    response = given.get("response") or {}
                    usage = (response.get("body") or {}).get("usage")
                    if usage:
                        self.billed.append(usage)
                    (good if response.get("status_code") == 200 else bad).append(
                        json.dumps(given).encode()
                    )
            for name, lines in zip(names.values(), (self.arrange(good), bad), strict=True):
                self.files[name] = (name, b"".join(each + b"\n" for each in lines), self.clock)
        return {kind: name for kind, name in names.items() if self.files[name][1]}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # One packet for head and body, or each answer waits for an acknowledgement.
    server: "_Http"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def give(self, given: dict[str, Any], status: int = 200) -> None:
        self.send(json.dumps(given).encode(), status)

    def send(self, data: bytes, status: int = 200, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def _serve(self) -> None:
        world = self.server.world
        given = urlsplit(self.path)
        parts = given.path.removeprefix("/v1/").split("/")
        size = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(size) if size else self._chunked()
        operation = f"{self.command} {parts[0]}" + (" content" if parts[-1] == "content" else "")
        if len(parts) == 2:
            operation += " one"
        world.calls.append(operation)
        world.headers.update(self.headers.values())
        troubles = world.trouble.get(operation, [])
        self.asked = data
        if troubles and troubles.pop(0)(self):
            return
        self.do(operation, parts, data, parse_qs(given.query))

    def _chunked(self) -> bytes:
        data = b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        return data

    def act(self) -> dict[str, Any]:
        """Upload or submit what was asked."""
        world = self.server.world
        if self.path.endswith("/files"):
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = email.message_from_bytes(head + self.asked).get_payload()
            assert isinstance(parts, list)
            for part in parts:
                assert isinstance(part, email.message.Message)
                if (name := part.get_filename()) is not None:
                    content = part.get_payload(decode=True)
                    assert isinstance(content, bytes)
                    return world.put(name, content)
        asked = json.loads(self.asked)
        assert asked["endpoint"] == "/v1/chat/completions"
        return world.show(world.submit(asked["input_file_id"], asked["metadata"]))

    def do(self, operation: str, parts: list[str], data: bytes, query: dict[str, Any]) -> None:
        world = self.server.world
        if operation in ("POST files", "POST batches"):
            self.give(self.act())
        elif operation in ("GET files", "GET batches"):
            every = [world.file(key) for key in world.files]
            if parts[0] == "batches":
                every = [world.show(batch) for batch in world.batches.values()]
            every.reverse()
            names = [each["id"] for each in every]
            start = names.index(query["after"][0]) + 1 if "after" in query else 0
            self.give({"data": every[start : start + 2], "has_more": start + 2 < len(every)})
        elif operation == "GET batches one":
            batch = world.batches[parts[1]]
            batch.looks += 1
            self.give(world.show(batch))
        else:
            self.send(world.files[parts[1]][1])

    do_GET = do_POST = _serve


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    world: BatchServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that is killed, or reads no further, is part of the play.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def status(code: int, message: str = "no") -> Callable[[Handler], bool]:
    """Refuse once."""

    def refuse(handler: Handler) -> bool:
        handler.give({"error": {"message": message}}, code)
        return True

    return refuse


def given(answer: dict[str, Any]) -> Callable[[Handler], bool]:
    """Answer with this once."""

    def give(handler: Handler) -> bool:
        handler.give(answer)
        return True

    return give


def done_unseen(handler: Handler) -> bool:
    """Do what is asked and lose the answer."""
    handler.act()
    handler.close_connection = True
    return True


def stall(done: bool) -> Callable[[Handler], bool]:
    """Do what is asked, or not, and never answer."""

    def wait(handler: Handler) -> bool:
        if done:
            handler.act()
        handler.server.world.stalled.set()
        handler.server.world.over.wait(60)
        handler.close_connection = True
        return True

    return wait


def half(stalls: bool) -> Callable[[Handler], bool]:
    """Send half of a file, then nothing more."""

    def send(handler: Handler) -> bool:
        world = handler.server.world
        data = world.files[handler.path.split("/")[-2]][1]
        handler.send(data[: len(data) // 2], length=len(data))
        if stalls:
            world.stalled.set()
            world.over.wait(60)
        handler.close_connection = True
        return True

    return send


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)


@contextmanager
def batch_server() -> Iterator[BatchServer]:
    """Serve in a thread."""
    http = _Http(("127.0.0.1", 0), Handler)
    world = http.world = BatchServer()
    world.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield world
    finally:
        world.over.set()
        http.shutdown()
        http.server_close()
        thread.join()


def _main(folder: Path, url: str, count: int) -> None:
    from loop.api import Call, Message
    from loop.api.batch import Batches
    from loop.budget import Purse
    from loop.ledger import Ledger
    from loop.recipe import ApiSection, BatchSection, BudgetSection, PriceSection

    ledger = Ledger(folder / "ledger.jsonl")
    ledger.append("resume" if ledger.entries else "start")
    prices = {"m": PriceSection(input=Decimal(1), output=Decimal(1))}
    purse = Purse(BudgetSection(usd=Decimal(10)), prices, ledger.account, ledger.write)
    api = ApiSection(model="m", base_url=url, key_env="TEST_KEY")
    batches = Batches(api, BatchSection(), folder / "teacher.jsonl", purse, pause=lambda _: None)
    calls = (Call(f"c{n}", (Message("user", f"Say c{n}."),)) for n in range(count))
    for _ in batches.stream(calls):
        pass


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
