"""Calls against a scripted server on loopback."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loop.api import ApiError, Call, Client, Reply
from loop.api.call import Message
from loop.budget import OverBudget, Purse
from loop.ledger import Ledger
from loop.recipe import ApiSection, BudgetSection, PriceSection
from tests.server import (
    HOSTILE,
    HUGE,
    RESET,
    SILENT,
    Answer,
    Seen,
    Server,
    raw,
    refused,
    said,
    scripted,
    serving,
)

KEY = "sk-secret-0123456789"
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
PRICES = {"m": PriceSection(input=Decimal(1), output=Decimal(2))}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("TEST_KEY", KEY)
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "of-another-server")


async def at_once(_seconds: float) -> None:
    pass


def section(server: Server, **given: Any) -> ApiSection:
    fields = {"model": "m", "base_url": server.url, "key_env": "TEST_KEY", "timeout": 5, **given}
    return ApiSection.model_validate(fields)


def client(
    server: Server, purse: Purse | None = None, journal: Path | None = None, **given: Any
) -> Client:
    return Client(section(server, **given), purse, "teacher", journal, at_once)


def call(name: str = "c", **given: Any) -> Call:
    return Call(name, (Message("user", f"Say {name}."),), **given)


def calls(count: int) -> Iterator[Call]:
    return (call(f"c{number}") for number in range(count))


def opened(folder: Path, usd: str | None = "10") -> tuple[Ledger, Purse]:
    ledger = Ledger(folder / "ledger.jsonl")
    ledger.append("resume" if ledger.entries else "start")
    limit = BudgetSection(usd=None if usd is None else Decimal(usd))
    return ledger, Purse(limit, PRICES, ledger.account, ledger.write)


def echo(_: int, seen: Seen) -> Answer:
    return said(seen.body["messages"][0]["content"])


def test_a_stream_answers_every_call_once() -> None:
    with scripted(echo) as server:
        replies = list(client(server).stream(calls(50)))
    assert {reply.call.id: reply.texts for reply in replies} == {
        f"c{n}": (f"Say c{n}.",) for n in range(50)
    }


def test_no_more_are_under_way_than_the_recipe_says() -> None:
    def slow(number: int, seen: Seen) -> Answer:
        return Answer(body=echo(number, seen).body, delay=0.01)

    with scripted(slow) as server:
        list(client(server, parallel=3).stream(calls(30)))
    assert server.most_at_once == 3


def test_calls_are_drawn_only_as_replies_are_taken() -> None:
    drawn: list[str] = []

    def endless() -> Iterator[Call]:
        number = 0
        while True:
            drawn.append(f"c{number}")
            yield call(drawn[-1])
            number += 1

    with scripted(echo) as server:
        stream = client(server, parallel=2).stream(endless())
        taken = [next(stream) for _ in range(5)]
        stream.close()  # type: ignore[attr-defined]
    assert len(taken) == 5
    assert len(drawn) <= 5 + 2 * 2


def test_a_stream_that_is_left_keeps_what_was_sent(tmp_path: Path) -> None:
    ledger, purse = opened(tmp_path)
    with scripted(echo) as server:
        stream = client(server, purse, tmp_path / "kept.jsonl").stream(calls(1000))
        next(stream)
        stream.close()  # type: ignore[attr-defined]
    kept = (tmp_path / "kept.jsonl").read_text().splitlines()
    assert len(kept) == server.count == ledger.account.tries["answered"] < 1000
    assert not ledger.account.open


@pytest.mark.parametrize(
    ("trouble", "why", "owed"),
    [
        (refused(500), "status 500", False),
        (refused(429), "status 429", False),
        (refused(409), "status 409", False),
        (RESET, "connection lost", True),
        (SILENT, "timeout", True),
        (raw(b'{"choices": [{"mess'), "unreadable", True),
        (Answer(padding=HUGE, body=said("x").body), "unreadable", True),
        (Answer(500, padding=HUGE), "unreadable", True),
        (raw(b"\x1f\x8b", Content_Encoding="gzip"), "unreadable", True),
    ],
)
def test_a_failed_attempt_is_made_again_and_paid_as_it_may_have_been_billed(
    trouble: Answer, why: str, owed: bool
) -> None:
    purse = Purse(BudgetSection(usd=Decimal(1)), PRICES)
    with serving(trouble, said("ok")) as server:
        reply = client(server, purse, timeout=0.3).ask(call())
    assert reply.texts == ("ok",)
    assert purse.account.tries == {why: 1, "answered": 1}
    answered = 10 * 1000 + 5 * 2000
    assert (purse.account.spent > answered) == owed
    assert purse.account.reserved == 0


def test_a_huge_reply_is_not_read_to_its_end() -> None:
    with serving(Answer(padding=HUGE, body=said("x").body), said("ok")) as server:
        client(server).ask(call())
    assert server.sent_bytes < HUGE / 2


def test_a_server_that_is_not_there_costs_nothing() -> None:
    with serving(said("ok")) as server:
        pass
    purse = Purse(BudgetSection(usd=Decimal(1)), PRICES)
    reply = client(server, purse, attempts=2).ask(call())
    assert reply.passing
    assert purse.account.tries == {"not reached": 2}
    assert purse.account.spent == 0


def test_a_stream_ends_where_the_server_is_gone() -> None:
    with serving(refused(503)) as server, pytest.raises(ApiError, match="10 prompts in a row"):
        list(client(server, attempts=1, parallel=1).stream(calls(100)))
    assert server.count < 20


def test_a_prompt_that_the_server_will_not_take_is_a_problem_of_its_own() -> None:
    def picky(_: int, seen: Seen) -> Answer:
        return refused(400) if "c7." in str(seen.body["messages"]) else said("ok")

    with scripted(picky) as server:
        replies = list(client(server, parallel=1).stream(calls(10)))
    assert [reply.call.id for reply in replies if reply.problem] == ["c7"]


def test_a_used_up_account_is_not_asked_again() -> None:
    used_up = raw(b'{"error": {"code": "insufficient_quota"}}', 429)
    with serving(used_up) as server, pytest.raises(ApiError, match="no credit left"):
        client(server).ask(call())
    assert server.count == 1


def test_a_reply_that_follows_the_schema_is_given_as_a_value() -> None:
    with serving(said('<think>{}</think>```json\n{"name": "Ada"}\n```')) as server:
        reply = client(server).ask(call(schema=SCHEMA))
    assert (reply.values, reply.repaired) == (({"name": "Ada"},), 0)


def test_a_reply_that_does_not_is_repaired_once() -> None:
    with serving(said('{"name": 3}'), said('{"name": "Ada"}')) as server:
        reply = client(server).ask(call(schema=SCHEMA))
    assert (reply.values, reply.texts, reply.repaired) == (
        ({"name": "Ada"},), ('{"name": "Ada"}',), 1,
    )  # fmt: skip
    said_back, asked = server.bodies[1]["messages"][1:]
    assert said_back == {"role": "assistant", "content": '{"name": 3}'}
    assert "['name']: 3 is not of type 'string'" in asked["content"]


def test_a_reply_that_stays_wrong_has_no_value() -> None:
    with serving(said("no"), said("never")) as server:
        reply = client(server).ask(call(schema=SCHEMA))
    assert (reply.values, reply.texts) == ((None,), ("no",))
    assert server.count == 2


@pytest.mark.parametrize("text", ["[" * 100_000, '{"name":' * 5000, HOSTILE, "{" * 50_000])
def test_hostile_text_is_data(text: str, tmp_path: Path) -> None:
    with serving(said(text)) as server:
        asked = client(server, journal=tmp_path / "kept.jsonl")
        reply = asked.ask(call(schema=SCHEMA, repair=False))
    assert reply.values == (None,)
    assert client(server, journal=tmp_path / "kept.jsonl").ask(call()).texts == (text,)


def test_a_server_that_knows_several_candidates_is_asked_once() -> None:
    with serving(said("a", "b", "c")) as server:
        reply = client(server).ask(call(candidates=3))
    assert reply.texts == ("a", "b", "c")
    assert server.bodies[0]["n"] == 3


@pytest.mark.parametrize("first", [said("a"), refused(400)])
def test_a_server_that_gives_one_at_a_time_is_asked_several_times(first: Answer) -> None:
    with serving(first, said("b"), said("c"), said("d")) as server:
        reply = client(server).ask(call(candidates=3))
    assert len(reply.texts) == 3
    assert [body.get("n") for body in server.bodies[-2:]] == [None, None]


def test_more_candidates_than_asked_for_are_not_taken() -> None:
    with serving(said("a", "b", "c")) as server:
        assert client(server).ask(call()).texts == ("a",)


def test_a_model_that_wants_the_limit_under_another_name_gets_it() -> None:
    unsupported = raw(b'{"error": "use max_completion_tokens instead"}', 400)
    with serving(unsupported, said("ok")) as server:
        asked = client(server)
        assert [asked.ask(call(name)).texts for name in "ab"] == [("ok",), ("ok",)]
    assert ["max_tokens" in body for body in server.bodies] == [True, False, False]
    assert server.bodies[2]["max_completion_tokens"] == 2048


def test_only_the_named_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(said("ok")) as server:
        client(server).ask(call())
        client(server, key_env="").ask(call())
    with_key, without = (each.headers for each in server.seen)
    assert with_key["authorization"] == f"Bearer {KEY}"
    assert "of-another-server" not in str(server.seen)
    assert "authorization" not in without


def test_a_key_that_a_server_says_back_is_not_kept(tmp_path: Path) -> None:
    ledger, purse = opened(tmp_path)
    bill = {"prompt_tokens": 1, "completion_tokens": 1, KEY: 1}
    escaped = json.dumps({"choices": [{"message": {"content": KEY}, "finish_reason": KEY}],
                          "model": KEY, "usage": bill}).replace("sk", "\\u0073k")  # fmt: skip
    with serving(raw(escaped.encode()), refused(500)) as server:
        asked = client(server, purse, tmp_path / "kept.jsonl", attempts=1)
        reply = asked.ask(call())
    assert reply.texts == ("[key]",)
    assert KEY not in repr(asked) + repr(reply)
    for file in tmp_path.iterdir():
        assert KEY not in file.read_text()
    assert ledger.account.tries == {"answered": 1}


def test_an_error_that_says_the_key_back_does_not_show_it() -> None:
    with (
        serving(raw(f"wrong key {KEY}".encode(), 401)) as server,
        pytest.raises(ApiError) as caught,
    ):
        client(server).ask(call())
    assert KEY not in str(caught.value)
    assert "TEST_KEY" in str(caught.value)


@pytest.mark.parametrize("url", ["http://user:pw@host/v1", "ftp://host", "http://host/v1?key=sk"])
def test_an_address_that_holds_a_secret_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        ApiSection(model="m", base_url=url)


def test_the_worst_case_is_on_disk_before_anything_is_sent(tmp_path: Path) -> None:
    _, purse = opened(tmp_path)
    stood: list[bool] = []

    def look(_: int, seen: Seen) -> Answer:
        rows = map(json.loads, (tmp_path / "ledger.jsonl").read_text().splitlines())
        claims = {row.get("claim") for row in rows if row["event"] == "reserve"}
        stood.append(seen.headers["x-client-request-id"] in claims)
        return said("ok")

    with scripted(look) as server:
        list(client(server, purse).stream(calls(40)))
    assert stood == [True] * 40


def test_a_reply_is_kept_before_it_is_settled(tmp_path: Path) -> None:
    order: list[str] = []

    class Watched(Ledger):
        def write(self, entries: Any) -> Any:
            kept = tmp_path / "kept.jsonl"
            count = len(kept.read_text().splitlines()) if kept.exists() else 0
            order.extend(f"{entry['event']} {count}" for entry in entries)
            return super().write(entries)

    ledger = Watched(tmp_path / "ledger.jsonl")
    purse = Purse(BudgetSection(usd=Decimal(1)), PRICES, ledger.account, ledger.write)
    with serving(said("ok")) as server:
        client(server, purse, tmp_path / "kept.jsonl").ask(call())
    assert order == ["reserve 0", "settle 1"]


def test_a_budget_is_never_exceeded_whatever_is_under_way() -> None:
    usage = (600, 16)
    purse = Purse(BudgetSection(usd=Decimal("0.05")), PRICES)
    with scripted(lambda *_: Answer(body=said("ok", usage=usage).body, delay=0.001)) as server:
        stream = client(server, purse, parallel=256, max_tokens=16).stream(calls(1000))
        replies: list[Reply] = []
        with pytest.raises(OverBudget, match=r"raise budget\.usd"):
            replies.extend(stream)
    cost = 600 * 1000 + 16 * 2000
    assert purse.account.spent == server.count * cost <= 50_000_000
    # It is used up as far as the next worst case allows.
    assert purse.left is not None
    assert purse.left < 2 * cost
    assert len(replies) == server.count


def test_a_paid_reply_is_never_asked_for_again(tmp_path: Path) -> None:
    with scripted(echo) as server:
        for _ in range(2):
            _, purse = opened(tmp_path)
            asked = client(server, purse, tmp_path / "kept.jsonl")
            replies = list(asked.stream(calls(20)))
            assert len(replies) == 20
    assert server.count == 20


def test_a_repair_is_not_paid_for_again(tmp_path: Path) -> None:
    with serving(said("no"), said('{"name": "Ada"}')) as server:
        for _ in range(2):
            asked = client(server, journal=tmp_path / "kept.jsonl")
            assert asked.ask(call(schema=SCHEMA)).values == ({"name": "Ada"},)
    assert server.count == 2


def test_a_reply_kept_but_not_settled_at_a_kill_is_settled_for_what_it_cost(
    tmp_path: Path,
) -> None:
    _, purse = opened(tmp_path)
    with serving(said("ok")) as server:
        client(server, purse, tmp_path / "kept.jsonl").ask(call())
    path = tmp_path / "ledger.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    ledger, purse = opened(tmp_path)
    assert ledger.account.lost > 20_000
    client(server, purse, tmp_path / "kept.jsonl")
    assert (ledger.account.lost, ledger.account.spent) == (0, 20_000)


def test_a_torn_line_of_the_journal_is_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    with scripted(echo) as server:
        list(client(server, journal=path).stream(calls(3)))
        path.write_bytes(path.read_bytes()[:-5])
        replies = list(client(server, journal=path).stream(calls(3)))
    assert sorted(reply.texts[0] for reply in replies) == [f"Say c{n}." for n in range(3)]
    assert server.count == 4


def test_a_disk_that_is_full_stops_the_stream(tmp_path: Path) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    purse = Purse(None, PRICES, write=full)
    with scripted(echo) as server, pytest.raises(OSError, match="No space left"):
        list(client(server, purse).stream(calls(5)))
    assert server.count == 0


@pytest.mark.parametrize(
    "usage",
    [None, [], {"prompt_tokens": -1, "completion_tokens": 5}, {"prompt_tokens": "9"},
     {"prompt_tokens": True, "completion_tokens": 1}, {"prompt_tokens": 1e3}],
)  # fmt: skip
def test_usage_that_is_nonsense_costs_the_reservation(usage: object) -> None:
    purse = Purse(BudgetSection(usd=Decimal(1)), PRICES)
    body = {"choices": [{"message": {"content": "ok"}}], "usage": usage}
    with serving(raw(json.dumps(body).encode())) as server:
        assert client(server, purse).ask(call()).texts == ("ok",)
    assert purse.account.tries == {"answered without usage": 1}
    assert purse.account.spent > 2048 * 2000


def costs(server: Server, folder: Path, **given: Any) -> list[int | None]:
    """What one reply costs, by its own word, when it comes and when it is read again."""
    found = []
    for _ in range(2):
        _, purse = opened(folder, usd=None)
        found.append(client(server, purse, folder / "kept.jsonl", **given).ask(call()).nano)
    return found


def test_a_reply_says_what_it_cost_now_and_when_it_is_read_again(tmp_path: Path) -> None:
    with serving(said("ok")) as server:
        assert costs(server, tmp_path) == [10 * 1000 + 5 * 2000] * 2
    assert server.count == 1


def test_the_cost_of_a_repaired_reply_holds_both_attempts(tmp_path: Path) -> None:
    with serving(said("no"), said('{"name": "Ada"}')) as server:
        _, purse = opened(tmp_path)
        reply = client(server, purse).ask(call(schema=SCHEMA))
    assert reply.nano == purse.account.spent == 40_000


def test_cached_tokens_are_known_again_when_a_reply_is_read_again(tmp_path: Path) -> None:
    bill = {"prompt_tokens": 100, "completion_tokens": 0,
            "prompt_tokens_details": {"cached_tokens": 60}}  # fmt: skip
    prices = {"m": PriceSection(input=Decimal(1), cached_input=Decimal(0), output=Decimal(2))}
    body = {"choices": [{"message": {"content": "ok"}}], "usage": bill}
    with serving(raw(json.dumps(body).encode())) as server:
        found = [
            client(server, Purse(None, prices), tmp_path / "kept.jsonl").ask(call()).nano
            for _ in range(2)
        ]
    assert found == [40_000, 40_000]


def test_a_reply_without_usage_costs_nobody_knows_what(tmp_path: Path) -> None:
    with serving(said("ok", usage=None)) as server:
        assert costs(server, tmp_path) == [None, None]


def test_a_reply_without_a_price_costs_nobody_knows_what(tmp_path: Path) -> None:
    with serving(said("ok")) as server:
        assert costs(server, tmp_path, model="other") == [None, None]


def test_a_reply_of_a_model_that_is_free_costs_nothing_whatever_it_used(tmp_path: Path) -> None:
    free = {"m": PriceSection(input=Decimal(0), output=Decimal(0))}
    with serving(said("ok", usage=None)) as server:
        assert client(server, Purse(None, free)).ask(call()).nano == 0


# A look at the server before anything is asked


@pytest.mark.parametrize("models", [raw(b'{"data": []}'), refused(404), refused(500), raw(b"{")])
def test_a_server_that_answers_at_all_is_there_and_nothing_is_asked(models: Answer) -> None:
    with serving(said("ok")) as server:
        server.models = models
        client(server).check()
    assert (server.count, len(server.looks)) == (0, 1)
    assert server.looks[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_told_before_anything_is_asked(status: int) -> None:
    with serving(said("ok")) as server:
        server.models = raw(KEY.encode(), status)
        with pytest.raises(ApiError, match="environment variable TEST_KEY") as caught:
            client(server).check()
    assert KEY not in str(caught.value)


def test_a_server_that_is_not_there_is_told_before_anything_is_asked() -> None:
    with serving(said("ok")) as server:
        gone = client(server)
    with pytest.raises(ApiError, match="start the server, or correct base_url"):
        gone.check()
    with serving(said("ok")) as server:
        server.models = RESET
        with pytest.raises(ApiError, match="start the server, or correct base_url"):
            client(server).check()


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("no_proxy")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(said("ok")) as server:
        assert client(server).ask(call()).texts == ("ok",)
