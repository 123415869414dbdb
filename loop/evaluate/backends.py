"""What answers: the model in this process, vLLM in this process, or a server."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from loop import models
from loop.errors import ModelError
from loop.evaluate.cut import cut_at_end
from loop.evaluate.decode import Answer, Question, decode
from loop.evaluate.quiet import quiet
from loop.evaluate.workers import worker_count
from loop.recipe import ModelSection
from loop.records import Adapter


@dataclass(frozen=True)
class Backend:
    """One model, whatever runs it."""

    tokenizer: Any
    """Renders and counts exactly as in training."""
    context: int | None
    """Most tokens of prompt and answer together; None where the model does not say."""
    settings: tuple[str, ...]
    """What an answer depends on beside its prompt: weights, precision, device, server."""
    decode: Callable[[Sequence[Question]], list[Answer]]
    """Answers one batch."""
    workers: int
    """Processes of one thread each that decode side by side; 1 decodes in this one."""
    likelihoods: Callable[[], Any]
    """Makes lm-eval's own model, for tasks that score given answers."""
    leaves_cores_idle: bool = False
    """Whether answers can be graded here while others are still generated."""


_ENOUGH = 4
"""Cores from which one that drives an accelerator, or waits for a server, leaves others idle."""
_CPU_LIKELIHOODS = 4
"""Scored together on a CPU: logits of whole prompts over the vocabulary fill its memory soon."""


def in_process(loaded: models.Loaded, base: str, model_sha: str, likelihood_batch: int) -> Backend:
    """Answer with a model of this process.

    Args:
        loaded: The model, its tokenizer and the machine.
        base: The base model's id.
        model_sha: SHA-256 of the adapter, or `base`.
        likelihood_batch: Given answers scored together.

    Returns:
        The backend, valid as long as the model is.
    """
    model, tokenizer, machine = loaded.model, loaded.tokenizer, loaded.machine

    def likelihoods() -> Any:  # noqa: ANN401 - lm-eval
        from lm_eval.models.huggingface import HFLM

        batch = likelihood_batch
        if machine.device == "cpu":
            batch = min(batch, _CPU_LIKELIHOODS)
        return HFLM(pretrained=model, tokenizer=tokenizer, batch_size=batch)

    return Backend(
        tokenizer=tokenizer,
        context=getattr(model.config, "max_position_embeddings", None),
        settings=(model_sha, base, machine.dtype, machine.device),
        decode=lambda questions: decode(model, tokenizer, questions),
        workers=worker_count(machine.device),
        likelihoods=likelihoods,
        leaves_cores_idle=machine.device == "cuda" and enough_cores(),
    )


def enough_cores() -> bool:
    """Tell whether cores are left beside the one that generation elsewhere keeps busy.

    Returns:
        Whether this process may use that many.
    """
    return models.cores() >= _ENOUGH


def check_vllm() -> None:
    """Make sure that vLLM is there.

    Raises:
        ModelError: It is not installed.
    """
    if find_spec("vllm") is None:
        raise ModelError(
            "evaluation.backend is vllm, which is not installed: `pip install vllm` (it needs a "
            "GPU, and a release that takes this environment's transformers); or run vLLM as a "
            "server from an environment of its own and set evaluation.backend: local-completions"
        )


def vllm(section: ModelSection, run_folder: Path, adapter: Adapter | None) -> Backend:
    """Answer with vLLM in this process.

    Args:
        section: The recipe's `model` section.
        run_folder: What `adapter.folder` is relative to.
        adapter: The round's adapter; None is the base.

    Returns:
        The backend.

    Raises:
        ModelError: vLLM is not installed.
    """
    check_vllm()
    from lm_eval.models.vllm_causallms import VLLM

    tokenizer, context = models.load_tokenizer(section), models.context_length(section)
    dtype = models.resolve(section).dtype
    folder = models.check_adapter(run_folder, adapter) if adapter else None
    engine = VLLM(
        pretrained=models.source(section.base),
        dtype=dtype,
        max_model_len=context,
        lora_local_path=None if folder is None else str(folder),
        max_lora_rank=64,
    )
    sha = adapter.sha256 if adapter else "base"
    return Backend(
        tokenizer=tokenizer,
        context=context,
        settings=(sha, section.base, dtype, "vllm"),
        decode=lambda questions: ask(engine, tokenizer, questions, chats=False),
        workers=1,
        likelihoods=lambda: engine,
        leaves_cores_idle=enough_cores(),
    )


def ask(
    model: Any,  # noqa: ANN401 - lm-eval
    tokenizer: Any,  # noqa: ANN401 - transformers
    questions: Sequence[Question],
    chats: bool,
) -> list[Answer]:
    """Answer a batch with one of lm-eval's own models, cut where decoding here would have ended.

    Args:
        model: Has generate_until.
        tokenizer: The loop's.
        questions: The batch.
        chats: Whether it renders conversations itself.

    Returns:
        One answer per question, in order.

    Raises:
        ModelError: It would have to go on in the middle of a turn, which no chat server does.
    """
    from lm_eval.api.instance import Instance
    from lm_eval.models.api_models import JsonChatStr

    requests: list[Any] = []
    for question in questions:
        if chats and question.messages[-1]["role"] == "assistant":
            raise ModelError(
                "a task begins the model's answer (gen_prefix), which local-chat-completions "
                "cannot go on with; set evaluation.backend: local-completions"
            )
        text: Any = question.prompt
        if chats:
            text = JsonChatStr(json.dumps(question.messages, ensure_ascii=False))
        settings = {
            "until": list(question.stops),
            "max_gen_toks": question.limit,
            "do_sample": False,
            "temperature": 0,
        }
        requests.append(Instance("generate_until", {}, (text, settings), len(requests)))
    with quiet():
        said = model.generate_until(requests, disable_tqdm=True)
    return [
        cut_at_end(question, str(text), getattr(text, "finished", None), tokenizer)
        for question, text in zip(questions, said, strict=True)
    ]
