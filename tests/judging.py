"""A judge that follows a script, and what it is asked about, for the tests of judged graders."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from loop.example import Example
from loop.graders import Grader, build_grader
from loop.graders.judged import Judging
from loop.judges import Judge
from loop.judges.asking import Asking
from loop.recipe import CategorySection
from tests.grading import no_sandbox

Script = Callable[[Mapping[str, str]], str]
"""What is shown, by the name of each part → the reply."""

CRITERIA = {"correct": "Is it right?", "complete": "Is it all there?"}


class Scripted:
    """Reads a prompt as a judge should: by the mark that the prompt names."""

    def __init__(self, script: Script, name: str = "scripted", parallel: int = 1) -> None:
        self.name, self.parallel = name, parallel
        self.asked: list[str] = []
        self._script = script
        self._lock = threading.Lock()

    def ask(self, prompt: str, schema: dict[str, Any]) -> str:
        with self._lock:
            self.asked.append(prompt)
        return self._script(parts_of(prompt))


def replying(*replies: str) -> Scripted:
    """Says these one after another, then the last for ever."""
    left = list(replies)
    return Scripted(lambda _: left.pop(0) if len(left) > 1 else left[0])


def parts_of(prompt: str) -> dict[str, str]:
    named = re.search(r"`<([0-9a-f]{16}) NAME>`", prompt)
    assert named is not None
    mark = named.group(1)
    found = re.finditer(rf"^<{mark} ([A-Z0-9 ]+)>\n(.*?)\n</{mark} \1>$", prompt, re.S | re.M)
    return {part.group(1): part.group(2) for part in found}


def points(correct: object = 4, complete: object = 4, reason: object = "As asked.") -> str:
    return json.dumps({"reason": reason, "correct": correct, "complete": complete})


def better(which: object, reason: object = "It is right.") -> str:
    return json.dumps({"reason": reason, "better": which})


def prefers(better_answer: Callable[[str, str], int]) -> Script:
    """Prefers the first answer where the sign is positive, the second where it is negative."""

    def script(parts: Mapping[str, str]) -> str:
        sign = better_answer(parts["FIRST ANSWER"], parts["SECOND ANSWER"])
        return better("first" if sign > 0 else "second" if sign < 0 else "tie")

    return script


def category(grader: str = "rubric", **fields: Any) -> CategorySection:
    rubric = {"text": "It says what was asked for.", "criteria": CRITERIA}
    given = {"name": "advice", "weight": 1, "target": 0.8, "format": "text", "pass_at": 0.75}
    return CategorySection.model_validate(given | {"grader": grader, "rubric": rubric} | fields)


def grader(judge: Judge, section: CategorySection | None = None, repeats: int = 1) -> Grader:
    judging = Judging(Asking(judge, {}), repeats, seed=0)
    return build_grader(section or category(), no_sandbox, Path(), 1, judging)


def example(instruction: str = "Say why.", output: str = "Because.", **fields: Any) -> Example:
    given = {"instruction": instruction, "output": output, "category": "advice"}
    return Example.model_validate(given | fields)


@contextmanager
def served(judge: Judge) -> Iterator[str]:
    """Put a judge behind the chat completions protocol on loopback; yields the base URL."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = judge.ask(asked["messages"][-1]["content"], {})
            message = {"role": "assistant", "content": said}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            facts = {"id": "1", "object": "chat.completion", "created": 0, "model": judge.name}
            body = json.dumps({**facts, "choices": [choice], "usage": usage}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}/v1"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
