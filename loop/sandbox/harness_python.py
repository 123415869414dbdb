"""Runs inside the sandbox, as `python -c`: tests on one side of a pipe, the code on the other.

The tester (this process) never runs the code under test. It forks a child for that before it has
seen the tests, and calls the child's functions over a pipe. Only literal data crosses, as JSON;
what has no literal form stays where it is and is used through a Remote. The tester asks the
harness's caller for the token after the last assertion, so nothing the child does, exits with,
prints or returns can stand for a pass. A Remote is compared by identity, never by the child's
`__eq__`: tests compare values. Names of builtins always mean the builtins.

Standard input: three frames (settings and code; tests; token), each a 4-byte length and its
bytes. Standard output: the token, or JSON with status and evidence. Imported by nothing.
"""

# ruff: noqa: ANN401, D102, D105, D107 - everything here stands for any value of somebody else's code
import builtins
import contextlib
import json
import math
import os
import select
import signal
import sys
import time
import types
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

RESOURCE_ERRNOS = (11, 12, 23, 24, 27, 28, 122)
"""EAGAIN ENOMEM ENFILE EMFILE EFBIG ENOSPC EDQUOT."""
PURE = {"abs", "all", "any", "chr", "divmod", "hash", "hex", "len", "max", "min", "ord", "pow"}
PURE |= {"repr", "round", "sorted", "sum"}
BUILTINS = {
    id(value): name
    for name, value in vars(builtins).items()
    if isinstance(value, type) or name in PURE
}
"""Types and pure functions that cross by name."""


class Ended(BaseException):
    """The run is over, with this verdict."""

    def __init__(self, status: str, evidence: str) -> None:
        self.status, self.evidence = status, evidence


