"""The one model in memory: another one takes its place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from loop.models.machine import Machine
from loop.models.memory import give_back
from loop.recipe import ModelSection


@dataclass(frozen=True)
class Loaded:
    """A model ready for use; valid until the next model is loaded."""

    model: Any
    """A transformers causal language model, in evaluation mode."""
    tokenizer: Any
    """Pads on the left; renders what the recipe asks for and no more."""
    machine: Machine


_last: dict[tuple[ModelSection, str], Loaded] = {}


def release() -> None:
    """Forget the model kept in memory, so that another one finds room."""
    _last.clear()
    give_back()


def keep(section: ModelSection, what: str, make: Callable[[], Loaded]) -> Loaded:
    """Give the model kept in memory, or make it in the place of another.

    Args:
        section: Names the model.
        what: What became of it: an adapter's hash, or a role.
        make: Loads it.

    Returns:
        The model, valid until the next one is loaded.
    """
    if (section, what) not in _last:
        release()
        _last[section, what] = make()
    return _last[section, what]


def keeps(section: ModelSection, what: str) -> bool:
    """Whether a model is the one kept in memory.

    Args:
        section: Names the model.
        what: What became of it: an adapter's hash, or a role.

    Returns:
        Whether it is.
    """
    return (section, what) in _last
