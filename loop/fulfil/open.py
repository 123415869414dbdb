"""Makes the sources that a recipe names."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from loop.api import Asks, Client
from loop.api.batch import Batches
from loop.api.local import LocalModel
from loop.api.managed import managed
from loop.budget import Purse
from loop.fulfil.mine import Means, Mine
from loop.fulfil.model import Model
from loop.fulfil.people import People
from loop.fulfil.plugin import Plugin
from loop.fulfil.pool import Pool
from loop.fulfil.source import Source
from loop.fulfil.waves import Decisions
from loop.fulfil.ways import snippets_of
from loop.neighbours import Canonical
from loop.recipe import (
    CategorySection,
    CurationSection,
    ModelSource,
    OpenSource,
    PeopleSource,
    PluginSource,
    PoolSource,
    SourceSection,
)


def open_sources(
    sections: Sequence[SourceSection],
    folder: Path,
    run_folder: Path,
    seed: int,
    purse: Purse,
    *,
    taxonomy: Sequence[CategorySection] = (),
    curation: CurationSection | None = None,
    canonical: Canonical = MappingProxyType({}),
    means: Means | None = None,
) -> dict[str, Source]:
    """Make every source; nothing is asked yet.

    Args:
        sections: The recipe's sources.
        folder: The recipe file's folder.
        run_folder: The run directory, where paid replies are kept.
        seed: The run's random seed.
        purse: Pays.
        taxonomy: Categories, with their graders and labels.
        curation: What makes two examples one.
        canonical: Canonical form by category.
        means: Reads and checks the rows of open pools.

    Returns:
        Section's name → source.

    Raises:
        LoopError: One cannot be used; says which and why.
    """
    opened = partial(
        _opened, taxonomy=taxonomy, curation=curation, canonical=canonical, means=means
    )
    return {each.name: opened(each, folder, run_folder, seed, purse) for each in sections}


def _opened(
    section: SourceSection,
    folder: Path,
    run_folder: Path,
    seed: int,
    purse: Purse,
    *,
    taxonomy: Sequence[CategorySection],
    curation: CurationSection | None,
    canonical: Canonical,
    means: Means | None,
) -> Source:
    if isinstance(section, PoolSource):
        return Pool()
    if isinstance(section, PluginSource):
        return Plugin(section, folder, seed, purse)
    if isinstance(section, ModelSource):
        texts = snippets_of(section.snippets, folder)
        decisions = Decisions(run_folder / "waves" / f"{section.name}.jsonl")
        asks = _model(section, run_folder, purse)
        return Model(section, asks, seed, taxonomy, curation, canonical, texts, decisions)
    if isinstance(section, OpenSource):
        assert curation is not None and means is not None
        return Mine(section, taxonomy, curation, folder, run_folder, seed, means, canonical)
    assert isinstance(section, PeopleSource)
    return People(section, run_folder, purse)


def _model(section: ModelSource, run_folder: Path, purse: Purse) -> Asks:
    """Who answers for a model source."""
    journal = run_folder / "replies" / f"{section.name}.jsonl"
    if section.local is not None:
        return LocalModel(section.local, journal, purse)
    assert section.api is not None
    if section.server is not None:
        log = run_folder / "server" / f"{section.name}.log"
        return managed(section.api, section.server, log, journal, purse)
    if section.batch is not None:
        return Batches(section.api, section.batch, journal, purse)
    return Client(section.api, purse, "teacher", journal)
