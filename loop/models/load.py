"""Base models, tokenizers and adapters from disk or hub.

Weights come as safetensors only, and no code of a model's own is ever run.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from loop.errors import ModelError
from loop.models.chat import fit_template
from loop.models.kept import Loaded, keep, release
from loop.models.machine import resolve
from loop.models.packaged import packaged_folder, quiet
from loop.recipe import ModelSection
from loop.records import Adapter


def source(base: str) -> str:
    """Say where a base model's files are.

    Args:
        base: A logical id, a hub id or a folder.

    Returns:
        A folder, or the hub id.

    Raises:
        ModelError: A packaged model cannot be fetched.
    """
    folder = packaged_folder(base)
    return base if folder is None else str(folder)


def from_pretrained(kind: Any, base: str, key: str = "model.base", **options: Any) -> Any:  # noqa: ANN401 - transformers
    """Load a part of a model: no pickles, no code of its own.

    Args:
        kind: A transformers class.
        base: A logical id, a hub id or a folder.
        key: What the recipe calls it.
        **options: For the class.

    Returns:
        What the class makes of it.

    Raises:
        ModelError: It cannot be found or used.
    """
    quiet()
    try:
        return kind.from_pretrained(source(base), trust_remote_code=False, **options)
    except (OSError, ValueError) as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"{key} {base} cannot be loaded: {said} Give a folder with safetensors weights "
            "and a tokenizer, or a hub id; a hub id needs the network once, and HF_HUB_OFFLINE "
            "unset unless it is in the local hub cache (HF_HOME)"
        ) from error


@lru_cache(maxsize=4)
def load_tokenizer(section: ModelSection) -> Any:  # noqa: ANN401 - transformers
    """Load the base model's tokenizer with the chat template that the recipe means.

    Args:
        section: The recipe's `model` section.

    Returns:
        The tokenizer; shared, so do not change it.

    Raises:
        ModelError: It cannot be found, or has no usable chat template.
    """
    from transformers import AutoTokenizer

    tokenizer = from_pretrained(AutoTokenizer, section.base)
    fit_template(tokenizer, section)
    return tokenizer


def context_length(section: ModelSection) -> int | None:
    """Read how long a conversation the model takes, without loading its weights.

    Args:
        section: The recipe's `model` section.

    Returns:
        Most tokens of prompt and answer together, or None where the model does not say.

    Raises:
        ModelError: It cannot be found.
    """
    from transformers import AutoConfig

    config = from_pretrained(AutoConfig, section.base).get_text_config()
    length: int | None = getattr(config, "max_position_embeddings", None)
    return length


def count_tokens(section: ModelSection) -> Callable[[Sequence[str]], list[int]]:
    """Make a token counter; loads the tokenizer when first called, never the model.

    Args:
        section: The recipe's `model` section.

    Returns:
        Texts → number of tokens of each, no special tokens added.
    """

    def count(texts: Sequence[str]) -> list[int]:
        # A lone surrogate is no text to a tokenizer; such a row is refused for other reasons.
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        fast = _fast_tokenizer(section)
        if fast is None:
            ids = load_tokenizer(section)(clean, add_special_tokens=False)["input_ids"]
            return [len(each) for each in ids]
        encoded = fast.encode_batch_fast(clean, add_special_tokens=False)
        return [len(encoding) for encoding in encoded]

    return count


@lru_cache(maxsize=4)
def _fast_tokenizer(section: ModelSection) -> Any:  # noqa: ANN401 - tokenizers
    """The tokenizer without the rest of transformers, which takes seconds to import; or None."""
    from tokenizers import Tokenizer

    file = Path(source(section.base)) / "tokenizer.json"
    if file.is_file():
        tokenizer = Tokenizer.from_file(str(file))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer
    loaded = load_tokenizer(section)
    return loaded.backend_tokenizer if loaded.is_fast else None


def load_base(section: ModelSection) -> Loaded:
    """Load a fresh base model for training; forgets the model kept in memory.

    Args:
        section: The recipe's `model` section.

    Returns:
        The base model, which belongs to the caller.

    Raises:
        ModelError: It cannot be found or used.
    """
    from transformers import AutoModelForCausalLM, GenerationConfig

    release()
    machine, tokenizer = resolve(section), load_tokenizer(section)
    model = from_pretrained(
        AutoModelForCausalLM, section.base, dtype=machine.torch_dtype, use_safetensors=True
    )
    # Sampling settings that a model brings would change greedy evaluation.
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    model.config.get_text_config().pad_token_id = tokenizer.pad_token_id
    return Loaded(model.to(machine.device).eval(), tokenizer, machine)


def load(section: ModelSection, run_folder: Path, adapter: Adapter | None) -> Loaded:
    """Load a base model with an adapter; the last one is kept in memory.

    Args:
        section: The recipe's `model` section.
        run_folder: What `adapter.folder` is relative to.
        adapter: The adapter; None is the untuned base.

    Returns:
        The model, valid until the next one is loaded.

    Raises:
        ModelError: Base or adapter cannot be found, or the adapter is not the recorded one.
    """

    def make() -> Loaded:
        loaded = load_base(section)
        if adapter is None:
            return loaded
        from peft import PeftModel

        folder = check_adapter(run_folder, adapter)
        return _for_inference(PeftModel.from_pretrained(loaded.model, str(folder)), loaded)

    return keep(section, adapter.sha256 if adapter else "base", make)


def check_adapter(run_folder: Path, adapter: Adapter) -> Path:
    """Find an adapter's folder and make sure that it holds what was recorded.

    Args:
        run_folder: The run directory.
        adapter: The record.

    Returns:
        The folder.

    Raises:
        ModelError: Its weights are missing or were changed.
    """
    weights = run_folder / adapter.folder / "adapter_model.safetensors"
    if not weights.is_file():
        raise ModelError(f"{weights} is missing; put it back, or start a new run with --run-dir")
    if hashlib.sha256(weights.read_bytes()).hexdigest() != adapter.sha256:
        raise ModelError(
            f"{weights} was changed since it was trained; put it back, or start a new run with "
            "--run-dir"
        )
    return weights.parent


def remember(section: ModelSection, adapter: Adapter, peft_model: Any, base: Loaded) -> None:  # noqa: ANN401 - peft
    """Keep a model just trained, so that evaluating it needs no loading.

    Args:
        section: The recipe's `model` section.
        adapter: Its record.
        peft_model: The trained model; belongs to this module from now on.
        base: What it was trained from.
    """
    keep(section, adapter.sha256, lambda: _for_inference(peft_model, base))


def _for_inference(peft_model: Any, base: Loaded) -> Loaded:  # noqa: ANN401 - peft
    # In float32 a merged adapter answers the same and decodes faster; in half precision merging
    # would round the adapter away.
    merged = base.machine.dtype == "float32"
    model = peft_model.merge_and_unload() if merged else peft_model
    model.requires_grad_(False)
    model.config.use_cache = True
    return Loaded(model.eval(), base.tokenizer, base.machine)
