"""A model that is loaded into this process while it is asked."""

from typing import Literal

from pydantic import Field

from loop.recipe.model import ModelSection
from loop.recipe.section import Section


class LocalSection(Section):
    """A Hugging Face model as a teacher on the machine that trains.

    It is loaded when something is first asked of it, after the trained model has given up its
    memory, and unloaded before anything else goes on.
    """

    model: str = Field(min_length=1)
    """`packaged:smollm2-135m-instruct`, a hub id, or a folder with safetensors weights, tokenizer
    and chat template."""
    max_tokens: int = Field(1024, ge=16)
    """Longest reply, in tokens."""
    temperature: float = Field(1.0, ge=0, le=2)
    """0 always takes the likeliest token."""
    batch_size: int = Field(16, ge=1, le=1024)
    """Replies written together; halved when memory runs out."""
    device: Literal["auto", "cuda", "mps", "cpu"] = "auto"
    """As `model.device`."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """As `model.dtype`."""
    threads: int = Field(0, ge=0)
    """CPU threads; 0 takes every core."""

    @property
    def weights(self) -> ModelSection:
        """What is loaded, and where it runs."""
        return ModelSection(
            base=self.model, device=self.device, dtype=self.dtype, threads=self.threads
        )
