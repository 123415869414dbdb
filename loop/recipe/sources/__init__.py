"""Who fulfils generation requests: one file per kind of source."""

from typing import Annotated

from pydantic import Field

from loop.recipe.sources.base import SourceSection
from loop.recipe.sources.model import ModelSource
from loop.recipe.sources.open import OpenSource
from loop.recipe.sources.people import PeopleSource
from loop.recipe.sources.plugin import PluginSource
from loop.recipe.sources.pool import PoolSource

Source = Annotated[
    PoolSource | OpenSource | ModelSource | PluginSource | PeopleSource,
    Field(discriminator="kind"),
]

__all__ = [
    "ModelSource",
    "OpenSource",
    "PeopleSource",
    "PluginSource",
    "PoolSource",
    "Source",
    "SourceSection",
]
