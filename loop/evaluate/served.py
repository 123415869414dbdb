"""Answers from an OpenAI-compatible server, through lm-eval's two API models."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loop import models
from loop.console import line
from loop.errors import ModelError
from loop.evaluate.backends import Backend, ask, enough_cores
from loop.evaluate.decode import Question
from loop.recipe import EvaluationSection, ModelSection, ServerSection
from loop.records import Adapter
from loop.serving import Server, filled, start

CANARIES = ("Say something about the sea.", "Count from three to nine.", "Write a line of text.")
_CANARY_TOKENS = 12
_HALT = "start again when it answers, answers already given are not asked for twice"


class _Said(str):
    """An answer, with what the server said of its end."""

    finished: bool | None

    def __new__(cls, text: str, finished: bool | None) -> "_Said":
        """Make one.

        Args:
            text: The answer.
            finished: Whether the model ended it; None where the server does not say.

        Returns:
            The text, with its end.
        """
        said = super().__new__(cls, text)
        said.finished = finished
        return said


def _finished(choice: dict[str, Any]) -> bool | None:
    reason = choice.get("finish_reason")
    return None if reason is None else reason == "stop"


def check_key(section: ServerSection) -> str:
    """Read the server's key.

    Args:
        section: Names the environment variable.

    Returns:
        The key; empty where none is named.

    Raises:
        ModelError: The variable is not set.
    """
    key = os.environ.get(section.key_env, "") if section.key_env else ""
    if section.key_env and not key:
        raise ModelError(
            f"the environment variable {section.key_env} is not set; set it to the key of the "
            "server, or leave evaluation.server.key_env out if it wants none"
        )
    return key


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Say what a request met."""
    from aiohttp import ClientError
    from requests import RequestException

    try:
        yield
    except (ClientError, RequestException, TimeoutError, OSError) as error:
        status = getattr(error, "status", None) or getattr(
            getattr(error, "response", None), "status_code", None
        )
        said = f"status {status}" if status else type(error).__name__
        raise ModelError(f"the server at {url} failed ({said}); {_HALT}") from None


