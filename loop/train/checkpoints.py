"""Checkpoints that a killed training resumes from. A partial one is deleted, never loaded."""

import json
import pickle
import shutil
from pathlib import Path

STATES = ("optimizer.pt", "scheduler.pt", "rng_state.pth")


def newest_complete(folder: Path, inputs: str) -> Path | None:
    """Find where to go on; deletes what cannot be used.

    Args:
        folder: Where this training's checkpoints are; made if missing.
        inputs: Hash of everything that the training depends on. Checkpoints of another one are
            deleted.

    Returns:
        The newest complete checkpoint, or None to start from the beginning.
    """
    note = folder / "inputs.txt"
    if not note.is_file() or note.read_text() != inputs:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        note.write_text(inputs)
    found = sorted(
        folder.glob("checkpoint-*"),
        key=lambda path: int(path.name.rpartition("-")[2]),
        reverse=True,
    )
    for checkpoint in found:
        if _complete(checkpoint):
            return checkpoint
        shutil.rmtree(checkpoint)
    return None


def _complete(checkpoint: Path) -> bool:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    from transformers.trainer_pt_utils import safe_globals

    try:
        json.loads((checkpoint / "trainer_state.json").read_text())
        json.loads((checkpoint / "adapter_config.json").read_text())
        load_file(checkpoint / "adapter_model.safetensors")
        for name in STATES:
            with safe_globals():
                torch.load(checkpoint / name, map_location="cpu", weights_only=True)
    except (OSError, ValueError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError):
        return False
    return True
