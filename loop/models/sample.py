"""Sampled answers of a model in this process, a batch at a time, each by a seed of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loop.errors import ModelError
from loop.models.kept import Loaded
from loop.models.memory import give_back, is_out_of_memory


@dataclass(frozen=True)
class Prompt:
    """What is to be answered."""

    tokens: tuple[int, ...]
    """Chat template applied."""
    seed: int
    """Of this answer alone."""


@dataclass(frozen=True)
class Said:
    """What the model answered."""

    text: str
    """Special tokens taken off."""
    tokens: int
    finished: bool
    """The model ended it, not the limit."""


class _Draws:
    """Chooses the next token of every row by that row's own random numbers.

    The token with the largest share / Exp(1) is a draw from the shares; a row's choice depends on
    what the batch holds beside it through rounding only.
    Source: vLLM, which samples requests that bring a seed in this way.
    """

    def __init__(self, seeds: Sequence[int], temperature: float, device: Any) -> None:  # noqa: ANN401 - torch
        import torch

        self._temperature = temperature
        self._generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def __call__(self, _ids: Any, scores: Any) -> Any:  # noqa: ANN401 - torch
        """Leave each row one token.

        Args:
            _ids: What was said so far; not looked at.
            scores: Logits, `(rows, vocabulary)`.

        Returns:
            0 for the token that was drawn and -inf for every other.
        """
        import torch

        shares = torch.softmax(scores.float() / self._temperature, dim=-1)
        noise = torch.empty_like(shares)
        for row, generator in zip(noise, self._generators, strict=True):
            row.exponential_(generator=generator)
        drawn = (shares / noise).argmax(dim=-1, keepdim=True)
        return torch.full_like(scores, -torch.inf).scatter_(1, drawn, 0.0)


def sample(
    loaded: Loaded, prompts: Sequence[Prompt], longest: int, temperature: float
) -> list[Said]:
    """Answer a batch; halve it where memory runs out.

    Args:
        loaded: The model.
        prompts: The batch.
        longest: Most tokens of an answer.
        temperature: 0 always takes the likeliest token.

    Returns:
        One answer per prompt, in order.

    Raises:
        ModelError: A single prompt does not fit the memory.
        RuntimeError: The model failed in another way.
    """
    try:
        return _sampled(loaded, prompts, longest, temperature)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        if len(prompts) == 1:
            raise ModelError(
                f"one prompt of {len(prompts[0].tokens)} tokens with {longest} to write does not "
                "fit the memory beside the model; lower max_tokens or take a smaller model"
            ) from error
    # Outside the handler, whose traceback would keep the failed batch's tensors alive.
    give_back()
    half = len(prompts) // 2
    return [
        *sample(loaded, prompts[:half], longest, temperature),
        *sample(loaded, prompts[half:], longest, temperature),
    ]


def _sampled(
    loaded: Loaded, prompts: Sequence[Prompt], longest: int, temperature: float
) -> list[Said]:
    import torch
    from transformers import LogitsProcessorList

    model, tokenizer = loaded.model, loaded.tokenizer
    device, pad = model.device, tokenizer.pad_token_id
    width = max(len(prompt.tokens) for prompt in prompts)
    gaps = [width - len(prompt.tokens) for prompt in prompts]
    rows = [[pad] * gap + [*p.tokens] for gap, p in zip(gaps, prompts, strict=True)]
    mask = [[0] * gap + [1] * (width - gap) for gap in gaps]
    draws = []
    if temperature:
        draws = [_Draws([prompt.seed for prompt in prompts], temperature, device)]
    with torch.inference_mode():
        written = model.generate(
            input_ids=torch.tensor(rows, device=device),
            attention_mask=torch.tensor(mask, device=device),
            max_new_tokens=longest,
            do_sample=False,
            logits_processor=LogitsProcessorList(draws),
        )[:, width:].tolist()
    ends = set(model.generation_config.eos_token_id)
    return [_said(tokenizer, row, ends) for row in written]


def _said(tokenizer: Any, row: list[int], ends: set[int]) -> Said:  # noqa: ANN401 - transformers
    """Cut a row where it ends; what stands behind is padding."""
    end = next((place for place, token in enumerate(row) if token in ends), None)
    text = tokenizer.decode(row[:end], skip_special_tokens=True)
    return Said(text, len(row) if end is None else end + 1, end is not None)
