import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from loop import models
from loop.errors import DataError, ModelError
from loop.example import Example
from loop.recipe import ModelSection, TrainingSection
from loop.records import Adapter, Mixture
from loop.train import train
from loop.train.checkpoints import newest_complete
from loop.train.rows import Batches, chosen, render

TINY = ModelSection(base="random:tiny", device="cpu", threads=1)
QUICK = TrainingSection(epochs=2, batch_size=4, checkpoint_steps=3)


def example(number: int, **fields: str) -> Example:
    return Example(
        **{
            "instruction": f"Say {number}." + "." * (number % 7),
            "output": str(number) * (1 + number % 5),
            "category": "abc"[number % 3],
            **fields,
        }
    )


def mixture(count: int, new: int | None = None) -> Mixture:
    examples = tuple(example(number) for number in range(count))
    return Mixture(examples=examples, new=count if new is None else new)


def run(
    folder: Path,
    mix: Mixture,
    section: TrainingSection = QUICK,
    previous: Adapter | None = None,
    name: str = "round-01",
) -> Adapter:
    return train(mix, section, TINY, previous, folder / name, folder, seed=5)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def logits(loaded: models.Loaded) -> Any:
    import torch

    ids = loaded.tokenizer("Say 3.", return_tensors="pt")
    with torch.no_grad():
        return loaded.model(**ids).logits


def test_the_same_inputs_give_the_same_bytes_and_nothing_else_is_written(tmp_path: Path) -> None:
    first = run(tmp_path / "one", mixture(10))
    second = run(tmp_path / "two", mixture(10))
    assert first == second
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert [path.name for path in (tmp_path / "one/round-01").iterdir()] == ["adapter"]
    assert {path.name for path in (tmp_path / "one/round-01/adapter").iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "chat_template.jinja",
        "tokenizer.json",
        "tokenizer_config.json",
        "training.json",
    }


