"""Memory of the device: giving back what is no longer used, and telling that it ran out."""

import gc


def give_back() -> None:
    """Hand memory of models that nobody refers to any more back to the device."""
    import torch

    # Models hold themselves in cycles: hooks, and layers that know their parents.
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether a device, or the machine, ran out of memory.

    Args:
        error: What torch raised.

    Returns:
        Whether less at a time may fit.
    """
    text = str(error)
    return isinstance(error, MemoryError) or "out of memory" in text or "allocate memory" in text
