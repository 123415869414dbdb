"""What a program that is started here may know of the environment."""

from collections.abc import Collection, Mapping

from loop.errors import ModelError

_OF_ANY_PROGRAM = frozenset(
    {
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "PATH",
        "SHELL",
        "TMPDIR",
        "TZ",
        "USER",
        "VIRTUAL_ENV",
    }
)
_OF_ANY_MODEL = ("CUDA_", "HIP_", "LC_", "NVIDIA_", "OMP_", "PYTORCH_", "ROCR_", "XDG_")
"""Beginnings of names."""


def narrowed(whole: Mapping[str, str], named: Collection[str], key: str) -> dict[str, str]:
    """Choose what a program is given: what it cannot do without, never keys of other services.

    Args:
        whole: This process's environment.
        named: Variables that it is given besides.
        key: What the recipe calls those.

    Returns:
        The program's environment.

    Raises:
        ModelError: A named variable is not set.
    """
    if missing := sorted(set(named) - set(whole)):
        raise ModelError(
            f"{key} names {', '.join(missing)}, which the environment does not hold; set it, or "
            "take it out of the recipe"
        )
    return {
        name: value
        for name, value in whole.items()
        if name in _OF_ANY_PROGRAM or name in named or name.startswith(_OF_ANY_MODEL)
    }
