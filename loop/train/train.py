"""LoRA supervised fine-tuning of one round; the only module that uses trl and peft to train."""

import hashlib
import math
import shutil
import warnings
from pathlib import Path
from typing import Any

from loop.console import progress
from loop.errors import DataError, ModelError
from loop.models import Loaded, check_adapter, load_base, remember
from loop.recipe import ModelSection, TrainingSection
from loop.records import Adapter, LossPoint, Mixture
from loop.train.checkpoints import newest_complete
from loop.train.memory import needs_checkpointing
from loop.train.rows import Batches, Row, chosen, render
from loop.train.save import finished, save


def train(
    mixture: Mixture,
    section: TrainingSection,
    model: ModelSection,
    previous: Adapter | None,
    folder: Path,
    run_folder: Path,
    seed: int,
) -> Adapter:
    """Train one round's adapter, or go on with one that was interrupted.

    Args:
        mixture: What to train on.
        section: The recipe's `training` section.
        model: The recipe's `model` section.
        previous: The last round's adapter; continued with `start: previous`.
        folder: Where the adapter goes: `folder/adapter`. Checkpoints stand beside it meanwhile.
        run_folder: What adapters' folders are relative to.
        seed: Random seed.

    Returns:
        The adapter's record. The trained model is kept by `loop.models`.

    Raises:
        DataError: No example is left to train on.
        ModelError: The base model or the previous adapter cannot be used.
    """
    continued = previous if section.start == "previous" else None
    facts = (mixture, section, model)
    texts = [each.model_dump_json() for each in facts]
    texts += [continued.sha256 if continued else "", str(seed)]
    inputs = hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
    done = finished(folder, inputs)
    if done is not None:
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        return done
    checkpoint = newest_complete(folder / "checkpoints", inputs)

    base = load_base(model)
    context = base.model.config.get_text_config().max_position_embeddings
    examples = chosen(mixture, section, continued is not None, seed)
    rows, dropped = render(examples, base.tokenizer, model, context)
    if not rows:
        raise DataError(
            f"nothing to train on: {len(examples)} examples in the mixture, {len(dropped)} dropped"
            + (f", the first for {dropped[0].reason}: {dropped[0].detail}" if dropped else "")
        )
    lengths = [len(row.input_ids) for row in rows]
    batches = Batches(lengths, section.batch_size, seed)
    steps = _steps(len(rows), section)
    start = check_adapter(run_folder, continued) if continued else None
    with progress("train", steps) as advance, warnings.catch_warnings():
        # trl and peft still use names that transformers will drop in version 6.
        warnings.simplefilter("ignore", FutureWarning)
        from loop.train.trainer import Advance

        trainer = _trainer(rows, batches, base, section, start, steps, folder, seed)
        trainer.add_callback(Advance(advance))
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    peft_model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    _give_back(peft_model)

    adapter = Adapter(
        folder=str((folder / "adapter").relative_to(run_folder)),
        sha256="",
        base=model.base,
        examples=len(rows),
        steps=steps,
        tokens=_tokens(rows, batches, section, steps),
        dropped=tuple(dropped),
        loss=tuple(
            LossPoint(step=log["step"], loss=log["loss"], learning_rate=log["learning_rate"])
            for log in trainer.state.log_history
            if "loss" in log
        ),
    )
    saved = save(peft_model, base.tokenizer, adapter, folder, inputs)
    remember(model, saved, peft_model, base)
    shutil.rmtree(folder / "checkpoints")
    return saved


def _steps(rows: int, section: TrainingSection) -> int:
    per_epoch = math.ceil(math.ceil(rows / section.batch_size) / section.gradient_accumulation)
    return math.ceil(section.epochs * per_epoch)


def _tokens(rows: list[Row], batches: Batches, section: TrainingSection, steps: int) -> int:
    """Count completion tokens over all steps; the last epoch may be a part of one."""
    per_step = section.batch_size * section.gradient_accumulation
    per_epoch = math.ceil(math.ceil(len(rows) / section.batch_size) / section.gradient_accumulation)
    whole, rest = divmod(steps, per_epoch)
    total = whole * sum(row.answer_length for row in rows)
    return total + sum(rows[i].answer_length for i in batches.order(whole)[: rest * per_step])


def _trainer(
    rows: list[Row],
    batches: Batches,
    base: Loaded,
    section: TrainingSection,
    start: Path | None,
    steps: int,
    folder: Path,
    seed: int,
) -> Any:  # noqa: ANN401 - loop.train.trainer.Trainer, whose import is heavy
    from datasets import Dataset
    from peft import LoraConfig, PeftModel
    from transformers import PrinterCallback
    from trl import SFTConfig

    from loop.train.trainer import Trainer, collate

    longest = max(batches.lengths)
    recompute = section.gradient_checkpointing
    if recompute == "auto":
        recompute = needs_checkpointing(base, longest, section.batch_size)
    machine = base.machine
    args = SFTConfig(
        output_dir=str(folder / "checkpoints"),
        max_steps=steps,
        num_train_epochs=section.epochs,
        per_device_train_batch_size=section.batch_size,
        gradient_accumulation_steps=section.gradient_accumulation,
        learning_rate=section.learning_rate,
        warmup_steps=math.ceil(section.warmup * steps),
        weight_decay=section.weight_decay,
        activation_checkpointing=recompute,
        use_cpu=machine.device == "cpu",
        bf16=machine.dtype == "bfloat16",
        fp16=machine.dtype == "float16",
        max_length=None,
        save_strategy="steps",
        save_steps=section.checkpoint_steps,
        save_total_limit=2,
        # A partial sum of losses is not in a checkpoint: log each step, or the curve of a resumed
        # run differs.
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        log_level="error",
        seed=seed,
        data_seed=seed,
        dataloader_pin_memory=machine.device == "cuda",
        remove_unused_columns=False,
    )
    # trl refuses data parallelism in one process; `device: auto` means the first GPU.
    args._n_gpu = min(args.n_gpu, 1)
    lora = LoraConfig(
        task_type="CAUSAL_LM",
        r=section.lora.rank,
        lora_alpha=section.lora.alpha,
        lora_dropout=section.lora.dropout,
        target_modules=section.lora.target_modules,
    )
    model = base.model
    if start is not None:
        model = PeftModel.from_pretrained(model, str(start), is_trainable=True)
        # The logical id is no place on disk, and peft would look it up at every checkpoint.
        model.peft_config["default"].base_model_name_or_path = model.config.name_or_path
    try:
        trainer = Trainer(
            batches=batches,
            model=model,
            args=args,
            train_dataset=Dataset.from_list(
                [{"input_ids": row.input_ids, "labels": row.labels} for row in rows]
            ),
            processing_class=base.tokenizer,
            data_collator=collate(base.tokenizer.pad_token_id),
            peft_config=None if start else lora,
        )
    except ValueError as error:
        if "target" not in str(error):
            raise
        raise ModelError(
            f"training.lora.target_modules is {section.lora.target_modules!r}: {error}"
        ) from error
    trainer.remove_callback(PrinterCallback)
    return trainer


def _give_back(peft_model: Any) -> None:  # noqa: ANN401 - peft
    """Undo what trl and transformers changed for training."""
    base = peft_model.get_base_model()
    # trl replaces `forward` on the instance by one that can skip the logits.
    vars(base).pop("forward", None)
    if base.is_activation_checkpointing:
        base.activation_checkpointing_disable()
        peft_model.disable_input_require_grads()