class Remote:
    """Something that lives on the other side. Every use of it is a message."""

    def __init__(self, peer: "Peer", number: int) -> None:
        self._peer, self._number = peer, number

    def _ask(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        return self._peer.ask(operation, self._number, args, kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("call", *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._ask("attribute", name)

    def __getitem__(self, key: Any) -> Any:
        return self._ask("item", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._ask("put", key, value)

    def __iter__(self) -> Iterator[Any]:
        return self._ask("iter")  # type: ignore[no-any-return]

    def __next__(self) -> Any:
        return self._ask("next")

    def __len__(self) -> int:
        return self._ask("len")  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return self._ask("bool")  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return self._ask("str")  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return self._ask("repr")  # type: ignore[no-any-return]


def put(owner: Any, key: Any, value: Any) -> None:
    """Assign an item."""
    owner[key] = value


OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": lambda owner, *args, **kwargs: owner(*args, **kwargs),
    "item": lambda owner, key: owner[key],
    "put": put,
    "iter": iter,
    "next": next,
    "len": len,
    "bool": bool,
    "str": str,
    "repr": repr,
}
"""What the child may do with what the tests passed to it. Attributes would reach the frames."""


class Peer:
    """One end of the pipe."""

    def __init__(
        self, reads: int, writes: int, child: int = 0, limit: int = 2**31, until: float = math.inf
    ) -> None:
        self.reads, self.writes, self.child = reads, writes, child
        self.limit, self.until = limit, until
        self.operations = dict(OPERATIONS)
        self.owned: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.remotes: dict[int, Remote] = {}
        self.exceptions: dict[str, type[BaseException]] = {
            name: value
            for name, value in vars(builtins).items()
            if isinstance(value, type) and issubclass(value, BaseException)
        }
        self.last: Any = None
        self.ended: Ended | None = None

    def end(self, status: str, evidence: str) -> NoReturn:
        """Stop for good: remembered, since a test may catch everything."""
        self.ended = Ended(status, evidence)
        raise self.ended

    def wait(self, reads: list[int], writes: list[int]) -> None:
        """Wait for the other side, not past the deadline."""
        left = None if self.until == math.inf else max(0.0, self.until - time.monotonic())
        if not any(select.select(reads, writes, [], left)):
            self.end("timeout", "no answer in time")

    def lost(self) -> NoReturn:
        """The other side is gone."""
        if not self.child:
            os._exit(0)
        self.end(*how_it_ended(self.child))

    def send(self, message: dict[str, Any]) -> None:
        """Write one message."""
        data = json.dumps(message).encode()
        data = len(data).to_bytes(4, "big") + data
        while data:
            self.wait([], [self.writes])
            # No more than a pipe surely takes, so that the write cannot block past the deadline.
            try:
                data = data[os.write(self.writes, data[:4096]) :]
            except BrokenPipeError:
                self.lost()

    def receive(self) -> Any:
        """Read one message, no longer than the limit and not after the deadline."""
        size = int.from_bytes(self._read(4), "big")
        if size > self.limit:
            self.end("resource", f"one value takes more than {self.limit} bytes")
        return json.loads(self._read(size))

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            self.wait([self.reads], [])
            piece = os.read(self.reads, size - len(data))
            if not piece:
                self.lost()
            data += piece
        return data

    def ask(self, operation: str, number: int, args: tuple[Any, ...], kwargs: Any) -> Any:
        """Have the other side do something, serving its requests meanwhile."""
        sent = [self.encode(arg) for arg in args]
        named = {key: self.encode(value) for key, value in kwargs.items()}
        self.send({"do": operation, "of": number, "args": sent, "kwargs": named})
        while "do" in (reply := self.receive()):
            self.serve(reply)
        for index, changed in reply.get("args", {}).items():
            copy_back(args[int(index)], self.decode(changed))
        if "error" in reply:
            self.fail(operation, reply)
        same = reply.get("same")
        self.last = self.decode(reply["value"]) if same is None else args[same]
        return self.last

    def fail(self, operation: str, reply: Any) -> NoReturn:
        """Raise what was raised on the other side, as the nearest type known here."""
        names = [name for name in reply["error"] if name in self.exceptions]
        kind = self.exceptions[names[0]]
        # These end loops quietly: `all(map(f, xs))` would hold without a look at any x.
        quiet = issubclass(kind, (StopIteration, StopAsyncIteration, GeneratorExit))
        if quiet and operation != "next":
            kind = RuntimeError
        error = kind(str(reply["text"]))
        vars(error)["from_code"] = "resource" if reply["resource"] else "error"
        vars(error)["raised_as"] = str(reply["error"][0])
        raise error

    def serve(self, request: Any) -> None:
        """Do what the other side asks for and answer, whatever comes of it."""
        reply: dict[str, Any]
        try:
            owner = self.owned[request["of"]]
            args = [self.decode(arg) for arg in request["args"]]
            named = {key: self.decode(value) for key, value in request["kwargs"].items()}
            value = self.operations[request["do"]](owner, *args, **named)
            same = [
                index
                for index, arg in enumerate(args)
                if arg is value and isinstance(arg, (list, dict, set, bytearray))
            ]
            reply = {"same": same[0]} if same else {"value": self.encode(value)}
            reply["args"] = self.changes(args, request["args"])
        except Ended:
            raise
        except BaseException as error:  # the code under test may raise anything at all
            reply = {
                "error": [kind.__name__ for kind in type(error).__mro__[:-1]],
                "text": describe(error),
                "resource": isinstance(error, MemoryError)
                or (isinstance(error, OSError) and error.errno in RESOURCE_ERRNOS),
            }
        self.send(reply)

    def changes(self, args: list[Any], sent: list[Any]) -> dict[int, Any]:
        """Encode the arguments that were changed in place."""
        mutable = (list, dict, set, bytearray)
        after = {i: self.encode(arg) for i, arg in enumerate(args) if isinstance(arg, mutable)}
        return {index: value for index, value in after.items() if value != sent[index]}

    def encode(self, value: Any) -> Any:
        """Turn a value into JSON; what has no literal form is kept here and numbered."""
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            number = int.__int__(value)
            return number if abs(number) < 2**53 else {"int": hex(number)}
        if isinstance(value, float):
            return float.__float__(value)
        if isinstance(value, complex):
            return {"complex": [value.real.hex(), value.imag.hex()]}
        if isinstance(value, (bytes, bytearray)):
            return {type(value).__name__: value.hex()}
        if isinstance(value, range):
            return {"range": [value.start, value.stop, value.step]}
        if isinstance(value, dict):
            pairs = dict.items(value)
            return {"dict": [[self.encode(key), self.encode(item)] for key, item in pairs]}
        if isinstance(value, list):
            return [self.encode(item) for item in list.__iter__(value)]
        sequences: tuple[Any, ...] = (tuple, set, frozenset)
        for kind in sequences:
            if isinstance(value, kind):
                return {kind.__name__: [self.encode(item) for item in kind.__iter__(value)]}
        if id(value) in BUILTINS:
            return {"builtin": BUILTINS[id(value)]}
        if type(value) is Remote:
            return {"yours": value._number}
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.owned)
            self.owned.append(value)
        return {"mine": self.numbers[id(value)]}

    def decode(self, data: Any) -> Any:
        """Turn JSON back into a value of builtin types alone."""
        if isinstance(data, list):
            return [self.decode(item) for item in data]
        if not isinstance(data, dict):
            return data
        ((kind, body),) = data.items()
        sequences: Any = {"tuple": tuple, "set": set, "frozenset": frozenset}
        if kind in sequences:
            return sequences[kind](self.decode(item) for item in body)
        if kind == "dict":
            return {self.decode(key): self.decode(value) for key, value in body}
        simple: dict[str, Callable[[Any], Any]] = {
            "int": lambda text: int(text, 16),
            "complex": lambda parts: complex(*map(float.fromhex, parts)),
            "bytes": bytes.fromhex,
            "bytearray": bytearray.fromhex,
            "range": lambda bounds: range(*bounds),
            "builtin": lambda name: {n: getattr(builtins, n) for n in BUILTINS.values()}[name],
            "yours": lambda number: self.owned[number],
            "mine": lambda number: self.remotes.setdefault(number, Remote(self, number)),
        }
        return simple[kind](body)


def copy_back(old: Any, new: Any) -> None:
    """Change a value in place into another of its type, inner lists and dicts included."""
    if type(old) is not type(new):
        raise ValueError("an argument changed its type")
    if isinstance(old, (list, dict)):
        pairs = enumerate(old) if isinstance(old, list) else old.items()
        inner = {k: v for k, v in pairs if isinstance(v, (list, dict))}
        keys = range(len(new)) if isinstance(new, list) else new
        for key in keys:
            if key in inner and type(inner[key]) is type(new[key]):
                copy_back(inner[key], new[key])
                new[key] = inner[key]
    if isinstance(old, (list, bytearray)):
        old[:] = new
    elif isinstance(old, (dict, set)):
        old.clear()
        old.update(new)


def describe(error: BaseException) -> str:
    """Say what went wrong, even where the exception's own text cannot be had."""
    try:
        # A KeyError would quote its key once more on the other side.
        text = error.args[0] if isinstance(error, KeyError) and error.args else error
        return str(text)[:300]
    except BaseException:  # a `__str__` under test may raise anything at all
        return ""


def serve_code(code: str, reads: int, writes: int) -> NoReturn:
    """Be the child: run the code, then answer until killed."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    low, high = sorted((reads, writes))
    for first, last in ((3, low), (low + 1, high), (high + 1, 4096)):
        os.closerange(first, last)
    # A real module, so that dataclasses and their like find where they live.
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    peer = Peer(reads, writes)

    def load(_: Any) -> None:
        exec(compile(code, "<code>", "exec"), vars(module))

    def find(_: Any, name: str) -> Any:
        value = vars(module).get(name, module)
        if isinstance(value, types.ModuleType):
            return []
        if isinstance(value, type) and issubclass(value, Exception):
            return [[kind.__name__ for kind in value.__mro__[:-1]]]
        return [None, value]

    peer.operations |= {"load": load, "find": find, "attribute": getattr}
    peer.owned.append(None)
    while True:
        peer.serve(peer.receive())


def all_names(code: types.CodeType) -> set[str]:
    """Names that code uses, its inner functions' included."""
    inner = (all_names(part) for part in code.co_consts if isinstance(part, types.CodeType))
    return set(code.co_names).union(*inner)


def run_tests(tests: str, peer: Peer) -> None:
    """Be the tester: return if every assertion held, else raise."""
    peer.ask("load", 0, (), {})
    compiled = compile(tests, "<tests>", "exec")
    namespace: dict[str, Any] = {"__name__": "tests", "math": math}
    wanted = sorted(all_names(compiled) - set(dir(builtins)) - set(namespace))
    found = 0
    for name in wanted:
        answer = peer.ask("find", 0, (name,), {})
        found += bool(answer)
        if len(answer) == 2:
            namespace[name] = answer[1]
        elif answer:
            base = next(kind for kind in answer[0] if hasattr(builtins, kind))
            namespace[name] = type(name, (getattr(builtins, base),), {})
            peer.exceptions[answer[0][0]] = namespace[name]
    peer.last = None
    exec(compiled, namespace)
    if peer.ended:
        raise peer.ended
    if not found:
        raise Ended("error", "the tests use nothing that the code defines")


def failing_line(tests: str, error: BaseException) -> str:
    """The statement of the tests that was running."""
    import ast

    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<tests>":
            line = trace.tb_lineno
        trace = trace.tb_next
    if not line:
        return ""
    spans = [
        node
        for node in ast.walk(ast.parse(tests))
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or line)
    ]
    if not spans:
        return ""
    innermost = max(spans, key=lambda node: node.lineno)
    return " ".join((ast.get_source_segment(tests, innermost) or "").split())


def how_it_ended(child: int) -> tuple[str, str]:
    """Status and evidence for a child that closed its pipe."""
    waited = status = 0
    for _ in range(100):  # a dying process closes its pipe a moment before it can be waited for
        waited, status = os.waitpid(child, os.WNOHANG)
        if waited:
            break
        time.sleep(0.01)
    if waited and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        verdict = {int(signal.SIGKILL): "resource", int(signal.SIGXCPU): "timeout"}
        return verdict.get(number, "error"), f"the code was killed by signal {number}"
    if waited:
        return "error", f"the code ended its process, exit code {os.WEXITSTATUS(status)}"
    return "error", "the code closed its channel"


def judge(tests: str, peer: Peer) -> Ended | None:
    """Run the tests; None if all held."""
    try:
        run_tests(tests, peer)
    except Ended as error:
        where = failing_line(tests, error)
        return Ended(error.status, f"{where}: {error.evidence}" if where else error.evidence)
    except BaseException as error:  # whatever the tests met
        where = failing_line(tests, error)[:170]
        if isinstance(error, AssertionError) and not hasattr(error, "from_code"):
            return Ended("wrong_answer", f"{where}{got(peer.last)}")
        text = f"{getattr(error, 'raised_as', type(error).__name__)}: {error}"
        status = getattr(error, "from_code", "error")
        return Ended(status, f"{where}: {text}" if where else text)
    return None


def got(value: Any) -> str:
    """Show the last value that the code gave."""
    try:
        return f" (the last value given was {value!r:.100})"
    except BaseException:  # too long a number, too deep a list, or a Remote whose code raises
        return ""


def read_frame() -> bytes:
    """Read one frame of standard input and not a byte more: the next is not for the child."""
    data, size = b"", 4
    while len(data) < size:
        piece = os.read(0, size - len(data))
        if not piece:
            raise EOFError
        data += piece
        if size == 4 and len(data) == 4:
            size += int.from_bytes(data, "big")
    return data[4:]


def main() -> None:
    """Fork the child, run the tests, print the verdict."""
    import ctypes

    # Not dumpable: no process of the same user may read this one's memory or descriptors.
    ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
    job = json.loads(read_frame())
    to_child, to_tester = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        serve_code(job["code"], to_child[0], to_tester[1])
    os.close(to_child[0])
    os.close(to_tester[1])
    tests = json.loads(read_frame())
    until = time.monotonic() + job["seconds"]
    peer = Peer(to_tester[0], to_child[1], child, job["limit"], until)
    report = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    ended = judge(tests, peer)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    if ended is None:
        os.write(report, read_frame())
    else:
        verdict = {"status": ended.status, "evidence": ended.evidence[:300]}
        os.write(report, json.dumps(verdict).encode())
    os._exit(0)


if __name__ == "__main__":
    main()
