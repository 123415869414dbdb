"""Offline batches as files: answered by a program, or by whoever runs one elsewhere."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loop.api import ApiError, Call, Message, Reply
from loop.api.batch import Batches
from loop.budget import Purse
from loop.errors import RunDirectoryError, Waiting
from loop.fulfil import Situation, Want
from loop.fulfil.open import open_sources
from loop.ledger import Ledger
from loop.recipe import ApiSection, BatchSection, BudgetSection, ModelSource, PriceSection
from loop.records import RequestItem
from tests.batch_server import until
from tests.server import completion

API = ApiSection(model="org/model", key_env="", attempts=2)
USAGE = {"prompt_tokens": 10, "completion_tokens": 5}
PRICES = {"org/model": PriceSection(input=Decimal(1), output=Decimal(1))}


def session(folder: Path, *command: str, **given: Any) -> tuple[Batches, Ledger]:
    ledger = Ledger(folder / "ledger.jsonl")
    ledger.append("resume" if ledger.entries else "start")
    purse = Purse(BudgetSection(usd=Decimal(10)), PRICES, ledger.account, ledger.write)
    section = BatchSection(mode="file", command=command, **given)
    return Batches(API, section, folder / "teacher.jsonl", purse), ledger


def ask(folder: Path, count: int = 3, *command: str, **given: Any) -> dict[str, tuple[str, ...]]:
    batches, _ = session(folder, *command, **given)
    return {reply.call.id: reply.texts for reply in batches.stream(calls(count))}


def calls(count: int) -> list[Call]:
    return [Call(f"c{n}", (Message("user", f"Say c{n}."),)) for n in range(count)]


def said_all(count: int) -> dict[str, tuple[str, ...]]:
    return {f"c{n}": (f"Say c{n}.",) for n in range(count)}


def by_vllm(request: dict[str, Any], says: Callable[[str], str] = str) -> bytes:
    """What `vllm run-batch` writes for a request."""
    body = completion(says(request["body"]["messages"][0]["content"]), usage=USAGE)
    response = {"status_code": 200, "request_id": "vllm-batch-1", "body": body}
    row = {"id": "vllm-1", "custom_id": request["custom_id"], "response": response, "error": None}
    return json.dumps(row).encode() + b"\n"


def answer(
    folder: Path,
    source: str = "requests.jsonl",
    target: str = "results.jsonl",
    spoil: Callable[[list[bytes]], bytes] = b"".join,
    says: Callable[[str], str] = str,
) -> None:
    """Do by hand what the message says."""
    batch = sorted(folder.glob("teacher.batches/[0-9]*"))[-1]
    requests = [json.loads(line) for line in (batch / source).read_bytes().splitlines()]
    (batch / target).write_bytes(spoil([by_vllm(each, says) for each in requests]))


def test_it_says_what_to_run_and_where_to_put_the_results(tmp_path: Path) -> None:
    with pytest.raises(Waiting) as caught:
        ask(tmp_path)
    batch = tmp_path / "teacher.batches" / "0001"
    assert str(caught.value) == (
        f"run `vllm run-batch -i {batch}/requests.jsonl -o {batch}/results.jsonl "
        "--model org/model`, here or elsewhere, and start again: 3 requests"
    )
    assert caught.value.exit_code == 4
    requests = [json.loads(row) for row in (batch / "requests.jsonl").read_bytes().splitlines()]
    assert [sorted(row) for row in requests] == [["body", "custom_id", "method", "url"]] * 3
    assert {row["body"]["model"] for row in requests} == {"org/model"}


def test_what_a_waiting_batch_holds_is_spent_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    batches, ledger = session(tmp_path)
    with pytest.raises(Waiting):
        list(batches.stream(calls(3)))
    account = ledger.account
    assert (account.open, account.reserved) == ({}, 0)
    assert account.spent == account.lost > 0
    assert Ledger(tmp_path / "ledger.jsonl").account.open.keys() == account.stranded.keys()


def test_results_are_collected_on_the_next_start(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(Waiting):
            ask(tmp_path)
    answer(tmp_path)
    batches, ledger = session(tmp_path)
    replies: list[Reply] = list(batches.stream(calls(3)))
    assert {reply.call.id: reply.texts for reply in replies} == said_all(3)
    assert sum(reply.nano or 0 for reply in replies) == ledger.account.spent == 3 * 15 * 1000
    assert len(list(tmp_path.glob("teacher.batches/0*"))) == 1


def test_results_that_are_still_written_are_left_alone_and_the_rest_can_be_run(
    tmp_path: Path,
) -> None:
    with pytest.raises(Waiting):
        ask(tmp_path, 4)
    answer(tmp_path, spoil=lambda rows: rows[0] + rows[2] + b"\n" + rows[3][:120])
    with pytest.raises(Waiting, match=r"2 of 4 requests are answered.*rest\.jsonl -o .*results-2"):
        ask(tmp_path, 4)
    answer(tmp_path, "rest.jsonl", "results-2.jsonl")
    assert ask(tmp_path, 4) == said_all(4)
    assert len((tmp_path / "teacher.batches/0001/rest.jsonl").read_bytes().splitlines()) == 2


def test_a_last_line_without_its_newline_counts_where_it_is_whole(tmp_path: Path) -> None:
    with pytest.raises(Waiting):
        ask(tmp_path)
    answer(tmp_path, spoil=lambda rows: b"".join(rows).rstrip())
    assert ask(tmp_path) == said_all(3)


def test_lines_of_another_batch_are_counted_and_wait_for_the_right_ones(tmp_path: Path) -> None:
    with pytest.raises(Waiting):
        ask(tmp_path)
    foreign = by_vllm({"custom_id": "x", "body": {"messages": [{"content": "y"}]}})
    answer(tmp_path, spoil=lambda rows: foreign * 2 + rows[0] * 2)
    with pytest.raises(Waiting, match="1 of 3 requests are answered; 2 lines are none of them"):
        ask(tmp_path)


def test_a_spoiled_line_is_asked_for_again_in_another_batch(tmp_path: Path) -> None:
    with pytest.raises(Waiting):
        ask(tmp_path)
    answer(tmp_path, spoil=lambda rows: rows[0][:150] + b"\n" + rows[1] + rows[2])
    with pytest.raises(Waiting, match="1 requests"):
        ask(tmp_path)
    answer(tmp_path)
    assert ask(tmp_path) == said_all(3)


def test_what_the_first_versions_of_run_batch_wrote_is_read_too(tmp_path: Path) -> None:
    def plain(rows: list[bytes]) -> bytes:
        given = [json.loads(row) for row in rows]
        return b"".join(
            json.dumps({**each, "response": each["response"]["body"]}).encode() + b"\n"
            for each in given
        )

    with pytest.raises(Waiting):
        ask(tmp_path)
    answer(tmp_path, spoil=plain)
    assert ask(tmp_path) == said_all(3)


ANSWERS = """
import json, os, sys
source, target, mode = sys.argv[1:]
assert "SECRET" not in os.environ
with open(source) as requests, open(target, "w") as results:
    for number, line in enumerate(requests):
        request = json.loads(line)
        text = request["body"]["messages"][0]["content"]
        message = {"role": "assistant", "content": text}
        body = {"choices": [{"message": message, "finish_reason": "stop"}], "model": "m"}
        response = {"status_code": 200, "body": body}
        row = {"custom_id": request["custom_id"], "response": response}
        if mode == "none" or (mode == "one" and number):
            sys.exit("out of memory")
        results.write(json.dumps(row) + "\\n")
