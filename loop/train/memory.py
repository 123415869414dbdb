"""Whether a training step fits the memory without recomputing activations."""

import os
from typing import Any

from loop.models import Loaded


def needs_checkpointing(loaded: Loaded, longest: int, batch_size: int) -> bool:
    """Estimate the activations of the largest step.

    Args:
        loaded: The base model, already on its device.
        longest: Longest row, in tokens.
        batch_size: Rows per step.

    Returns:
        True if they would take more than 70 % of the memory that is free now.
    """
    config = loaded.model.config.get_text_config()
    width = loaded.machine.torch_dtype.itemsize
    # Per token and layer: about 16 tensors as wide as the model (norms, q, k, v, output, residual,
    # LoRA inputs) and 4 as wide as the feed-forward layer.
    inner = getattr(config, "intermediate_size", None) or 4 * config.hidden_size
    per_layer = (16 * config.hidden_size + 4 * inner) * width
    logits = 3 * 4 * config.vocab_size
    tokens = longest * batch_size
    need = tokens * (config.num_hidden_layers * per_layer + logits)
    return bool(need > 0.7 * _free_bytes(loaded.machine.device))


def _free_bytes(device: str) -> Any:  # noqa: ANN401 - int
    import torch

    if device == "cuda":
        return torch.cuda.mem_get_info(0)[0]
    if device == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    if "SC_AVPHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
