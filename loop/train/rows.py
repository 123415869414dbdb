"""Examples as token ids, which of them are trained on, and in what order."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from loop.example import Example
from loop.models import prompt_messages
from loop.recipe import ModelSection, TrainingSection
from loop.records import Mixture, Rejected

IGNORED = -100
"""The label of a token that carries no loss, as torch and trl have it."""


@dataclass(frozen=True)
class Row:
    """One example as the model sees it."""

    input_ids: list[int]
    prompt_length: int
    """Tokens before the answer; they carry no loss."""

    @property
    def labels(self) -> list[int]:
        """Token ids of the answer, IGNORED before it."""
        return [IGNORED] * self.prompt_length + self.input_ids[self.prompt_length :]

    @property
    def answer_length(self) -> int:
        """Tokens that carry loss."""
        return len(self.input_ids) - self.prompt_length


def chosen(mixture: Mixture, section: TrainingSection, continued: bool, seed: int) -> list[Example]:
    """Choose what this round trains on.

    Args:
        mixture: Everything accepted so far, the newest last.
        section: The recipe's `training` section.
        continued: Whether the last adapter is continued instead of starting from the base.
        seed: Random seed of the replay.

    Returns:
        All examples; for a continued adapter the new ones behind replayed earlier ones, spread
        evenly over the earlier ones' categories.
    """
    examples = list(mixture.examples)
    if not continued:
        return examples
    border = len(examples) - mixture.new
    earlier, new = examples[:border], examples[border:]
    return _spread(earlier, round(section.replay * len(new)), seed) + new


def _spread(examples: list[Example], count: int, seed: int) -> list[Example]:
    """Draw evenly over categories; a category that runs out leaves its share to the others."""
    draw = random.Random(seed)
    by_category: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_category[example.category].append(example)
    for members in by_category.values():
        draw.shuffle(members)
    taken: list[Example] = []
    while len(taken) < count and any(by_category.values()):
        for name in sorted(by_category):
            if by_category[name] and len(taken) < count:
                taken.append(by_category[name].pop())
    return taken


def render(
    examples: list[Example],
    tokenizer: Any,  # noqa: ANN401 - transformers
    model: ModelSection,
    context: int,
) -> tuple[list[Row], list[Rejected]]:
    """Tokenise examples once, by the chat template, up to the end of the answer.

    Args:
        examples: What to train on.
        tokenizer: From `models.load_tokenizer`.
        model: The recipe's `model` section.
        context: Most tokens the model can read.

    Returns:
        Rows, and the examples that cannot be trained on: `too_long`, or `control_token` where
        the text holds a token that ends turns, which would teach the model to forge them.
    """
    rows, dropped = [], []
    control = sorted(set(tokenizer.all_special_tokens))
    for example in examples:
        answer = example.completion(model.rationale_marker)
        found = next((token for token in control if token in example.prompt + answer), None)
        if found is not None:
            dropped.append(_rejected(example, "control_token", f"holds {found}"))
            continue
        row = _row(prompt_messages(example, model), answer, tokenizer)
        if len(row.input_ids) > context:
            detail = f"{len(row.input_ids)} tokens, the model reads {context}"
            dropped.append(_rejected(example, "too_long", detail))
            continue
        rows.append(row)
    return rows, dropped


def _rejected(example: Example, reason: str, detail: str) -> Rejected:
    return Rejected(
        reason=reason,
        detail=detail,
        file=example.origin,
        category=example.category,
        example=example,
    )


def _row(prompt: list[dict[str, str]], answer: str, tokenizer: Any) -> Row:  # noqa: ANN401
    conversation = [*prompt, {"role": "assistant", "content": answer}]
    before = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template(conversation, tokenize=False)
    if not whole.startswith(before):
        # A template may render a conversation's last prompt otherwise than the prompt alone.
        whole = before + answer + tokenizer.eos_token
    ids = tokenizer([before, whole], add_special_tokens=False)["input_ids"]
    prompt_ids, whole_ids = ids
    if whole_ids[: len(prompt_ids)] != prompt_ids:
        # Tokens merged over the border, which they cannot when the model answers.
        rest = whole[len(before) :]
        whole_ids = prompt_ids + tokenizer(rest, add_special_tokens=False)["input_ids"]
    # What a template writes behind the end token is never generated: learn nothing from it.
    end = tokenizer.eos_token_id
    if end in whole_ids[len(prompt_ids) :]:
        whole_ids = whole_ids[: len(whole_ids) - whole_ids[::-1].index(end)]
    return Row(whole_ids, len(prompt_ids))


class Batches:
    """Order of the rows: similar lengths share a batch, batches come in random order.

    Depends on seed and epoch alone, so that a resumed run goes on in the same order.
    """

    def __init__(self, lengths: list[int], batch_size: int, seed: int) -> None:
        """Set the order up.

        Args:
            lengths: Length of each row, in tokens.
            batch_size: Rows per batch.
            seed: Random seed.
        """
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order comes next.

        Args:
            epoch: From 0.
        """
        self.epoch = epoch

    def order(self, epoch: int) -> list[int]:
        """Order the rows of one epoch.

        Args:
            epoch: From 0.

        Returns:
            Row numbers; the batch that is short, if any, stands last.
        """
        draw = random.Random(f"{self.seed}:{epoch}")
        rows = list(range(len(self.lengths)))
        draw.shuffle(rows)
        rows.sort(key=lambda row: self.lengths[row])
        size = self.batch_size
        batches = [rows[start : start + size] for start in range(0, len(rows), size)]
        short = [batches.pop()] if len(batches[-1]) < size else []
        draw.shuffle(batches)
        return [row for batch in batches + short for row in batch]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        """Row numbers of the current epoch."""
        return iter(self.order(self.epoch))
