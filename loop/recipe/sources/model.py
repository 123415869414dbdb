"""A language model as a source."""

import re
from typing import Literal

from pydantic import Field, model_validator

from loop.recipe.api import ApiSection
from loop.recipe.batch import BatchSection
from loop.recipe.local import LocalSection
from loop.recipe.managed import PORT, ManagedSection
from loop.recipe.sources.base import SourceSection

WayName = Literal["self_instruct", "evolve", "oss_instruct", "back_translate", "re_answer"]
"""A way of asking; docs/teachers.md says what each needs and gives."""


class ModelSource(SourceSection):
    """A stronger model that writes examples."""

    kind: Literal["model"] = "model"
    attempts: int = Field(5, ge=1, le=20)
    """How often it is asked again for what was rejected or did not come."""
    api: ApiSection | None = None
    """A model behind an OpenAI-compatible server."""
    batch: BatchSection | None = None
    """Ask it in offline batches instead of one by one."""
    server: ManagedSection | None = None
    """The command that serves it on loopback; `api.base_url` may hold {port} then."""
    local: LocalSection | None = None
    """A model in this process, instead of `api`."""
    ways: tuple[WayName, ...] = Field(
        ("self_instruct", "evolve", "oss_instruct", "back_translate"), min_length=1
    )
    """Ways of asking that may be used. One that lacks its material is passed over; the others share
    by what an accepted example costs in each."""
    explore: float = Field(0.05, ge=0, le=1)
    """Share of the calls that goes round all ways, whatever they give: the variety of examples and
    the knowledge of what each way costs depend on it."""
    candidates: int = Field(1, ge=1, le=16)
    """Replies to one prompt: they share its cost, and are more alike than replies to two."""
    topics: tuple[str, ...] | Literal["rows", "model"] = "rows"
    """What examples are about, in turn. rows takes words of the training side, model asks for a
    list once per category."""
    personas: tuple[str, ...] = (
        "somebody new to the subject",
        "an expert in a hurry",
        "a student with an exercise",
        "an engineer who maintains what others wrote",
        "a teacher who prepares a lesson",
        "an analyst who writes to colleagues",
        "the owner of a small business",
        "a researcher who checks a detail",
    )
    """Who asks, in turn; none leaves it to the model."""
    snippets: tuple[str, ...] = ()
    """Real texts for the ways that start from one: text files and folders relative to the recipe,
    or `module:attribute`, a function that gives pairs of a name and a text."""
    rationale: tuple[str, ...] = ()
    """Categories whose answers come with a chain of thought. Those whose training rows mostly have
    one need not be named."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> "ModelSource":
        if (self.api is None) == (self.local is None):
            raise ValueError(
                "a model is asked through `api: {model: …, base_url: …}`, or loaded here as "
                "`local: {model: …}`; write one of them"
            )
        if self.local is not None and self.batch is not None:
            raise ValueError("batch goes with api: a local model answers in batches by itself")
        return self

    @model_validator(mode="after")
    def _server_fits(self) -> "ModelSource":
        if self.server is None:
            if self.api is not None and PORT in self.api.base_url:
                raise ValueError(
                    "api.base_url holds {port}, which only a `server: {command: […]}` fills in"
                )
            return self
        if self.api is None or self.batch is not None:
            raise ValueError("server needs api, and no batch: write `api: {base_url: …}` beside it")
        if not re.match(r"http://(127\.0\.0\.1|localhost)[:/]", self.api.base_url):
            raise ValueError(
                f"api.base_url is {self.api.base_url}, but the server is started on this machine; "
                "write http://127.0.0.1:{port}/v1"
            )
        if PORT in self.api.base_url and not any(PORT in word for word in self.server.command):
            raise ValueError("server.command needs {port}, the port that api.base_url says")
        return self
