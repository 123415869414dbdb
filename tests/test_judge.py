from pathlib import Path

import pytest

from loop.errors import TeacherError
from loop.judges import JudgeError, load_judge
from loop.judges.openai import OpenAIJudge
from loop.recipe import QualitySection
from tests.server import RESET, SILENT, Answer, Server, raw, refused, said, serving

SCHEMA = {"type": "object", "properties": {"clarity": {"type": "integer"}}}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("TEST_KEY", "sk-secret")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def judge(server: Server, pauses: list[float] | None = None, **options: object) -> OpenAIJudge:
    given = {"model": "m-1", "base_url": server.url, "key_env": "TEST_KEY", **options}
    waited = [] if pauses is None else pauses

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    return OpenAIJudge(given, 7, pause=pause)


def forms(server: Server) -> list[str | None]:
    return [body.get("response_format", {}).get("type") for body in server.bodies]


def test_a_prompt_is_sent_with_key_seed_and_schema_and_the_text_comes_back() -> None:
    with serving(said('{"clarity": 4}')) as server:
        reply = judge(server).ask("Grade it.", SCHEMA)
    assert reply == '{"clarity": 4}'
    (seen,) = server.seen
    assert seen.path == "/v1/chat/completions"
    assert seen.headers["authorization"] == "Bearer sk-secret"
    assert server.bodies == [
        {
            "model": "m-1",
            "messages": [{"role": "user", "content": "Grade it."}],
            "max_tokens": 300,
            "seed": 7,
            "temperature": 0.0,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "reply", "strict": True, "schema": SCHEMA},
            },
        }
    ]


def test_a_prompt_with_damaged_text_can_be_sent() -> None:
    with serving(said("ok")) as server:
        assert judge(server).ask("a\ud800b", SCHEMA) == "ok"


def test_a_server_without_a_key_is_sent_none() -> None:
    with serving(said("ok")) as server:
        judge(server, key_env="").ask("x", SCHEMA)
    assert "authorization" not in server.seen[0].headers


def test_what_a_model_refuses_can_be_left_out() -> None:
    with serving(said("ok")) as server:
        judge(server, temperature=None, max_tokens=None).ask("x", SCHEMA)
    assert {"temperature", "max_tokens"}.isdisjoint(server.bodies[0])


def test_a_refused_schema_is_left_out_from_then_on() -> None:
    with serving(refused(400), refused(422), said("first"), said("second")) as server:
        asked = judge(server)
        assert [asked.ask("x", SCHEMA), asked.ask("y", SCHEMA)] == ["first", "second"]
    assert forms(server) == ["json_schema", "json_object", None, None]


@pytest.mark.parametrize("content", [None, [{"type": "text"}], 3])
def test_a_model_that_says_nothing_gives_an_empty_reply(content: object) -> None:
    with serving(said(content)) as server:
        assert judge(server).ask("x", SCHEMA) == ""


@pytest.mark.parametrize(
    "passing",
    [
        refused(429),
        refused(500),
        refused(503),
        SILENT,
        RESET,
        raw(b"<html>"),
        raw(b"{}"),
        raw(b'{"choices": [{"message": []}]}'),
    ],
)
def test_a_passing_failure_is_tried_again_after_a_longer_pause(passing: Answer) -> None:
    pauses: list[float] = []
    with serving(passing, passing, said("ok")) as server:
        assert judge(server, pauses, timeout=0.2).ask("x", SCHEMA) == "ok"
    first, second = pauses
    assert 0.5 <= first < 1.0 <= second < 2.0


@pytest.mark.parametrize(
    ("asked", "waited"),
    [("7", 7.0), ("0.25", 0.25), ("3600", 60.0), ("1" * 5000, 60.0), ("inf", 60.0)],
)
def test_a_server_that_says_how_long_to_wait_is_heard(asked: str, waited: float) -> None:
    pauses: list[float] = []
    with serving(refused(429, Retry_After=asked), said("ok")) as server:
        judge(server, pauses).ask("x", SCHEMA)
    assert pauses == [waited]


