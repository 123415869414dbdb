"""The same model in this process and behind a server: the same prompts, answers and scores."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from loop import models
from loop.errors import ModelError
from loop.evaluate import (
    Backend,
    Servers,
    check_backend,
    evaluate,
    in_process,
    load_guard_tasks,
    measure_guards,
    vllm,
)
from loop.evaluate.cut import cut_at_end
from loop.evaluate.decode import Answer, Question
from loop.evaluate.ends import has_ended
from loop.example import Example, Turn
from loop.recipe import (
    CategorySection,
    EvaluationSection,
    GuardSection,
    ModelSection,
)
from loop.records import Adapter, Evaluation, Grade, Guards
from loop.serving import filled, start
from tests.completions_server import Completions, serving

MODEL = ModelSection(base="random:tiny", threads=1)
ITEMS = tuple(
    Example(
        instruction=f"Tell me about {noun}.",
        output=noun,
        category=("plain", "lines")[place % 2],
        history=(Turn(role="user", content="Hello."),) if place == 2 else (),
    )
    for place, noun in enumerate(("apple", "lime", "pear", "plum", "fig", "date"))
)
TAXONOMY = (
    CategorySection(name="plain", weight=1, target=0.5, format="text", max_new_tokens=12),
    CategorySection(name="lines", weight=1, target=0.5, format="label", max_new_tokens=40),
)
CHATS = ("local-chat-completions", "local-completions")


def long_enough(examples: Sequence[Example], answers: Sequence[str]) -> list[Grade]:
    passes = [len(answer) % 2 == 0 for answer in answers]
    return [Grade(score=ok, passed=ok, reason="passed" if ok else "format") for ok in passes]


@pytest.fixture(scope="module")
def tiny() -> models.Loaded:
    return models.load_base(MODEL)


@pytest.fixture
def completions(tiny: models.Loaded) -> Completions:
    return Completions(tiny.model, tiny.tokenizer)


@pytest.fixture
def url(completions: Completions) -> Iterator[str]:
    with serving(completions) as address:
        yield address


def section(backend: str, **server: Any) -> EvaluationSection:
    fields = {"concurrency": 4, "timeout": 60, **server}
    return EvaluationSection.model_validate({"backend": backend, "server": fields, "batch_size": 4})


def evaluated(
    backend: Backend,
    folder: Path,
    model: ModelSection = MODEL,
    items: tuple[Example, ...] = ITEMS,
) -> Evaluation:
    graders = {"plain": long_enough, "lines": long_enough}
    given = (TAXONOMY, EvaluationSection(batch_size=3), backend, "base", graders, "Answer:")
    return evaluate(items, "diagnose", 0, *given, folder, model)


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize("prompt", [None, "Be brief."])
def test_a_server_with_the_same_weights_gives_the_same_evaluation(
    tiny: models.Loaded, url: str, tmp_path: Path, kind: str, prompt: str | None
) -> None:
    model = MODEL.model_copy(update={"system_prompt": prompt})
    here = evaluated(in_process(tiny, MODEL.base, "base", 4), tmp_path / "here", model)
    servers = Servers(section(kind, base_url=url), MODEL, tmp_path)
    there = evaluated(servers.backend(None), tmp_path / "there", model)
    assert there == here
    assert len({sample.answer for sample in here.samples}) > 1
    assert {sample.complete for sample in here.samples if sample.category == "plain"} == {False}


@pytest.mark.slow
def test_the_packaged_model_gives_the_same_evaluation_through_a_server(tmp_path: Path) -> None:
    packaged = ModelSection()
    loaded = models.load_base(packaged)
    here = evaluated(
        in_process(loaded, packaged.base, "base", 4), tmp_path / "here", packaged, ITEMS[:2]
    )
    with serving(Completions(loaded.model, loaded.tokenizer)) as address:
        servers = Servers(section(CHATS[0], base_url=address), packaged, tmp_path)
        there = evaluated(servers.backend(None), tmp_path / "there", packaged, ITEMS[:2])
    assert there == here


def test_answers_of_a_server_are_kept_and_not_asked_for_again(
    completions: Completions, url: str, tmp_path: Path
) -> None:
    backend = Servers(section("local-completions", base_url=url), MODEL, tmp_path).backend(None)
    first = evaluated(backend, tmp_path / "answers")
    asked = len(completions.asked)
    assert evaluated(backend, tmp_path / "answers") == first
    assert len(completions.asked) == asked


def test_a_request_that_fails_is_sent_again(
    completions: Completions, url: str, tmp_path: Path
) -> None:
    completions.failing = 1
    backend = Servers(section("local-completions", base_url=url), MODEL, tmp_path).backend(None)
    assert evaluated(backend, tmp_path / "answers").samples


def test_a_body_that_is_no_completion_is_explained(tiny: models.Loaded, tmp_path: Path) -> None:
    class Odd(Completions):
        def give(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
            return {"error": "no such model"}

    with serving(Odd(tiny.model, tiny.tokenizer)) as address:
        odd = section("local-completions", base_url=address, concurrency=1)
        with pytest.raises(ModelError, match="sent no completion"):
            Servers(odd, MODEL, tmp_path).backend(None)


def test_a_server_that_is_not_there_is_explained(tmp_path: Path) -> None:
    absent = section("local-chat-completions", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(ModelError, match=r"the server at .* failed"):
        Servers(absent, MODEL, tmp_path).backend(None)


def test_only_the_named_key_is_sent(
    completions: Completions, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "someone-elses")
    Servers(section("local-completions", base_url=url), MODEL, tmp_path).backend(None)
    assert set(completions.authorised) == {None}
    monkeypatch.setenv("OWN_KEY", "ours")
    named = section("local-completions", base_url=url, key_env="OWN_KEY")
    Servers(named, MODEL, tmp_path / "b").backend(None)
    assert completions.authorised[-1] == "Bearer ours"


@pytest.mark.parametrize("kind", CHATS)
def test_a_server_is_sent_a_tasks_own_stops_and_no_special_token(
    completions: Completions, url: str, tiny: models.Loaded, tmp_path: Path, kind: Any
) -> None:
    backend = Servers(section(kind, base_url=url), MODEL, tmp_path).backend(None)
    messages = ({"role": "user", "content": "Hello."},)
    tokens = tuple(tiny.tokenizer("Hello.")["input_ids"])
    stops = ("\n\n", "Q:", tiny.tokenizer.eos_token)
    backend.decode([Question("Hello.", tokens, 4, None, (), messages, stops)])
    backend.decode([Question("Hello.", tokens, 4, None, (), messages)])
    assert completions.asked[-2]["stop"] == ["\n\n", "Q:"]
    assert "stop" not in completions.asked[-1]


def test_a_missing_key_is_said_before_work() -> None:
    with pytest.raises(ModelError, match="NO_SUCH_KEY is not set"):
        check_backend(section("local-completions", base_url="http://x/v1", key_env="NO_SUCH_KEY"))


def test_a_server_that_renders_another_prompt_is_refused(
    tiny: models.Loaded, tmp_path: Path
) -> None:
    class Injecting(Completions):
        def give(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
            system = {"role": "system", "content": "You are kind."}
            return super().give(path, {**body, "messages": [system, *body["messages"]]})

    with serving(Injecting(tiny.model, tiny.tokenizer)) as address:
        servers = Servers(section("local-chat-completions", base_url=address), MODEL, tmp_path)
        with pytest.raises(ModelError, match="its chat template differs"):
            servers.backend(None)


def test_likelihoods_through_a_server_are_those_of_the_model(
    tiny: models.Loaded, url: str, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_text('{"q": "one"}\n{"q": "two"}\n{"q": "three"}\n' * 4)
    (tmp_path / "choices.yaml").write_text(
        "task: choices\ndataset_path: json\ndataset_kwargs: {data_files: {test: rows.jsonl}}\n"
        "test_split: test\noutput_type: multiple_choice\ndoc_to_text: '{{q}}'\n"
        "doc_to_choice: [good, bad, neither]\ndoc_to_target: 1\n"
    )
    guards = (GuardSection(task="choices.yaml"),)

    def measured(backend: Backend, kind: str) -> Guards:
        loaded = load_guard_tasks(guards, tmp_path, kind)
        given = (EvaluationSection(), MODEL, _no_sandbox, tmp_path / kind, 0)
        return measure_guards(loaded, 0, backend, "base", None, *given)

    servers = Servers(section("local-completions", base_url=url), MODEL, tmp_path)
    here = measured(in_process(tiny, MODEL.base, "base", 4), "hf")
    assert measured(servers.backend(None), "local-completions") == here


def _no_sandbox() -> Any:
    raise AssertionError("nothing is to be run")


@pytest.mark.slow
def test_a_served_adapter_is_started_checked_and_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from peft import LoraConfig, get_peft_model

    base = models.load_base(MODEL)
    here = evaluated(in_process(base, MODEL.base, "base", 4), tmp_path / "here")
    lora = LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False)
    tuned = get_peft_model(models.load_base(MODEL).model, lora)
    tuned.save_pretrained(str(tmp_path / "adapter"))
    adapter = _adapter(tmp_path, "adapter")
    plain = get_peft_model(
        models.load_base(MODEL).model, LoraConfig(r=2, target_modules="all-linear")
    )
    plain.save_pretrained(str(tmp_path / "untrained"))
    command = f"{sys.executable} -m tests.completions_server {{base}} {{port}}"
    served = section("local-completions", serve=command, serve_adapter="{adapter}")
    servers = Servers(served, MODEL, tmp_path)
    there = evaluated(servers.backend(None), tmp_path / "there")
    assert there == here
    changed = evaluated(servers.backend(adapter), tmp_path / "tuned")
    assert [s.answer for s in changed.samples] != [s.answer for s in here.samples]
    assert "warning" not in capsys.readouterr().out
    servers.close()
    # A resumed run has not asked the base.
    resumed = Servers(served, MODEL, tmp_path)
    resumed.backend(_adapter(tmp_path, "untrained"))
    resumed.close()
    assert "exactly as the base" in capsys.readouterr().out


def _adapter(folder: Path, name: str) -> Adapter:
    import hashlib

    weights = (folder / name / "adapter_model.safetensors").read_bytes()
    sha = hashlib.sha256(weights).hexdigest()
    return Adapter(folder=name, sha256=sha, base=MODEL.base, examples=0, steps=0, tokens=0)


def test_a_server_that_ends_is_explained_by_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('no such weights'); raise SystemExit(3)"]
    with pytest.raises(ModelError, match=r"ended with code 3; .* ends with: no such weights"):
        start(command, tmp_path / "server.log", 30, key="evaluation.server.serve")


def test_a_place_in_a_command_stays_one_argument() -> None:
    places = {"base": "a folder/model", "adapter": "", "name": "n", "port": "", "tokenizer": ""}
    words = filled("serve {base} --port {port} --lora {name}={adapter}", places)
    assert words == ["serve", "a folder/model", "--port", "{port}", "--lora", "n="]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"backend": "local-completions"}, "needs `server:`"),
        ({"backend": "hf", "server": {"base_url": "http://x/v1"}}, "asks none"),
        ({"backend": "local-completions", "server": {}}, "either base_url"),
        ({"backend": "local-completions", "server": {"serve": "vllm serve"}}, "needs {port}"),
        ({"backend": "local-completions", "server": {"serve": "x {prot}"}}, "'prot' is none"),
    ],
)
def test_a_wrong_server_section_is_explained(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        EvaluationSection.model_validate(fields)


def test_vllm_that_is_not_installed_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="pip install vllm"):
        check_backend(EvaluationSection(backend="vllm"))
    with pytest.raises(ModelError, match="pip install vllm"):
        vllm(MODEL, tmp_path, None)


def test_a_served_answer_is_cut_behind_the_token_that_completes_it(tiny: models.Loaded) -> None:
    def ended(text: str) -> bool:
        return has_ended(text, "json", "Answer:", reasoned=False)

    question = Question("x", (1,), 40, ended, ())
    whole = cut_at_end(question, '{"a": 1} and so on', False, tiny.tokenizer)
    assert whole.complete
    assert whole.text.startswith('{"a": 1}')
    assert len(whole.text) < len('{"a": 1} and so on')
    assert cut_at_end(question, '{"a": ', False, tiny.tokenizer) == Answer('{"a": ', False)
    assert cut_at_end(question, '{"a": ', None, tiny.tokenizer).complete
