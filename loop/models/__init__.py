"""Base models, adapters, tokenizers, and the machine. Refuses pickles and remote code."""

from loop.models.chat import prompt_messages
from loop.models.difficulty import instruction_loss_ratios
from loop.models.load import (
    Loaded,
    check_adapter,
    context_length,
    count_tokens,
    load,
    load_base,
    load_tokenizer,
    remember,
    source,
)
from loop.models.machine import Machine, cores, resolve
from loop.models.packaged import packaged_folder

__all__ = [
    "Loaded",
    "Machine",
    "check_adapter",
    "context_length",
    "cores",
    "count_tokens",
    "instruction_loss_ratios",
    "load",
    "load_base",
    "load_tokenizer",
    "packaged_folder",
    "prompt_messages",
    "remember",
    "resolve",
    "source",
]
