"""Prompts read into a cache, with little padding and what they share at their beginning read once.

On a CPU most of an evaluation's time goes into reading prompts: every token costs the same, a
padding one too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from loop.evaluate.cache import can_stack, growing_cache, stacked

if TYPE_CHECKING:
    import torch

_ROWS = 8
"""Prompts read together on a CPU, which is busy with them; more would differ more in length."""
_WORTH = 64
"""Tokens to be saved from which a shared beginning is read by itself, which is one more call."""


@dataclass(frozen=True)
class Prefilled:
    """Prompts in a cache. Rows are in `order`; places of it lead back to the prompts."""

    order: tuple[int, ...]
    cache: Any
    logits: "torch.Tensor"
    """Of the next token: (rows, vocabulary)."""
    mask: "torch.Tensor"
    """(rows, width): 1 where the cache holds a token of the row."""
    positions: "torch.Tensor"
    """(rows, 1): of the last token read."""


def parts_of(prompts: Sequence[Sequence[int]], rows: int = _ROWS) -> list[tuple[int, list[int]]]:
    """Group prompts so that little is read twice: alike at the beginning, else equally long.

    Args:
        prompts: In tokens; none is empty.
        rows: Most prompts of a part.

    Returns:
        Per part how many tokens its prompts share at their beginning, where that saves enough to
        be read once (0 otherwise), and which prompts they are.
    """
    # In order, what neighbours share is what a stretch shares at its least.
    order = sorted(range(len(prompts)), key=lambda place: (tuple(prompts[place]), place))
    shares = [_shared(prompts[a], prompts[b]) for a, b in pairwise(order)]
    best: list[tuple[int, int, int]] = [(0, 0, 0)]
    for end in range(1, len(order) + 1):
        found = (best[end - 1][0], end - 1, 0)
        shared = len(prompts[order[end - 1]]) - 1
        for start in range(end - 2, max(-1, end - 1 - rows), -1):
            shared = min(shared, shares[start])
            saved = best[start][0] + shared * (end - start - 1) - _WORTH
            if saved > found[0]:
                found = (saved, start, shared)
        best.append(found)
    alone: list[int] = []
    parts: list[tuple[int, list[int]]] = []
    end = len(order)
    while end:
        _, start, shared = best[end]
        if shared:
            parts.append((shared, order[start:end]))
        else:
            alone += order[start:end]
        end = start
    alone.sort(key=lambda place: (-len(prompts[place]), place))
    parts += [(0, alone[start : start + rows]) for start in range(0, len(alone), rows)]
    return parts


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """Tokens that both begin with; each keeps one of its own, whose logits are wanted."""
    most = min(len(one), len(other)) - 1
    return next((n for n in range(most) if one[n] != other[n]), most)


def prefill(model: Any, prompts: Sequence[Sequence[int]], pad: int) -> Prefilled:  # noqa: ANN401
    """Read prompts.

    Args:
        model: A transformers model in evaluation mode.
        prompts: In tokens; none is empty.
        pad: Token that fills up.

    Returns:
        Them, ready to be gone on with.
    """
    import torch

    parts = [(0, list(range(len(prompts))))]
    if model.device.type == "cpu" and can_stack(growing_cache(model)):
        parts = parts_of(prompts)
    read = [_read(model, [prompts[place] for place in part], n, pad) for n, part in parts]
    width = max(mask.shape[1] for _, _, mask, _ in read)
    return Prefilled(
        order=tuple(place for _, part in parts for place in part),
        cache=stacked(model, [cache for cache, _, _, _ in read]),
        logits=torch.cat([logits for _, logits, _, _ in read]),
        mask=torch.cat([_widened(mask, width) for _, _, mask, _ in read]),
        positions=torch.cat([positions for _, _, _, positions in read]),
    )


def _widened(mask: "torch.Tensor", width: int) -> "torch.Tensor":
    import torch

    return torch.nn.functional.pad(mask, (width - mask.shape[1], 0))


def _read(
    model: Any,  # noqa: ANN401
    prompts: Sequence[Sequence[int]],
    shared: int,
    pad: int,
) -> tuple[Any, "torch.Tensor", "torch.Tensor", "torch.Tensor"]:
    """One part: its cache, logits, mask and last positions."""
    import torch

    device, cache = model.device, growing_cache(model)
    if shared:
        beginning = torch.tensor([list(prompts[0][:shared])], device=device)
        model(input_ids=beginning, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache.batch_repeat_interleave(len(prompts))
    rests = [list(prompt[shared:]) for prompt in prompts]
    width = max(map(len, rests))
    padding = [width - len(rest) for rest in rests]
    pairs = list(zip(padding, rests, strict=True))
    ids = torch.tensor([[pad] * left + rest for left, rest in pairs], device=device)
    rows = [[1] * shared + [0] * left + [1] * (width - left) for left in padding]
    mask = torch.tensor(rows, device=device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    logits = model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=positions[:, shared:],
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    ).logits[:, -1]
    return cache, logits, mask, positions[:, -1:]
