"""A language model as a source."""

from typing import Literal

from pydantic import model_validator

from loop.recipe.api import ApiSection
from loop.recipe.sources.base import SourceSection


class ModelSource(SourceSection):
    """A stronger model that writes examples."""

    kind: Literal["model"] = "model"
    api: ApiSection | None = None
    """A model behind an OpenAI-compatible server."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> "ModelSource":
        if self.api is None:
            raise ValueError("a model is asked through `api: {model: …, base_url: …}`")
        return self
