"""Makes the sources that a recipe names."""

from collections.abc import Sequence
from pathlib import Path

from loop.api import Asks, Client
from loop.budget import Purse
from loop.fulfil.model import Model
from loop.fulfil.plugin import Plugin
from loop.fulfil.pool import Pool
from loop.fulfil.source import Source
from loop.recipe import ModelSource, PluginSource, PoolSource, SourceSection


def open_sources(
    sections: Sequence[SourceSection], folder: Path, run_folder: Path, seed: int, purse: Purse
) -> dict[str, Source]:
    """Make every source; nothing is asked yet.

    Args:
        sections: The recipe's sources.
        folder: The recipe file's folder.
        run_folder: The run directory, where paid replies are kept.
        seed: The run's random seed.
        purse: Pays.

    Returns:
        Section's name → source.

    Raises:
        LoopError: One cannot be used; says which and why.
    """
    return {each.name: _opened(each, folder, run_folder, seed, purse) for each in sections}


def _opened(
    section: SourceSection, folder: Path, run_folder: Path, seed: int, purse: Purse
) -> Source:
    if isinstance(section, PoolSource):
        return Pool()
    if isinstance(section, PluginSource):
        return Plugin(section, folder, seed, purse)
    if isinstance(section, ModelSource):
        return Model(section, _model(section, run_folder, purse), seed)
    raise NotImplementedError(section.name)


def _model(section: ModelSource, run_folder: Path, purse: Purse) -> Asks:
    """Who answers for a model source."""
    journal = run_folder / "replies" / f"{section.name}.jsonl"
    assert section.api is not None
    return Client(section.api, purse, "teacher", journal)
