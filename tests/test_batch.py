"""Offline batches: against a scripted server on loopback, and as files."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from loop.api import ApiError, Call, Client, Message, Reply
from loop.api.batch import Batches
from loop.api.batch.kept import Line, Shelf
from loop.api.batch.lines import LONGEST_LINE, rows_in
from loop.budget import OverBudget, Purse
from loop.errors import Waiting
from loop.ledger import Ledger
from loop.recipe import ApiSection, BatchSection, BudgetSection, PriceSection
from tests.batch_server import (
    BatchServer,
    Handler,
    batch_server,
    done_unseen,
    echo,
    expiry,
    fitting,
    given,
    half,
    refusal,
    stall,
    status,
    until,
)
from tests.server import said, serving

KEY = "sk-secret-0123456789"
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
PRICES = {"m": PriceSection(input=Decimal(1), output=Decimal(1))}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("TEST_KEY", KEY)
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "of-another-server")


_OF_API = ("attempts", "max_tokens", "key_env")


class Session:
    """One process: it opens what is on disk anew."""

    def __init__(self, folder: Path, url: str, usd: str = "10", **given: Any) -> None:
        self.ledger = Ledger(folder / "ledger.jsonl")
        self.ledger.append("resume" if self.ledger.entries else "start")
        self.account = self.ledger.account
        limit = BudgetSection(usd=Decimal(usd))
        self.purse = Purse(limit, PRICES, self.account, self.ledger.write)
        fields = {name: given.pop(name) for name in _OF_API if name in given}
        api = ApiSection.model_validate(
            {"model": "m", "base_url": url, "key_env": "TEST_KEY", "timeout": 5, **fields}
        )
        self.folder = folder
        self.batches = Batches(
            api,
            BatchSection.model_validate(given),
            folder / "teacher.jsonl",
            self.purse,
            pause=lambda _: None,
        )

    def ask(self, *calls: Call) -> dict[str, Reply]:
        return {reply.call.id: reply for reply in self.batches.stream(calls)}


def call(name: str = "c", **given: Any) -> Call:
    return Call(name, (Message("user", f"Say {name}."),), **given)


def calls(count: int) -> list[Call]:
    return [call(f"c{number}") for number in range(count)]


def texts(replies: dict[str, Reply]) -> dict[str, tuple[str, ...]]:
    return {name: reply.texts for name, reply in replies.items()}


def said_all(count: int) -> dict[str, tuple[str, ...]]:
    return {f"c{n}": (f"Say c{n}.",) for n in range(count)}


def counts(folder: Path) -> Counter[str]:
    """What results came to, over all batches."""
    total: Counter[str] = Counter()
    for path in folder.glob("teacher.batches/*/state.json"):
        total.update(json.loads(path.read_text())["counts"])
    return total


def json_call(name: str = "c", **given: Any) -> Call:
    return call(name, schema=SCHEMA, **given)


def test_every_call_is_answered_once_whatever_the_order_of_results(tmp_path: Path) -> None:
    with batch_server() as server:
        server.arrange = lambda lines: [*lines[::-1], *lines[:2]]
        session = Session(tmp_path, server.url, max_lines=4)
        replies = session.ask(*calls(10))
    assert texts(replies) == said_all(10)
    assert [len(batch) for batch in server.requests] == [4, 4, 2]
    assert counts(tmp_path) == {"answered": 10, "given twice": 6}
    assert session.account.spent == server.tokens == 10 * 15 * 1000
    assert sum(reply.nano or 0 for reply in replies.values()) == session.account.spent


def test_requests_follow_the_batch_format(tmp_path: Path) -> None:
    with batch_server() as server:
        Session(tmp_path, server.url).ask(call("c", seed=7))
    [[request]] = server.requests
    assert len(request.pop("custom_id")) <= 64
    assert request == {
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {
            "model": "m",
            "messages": [{"role": "user", "content": "Say c."}],
            "seed": 7,
            "max_completion_tokens": 2048,
            "temperature": 1.0,
        },
    }
    assert f"Bearer {KEY}" in server.headers
    assert "of-another-server" not in "".join(server.headers)


def test_a_server_without_a_key_is_sent_none(tmp_path: Path) -> None:
    with batch_server() as server:
        assert Session(tmp_path, server.url, key_env="").ask(call())["c"].texts
    sent = "".join(server.headers)
    assert "of-another-server" not in sent
    assert "Bearer" not in sent


def test_batches_are_cut_by_bytes(tmp_path: Path) -> None:
    long = [Call(f"c{n}", (Message("user", "x" * 400_000),)) for n in range(5)]
    with batch_server() as server:
        Session(tmp_path, server.url, max_bytes=1_000_000).ask(*long)
    assert [len(batch) for batch in server.requests] == [2, 2, 1]
    sizes = [len(server.files[batch.file][1]) for batch in server.batches.values()]
    assert max(sizes) <= 1_000_000


def test_what_stands_in_the_journal_is_asked_of_nobody(tmp_path: Path) -> None:
    with serving(said("from online")) as online:
        api = ApiSection(model="m", base_url=online.url, key_env="")
        list(Client(api, None, "teacher", tmp_path / "teacher.jsonl").stream([call("c0")]))
    with batch_server() as server:
        replies = Session(tmp_path, server.url).ask(*calls(2))
    assert texts(replies) == {"c0": ("from online",), "c1": ("Say c1.",)}
    assert [len(batch) for batch in server.requests] == [1]


def test_misfits_are_repaired_together_in_one_following_batch(tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        asked = request["body"]["messages"]
        good = json.dumps({"name": f"{len(asked)}"})
        texts = [good] if len(asked) == 3 else [good, "no json", '{"name": 3}']
        return echo(request) | {"response": fitting(*texts)}

    with batch_server() as server:
        server.answer = answer
        session = Session(tmp_path, server.url)
        replies = session.ask(json_call("a", candidates=3), json_call("b", candidates=3))
    assert [len(batch) for batch in server.requests] == [2, 4]
    assert replies["a"].values == ({"name": "1"}, {"name": "3"}, {"name": "3"})
    assert replies["a"].repaired == 2
    assert replies["a"].nano == 3 * 15 * 1000
    assert session.account.spent == server.tokens == 6 * 15 * 1000


def test_candidates_that_did_not_come_are_asked_for_again(tmp_path: Path) -> None:
    def one(request: dict[str, Any]) -> dict[str, Any]:
        return echo(request) | {"response": fitting("one")}

    with batch_server() as server:
        server.answer = one
        replies = Session(tmp_path, server.url).ask(call("c", candidates=3, seed=5))
    assert replies["c"].texts == ("one", "one", "one")
    assert [request["body"].get("seed") for request in server.requests[1]] == [6, 7]


def test_what_expired_costs_nothing_and_is_asked_again(tmp_path: Path) -> None:
    asked: Counter[str] = Counter()

    def late(request: dict[str, Any]) -> dict[str, Any]:
        said = request["body"]["messages"][0]["content"]
        asked[said] += 1
        return (
            expiry(request) if said in ("Say c1.", "Say c2.") and asked[said] < 2 else echo(request)
        )

    with batch_server() as server:
        server.answer, server.states = late, ("expired",)
        session = Session(tmp_path, server.url)
        replies = session.ask(*calls(4))
    assert texts(replies) == said_all(4)
    assert [len(batch) for batch in server.requests] == [4, 2]
    assert session.account.tries == {"answered": 4, "expired": 2}
    assert session.account.spent == server.tokens == 4 * 15 * 1000


@pytest.mark.parametrize(("ended", "owed"), [("completed", True), ("expired", False)])
def test_what_no_result_names_costs_its_reservation_unless_the_batch_expired(
    tmp_path: Path, ended: str, owed: bool
) -> None:
    with batch_server() as server:
        server.states, server.answer = (ended,), lambda _: None
        session = Session(tmp_path, server.url, attempts=1, max_tokens=1000)
        reply = session.ask(call())["c"]
    assert reply.problem == ("missing, 1 times" if owed else "expired, 1 times")
    assert (session.account.spent > 1_000_000) is owed


def test_what_never_gets_an_answer_ends_as_a_problem_and_is_not_asked_once_more(
    tmp_path: Path,
) -> None:
    with batch_server() as server:
        server.answer = lambda request: refusal(request, 500, "overloaded")
        reply = Session(tmp_path, server.url, attempts=2).ask(call())["c"]
        again = Session(tmp_path, server.url, attempts=2).ask(call())["c"]
    assert reply.problem == "status 500 (overloaded), 2 times"
    assert reply.passing
    assert again == reply
    assert len(server.batches) == 2


def test_a_prompt_that_is_refused_does_not_stop_the_others(tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        too_long = request["body"]["messages"][0]["content"] == "Say c1."
        return refusal(request, 400, "too long") if too_long else echo(request)

    with batch_server() as server:
        server.answer = answer
        session = Session(tmp_path, server.url)
        replies = session.ask(*calls(3))
    assert replies["c1"].problem == "status 400 (too long)"
    assert not replies["c1"].passing
    assert len(server.batches) == 1
    assert session.account.spent == server.tokens == 2 * 15 * 1000


def test_a_form_that_the_server_does_not_know_is_left_for_the_next(tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        if request["body"].get("response_format", {}).get("type") == "json_schema":
            return refusal(request, 400, "no json_schema")
        return echo(request) | {"response": fitting('{"name": "x"}')}

    with batch_server() as server:
        server.answer = answer
        first = Session(tmp_path, server.url).ask(json_call("a"), json_call("b"))
        later = Session(tmp_path, server.url).ask(json_call("c"))
    assert {**first, **later}["c"].values == ({"name": "x"},)
    forms = [request[0]["body"]["response_format"]["type"] for request in server.requests]
    assert forms == ["json_schema", "json_object", "json_object"]


def test_a_server_that_takes_nothing_in_any_form_is_an_error(tmp_path: Path) -> None:
    with batch_server() as server:
        server.answer = lambda request: refusal(request, 400, "temperature must be 1")
        for _ in range(2):
            with pytest.raises(ApiError, match=r"in any form: status 400 \(temperature must be 1"):
                Session(tmp_path, server.url).ask(json_call())
    assert len(server.batches) == 3


@pytest.mark.parametrize("ended", ["failed", "cancelled"])
def test_a_batch_that_a_person_must_see_to_costs_what_it_answered(
    tmp_path: Path, ended: str
) -> None:
    with batch_server() as server:
        server.states, server.errors = (ended,), ["Enqueued token limit reached"]
        server.answer = lambda request: (
            None if request["body"]["messages"][0]["content"] == "Say c1." else echo(request)
        )
        session = Session(tmp_path, server.url, attempts=1)
        with pytest.raises(ApiError, match="limit reached" if ended == "failed" else "cancelled"):
            session.ask(*calls(3))
        assert session.account.spent == server.tokens == (0 if ended == "failed" else 30_000)
        assert not session.account.open
        server.states, server.answer = ("completed",), echo
        assert texts(Session(tmp_path, server.url, attempts=1).ask(*calls(3))) == said_all(3)
    assert [len(batch) for batch in server.requests] == [3, 3 if ended == "failed" else 1]


def test_a_process_that_does_not_wait_says_so_and_the_next_collects(tmp_path: Path) -> None:
    with batch_server() as server:
        server.states = ("validating", "validating", "in_progress", "completed")
        for _ in range(2):
            with pytest.raises(Waiting, match=r"batch_1 \(3 requests\)") as caught:
                Session(tmp_path, server.url, wait=False).ask(*calls(3))
        last = Session(tmp_path, server.url, wait=False)
        replies = last.ask(*calls(3))
    assert caught.value.exit_code == 4
    assert texts(replies) == said_all(3)
    assert server.calls.count("POST batches") == server.calls.count("POST files") == 1
    assert last.account.spent == server.tokens
    assert not last.account.stranded
    assert "GET batches" not in server.calls


def test_what_a_batch_may_cost_is_held_while_it_is_waited_for(tmp_path: Path) -> None:
    with batch_server() as server:
        server.states = ("in_progress",)
        first = Session(tmp_path, server.url, wait=False)
        with pytest.raises(Waiting):
            first.ask(*calls(3))
        held = first.account.lost
        assert held > 3 * 2048 * 1000
        later = Session(tmp_path, server.url, wait=False)
    assert later.purse.left == 10**10 - held


def test_only_what_can_be_paid_for_is_submitted(tmp_path: Path) -> None:
    with batch_server() as server:
        server.answer = lambda request: (
            echo(request)
            | {"response": fitting("x", usage={"prompt_tokens": 500, "completion_tokens": 600})}
        )
        # Enough for three at their worst, and less when those have been settled.
        session = Session(tmp_path, server.url, usd="0.0065", max_tokens=1300)
        replies: list[Reply] = []
        with pytest.raises(OverBudget):
            for reply in session.batches.stream(calls(9)):
                replies.append(reply)
    assert [len(batch) for batch in server.requests] == [3, 1, 1]
    assert len(replies) == len(server.billed) == 5
    assert session.account.spent == server.tokens <= 6_500_000
    assert not session.account.open


def test_a_batch_has_a_price_of_its_own(tmp_path: Path) -> None:
    half_price = {"input": 0.5, "output": 0.5}
    with batch_server() as server:
        session = Session(tmp_path, server.url, price=half_price)
        reply = session.ask(call())["c"]
    assert reply.nano == session.account.spent == server.tokens // 2


def test_the_published_price_for_batches_is_used(tmp_path: Path) -> None:
    pytest.importorskip("genai_prices")
    api = ApiSection(model="gpt-4o-mini", key_env="TEST_KEY")
    batches = Batches(api, BatchSection(), tmp_path / "t.jsonl", Purse())
    price = batches._price
    assert price is not None
    assert (price.input, price.output) == (Decimal("0.075"), Decimal("0.3"))
    assert price.source.endswith(", batch")


def test_a_budget_refuses_a_model_whose_price_is_unknown(tmp_path: Path) -> None:
    api = ApiSection(model="m", base_url="http://127.0.0.1:9/v1", key_env="")
    with pytest.raises(OverBudget, match="price of m is unknown"):
        Batches(api, BatchSection(), tmp_path / "t.jsonl", Purse(BudgetSection(usd=Decimal(1))))
    priced = BatchSection(price=PRICES["m"])
    endless = api.model_copy(update={"max_tokens": None})
    with pytest.raises(OverBudget, match="max_tokens"):
        Batches(endless, priced, tmp_path / "t.jsonl", Purse(BudgetSection(usd=Decimal(1))))


KILLS: dict[str, tuple[str, Callable[[Handler], bool]]] = {
    "before the upload is done": ("POST files", stall(False)),
    "before the upload is recorded": ("POST files", stall(True)),
    "between upload and submission": ("POST batches", stall(False)),
    "before the submission is recorded": ("POST batches", stall(True)),
    "while it is looked at": ("GET batches one", stall(False)),
    "while results are collected": ("GET files content", half(True)),
}


@pytest.mark.parametrize("moment", KILLS)
def test_a_batch_is_submitted_and_paid_for_once_whenever_the_process_is_killed(
    tmp_path: Path, moment: str
) -> None:
    operation, trouble = KILLS[moment]
    with batch_server() as server:
        others(server)
        server.trouble[operation] = [trouble]
        killed = subprocess.Popen(
            [sys.executable, "-m", "tests.batch_server", str(tmp_path), server.url, "900"],
            stdout=subprocess.DEVNULL,
        )
        try:
            assert server.stalled.wait(60)
            if moment == "while results are collected":
                until((tmp_path / "teacher.jsonl").exists)
        finally:
            killed.send_signal(signal.SIGKILL)
            killed.wait()
        server.stalled.clear()
        others(server)
        session = Session(tmp_path, server.url)
        replies = session.ask(*calls(900))
    assert texts(replies) == said_all(900)
    assert len(server.batches) == 3 + 3 + 1
    assert server.calls.count("POST files") == 1 + (moment == "before the upload is done")
    assert session.account.spent == server.tokens == 900 * 15 * 1000
    assert not session.account.stranded
    assert len(journal_keys(tmp_path)) == 900


def journal_keys(folder: Path) -> list[str]:
    rows = (folder / "teacher.jsonl").read_text().splitlines()
    return [json.loads(row)["key"] for row in rows]


def others(server: BatchServer) -> None:
    """Somebody else uses the same account."""
    for _ in range(3):
        file = server.put("theirs.jsonl", b"")
        server.submit(file["id"], {"loop_batch": "theirs"})


class Killed(BaseException):
    """Stands for a kill; nothing catches it."""


class Opening:
    """Ends a session just before the Nth file is opened for writing."""

    def __init__(self) -> None:
        self.left = -1
        self.folder = ""
        sys.addaudithook(self.watch)

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.left < 0 or event not in ("open", "os.rename", "os.remove", "os.rmdir"):
            return
        path = str(arguments[0])
        writes = event != "open" or (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
        # A tree is removed by names relative to it.
        if writes and (path.startswith(self.folder) or not path.startswith("/")):
            self.left -= 1
            if self.left < 0:
                raise Killed


@cache
def opening() -> Opening:
    """The one hook: it cannot be taken away again."""
    return Opening()


def test_nothing_is_lost_or_asked_twice_at_any_moment_on_disk(tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        asked = request["body"]["messages"]
        if asked[0]["content"] == "Say c2.":
            return refusal(request, 500)
        return echo(request) | {"response": fitting('{"name": "x"}' if asked[1:] else "none")}

    moment, cut = 0, True
    while cut:
        folder = tmp_path / str(moment)
        folder.mkdir()
        with batch_server() as server:
            server.states, server.answer = ("completed",), answer
            opening().folder, opening().left, cut = str(folder), moment, False
            try:
                Session(folder, server.url, attempts=2).ask(*map(json_call, ("c1", "c2")))
            except Killed:
                cut = True
            opening().left = -1
            session = Session(folder, server.url, attempts=2)
            replies = session.ask(*map(json_call, ("c1", "c2")))
        assert replies["c1"].values == ({"name": "x"},), moment
        assert replies["c2"].problem == "status 500 (no), 2 times"
        assert [len(batch) for batch in server.requests] == [2, 2], moment
        assert session.account.spent == server.tokens == 2 * 15 * 1000, moment
        assert not session.account.stranded, moment
        assert sorted(journal_keys(folder)) == ["c1", "c1~0r"], moment
        moment += 1
    assert moment > 20


def test_a_batch_whose_removal_is_cut_short_is_not_half_there(tmp_path: Path) -> None:
    line = Line("id", "key", "claim", (1, 1), 1, "plain")
    moment, cut = 0, True
    while cut:
        folder = tmp_path / str(moment)
        Shelf(folder).plan({"id": line}, [b"{}\n"])
        opening().folder, opening().left, cut = str(folder), moment, False
        try:
            shelf = Shelf(folder)
            shelf.drop(shelf.batches[0])
        except Killed:
            cut = True
        opening().left = -1
        assert [batch.lines for batch in Shelf(folder).batches] in ([], [{"id": line}])
        moment += 1
    assert moment > 3


def test_a_long_line_is_never_held_whole() -> None:
    rows = list(rows_in([b"a\n", *[b"x" * 100_000] * 20, b"\nb", b"c"]))
    assert [(len(row.data), row.whole, row.ended) for row in rows] == [
        (1, True, True),
        (LONGEST_LINE, False, True),
        (2, True, False),
    ]


@pytest.mark.parametrize(
    "trouble",
    [
        {"POST files": [status(500), done_unseen]},
        {"POST batches": [done_unseen]},
        {"POST batches": [status(503), done_unseen], "GET batches": [status(500)]},
        {"GET batches one": [status(500), status(429)]},
        {"GET files content": [status(500), half(False)]},
    ],
)
def test_a_server_that_fails_for_a_while_is_asked_again_and_nothing_twice(
    tmp_path: Path, trouble: dict[str, list[Callable[[Handler], bool]]]
) -> None:
    with batch_server() as server:
        server.trouble = trouble
        session = Session(tmp_path, server.url)
        replies = session.ask(*calls(3))
    assert texts(replies) == said_all(3)
    assert len(server.batches) == 1
    assert session.account.spent == server.tokens


def test_a_server_that_stays_away_is_an_error_and_what_was_submitted_is_found(
    tmp_path: Path,
) -> None:
    with batch_server() as server:
        server.trouble["GET batches one"] = [status(502)] * 2
        with pytest.raises(ApiError, match="2 times; start again when the server answers"):
            Session(tmp_path, server.url, attempts=2).ask(*calls(3))
        assert texts(Session(tmp_path, server.url).ask(*calls(3))) == said_all(3)
    assert len(server.batches) == 1


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(401, "the key in TEST_KEY"), (404, "has /files and /batches"), (302, "has /files")],
)
def test_a_refusal_says_what_to_do(tmp_path: Path, code: int, remedy: str) -> None:
    with batch_server() as server:
        server.trouble["POST files"] = [status(code, f"{KEY} is wrong")]
        with pytest.raises(ApiError, match=remedy) as caught:
            Session(tmp_path, server.url).ask(call())
    assert KEY not in str(caught.value)


def hostile(request: dict[str, Any]) -> dict[str, Any] | bytes | None:
    name = request["custom_id"]
    good = json.dumps(echo(request))
    spoiled: dict[str, Any] = {
        "Say c0.": good[: len(good) // 2].encode(),
        "Say c1.": json.dumps(echo(request) | {"padding": "x" * 2_000_000}).encode(),
        "Say c2.": None,
        "Say c3.": good.encode() + b"\n" + good.encode(),
        "Say c4.": good.encode() + b'\n{"custom_id": "never-asked-\\u001b[2J", "response": null}',
        "Say c5.": b'{"custom_id": "' + name.encode() + b'", "response": ' + b"[" * 100_000,
        "Say c6.": json.dumps({"custom_id": name, "response": {"status_code": 200, "body": []}}),
        "Say c7.": b"\xff\xfe\x00 no line at all",
        "Say c8.": json.dumps({"custom_id": name, "response": "yes", "error": 7}),
    }
    given = spoiled.get(request["body"]["messages"][0]["content"], good)
    return given.encode() if isinstance(given, str) else given


def test_hostile_results_are_named_and_counted_and_what_they_spoiled_is_asked_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with batch_server() as server:
        server.answer = hostile
        first = True

        def arrange(lines: list[bytes]) -> list[bytes]:
            nonlocal first
            server.answer, first = (echo, False) if first else (server.answer, first)
            return lines

        server.arrange = arrange
        session = Session(tmp_path, server.url)
        replies = session.ask(*calls(10))
    assert texts(replies) == said_all(10)
    (path,) = tmp_path.glob("teacher.batches/0001/state.json")
    assert json.loads(path.read_text())["counts"] == {
        "answered": 3,
        "unreadable": 4,
        "missing": 2,
        "given twice": 1,
        "never asked for": 1,
        "unreadable without id": 1,
        "failed": 1,
    }
    assert "never-asked- [2J" in capsys.readouterr().out
    # What cannot be read may have been billed: it costs its reservation.
    assert session.account.spent > server.tokens
    assert [len(batch) for batch in server.requests] == [10, 7]


def test_results_without_end_are_not_read_for_ever(tmp_path: Path) -> None:
    with batch_server() as server:
        server.arrange = lambda lines: lines * 5000
        Session(tmp_path, server.url).ask(call())
    assert counts(tmp_path)["given twice"] < 300


def test_no_file_holds_the_key(tmp_path: Path) -> None:
    with batch_server() as server:
        server.answer = lambda request: (
            refusal(request, 400, f"bad {KEY}")
            if request["body"]["messages"][0]["content"] == "Say c1."
            else echo(request) | {"response": fitting(f"the key is {KEY}")}
        )
        replies = Session(tmp_path, server.url).ask(*calls(2))
    assert replies["c0"].texts == ("the key is [key]",)
    with batch_server() as server:
        server.trouble["POST batches"] = [given({"id": KEY})]
        with pytest.raises(ApiError, match="an answer without an id"):
            Session(tmp_path, server.url, attempts=1).ask(call("c3"))
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) >= 6
    assert not [path for path in kept if KEY.encode() in path.read_bytes()]


def test_a_batch_that_is_gone_is_not_submitted_anew_unasked(tmp_path: Path) -> None:
    with batch_server() as server:
        server.trouble["GET batches one"] = [status(404)] * 2
        for _ in range(2):
            with pytest.raises(ApiError, match=r"batch_1 is not known there.*Without .*0001 it is"):
                Session(tmp_path, server.url).ask(call())
    assert len(server.batches) == 1


def test_no_response_is_read_beyond_a_limit(tmp_path: Path) -> None:
    huge = given({"id": "batch_1", "status": "completed", "padding": "x" * 3_000_000})
    with batch_server() as server:
        server.trouble["GET batches one"] = [huge]
        with pytest.raises(ApiError, match="more than 1,048,576 bytes"):
            Session(tmp_path, server.url, attempts=1).ask(call())


def test_a_missing_key_is_an_error_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY")
    with pytest.raises(ApiError, match="TEST_KEY is not set"):
        Session(tmp_path, "http://127.0.0.1:9/v1")