def test_the_record_says_what_was_trained(tmp_path: Path) -> None:
    mix = mixture(10)
    adapter = run(tmp_path, mix)
    answers = sum(len(each.output) + 1 for each in mix.examples)  # bytes and the end token
    assert (adapter.examples, adapter.steps, adapter.tokens) == (10, 6, 2 * answers)
    assert [point.step for point in adapter.loss] == [1, 2, 3, 4, 5, 6]
    assert adapter.loss[-1].loss < adapter.loss[0].loss
    config = json.loads((tmp_path / adapter.folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "random:tiny"
    assert config["target_modules"] == sorted(config["target_modules"])


def test_a_part_of_an_epoch_counts_its_own_tokens(tmp_path: Path) -> None:
    mix = mixture(12)
    section = QUICK.model_copy(update={"epochs": 0.5, "gradient_accumulation": 2})
    adapter = run(tmp_path, mix, section)
    whole = sum(len(each.output) + 1 for each in mix.examples)
    assert adapter.steps == 1
    assert 0 < adapter.tokens < whole


SCRIPT = """
import sys
from pathlib import Path
import test_train
test_train.run(Path(sys.argv[1]), test_train.mixture(60))
"""


def test_a_killed_training_ends_in_the_same_bytes(tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    command = [sys.executable, "-c", SCRIPT, str(killed)]
    process = subprocess.Popen(command, cwd=Path(__file__).parent, stderr=subprocess.DEVNULL)
    # 15 steps an epoch: the kill falls into the second one.
    awaited = killed / "round-01" / "checkpoints" / "checkpoint-21"
    while not awaited.exists() and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (killed / "round-01" / "adapter").exists()

    resumed = run(killed, mixture(60))
    assert resumed == run(tmp_path / "straight", mixture(60))
    assert files(killed) == files(tmp_path / "straight")


def test_a_finished_adapter_whose_record_was_lost_is_not_trained_again(tmp_path: Path) -> None:
    adapter = run(tmp_path, mixture(4))
    weights = tmp_path / adapter.folder / "adapter_model.safetensors"
    written = weights.stat().st_mtime_ns
    checkpoint(tmp_path / "round-01" / "checkpoints", 2)
    assert run(tmp_path, mixture(4)) == adapter
    assert [path.name for path in (tmp_path / "round-01").iterdir()] == ["adapter"]
    assert weights.stat().st_mtime_ns == written
    assert run(tmp_path, mixture(5)) != adapter


def checkpoint(folder: Path, step: int) -> Path:
    """A checkpoint as transformers writes it, with the smallest contents that load."""
    import torch
    from safetensors.torch import save_file

    made = folder / f"checkpoint-{step}"
    made.mkdir(parents=True)
    for name in ("trainer_state.json", "adapter_config.json"):
        (made / name).write_text("{}")
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth"):
        torch.save({"x": torch.ones(9)}, made / name)
    save_file({"x": torch.ones(9)}, made / "adapter_model.safetensors")
    return made


@pytest.mark.parametrize(
    "broken",
    [
        "trainer_state.json",
        "optimizer.pt",
        "scheduler.pt",
        "rng_state.pth",
        "adapter_model.safetensors",
        "adapter_config.json",
    ],
)
@pytest.mark.parametrize("damage", ["missing", "empty", "cut"])
def test_a_partial_checkpoint_is_deleted_and_the_one_before_taken(
    tmp_path: Path, broken: str, damage: str
) -> None:
    folder = tmp_path / "checkpoints"
    assert newest_complete(folder, "inputs") is None
    good, bad = checkpoint(folder, 9), checkpoint(folder, 10)
    data = (bad / broken).read_bytes()
    (bad / broken).unlink()
    if damage != "missing":
        (bad / broken).write_bytes(b"" if damage == "empty" else data[: len(data) // 2])
    assert newest_complete(folder, "inputs") == good
    assert not bad.exists()


def test_a_checkpoint_that_would_run_code_is_not_loaded(tmp_path: Path) -> None:
    import pickle

    class Harm:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return Path.touch, (Path(tmp_path / "harmed"),)  # type: ignore[return-value]

    folder = tmp_path / "checkpoints"
    newest_complete(folder, "inputs")
    (checkpoint(folder, 1) / "optimizer.pt").write_bytes(pickle.dumps(Harm()))
    assert newest_complete(folder, "inputs") is None
    assert not (tmp_path / "harmed").exists()


def test_checkpoints_of_another_training_are_deleted(tmp_path: Path) -> None:
    newest_complete(tmp_path / "checkpoints", "inputs")
    checkpoint(tmp_path / "checkpoints", 1)
    assert newest_complete(tmp_path / "checkpoints", "other inputs") is None
    assert not (tmp_path / "checkpoints" / "checkpoint-1").exists()


def test_rows_that_cannot_be_trained_on_are_dropped_with_a_reason(tmp_path: Path) -> None:
    long = example(1, output="9" * 3000, origin="seed.jsonl:17")
    forged = example(2, instruction="Say <|im_end|> now.")
    mix = Mixture(examples=(*mixture(4).examples, long, forged), new=6)
    adapter = run(tmp_path, mix)
    assert [(row.reason, row.example) for row in adapter.dropped] == [
        ("too_long", long),
        ("control_token", forged),
    ]
    assert "the model reads 2048" in adapter.dropped[0].detail
    assert adapter.dropped[0].file == "seed.jsonl:17"
    assert adapter.examples == 4


def test_nothing_left_to_train_on_is_an_error(tmp_path: Path) -> None:
    only = Mixture(examples=(example(1, output="9" * 3000),), new=1)
    with pytest.raises(DataError, match="1 dropped, the first for too_long"):
        run(tmp_path, only)


def test_a_wrong_target_module_names_the_key(tmp_path: Path) -> None:
    lora = QUICK.lora.model_copy(update={"target_modules": "no_such_layer"})
    with pytest.raises(ModelError, match=r"training\.lora\.target_modules is 'no_such_layer'"):
        run(tmp_path, mixture(4), QUICK.model_copy(update={"lora": lora}))


def test_the_answer_and_its_end_carry_loss_and_nothing_else_does() -> None:
    tokenizer = models.load_tokenizer(TINY)
    thought = Example(instruction="Go.", output="yes", category="a", rationale="Because.")
    rows, _ = render([thought], tokenizer, TINY, 2048)
    trained = [token for token in rows[0].labels if token != -100]
    assert tokenizer.decode(trained) == "Because.\nAnswer:\nyes<|im_end|>"
    shown = tokenizer.decode(rows[0].input_ids[: rows[0].prompt_length])
    assert shown == "<|im_start|>user\nGo.<|im_end|>\n<|im_start|>assistant\n"


def test_a_continued_adapter_replays_earlier_examples_of_every_category() -> None:
    section = TrainingSection(start="previous", replay=0.5)
    mix = mixture(42, new=12)
    picked = chosen(mix, section, continued=True, seed=1)
    assert picked[-12:] == list(mix.examples[-12:])
    assert Counter(each.category for each in picked[:-12]) == {"a": 2, "b": 2, "c": 2}
    assert {each.id for each in picked[:-12]} <= {each.id for each in mix.examples[:30]}
    assert picked == chosen(mix, section, continued=True, seed=1)
    assert picked != chosen(mix, section, continued=True, seed=2)
    assert len(chosen(mix, section, continued=False, seed=1)) == 42


def test_a_continued_adapter_starts_where_the_last_one_ended(tmp_path: Path) -> None:
    first = run(tmp_path, mixture(12))
    section = QUICK.model_copy(update={"start": "previous", "learning_rate": 1e-12})
    second = run(tmp_path, mixture(16, new=4), section, first, "round-02")
    assert second.examples == 6
    assert second.sha256 != first.sha256
    then, now = (models.load(TINY, tmp_path, adapter) for adapter in (first, second))
    difference = (logits(then) - logits(now)).abs().max()
    assert difference < 1e-5
    assert (logits(now) - logits(models.load(TINY, tmp_path, None))).abs().max() > 1e-3


def test_a_previous_adapter_that_was_changed_is_refused(tmp_path: Path) -> None:
    first = run(tmp_path, mixture(4))
    (tmp_path / first.folder / "adapter_model.safetensors").write_bytes(b"changed")
    section = QUICK.model_copy(update={"start": "previous"})
    with pytest.raises(ModelError, match="was changed since it was trained"):
        run(tmp_path, mixture(8, new=4), section, first, "round-02")


def test_the_model_just_trained_answers_as_the_one_read_back(tmp_path: Path) -> None:
    adapter = run(tmp_path, mixture(8))
    kept = models.load(TINY, tmp_path, adapter)
    remembered = logits(kept)
    models.load(TINY, tmp_path, None)
    again = models.load(TINY, tmp_path, adapter)
    assert again is not kept
    assert (logits(again) == remembered).all()


def test_similar_lengths_share_a_batch_and_batches_are_shuffled() -> None:
    lengths = [number % 50 for number in range(101)]
    batches = Batches(lengths, 4, seed=3)
    order = batches.order(0)
    assert sorted(order) == list(range(101))
    spans = [
        max(lengths[i] for i in order[k : k + 4]) - min(lengths[i] for i in order[k : k + 4])
        for k in range(0, 101, 4)
    ]
    assert max(spans) <= 3
    firsts = [lengths[order[k]] for k in range(0, 100, 4)]
    assert firsts != sorted(firsts) and firsts != sorted(firsts, reverse=True)
    assert order != batches.order(1)


def trainer(folder: Path) -> Any:
    from datasets import Dataset
    from peft import LoraConfig
    from trl import SFTConfig

    from loop.train.trainer import Trainer, collate

    base = models.load_base(TINY)
    examples = [example(number) for number in range(6)]
    rows, _ = render(examples, base.tokenizer, TINY, 2048)
    return Trainer(
        batches=Batches([len(row.input_ids) for row in rows], 6, 0),
        model=base.model,
        args=SFTConfig(
            output_dir=str(folder),
            use_cpu=True,
            bf16=False,
            report_to="none",
            max_length=None,
            activation_checkpointing=False,
        ),
        train_dataset=Dataset.from_list(
            [{"input_ids": row.input_ids, "labels": row.labels} for row in rows]
        ),
        processing_class=base.tokenizer,
        data_collator=collate(base.tokenizer.pad_token_id),
        # Without trained values in B, the gradient of A is zero and would prove nothing.
        peft_config=LoraConfig(
            task_type="CAUSAL_LM", target_modules="all-linear", init_lora_weights=False
        ),
    )


def loss_and_gradients(made: Any, short: bool, items: int | None) -> tuple[Any, dict[str, Any]]:
    made.short_loss = short
    made.model.train()
    made.model.zero_grad()
    batch = made.data_collator(list(made.train_dataset))
    loss = made.compute_loss(made.model, batch, num_items_in_batch=items)
    loss.backward()
    grads = {n: p.grad.clone() for n, p in made.model.named_parameters() if p.grad is not None}
    return loss.detach(), grads


@pytest.mark.parametrize("items", [None, 40])
def test_the_loss_and_its_gradients_are_the_standard_ones(
    tmp_path: Path, items: int | None
) -> None:
    import torch

    made = trainer(tmp_path)
    assert made.short_loss
    ours, our_grads = loss_and_gradients(made, True, items)
    theirs, their_grads = loss_and_gradients(made, False, items)
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert our_grads.keys() == their_grads.keys()
    assert len(our_grads) == 28  # A and B of 7 layers in 2 blocks
    for name, grad in our_grads.items():
        assert grad.abs().max() > 0
        assert torch.allclose(grad, their_grads[name], atol=1e-5), name


def test_the_loss_is_the_mean_over_completion_tokens(tmp_path: Path) -> None:
    import torch

    made = trainer(tmp_path)
    batch = made.data_collator(list(made.train_dataset))
    ours, _ = loss_and_gradients(made, True, None)
    with torch.no_grad():
        standard = made.model(**batch).loss
    assert torch.allclose(ours, standard, atol=1e-5)


def test_a_model_that_scales_its_logits_keeps_the_standard_loss(tmp_path: Path) -> None:
    made = trainer(tmp_path)
    base = made.model.get_base_model()
    plain = type(base).forward

    def scaled(*args: Any, **options: Any) -> Any:
        output = plain(base, *args, **options)
        output.logits = output.logits * 0.5
        return output

    base.forward = scaled
    assert not made._head_is_plain()


@pytest.mark.slow
def test_the_packaged_model_learns_an_answer(tmp_path: Path) -> None:
    import torch

    section = ModelSection(device="cpu")
    rows = tuple(
        Example(instruction=f"What is the code of box {n}?", output="zq-17", category="codes")
        for n in range(16)
    )
    training = TrainingSection(epochs=2, batch_size=4)
    folder = tmp_path / "round-01"
    adapter = train(Mixture(examples=rows, new=16), training, section, None, folder, tmp_path, 0)
    assert adapter.loss[-1].loss < 0.1 * adapter.loss[0].loss
    loaded = models.load(section, tmp_path, adapter)
    messages = [{"role": "user", "content": "What is the code of box 99?"}]
    ids = loaded.tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    with torch.no_grad():
        answer = loaded.model.generate(**ids, max_new_tokens=16, do_sample=False)
    assert loaded.tokenizer.decode(answer[0, ids["input_ids"].shape[1] :]) == "zq-17<|im_end|>"
