"""A teacher in this process: the same replies every time, kept, counted, and no memory left."""

import json
import weakref
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loop import models
from loop.api import Call, Message, Reply
from loop.api.local import LocalModel
from loop.budget import Purse
from loop.errors import ModelError
from loop.fulfil import open_sources
from loop.fulfil.source import Want
from loop.models.sample import _Draws
from loop.recipe import BudgetSection, LocalSection, ModelSection, ModelSource
from tests.teaching import item, situation

SCHEMA = {"type": "object", "required": ["output"]}


def section(**fields: Any) -> LocalSection:
    given = {"model": "random:tiny", "max_tokens": 16, "batch_size": 3, "threads": 1, **fields}
    return LocalSection.model_validate(given)


def calls(count: int = 7, **fields: Any) -> list[Call]:
    asked = [(Message("user", f"Tell me about {n} pears{'!' * n}"),) for n in range(count)]
    return [Call(f"c{n}", each, seed=n, **fields) for n, each in enumerate(asked)]


def told(model: LocalModel, asked: Sequence[Call]) -> list[Reply]:
    replies = list(model.stream(asked))
    model.close()
    return replies


def keys(journal: Path) -> list[str]:
    return [json.loads(row)["key"] for row in journal.read_text().splitlines()]


def test_the_same_calls_get_the_same_replies(tmp_path: Path) -> None:
    first = told(LocalModel(section(), tmp_path / "a"), calls())
    assert told(LocalModel(section(), tmp_path / "b"), calls()) == first
    assert [reply.call.id for reply in first] == [f"c{n}" for n in range(7)]
    assert len({reply.texts for reply in first}) == 7


def test_another_seed_gives_another_reply(tmp_path: Path) -> None:
    prompt = (Message("user", "Tell me about pears."),)
    asked = [Call("one", prompt, seed=1), Call("other", prompt, seed=2)]
    one, other = told(LocalModel(section(), tmp_path / "a"), asked)
    assert one.texts != other.texts


def test_candidates_of_one_call_differ(tmp_path: Path) -> None:
    (reply,) = told(LocalModel(section(), tmp_path / "a"), calls(1, candidates=5))
    assert len(set(reply.texts)) == 5
    assert set(reply.finish) <= {"stop", "length"}


def test_for_kept_replies_no_model_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = told(LocalModel(section(), tmp_path / "a"), calls())
    assert capsys.readouterr().out.count("is loaded") == 1
    assert told(LocalModel(section(), tmp_path / "a"), calls()) == first
    assert "is loaded" not in capsys.readouterr().out


@pytest.mark.parametrize("kept", [1, 3, 5])
def test_a_run_that_was_killed_goes_on_with_the_same_replies(tmp_path: Path, kept: int) -> None:
    first = told(LocalModel(section(), tmp_path / "a"), calls())
    lines = (tmp_path / "a").read_bytes().splitlines(keepends=True)
    (tmp_path / "b").write_bytes(b"".join(lines[:kept]) + lines[kept][:30])
    assert told(LocalModel(section(), tmp_path / "b"), calls()) == first
    assert sorted(keys(tmp_path / "b")) == sorted(keys(tmp_path / "a"))


def test_a_batch_that_was_half_kept_is_made_again_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import LlamaForCausalLM

    generate, sizes = LlamaForCausalLM.generate, []

    def noted(self: Any, **given: Any) -> Any:
        sizes.append(len(given["input_ids"]))
        return generate(self, **given)

    monkeypatch.setattr(LlamaForCausalLM, "generate", noted)
    told(LocalModel(section(), tmp_path / "a"), calls())
    (first, *_) = (tmp_path / "a").read_bytes().splitlines(keepends=True)
    (tmp_path / "b").write_bytes(first)
    told(LocalModel(section(), tmp_path / "b"), calls())
    assert sizes == [3, 3, 1] * 2


def test_a_reply_without_json_is_asked_for_once_more(tmp_path: Path) -> None:
    model = LocalModel(section(), tmp_path / "a")
    replies = told(model, calls(2, schema=SCHEMA))
    assert [(reply.values, reply.repaired) for reply in replies] == [((None,), 0)] * 2
    assert sorted(keys(tmp_path / "a")) == ["c0", "c0~0r", "c1", "c1~0r"]


