"""Models behind OpenAI-compatible servers, what their tokens cost, and what may be spent."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainSerializer

from loop.recipe.section import Section

# Written as a plain number, so that a raised budget compares as one.
Usd = Annotated[Decimal, Field(ge=0, allow_inf_nan=False), PlainSerializer(float, when_used="json")]


class ApiSection(Section):
    """A model behind `/chat/completions`: hosted, vLLM, SGLang, llama.cpp."""

    model: str = Field(min_length=1)
    """As the server names it."""
    base_url: str = Field(
        "https://api.openai.com/v1", pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$"
    )
    """Up to and without `/chat/completions`. It holds no password: the run directory keeps it."""
    key_env: str = "OPENAI_API_KEY"
    """Environment variable that holds the key; empty where the server wants none."""
    timeout: float = Field(120.0, gt=0)
    """Seconds that one attempt may take in all. One that takes longer costs its reservation."""
    attempts: int = Field(5, ge=1, le=20)
    """How often one prompt is sent where another attempt can help."""
    max_tokens: int | None = Field(2048, ge=16)
    """Longest reply; more for a model that reasons at length. None sends no limit, which a budget
    in USD refuses."""
    temperature: float | None = Field(1.0, ge=0, le=2)
    """None sends none, for a model that refuses it."""
    parallel: int = Field(32, ge=1, le=1024)
    """Requests under way at the same time."""


class PriceSection(Section):
    """What a model's tokens cost, in USD per million."""

    input: Usd
    cached_input: Usd | None = None
    """Prompt tokens that the server had cached; as `input` where it is not said."""
    output: Usd


class BudgetSection(Section):
    """Hard stops over the whole run; what is not named is unlimited. Each may be raised on resume.

    Money and people's time are reserved at the worst case before anything is asked for. A round is
    not begun where what rounds took so far says that it would cross a limit on hours.
    """

    usd: Usd | None = None
    """Paid to teachers, judges and people together. Where it is set, a model whose price is unknown
    is refused."""
    examples: int | None = Field(None, ge=1)
    """Most examples accepted over the run, the seed dose not counted."""
    hours: float | None = Field(None, gt=0)
    """Most wall-clock hours over all of the run's sessions, from the ledger."""
    gpu_hours: float | None = Field(None, gt=0)
    """Most hours of stages that use an accelerator, times its devices; 0 on a CPU."""
    people_minutes: float | None = Field(None, gt=0)
    """Most minutes of people's time that deliveries took."""