@pytest.mark.parametrize("asked", ["soon", "-1", "nan", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_server_that_asks_for_nonsense_is_asked_again_when_it_suits(asked: str) -> None:
    pauses: list[float] = []
    with serving(refused(429, Retry_After=asked), said("ok")) as server:
        judge(server, pauses).ask("x", SCHEMA)
    assert 0.5 <= pauses[0] < 1.0


def test_a_server_that_never_answers_is_an_error_that_says_what_to_do() -> None:
    pauses: list[float] = []
    with serving(refused(503)) as server, pytest.raises(JudgeError) as caught:
        judge(server, pauses, attempts=3).ask("x", SCHEMA)
    assert len(server.bodies) == 3
    assert len(pauses) == 2
    assert "status 503" in str(caught.value)
    assert "3 times; start again when the server answers" in str(caught.value)


def test_a_server_that_is_not_there_is_an_error() -> None:
    with serving(said("ok")) as server:
        pass
    with pytest.raises(JudgeError, match="no answer"):
        judge(server, attempts=2).ask("x", SCHEMA)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "look at the key in the environment variable TEST_KEY"),
        (403, "look at the key"),
        (404, "knows m-1"),
        (405, "look at the options of m-1"),
    ],
)
def test_a_lasting_refusal_is_not_tried_again(status: int, remedy: str) -> None:
    with serving(refused(status)) as server, pytest.raises(JudgeError, match=remedy) as caught:
        judge(server).ask("x", SCHEMA)
    assert len(server.bodies) == 1
    assert "sk-secret" not in str(caught.value)


def test_a_prompt_refused_in_every_form_is_an_error() -> None:
    with serving(refused(400)) as server, pytest.raises(JudgeError, match="refused 400"):
        judge(server).ask("x", SCHEMA)
    assert forms(server) == ["json_schema", "json_object", None]


@pytest.mark.parametrize("status", [400, 413])
def test_a_row_that_a_working_server_will_not_take_gets_no_reply(status: int) -> None:
    with serving(said("one"), refused(status), said("three")) as server:
        asked = judge(server)
        assert [asked.ask(prompt, SCHEMA) for prompt in "abc"] == ["one", "", "three"]
    assert forms(server)[-1] == "json_schema"


def test_what_a_server_says_in_an_error_is_shown_on_one_short_line() -> None:
    hostile = raw(b"\x1b[31mred\n\xff" + b"x" * 5000, 401)
    with serving(hostile) as server, pytest.raises(JudgeError) as caught:
        judge(server).ask("x", SCHEMA)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_a_redirect_is_not_followed() -> None:
    with serving(said("stolen")) as other:
        moved = refused(302, Location=f"{other.url}/chat/completions")
        with serving(moved) as server, pytest.raises(JudgeError, match="points elsewhere"):
            judge(server).ask("x", SCHEMA)
        assert other.seen == []


def test_a_missing_key_is_named_before_anything_is_sent() -> None:
    with pytest.raises(JudgeError, match="OPENAI_API_KEY is not set"):
        OpenAIJudge({"model": "m-1"}, 0)


def section(judge: str, **options: object) -> QualitySection:
    return QualitySection(judge=judge, options=options)


def test_the_judge_of_the_recipe_is_made_from_its_options(tmp_path: Path) -> None:
    made = load_judge(
        section("loop.judges.openai:OpenAIJudge", model="m-2", key_env="", parallel=2), tmp_path, 0
    )
    assert made is not None
    assert (made.name, made.parallel) == ("m-2", 2)
    assert load_judge(QualitySection(), tmp_path, 0) is None


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "options.model: Field required"),
        ({"model": "m", "api_key": "sk-secret"}, "options.api_key: Extra inputs"),
        ({"model": "m", "base_url": "file:///etc/passwd"}, "options.base_url: String should match"),
    ],
)
def test_wrong_options_are_named_without_their_values(
    options: dict[str, object], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(TeacherError, match=problem) as caught:
        load_judge(section("loop.judges.openai:OpenAIJudge", **options), tmp_path, 0)
    assert "sk-secret" not in str(caught.value)
    assert "passwd" not in str(caught.value)


def test_what_cannot_judge_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd_judge.py").write_text(
        "class Odd:\n    def __init__(self, *_): self.name = ''\n"
    )
    with pytest.raises(TeacherError, match="no parallel"):
        load_judge(section("odd_judge:Odd"), tmp_path, 0)