def test_replies_are_free_and_counted_under_a_budget(tmp_path: Path) -> None:
    written: list[dict[str, Any]] = []
    purse = Purse(BudgetSection(usd=Decimal(0)), write=written.extend)
    replies = told(LocalModel(section(), tmp_path / "a", purse), calls(3))
    assert [reply.nano for reply in replies] == [0, 0, 0]
    assert (purse.account.tries, purse.account.open) == ({"answered": 3}, {})
    settled = [entry for entry in written if entry["event"] == "settle"]
    assert [entry["nano"] for entry in settled] == [0, 0, 0]
    assert all(0 < entry["usage"]["completion_tokens"] <= 16 for entry in settled)


def test_what_was_kept_before_a_kill_is_settled_after_it(tmp_path: Path) -> None:
    purse = Purse()
    told(LocalModel(section(), tmp_path / "a", purse), calls(1))
    claim = json.loads((tmp_path / "a").read_text())["claim"]
    resumed = Purse()
    reserved = {"claim": claim, "role": "teacher", "model": "random:tiny", "nano": 0}
    resumed.account.apply({"event": "reserve", **reserved})
    resumed.account.apply({"event": "resume"})
    LocalModel(section(), tmp_path / "a", resumed)
    assert not resumed.account.stranded
    assert resumed.account.tries == {"answered": 1}


def test_a_prompt_that_leaves_no_room_is_refused_and_the_others_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = Call("long", (Message("user", "x" * 2040),), seed=0)
    replies = told(LocalModel(section(), tmp_path / "a"), [long, *calls(2)])
    assert "are more than the 2048 of random:tiny" in replies[0].problem
    assert not replies[0].passing
    assert [bool(reply.texts) for reply in replies] == [False, True, True]
    assert "was not asked 1 times: a prompt of " in capsys.readouterr().out


def test_half_a_surrogate_pair_does_not_end_the_run(tmp_path: Path) -> None:
    odd = Call("odd", (Message("user", "a \ud800 b"),), seed=0)
    (reply,) = told(LocalModel(section(), tmp_path / "a"), [odd])
    assert reply.texts


def test_at_temperature_0_the_likeliest_token_is_taken(tmp_path: Path) -> None:
    cold = section(temperature=0)
    (reply,) = told(LocalModel(cold, tmp_path / "a"), calls(1, candidates=2))
    loaded = models.load_base(cold.weights)
    text = loaded.tokenizer.apply_chat_template(
        [{"role": "user", "content": calls(1)[0].messages[0].content}],
        tokenize=False,
        add_generation_prompt=True,
    )
    ids = loaded.tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
    best = loaded.model.generate(ids, max_new_tokens=16, do_sample=False)[0, ids.shape[1] :]
    assert reply.texts == (loaded.tokenizer.decode(best, skip_special_tokens=True),) * 2


def test_tokens_are_drawn_by_their_shares() -> None:
    import torch

    shares = torch.tensor([0.5, 0.3, 0.15, 0.05])
    rows = 4000
    draws = _Draws(range(rows), 0.5, "cpu")
    chosen = draws(None, 0.5 * shares.log().repeat(rows, 1)).argmax(-1)
    found = torch.bincount(chosen, minlength=4) / rows
    # Four standard errors of a share of one half are 0.032.
    assert torch.allclose(found, shares, atol=0.032)


def test_a_draw_does_not_depend_on_what_the_batch_holds_beside_it() -> None:
    import torch

    scores = torch.randn(3, 50, generator=torch.Generator().manual_seed(0))
    together = _Draws([7, 8, 9], 1.0, "cpu")(None, scores).argmax(-1)
    alone = _Draws([8], 1.0, "cpu")(None, scores[1:2]).argmax(-1)
    assert together[1] == alone[0]


def test_a_batch_that_does_not_fit_the_memory_is_halved() -> None:
    tokenizer = models.load_teacher_tokenizer(section().weights)
    loaded = models.load_teacher(section().weights, tokenizer)
    tried: list[int] = []

    class Small:
        """A device that holds two rows at a time."""

        device, generation_config = loaded.model.device, loaded.model.generation_config

        def generate(self, **given: Any) -> Any:
            tried.append(len(given["input_ids"]))
            if tried[-1] > 2:
                raise RuntimeError("CUDA out of memory")
            return loaded.model.generate(**given)

    prompts = [models.Prompt((65 + n,), seed=n) for n in range(5)]
    small = models.Loaded(Small(), tokenizer, loaded.machine)
    assert models.sample(small, prompts, 8, 1.0) == models.sample(loaded, prompts, 8, 1.0)
    assert tried == [5, 2, 3, 1, 2]


