"""Calls of a model that are handed over as files, for half the price or to a machine elsewhere."""

from typing import Literal

from pydantic import Field, model_validator

from loop.recipe.api import PriceSection
from loop.recipe.section import Section


class BatchSection(Section):
    """Offline batches in the format of OpenAI's Batch API, which `vllm run-batch` reads too."""

    mode: Literal["openai", "file"] = "openai"
    """openai submits to `api.base_url` and collects there; file writes requests.jsonl into the run
    directory and reads results*.jsonl beside it."""
    wait: bool = True
    """openai: wait for the results. false ends the process with exit code 4 instead; the same
    command goes on later."""
    poll_seconds: float = Field(60.0, ge=1, le=3600)
    """openai: seconds between two looks at a batch."""
    command: tuple[str, ...] = ()
    """file: program and arguments that answer {input} in {output}, run without a shell, for example
    [vllm, run-batch, -i, "{input}", -o, "{output}", --model, Qwen/Qwen3-8B]. None says which file
    to run and ends with exit code 4."""
    max_lines: int = Field(50_000, ge=1, le=50_000)
    """Calls in one batch; a provider may hold fewer in its queue."""
    max_bytes: int = Field(200_000_000, ge=1_000_000, le=200_000_000)
    """Bytes of one batch's requests."""
    price: PriceSection | None = None
    """What tokens cost in a batch, in USD per million; where it is not said, as `prices` says, else
    the published price for batches."""

    @model_validator(mode="after")
    def _command_fits(self) -> "BatchSection":
        if not self.command:
            return self
        if self.mode != "file":
            raise ValueError("a command is run with mode: file only; set it or leave command out")
        for mark in ("{input}", "{output}"):
            if not any(mark in each for each in self.command):
                raise ValueError(f"command lacks {mark}, where the file's path is put")
        return self