"""


def program(folder: Path, mode: str) -> tuple[str, ...]:
    folder.mkdir(exist_ok=True)
    script = folder / "answers.py"
    script.write_text(ANSWERS)
    return (sys.executable, str(script), "{input}", "{output}", mode)


def test_a_command_answers_here(tmp_path: Path) -> None:
    assert ask(tmp_path, 5, *program(tmp_path, "all"), max_lines=2) == said_all(5)
    assert len(list(tmp_path.glob("teacher.batches/0*"))) == 3


def test_what_a_command_left_out_is_run_again(tmp_path: Path) -> None:
    assert ask(tmp_path, 2, *program(tmp_path, "one")) == said_all(2)


def test_a_command_that_answers_nothing_is_an_error_and_costs_nothing(tmp_path: Path) -> None:
    batches, ledger = session(tmp_path, *program(tmp_path, "none"))
    with pytest.raises(
        ApiError, match=r"code 1 and answered none of 3 requests; see .*command.log"
    ):
        list(batches.stream(calls(3)))
    assert "out of memory" in (tmp_path / "teacher.batches/0001/command.log").read_text()
    assert ask(tmp_path, 3, *program(tmp_path, "all")) == said_all(3)
    assert ledger.account.spent == 0


def test_a_command_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match=r"batch\.command: /none cannot be started: No such file"):
        ask(tmp_path, 1, "/none", "{input}", "{output}")


def test_a_command_does_not_get_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "sk-1")
    api = API.model_copy(update={"key_env": "SECRET"})
    section = BatchSection(mode="file", command=program(tmp_path, "all"))
    batches = Batches(api, section, tmp_path / "teacher.jsonl")
    assert len(list(batches.stream(calls(2)))) == 2


def here(folder: Path, *command: str) -> "subprocess.Popen[bytes]":
    """Ask three things in a process of its own."""
    code = (
        "import sys; from pathlib import Path; from tests.test_batch_files import ask; "
        "ask(Path(sys.argv[1]), 3, *sys.argv[2:])"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder), *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_command_that_outlived_its_session_is_waited_for(tmp_path: Path) -> None:
    waits = (
        "import os, runpy, sys, time\n"
        "open(sys.argv.pop(), 'w').close()\n"
        "while not os.path.exists(sys.argv[-1]): time.sleep(0.01)\n"
        "sys.argv[-1] = 'all'\n"
        "runpy.run_path(sys.argv.pop(1))\n"
    )
    script = program(tmp_path, "all")[1]
    go, begun = tmp_path / "go", tmp_path / "begun"
    command = ("-c", waits, script, "{input}", "{output}", str(go), str(begun))
    killed = here(tmp_path, sys.executable, *command)
    until(begun.exists)
    killed.kill()
    killed.wait()
    got: list[dict[str, tuple[str, ...]]] = []
    none = program(tmp_path / "replies", "none")
    late = threading.Thread(target=lambda: got.append(ask(tmp_path, 3, *none)))
    late.start()
    late.join(0.3)
    assert late.is_alive()
    go.touch()
    late.join(30)
    assert got == [said_all(3)]


def test_an_interrupted_command_is_ended(tmp_path: Path) -> None:
    sleeps = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
    process = here(tmp_path, sys.executable, "-c", sleeps, "{output}.pid", "{input}")
    target = tmp_path / "teacher.batches" / "0001" / "results.jsonl.pid"
    until(lambda: target.exists() and target.read_text() != "")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(target.read_text()), 0)


def test_a_model_source_waits_and_delivers_what_the_results_hold(tmp_path: Path) -> None:
    given = {"api": API, "batch": {"mode": "file"}, "ways": ["self_instruct"], "name": "teacher"}
    sections = (ModelSource.model_validate(given),)
    item = RequestItem(id="r1", category="adding", tier="simple", format="text", count=2)
    here = Situation(1, (), (), (), ())

    def deliver() -> list[Any]:
        (source,) = open_sources(sections, tmp_path, tmp_path, 0, Purse()).values()
        return [each.raw for each in source.deliver([Want(item, 2)], 0, here)]

    with pytest.raises(Waiting, match="requests"):
        deliver()
    answer(tmp_path / "replies")
    with pytest.raises(Waiting, match="requests"):  # No prompt is JSON: each is repaired once.
        deliver()
    good = json.dumps({"instruction": "Add.", "input": "", "output": "2"})
    answer(tmp_path / "replies", says=lambda _: good)
    assert deliver()[0]["instruction"] == "Add."


def test_a_damaged_state_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Waiting):
        ask(tmp_path)
    state = tmp_path / "teacher.batches" / "0001" / "state.json"
    state.write_text('{"tag": 1, "unknown": 2}')
    with pytest.raises(RunDirectoryError, match=r"state\.json: is no state of a batch"):
        session(tmp_path)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"command": ["x", "{input}", "{output}"]}, "with mode: file only"),
        ({"mode": "file", "command": ["x", "{input}"]}, r"command lacks \{output\}"),
        ({"max_lines": 50_001}, "less than or equal to 50000"),
    ],
)
def test_a_batch_section_that_cannot_work_is_refused(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        BatchSection.model_validate(given)
