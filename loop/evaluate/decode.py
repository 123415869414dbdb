"""Greedy decoding of one batch, as fast as one device goes. Knows no categories and no grades."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from loop.errors import ModelError
from loop.evaluate.prefill import prefill
from loop.models import is_out_of_memory


@dataclass(frozen=True)
class Question:
    """One prompt to be answered."""

    prompt: str
    """Chat template applied."""
    tokens: tuple[int, ...]
    """The prompt in tokens."""
    limit: int
    """Most tokens of the answer."""
    ended: Callable[[str], bool] | None
    """Whether an answer's text is complete; None where only the model says so."""
    settings: tuple[str, ...]
    """What `ended` depends on, for the answers' key."""
    messages: tuple[dict[str, str], ...] = ()
    """The same prompt as a conversation, for a server that renders it itself."""
    stops: tuple[str, ...] = ()
    """Texts that end an answer, for a server; `ended` knows them too."""


@dataclass(frozen=True)
class Answer:
    """What the model said."""

    text: str
    complete: bool
    """It ended by itself, not at the limit."""


def _compacted(alive: Sequence[bool]) -> list[int]:
    """Choose which row moves to each place, so that finished rows go and few others move."""
    count = sum(alive)
    movers = [row for row in range(count, len(alive)) if alive[row]]
    return [row if alive[row] else movers.pop() for row in range(count)]


def _end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:  # noqa: ANN401
    configured = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    listed = configured if isinstance(configured, list) else [configured]
    return frozenset(token for token in (*listed, tokenizer.eos_token_id) if token is not None)


def _answer(
    tokenizer: Any,  # noqa: ANN401
    question: Question,
    said: Sequence[int],
    complete: bool,
) -> Answer | None:
    """Decide whether an answer is over; text is decoded only where it matters."""
    if not complete and question.ended is None and len(said) < question.limit:
        return None
    text = tokenizer.decode(said, skip_special_tokens=True)
    complete = complete or (question.ended is not None and question.ended(text))
    return Answer(text, complete) if complete or len(said) >= question.limit else None


def _greedy(
    model: Any,  # noqa: ANN401
    tokenizer: Any,  # noqa: ANN401
    questions: Sequence[Question],
) -> list[Answer]:
    import torch

    ends = _end_tokens(model, tokenizer)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
    read = prefill(model, [question.tokens for question in questions], pad)
    cache, mask, positions, logits = read.cache, read.mask, read.positions, read.logits
    said: list[list[int]] = [[] for _ in questions]
    answers: dict[int, Answer] = {}
    rows = list(read.order)
    while True:
        chosen = logits.argmax(-1)
        alive = []
        for row, token in zip(rows, chosen.tolist(), strict=True):
            if token not in ends:
                said[row].append(token)
            answer = _answer(tokenizer, questions[row], said[row], token in ends)
            if answer is not None:
                answers[row] = answer
            alive.append(answer is None)
        keep = _compacted(alive)
        if not keep:
            break
        if len(keep) < len(rows):
            index = torch.tensor(keep, device=model.device)
            cache.batch_select_indices(index)
            chosen, mask, positions = chosen[index], mask[index], positions[index]
        rows = [rows[place] for place in keep]
        mask = torch.cat([mask, mask.new_ones((len(mask), 1))], dim=-1)
        positions = positions + 1
        logits = model(
            input_ids=chosen[:, None],
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
    return [answers[row] for row in range(len(questions))]


def decode(
    model: Any,  # noqa: ANN401 - a transformers model
    tokenizer: Any,  # noqa: ANN401
    questions: Sequence[Question],
) -> list[Answer]:
    """Answer a batch greedily; halve it where memory runs out.

    Args:
        model: In evaluation mode.
        tokenizer: Its tokenizer.
        questions: The batch; a finished one costs nothing while the others go on.

    Returns:
        One answer per question, in order, special tokens taken off.

    Raises:
        ModelError: A single prompt does not fit the memory.
        RuntimeError: The model failed in another way.
    """
    import torch

    try:
        with torch.inference_mode():
            return _greedy(model, tokenizer, questions)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        if len(questions) == 1:
            raise ModelError(
                f"one prompt of {len(questions[0].tokens)} tokens with {questions[0].limit} to "
                "generate does not fit the memory; lower the category's max_new_tokens or take a "
                "smaller base model"
            ) from error
    # Outside the handler, whose traceback would keep the failed batch's tensors alive.
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    half = len(questions) // 2
    return [
        *decode(model, tokenizer, questions[:half]),
        *decode(model, tokenizer, questions[half:]),
    ]
