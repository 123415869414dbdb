"""Keys and values of a batch: grown without copying, and put together from parts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_ROOM = 64
"""Tokens for which a buffer is made longer at a time."""


def growing_cache(model: Any) -> Any:  # noqa: ANN401 - transformers
    """Build a cache that neither copies itself at each token nor keeps finished rows.

    Args:
        model: A transformers model.

    Returns:
        A `DynamicCache`. Sliding-window and linear-attention layers keep their own kind.
    """
    from transformers.cache_utils import DynamicCache, DynamicLayer

    class GrowingLayer(DynamicLayer):  # type: ignore[misc]
        """Keys and values are views of buffers with room: (batch, heads, room, head size)."""

        def update(
            self,
            key_states: "torch.Tensor",
            value_states: "torch.Tensor",
            *args: object,
            **kwargs: object,
        ) -> tuple["torch.Tensor", "torch.Tensor"]:
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
                self.buffers = [key_states.new_empty(0), value_states.new_empty(0)]
            old = self.get_seq_length()
            new = old + key_states.shape[-2]
            for place, states in enumerate((key_states, value_states)):
                batch, heads, _, size = states.shape
                if old == 0 or new > self.buffers[place].shape[-2]:
                    wider = states.new_empty((batch, heads, new + _ROOM, size))
                    if old:
                        wider[:, :, :old] = self.buffers[place][:batch, :, :old]
                    self.buffers[place] = wider
                self.buffers[place][:batch, :, old:new] = states
            self._show(key_states.shape[0], new)
            return self.keys, self.values

        def batch_select_indices(self, indices: "torch.Tensor") -> None:
            for buffer in self.buffers:
                for row, source in enumerate(indices.tolist()):
                    if row != source:
                        buffer[row].copy_(buffer[source])
            self._show(len(indices), self.get_seq_length())

        def batch_repeat_interleave(self, repeats: int) -> None:
            length = self.get_seq_length()
            self.buffers = [buffer.repeat_interleave(repeats, dim=0) for buffer in self.buffers]
            self._show(self.buffers[0].shape[0], length)

        def stack(self, parts: Sequence["GrowingLayer"]) -> None:
            """Take the rows of several layers, one after the other, ending at the same column."""
            first = parts[0].keys
            self.lazy_initialization(first, parts[0].values)
            rows = sum(part.keys.shape[0] for part in parts)
            width = max(part.get_seq_length() for part in parts)
            # Columns that no token fills are masked, and a mask needs finite numbers.
            self.buffers = [
                first.new_zeros((rows, first.shape[1], width + _ROOM, shown.shape[-1]))
                for shown in (first, parts[0].values)
            ]
            start = 0
            for part in parts:
                batch, _, length, _ = part.keys.shape
                for buffer, shown in zip(self.buffers, (part.keys, part.values), strict=True):
                    buffer[start : start + batch, :, width - length : width] = shown
                start += batch
            self._show(rows, width)

        def _show(self, batch: int, length: int) -> None:
            keys, values = self.buffers
            self.keys: torch.Tensor = keys[:batch, :, :length]
            self.values: torch.Tensor = values[:batch, :, :length]

    cache = DynamicCache(config=model.config)
    if cache.layers and all(type(layer) is DynamicLayer for layer in cache.layers):
        cache.layers = [GrowingLayer() for _ in cache.layers]
    return cache


def can_stack(cache: Any) -> bool:  # noqa: ANN401
    """Tell whether caches of this kind can be put together from parts.

    Args:
        cache: From `growing_cache`.

    Returns:
        True where every layer is plain attention over everything before.
    """
    return bool(cache.layers) and all(hasattr(layer, "stack") for layer in cache.layers)


def stacked(model: Any, parts: Sequence[Any]) -> Any:  # noqa: ANN401
    """Put caches of several batches together, right-aligned.

    Args:
        model: A transformers model.
        parts: Filled caches of which `can_stack` holds; at least one.

    Returns:
        One cache with the rows of all parts in order.
    """
    if len(parts) == 1:
        return parts[0]
    whole = growing_cache(model)
    for number, layer in enumerate(whole.layers):
        layer.stack([part.layers[number] for part in parts])
    return whole