def test_the_trained_model_is_gone_before_the_teacher_loads_and_the_teacher_after(
    tmp_path: Path,
) -> None:
    models.release()
    elsewhere = _weights_in_memory()
    trained = models.load(ModelSection(base="random:tiny", threads=1), tmp_path, None)
    one = len(list(trained.model.parameters()))
    gone = weakref.ref(trained.model)
    del trained
    assert _weights_in_memory() == elsewhere + one
    teacher = LocalModel(section(), tmp_path / "a")
    list(teacher.stream(calls(2)))
    assert gone() is None
    assert _weights_in_memory() == elsewhere + one
    teacher.close()
    assert _weights_in_memory() == elsewhere


def test_a_teacher_that_was_not_closed_makes_room_for_the_trained_model(tmp_path: Path) -> None:
    models.release()
    elsewhere = _weights_in_memory()
    list(LocalModel(section(), tmp_path / "a").stream(calls(1)))
    trained = models.load(ModelSection(base="random:tiny", threads=1), tmp_path, None)
    assert _weights_in_memory() == elsewhere + len(list(trained.model.parameters()))


def test_closing_a_teacher_that_was_not_needed_leaves_the_trained_model(tmp_path: Path) -> None:
    trained = models.load(ModelSection(base="random:tiny", threads=1), tmp_path, None)
    LocalModel(section(), tmp_path / "a").close()
    assert models.load(ModelSection(base="random:tiny", threads=1), tmp_path, None) is trained


def _weights_in_memory() -> int:
    """Tensors of any model that is in memory."""
    import gc

    import torch

    gc.collect()
    return sum(type(each) is torch.nn.Parameter for each in gc.get_objects())


def test_a_model_that_is_not_there_is_said_before_work(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"local\.model .*nowhere cannot be loaded"):
        LocalModel(section(model=str(tmp_path / "nowhere")), tmp_path / "a")


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    tokenizer = models.load_teacher_tokenizer(section().weights)
    tokenizer.chat_template = None
    tokenizer.save_pretrained(str(folder))
    models.load_base(section().weights).model.config.save_pretrained(str(folder))
    with pytest.raises(ModelError, match="has no chat template"):
        LocalModel(section(model=str(folder)), tmp_path / "a")


def test_a_folder_of_pickles_is_refused(tmp_path: Path) -> None:
    import torch

    folder = tmp_path / "pickled"
    base = models.load_base(section().weights)
    base.model.config.save_pretrained(str(folder))
    base.tokenizer.save_pretrained(str(folder))
    torch.save(base.model.state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="safetensors"):
        told(LocalModel(section(model=str(folder)), tmp_path / "a"), calls(1))


def test_a_folder_goes_into_the_lineage_by_its_name_only(tmp_path: Path) -> None:
    folder = tmp_path / "my-teacher"
    base = models.load_base(section().weights)
    base.model.save_pretrained(str(folder))
    base.tokenizer.save_pretrained(str(folder))
    assert LocalModel(section(model=str(folder)), tmp_path / "a").name == "my-teacher"


def test_a_recipe_s_local_model_delivers_what_it_says(tmp_path: Path) -> None:
    source = ModelSource(name="teacher", local=section(), ways=("self_instruct",))
    opened = open_sources([source], tmp_path, tmp_path, 7, Purse())["teacher"]
    deliveries = list(opened.deliver([Want(item(2), 2)], 0, situation()))
    assert {(each.source, each.nano) for each in deliveries} == {("synthetic:random:tiny", 0)}
    assert (tmp_path / "replies" / "teacher.jsonl").is_file()


@pytest.mark.slow
def test_the_packaged_model_answers_and_ends_its_turn(tmp_path: Path) -> None:
    packaged = section(model="packaged:smollm2-135m-instruct", temperature=0, max_tokens=24)
    asked = Call("c", (Message("user", "What is the capital of France? One sentence."),))
    (reply,) = told(LocalModel(packaged, tmp_path / "a"), [asked])
    assert "Paris" in reply.texts[0]
    assert reply.finish == ("stop",)
