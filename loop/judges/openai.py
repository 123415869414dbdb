"""A judge behind an OpenAI-compatible server. Its calls are paid from the run's purse."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from loop.api import ApiError, Call, Client
from loop.api.call import Message
from loop.budget import Purse
from loop.example import digest_of
from loop.judges.judge import JudgeError
from loop.recipe import ApiSection


class OpenAIOptions(ApiSection):
    """Options of a judge behind an OpenAI-compatible server."""

    timeout: float = Field(60.0, gt=0)
    """Seconds that one attempt may take in all."""
    max_tokens: int | None = Field(300, ge=50)
    """Longest reply; more for a model that reasons at length. None sends no limit."""
    temperature: float | None = Field(0.0, ge=0, le=2)
    """None sends none, for a model that refuses it."""
    parallel: int = Field(4, ge=1, le=64)
    """Requests under way at the same time."""


class OpenAIJudge:
    """Asks a model behind `/chat/completions`. Source: the OpenAI API reference."""

    def __init__(
        self,
        options: Mapping[str, Any],
        seed: int,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Read options and key; sends nothing yet.

        Args:
            options: See `OpenAIOptions`.
            seed: Sent along; many servers then answer the same again.
            pause: Waits so many seconds before another attempt.

        Raises:
            JudgeError: The environment variable of the key is not set.
            ValidationError: An option is wrong.
        """
        self._options = OpenAIOptions.model_validate(dict(options))
        self.name, self.parallel = self._options.model, self._options.parallel
        self._seed, self._pause = seed, pause
        self._purse = Purse()
        self._path: Path | None = None
        self._client = self._opened()

    def paid_from(self, purse: Purse) -> None:
        """Have calls reserved and settled.

        Args:
            purse: The run's; none before this was called is counted.

        Raises:
            JudgeError: The environment variable of the key is not set.
            Unpriced: There is a budget in USD, and the judge's price is unknown.
        """
        self._purse = purse
        self._client = self._opened()

    def keep_in(self, path: Path | None) -> None:
        """Keep replies from now on, each before it is paid for.

        Args:
            path: Replies found there are taken for given; None keeps none.
        """
        self._client.close()
        self._path = path
        self._client = self._opened()

    def given(self, prompt: str) -> str | None:
        """Look up the reply to a prompt.

        Args:
            prompt: As it was asked.

        Returns:
            The reply, or None where none was kept.
        """
        return self._client.kept(self._key(prompt))

    def ask(self, prompt: str, schema: dict[str, Any]) -> str:
        """Answer one prompt.

        Args:
            prompt: The rubric and the row.
            schema: JSON schema of the reply; a server that knows none is asked without.

        Returns:
            The reply's text; empty where the model gave none, or where the server takes every
            prompt but this.

        Raises:
            JudgeError: The server cannot be reached, or refuses for good.
        """
        asked = (Message("user", prompt),)
        call = Call(self._key(prompt), asked, schema, seed=self._seed, repair=False)
        try:
            reply = self._client.ask(call)
        except ApiError as error:
            raise JudgeError(str(error)) from error
        if reply.passing:
            raise JudgeError(
                f"{self._options.base_url}: {reply.problem}; start again when the server answers, "
                "replies already given are not asked for twice; or lower options.parallel, or "
                "raise options.timeout"
            )
        return reply.texts[0] if reply.texts else ""

    def _opened(self) -> Client:
        try:
            return Client(self._options, self._purse, "judge", self._path, self._pause)
        except ApiError as error:
            raise JudgeError(str(error)) from error

    def _key(self, prompt: str) -> str:
        return f"judge-{digest_of(self._options.model_dump_json(), str(self._seed), prompt)}"
