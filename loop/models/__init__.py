"""Base models, adapters, tokenizers, and the machine. Refuses pickles and remote code."""

from loop.models.chat import prompt_messages
from loop.models.difficulty import instruction_loss_ratios
from loop.models.kept import Loaded, release
from loop.models.load import (
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
from loop.models.memory import give_back, is_out_of_memory
from loop.models.packaged import packaged_folder
from loop.models.sample import Prompt, Said, sample
from loop.models.teacher import load_teacher, load_teacher_tokenizer, release_teacher

__all__ = [
    "Loaded",
    "Machine",
    "Prompt",
    "Said",
    "check_adapter",
    "context_length",
    "cores",
    "count_tokens",
    "give_back",
    "instruction_loss_ratios",
    "is_out_of_memory",
    "load",
    "load_base",
    "load_teacher",
    "load_teacher_tokenizer",
    "load_tokenizer",
    "packaged_folder",
    "prompt_messages",
    "release",
    "release_teacher",
    "remember",
    "resolve",
    "sample",
    "source",
]