@contextmanager
def _readable(url: str, what: str) -> Iterator[None]:
    """Refuse a body that is not what was asked for."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ModelError(
            f"the server at {url} sent no {what} ({type(error).__name__}: {error}); look at "
            "evaluation.server and evaluation.backend"
        ) from error


def _api_model(
    section: EvaluationSection,
    url: str,
    name: str,
    tokenizer: Any,  # noqa: ANN401 - transformers
    context: int | None,
) -> Any:  # noqa: ANN401 - lm-eval
    from lm_eval.models.openai_completions import LocalChatCompletion, LocalCompletionsAPI

    assert section.server is not None
    server, chats = section.server, section.backend == "local-chat-completions"
    key = check_key(server)
    kind: Any = LocalChatCompletion if chats else LocalCompletionsAPI

    class Served(kind):  # type: ignore[misc]
        """lm-eval's API model with the loop's tokenizer and key, which keeps why answers ended."""

        prompt_tokens: int | None = None

        @property
        def header(self) -> dict[str, str]:
            return {"Authorization": f"Bearer {key}"} if key else {}

        def _create_payload(self, *given: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401
            payload: dict[str, Any] = super()._create_payload(*given, **options)
            # Every server ends at its end token; some refuse a stop that is no plain text.
            stops = [s for s in payload.pop("stop", ()) if s not in tokenizer.all_special_tokens]
            return {**payload, "stop": stops} if stops else payload

        def generate_until(self, *requests: Any, **options: Any) -> list[str]:  # noqa: ANN401
            with _explained(url):
                said: list[str] = super().generate_until(*requests, **options)
            return said

        def loglikelihood(self, *requests: Any, **options: Any) -> list[tuple[float, bool]]:  # noqa: ANN401
            with _explained(url):
                scores: list[tuple[float, bool]] = super().loglikelihood(*requests, **options)
            return scores

        def parse_generations(self, outputs: dict[str, Any], **_: object) -> list[str]:
            with _readable(url, "completion"):
                self.prompt_tokens = (outputs.get("usage") or {}).get("prompt_tokens")
                choices = sorted(outputs["choices"], key=lambda choice: choice["index"])
                texts = [c["message"]["content"] if chats else c["text"] for c in choices]
            ends = map(_finished, choices)
            return [_Said(text or "", end) for text, end in zip(texts, ends, strict=True)]

        def parse_logprobs(self, *outputs: Any, **options: Any) -> list[tuple[float, bool]]:  # noqa: ANN401
            with _readable(url, "log-probabilities of the prompt"):
                scores: list[tuple[float, bool]] = super().parse_logprobs(*outputs, **options)
            return scores

    model = Served(
        model=name,
        base_url=f"{url}/chat/completions" if chats else f"{url}/completions",
        tokenizer_backend="none",
        num_concurrent=server.concurrency,
        max_length=(context or 1 << 20) + 1,
        timeout=server.timeout,
        max_retries=4,
    )
    if not chats:
        # Prompts go as tokens of the loop's own tokenizer, so that no server adds any.
        model.tokenizer, model.tokenizer_backend = tokenizer, "huggingface"
        model.tokenized_requests = True
    return model


class Servers:
    """One server at a time: that of the round's model."""

    def __init__(self, section: EvaluationSection, model: ModelSection, run_folder: Path) -> None:
        """Keep what servers are started with; starts nothing yet.

        Args:
            section: The recipe's `evaluation` section.
            model: Its `model` section.
            run_folder: What an adapter's folder is relative to; logs go to server/ below it.
        """
        assert section.server is not None
        self._section, self._server, self._model = section, section.server, model
        self._run_folder, self._folder = run_folder, run_folder / "server"
        self._running: tuple[str, str, Server | None] | None = None
        self._canaries = self._folder / "canaries.json"

    def backend(self, adapter: Adapter | None) -> Backend:
        """Answer with a round's model, starting its server unless it runs.

        Args:
            adapter: The round's adapter; None is the base.

        Returns:
            The backend, valid until the next one is asked for.

        Raises:
            ModelError: The server does not come up, or does not render prompts as in training.
        """
        sha = adapter.sha256 if adapter else "base"
        tokenizer, context = models.load_tokenizer(self._model), models.context_length(self._model)
        places = self._places(sha, adapter, tokenizer)
        name = (self._server.model if adapter else self._server.base_model).format(**places)
        fresh = self._running is None or self._running[0] != sha
        if fresh:
            self.close()
            self._running = (sha, *self._start(places, adapter is not None))
        assert self._running is not None
        url = self._running[1]
        api = _api_model(self._section, url, name, tokenizer, context)
        chats = self._section.backend == "local-chat-completions"
        backend = Backend(
            tokenizer=tokenizer,
            context=context,
            settings=(sha, self._model.base, self._section.backend, self._server.model),
            decode=lambda questions: ask(api, tokenizer, questions, chats),
            workers=1,
            likelihoods=lambda: api,
            # A server that is started here and has no accelerator needs the cores itself.
            leaves_cores_idle=enough_cores()
            and (self._server.serve is None or models.resolve(self._model).device == "cuda"),
        )
        if fresh:
            self._check(backend, sha, api, url)
        return backend

    def close(self) -> None:
        """Stop the server that runs, if this started one."""
        if self._running is not None and self._running[2] is not None:
            self._running[2].stop()
        self._running = None

    def _places(self, sha: str, adapter: Adapter | None, tokenizer: Any) -> dict[str, str]:  # noqa: ANN401 - transformers
        folder = self._folder / "tokenizer"
        if not folder.is_dir():
            tokenizer.save_pretrained(str(folder))
        found = models.check_adapter(self._run_folder, adapter).resolve() if adapter else ""
        return {
            "base": models.source(self._model.base),
            "adapter": str(found),
            # A new name each round: servers keep adapters by name.
            "name": f"loop-{sha[:12]}",
            "port": "0",
            "tokenizer": str(folder.resolve()),
        }

    def _start(self, places: dict[str, str], tuned: bool) -> tuple[str, Server | None]:
        if self._server.base_url is not None:
            return self._server.base_url.rstrip("/"), None
        assert self._server.serve is not None
        command = filled(self._server.serve, places)
        if tuned:
            command += filled(self._server.serve_adapter, places)
        log, seconds = self._folder / "server.log", self._server.timeout
        server = start(command, log, seconds, key="evaluation.server.serve")
        return server.url, server

    def _check(self, backend: Backend, sha: str, api: Any, url: str) -> None:  # noqa: ANN401 - lm-eval
        """Compare its prompts with ours, and its answers with the base's."""
        answers = []
        for text in CANARIES:
            messages = ({"role": "user", "content": text},)
            prompt = backend.tokenizer.apply_chat_template(
                list(messages), tokenize=False, add_generation_prompt=True
            )
            tokens = backend.tokenizer(prompt, add_special_tokens=False)["input_ids"]
            question = Question(prompt, tuple(tokens), _CANARY_TOKENS, None, (), messages)
            answers.append(backend.decode([question])[0].text)
            if api.prompt_tokens is not None and api.prompt_tokens != len(tokens):
                raise ModelError(
                    f"the server at {url} made {api.prompt_tokens} tokens of a prompt that has "
                    f"{len(tokens)} in training: its chat template differs. Give it the one in "
                    f"{self._folder / 'tokenizer'} (vLLM: --chat-template "
                    "{tokenizer}/chat_template.jinja), or set evaluation.backend: local-completions"
                )
        # Kept, for a resumed run asks the base nothing any more.
        known = json.loads(self._canaries.read_bytes()) if self._canaries.exists() else {}
        known[sha] = answers
        self._canaries.with_suffix(".tmp").write_text(json.dumps(known, indent=1))
        self._canaries.with_suffix(".tmp").replace(self._canaries)
        if sha != "base" and known.get("base") == answers:
            line(
                "server   | warning: the adapter answers the canary prompts exactly as the base "
                "does; see that the server applies it"
            )
