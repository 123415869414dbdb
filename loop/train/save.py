"""A trained adapter on disk: complete or not there at all, and the same bytes each time."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from loop.records import Adapter

RECORD = "training.json"


def finished(folder: Path, inputs: str) -> Adapter | None:
    """Read the record of a training that was killed after its adapter was complete.

    Args:
        folder: The round's folder.
        inputs: Hash of everything that the training depends on.

    Returns:
        The adapter, or None if it is not there or was made from something else.
    """
    target = folder / "adapter"
    if not (target / RECORD).is_file():
        return None
    fields = json.loads((target / RECORD).read_text())
    adapter = Adapter.model_validate(fields["adapter"])
    same = fields["inputs"] == inputs and _sha256(target) == adapter.sha256
    return adapter if same else None


def _sha256(target: Path) -> str:
    weights = target / "adapter_model.safetensors"
    return hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else ""


def save(peft_model: Any, tokenizer: Any, adapter: Adapter, folder: Path, inputs: str) -> Adapter:  # noqa: ANN401
    """Write adapter, tokenizer and record, then rename the folder into place.

    Args:
        peft_model: The trained model.
        tokenizer: Its tokenizer, with the chat template it was trained with.
        adapter: The record, without its hash.
        folder: The round's folder.
        inputs: Hash of everything that the training depends on.

    Returns:
        The record with its hash.
    """
    scratch, target = folder / "adapter.partial", folder / "adapter"
    shutil.rmtree(scratch, ignore_errors=True)
    peft_model.save_pretrained(str(scratch))
    (scratch / "README.md").unlink(missing_ok=True)
    tokenizer.save_pretrained(str(scratch))
    _settle_config(scratch / "adapter_config.json", adapter.base)
    saved = adapter.model_copy(update={"sha256": _sha256(scratch)})
    fields = {"inputs": inputs, "adapter": saved.model_dump(mode="json")}
    (scratch / RECORD).write_text(json.dumps(fields, indent=1) + "\n")
    for path in (*scratch.iterdir(), scratch):
        _sync(path)
    shutil.rmtree(target, ignore_errors=True)
    scratch.rename(target)
    _sync(folder)
    return saved


def _settle_config(file: Path, base: str) -> None:
    """Name the base by its logical id and put sets in order: the same bytes on every machine."""
    config = json.loads(file.read_text())
    config["base_model_name_or_path"] = base
    for key, value in config.items():
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            config[key] = sorted(value)
    file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
