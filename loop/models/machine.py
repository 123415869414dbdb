"""Which device and number format the model runs on; the only place that asks torch for them."""

import os
from dataclasses import dataclass
from typing import Any, Literal

from loop.errors import ModelError
from loop.recipe import ModelSection

Device = Literal["cuda", "mps", "cpu"]


@dataclass(frozen=True)
class Machine:
    """Where a model runs."""

    device: Device
    """As torch names it; with several GPUs the first one."""
    dtype: str
    """float32, bfloat16 or float16."""
    description: str
    """One line for a person."""

    @property
    def devices(self) -> int:
        """Accelerators that are used: with several only the first."""
        return 0 if self.device == "cpu" else 1

    @property
    def torch_dtype(self) -> Any:  # noqa: ANN401 - torch.dtype, whose import is heavy
        """The number format as torch knows it."""
        import torch

        return getattr(torch, self.dtype)


def resolve(section: ModelSection, key: str = "model") -> Machine:
    """Choose device and number format, and set the number of CPU threads.

    Args:
        section: The recipe's `model` section.
        key: What the recipe calls it.

    Returns:
        The machine.

    Raises:
        ModelError: The recipe asks for a device that this machine does not have.
    """
    import torch

    have = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    device = section.device
    if device == "auto":
        device = "cuda" if have["cuda"] else "mps" if have["mps"] else "cpu"
    if not have[device]:
        found = ", ".join(name for name, there in have.items() if there)
        raise ModelError(
            f"{key}.device is {device}, but torch {torch.__version__} finds only {found}; "
            f"set {key}.device: auto, or install the torch build for this device"
        )
    threads = section.threads or cores()
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    dtype: str = section.dtype
    if dtype == "auto":
        dtype = "bfloat16" if device == "cuda" and torch.cuda.is_bf16_supported() else "float32"
    if device == "cpu" and dtype == "float16":
        raise ModelError(f"{key}.dtype is float16, which a CPU cannot train; use float32")
    return Machine(device, dtype, f"{_device_line(device, threads)}, {dtype}")


def cores() -> int:
    """Count the cores that this process may use.

    Returns:
        How many; a container may own fewer than the machine has, and macOS cannot say which.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _device_line(device: Device, threads: int) -> str:
    import torch

    if device == "mps":
        return "Apple GPU"
    if device == "cpu":
        return f"CPU, {threads} threads"
    count = torch.cuda.device_count()
    first = "" if count == 1 else f", the first of {count}; the others stay idle"
    memory = torch.cuda.get_device_properties(0).total_memory / 2**30
    return f"{torch.cuda.get_device_name(0)}, {memory:.0f} GiB{first}"
