"""How much an instruction lowers the base model's loss of the answer.

The ratio of the answer's loss behind its instruction to its loss alone: near 0 the instruction
says it all, near 1 it hardly helps, at 1 or more it does not belong to the answer, or the model
cannot follow it. Source: Li et al., "From Quantity to Quality: Boosting LLM Performance with
Self-Guided Data Selection for Instruction Tuning" (Cherry LLM, arXiv:2308.12032), who call it IFD.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from loop.example import Example
from loop.models.chat import prompt_messages
from loop.models.kept import Loaded
from loop.recipe import ModelSection

_TOKENS = 2048
"""Tokens of a batch, padding included; the logits of a large vocabulary are what takes memory."""

Sequences = list[tuple[list[int], list[int]]]
"""What stands before the answer, and the answer, in tokens."""


def instruction_loss_ratios(
    examples: Sequence[Example], loaded: Loaded, section: ModelSection
) -> list[float | None]:
    """Compare the loss of each answer behind its instruction with its loss alone.

    Alone means behind the template's opening of an answer, without any question. The loss is the
    mean over the answer's tokens, which are the same in both; the token that ends it is left out.

    Args:
        examples: Rows; their completions are what is predicted.
        loaded: The base model.
        section: The recipe's `model` section.

    Returns:
        Ratio per row, in order, to four decimals; None where the answer has no tokens, the row is
        longer than what the model reads, or the template cannot render its turns.
    """
    pairs: Sequences = []
    rows: list[int] = []
    context = loaded.model.config.get_text_config().max_position_embeddings
    opening = _opening(loaded.tokenizer, section)
    for row, example in enumerate(examples):
        prompt = _prompt(example, loaded.tokenizer, section)
        answer = _ids(loaded.tokenizer, example.completion(section.rationale_marker))
        if prompt and answer and len(prompt) + len(answer) <= context:
            rows.append(row)
            pairs += [(prompt, answer), (opening, answer)]
    losses = _losses(loaded, pairs)
    ratios: list[float | None] = [None] * len(examples)
    for place, row in enumerate(rows):
        behind, alone = losses[2 * place], losses[2 * place + 1]
        if alone > 0:
            # The last bits depend on which rows share a batch.
            ratios[row] = round(behind / alone, 4)
    return ratios


def _ids(tokenizer: Any, text: str) -> list[int]:  # noqa: ANN401 - transformers
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _prompt(example: Example, tokenizer: Any, section: ModelSection) -> list[int] | None:  # noqa: ANN401
    from jinja2 import TemplateError

    messages = prompt_messages(example, section)
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    except TemplateError:
        return None
    return _ids(tokenizer, text)


def _opening(tokenizer: Any, section: ModelSection) -> list[int]:  # noqa: ANN401
    """Tokens that open an answer: what the template adds where one is to follow."""
    asked = [{"role": "user", "content": "x"}]
    if section.system_prompt is not None:
        asked.insert(0, {"role": "system", "content": section.system_prompt})
    before = tokenizer.apply_chat_template(asked, tokenize=False)
    opened = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    added = opened[len(before) :] if opened.startswith(before) else ""
    # Something must stand before the first token for it to be predicted at all.
    return _ids(tokenizer, added) or [tokenizer.eos_token_id]


def _batches(pairs: Sequences) -> Iterator[list[int]]:
    """Group sequences of like length, shortest first."""
    lengths = [len(before) + len(answer) for before, answer in pairs]
    batch: list[int] = []
    for number in sorted(range(len(pairs)), key=lambda number: (lengths[number], number)):
        if batch and (len(batch) + 1) * lengths[number] > _TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _losses(loaded: Loaded, pairs: Sequences) -> list[float]:
    """Mean loss of each answer's tokens, in nats."""
    import torch

    losses = [0.0] * len(pairs)
    device = loaded.model.device
    with torch.inference_mode():
        for batch in _batches(pairs):
            texts = [[*pairs[number][0], *pairs[number][1]] for number in batch]
            width = max(map(len, texts))
            answer = max(len(pairs[number][1]) for number in batch)
            pad = loaded.tokenizer.pad_token_id
            # Padded on the left, all answers end together and need no logits before the longest.
            ids = torch.tensor(
                [[pad] * (width - len(text)) + text for text in texts], device=device
            )
            mask = torch.tensor(
                [[0] * (width - len(text)) + [1] * len(text) for text in texts], device=device
            )
            logits = loaded.model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
                use_cache=False,
                logits_to_keep=answer + 1,
            ).logits
            # (batch, answer, vocabulary) → (batch, answer)
            loss = torch.nn.functional.cross_entropy(
                logits[:, :-1].float().transpose(1, 2), ids[:, -answer:], reduction="none"
            )
            for place, number in enumerate(batch):
                losses[number] = float(loss[place, -len(pairs[number][1]) :].mean())
    return losses
