"""Examples per second of the loop's training against a plain trl SFTTrainer script.

    python scripts/bench_training.py            # about 4 minutes on two idle cores

Both arms train the packaged model on the same rows for one epoch, from the loaded data to the saved
adapter, in one process and in alternating order. The plain arm is what trl's own documentation
shows for LoRA on prompt and completion, with gradient checkpointing off, which is its best simple
setting on a CPU.

Wall-clock time on a busy machine says little: two torch threads wait for one another at every
product. There, take `--threads 1` and read the processor seconds.
"""

import argparse
import contextlib
import json
import statistics
import tempfile
import time
import warnings
from collections import defaultdict
from pathlib import Path

from pydantic import ValidationError

from loop.example import Example
from loop.models import load_tokenizer, resolve
from loop.recipe import ModelSection, TrainingSection
from loop.records import Mixture
from loop.train import train

SEED_FILE = Path(__file__).parent.parent / "recipes" / "coding" / "seed.jsonl"
PACKAGED = "packaged:smollm2-135m-instruct"


def generated(count: int) -> list[Example]:
    """Make rows of about the length of the coding recipe's.

    Args:
        count: How many.

    Returns:
        Examples of four lengths.
    """
    made = []
    for number in range(count):
        body = "".join(f"    x{i} = n * {number + i}\n" for i in range(1 + number % 4 * 2))
        code = f"def f{number}(n):\n{body}    return x0"
        made.append(
            Example(
                instruction=f"Write a function f{number} that multiplies. Give the code only.",
                input=code if number % 2 else "",
                output=code,
                category=f"length_{number % 4}",
            )
        )
    return made


def rows(count: int) -> list[Example]:
    """Take rows of the coding recipe in equal parts per category, or generated ones without it.

    Args:
        count: How many.

    Returns:
        Examples.
    """
    if not SEED_FILE.is_file():
        return generated(count)
    by_category = defaultdict(list)
    for line in SEED_FILE.read_text(encoding="utf-8").splitlines():
        # The recipe's seed holds broken rows on purpose; the loop rejects them.
        with contextlib.suppress(ValidationError, json.JSONDecodeError):
            example = Example.model_validate(json.loads(line))
            by_category[example.category].append(example)
    share = -(-count // len(by_category))
    return [example for members in by_category.values() for example in members[:share]][:count]


def plain(
    examples: list[Example], section: TrainingSection, model: ModelSection, folder: Path
) -> None:
    """Train as a plain trl script does.

    Args:
        examples: What to train on.
        section: Epochs, batch size, learning rate, LoRA size.
        model: The base model and the number of threads.
        folder: Where it may write.
    """
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback
    from trl import SFTConfig, SFTTrainer

    from loop.models import packaged_folder

    source = str(packaged_folder(model.base))
    data = Dataset.from_list(
        [
            {
                "prompt": [{"role": "user", "content": example.prompt}],
                "completion": [{"role": "assistant", "content": example.output}],
            }
            for example in examples
        ]
    )
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(source),
        args=SFTConfig(
            output_dir=str(folder),
            num_train_epochs=section.epochs,
            per_device_train_batch_size=section.batch_size,
            learning_rate=section.learning_rate,
            activation_checkpointing=False,
            use_cpu=True,
            bf16=False,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
        ),
        train_dataset=data,
        processing_class=AutoTokenizer.from_pretrained(source),
        peft_config=LoraConfig(
            r=section.lora.rank,
            lora_alpha=section.lora.alpha,
            target_modules=section.lora.target_modules,
            task_type="CAUSAL_LM",
        ),
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    trainer.save_model(str(folder / "adapter"))


def ours(
    examples: list[Example], section: TrainingSection, model: ModelSection, folder: Path
) -> None:
    """Train as a round of the loop does.

    Args:
        examples: What to train on.
        section: The recipe's `training` section.
        model: The base model and the number of threads.
        folder: Where it may write.
    """
    mixture = Mixture(examples=tuple(examples), new=len(examples))
    train(mixture, section, model, None, folder / "round-01", folder, seed=0)


def _quiet() -> None:
    from datasets import disable_progress_bars
    from transformers.utils import logging

    disable_progress_bars()
    logging.disable_progress_bar()
    warnings.simplefilter("ignore")


def main() -> None:
    """Run both arms and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=48, help="rows per run")
    parser.add_argument("--repeats", type=int, default=2, help="runs per arm")
    parser.add_argument("--threads", type=int, default=0, help="torch threads; 0 takes every core")
    options = parser.parse_args()
    _quiet()
    model = ModelSection(base=PACKAGED, device="cpu", threads=options.threads)
    section = TrainingSection(epochs=1)
    examples = rows(options.rows)
    tokenizer = load_tokenizer(model)
    tokens = [len(tokenizer(e.prompt + e.output)["input_ids"]) for e in examples]
    print(
        f"{len(examples)} rows, {statistics.mean(tokens):.0f} tokens on average, longest "
        f"{max(tokens)}; {resolve(model).description}"
    )
    arms = {"plain": plain, "loop": ours}
    wall: dict[str, list[float]] = {name: [] for name in arms}
    processor: dict[str, list[float]] = {name: [] for name in arms}
    with tempfile.TemporaryDirectory() as scratch:
        warm = sorted(examples, key=lambda e: len(e.prompt + e.output))[:2]
        for name, arm in arms.items():
            arm(warm, section, model, Path(scratch) / f"warm-{name}")
        for repeat in range(options.repeats):
            order = list(arms) if repeat % 2 == 0 else list(arms)[::-1]
            for name in order:
                started, used = time.perf_counter(), time.process_time()
                arms[name](examples, section, model, Path(scratch) / f"{name}-{repeat}")
                wall[name].append(time.perf_counter() - started)
                processor[name].append(time.process_time() - used)
    print(
        f"{'arm':<7}{'examples/s':>11}{'ratio':>7}{'processor s':>13}{'ratio':>7}   wall s per run"
    )
    for name, runs in wall.items():
        ratio = min(wall["plain"]) / min(runs)
        used = min(processor[name])
        listed = ", ".join(f"{run:.1f}" for run in runs)
        print(
            f"{name:<7}{len(examples) / min(runs):>11.2f}{ratio:>7.2f}{used:>13.1f}"
            f"{min(processor['plain']) / used:>7.2f}   {listed}"
        )


if __name__ == "__main__":
    main()
