"""The chat completions protocol: bodies to send, and what is read from what comes back.

What comes back is hostile: any part of it may be missing, huge, or of another kind.
Source: the OpenAI API reference.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from loop.api.call import Message
from loop.api.structured import one_line
from loop.budget import Usage

Form = Literal["json_schema", "json_object", "text"]
FORMS: tuple[Form, ...] = ("json_schema", "json_object", "text")
"""How a server may be told that the reply is JSON, best first."""
_TEMPLATE = 512
"""Tokens that a server's chat template may add, an injected system prompt included."""
_TURN = 16
"""Tokens that it may add for each message."""
_NAME = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True)
class Ask:
    """One request for completions."""

    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None
    candidates: int
    seed: int | None


@dataclass(frozen=True)
class Completion:
    """What a server gave, with the key taken out of it wherever it stood."""

    texts: tuple[str, ...]
    finish: tuple[str, ...]
    model: str
    usage: Usage | None
    """None where the server did not say."""


def body_of(ask: Ask, form: Form, model: str, limit: str, options: Mapping[str, Any]) -> bytes:
    """Write a request.

    Args:
        ask: What is asked.
        form: How the server is told about the schema.
        model: As the server names it.
        limit: What the server calls the limit of tokens.
        options: max_tokens and temperature; one that is None is not sent.

    Returns:
        JSON.
    """
    messages = [{"role": each.role, "content": each.content} for each in ask.messages]
    body: dict[str, Any] = {"model": model, "messages": messages}
    given = {"seed": ask.seed, limit: options["max_tokens"], "temperature": options["temperature"]}
    body |= {name: value for name, value in given.items() if value is not None}
    if ask.candidates > 1:
        body["n"] = ask.candidates
    if ask.schema is not None and form == "json_schema":
        named = {"name": "reply", "strict": True, "schema": ask.schema}
        body["response_format"] = {"type": form, "json_schema": named}
    elif ask.schema is not None and form == "json_object":
        body["response_format"] = {"type": form}
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(body).encode()  # Half a surrogate pair can only be sent escaped.


def most_tokens(body: bytes, messages: int) -> int:
    """Bound a prompt's tokens: no tokenizer makes more of a text than it has bytes.

    Args:
        body: The request, schema included: some servers charge for it as for a prompt.
        messages: Turns in it.

    Returns:
        Tokens.
    """
    return len(body) + _TEMPLATE + _TURN * messages


def completion_in(data: bytes, candidates: int, key: str) -> Completion | None:
    """Read a response.

    Args:
        data: Its body.
        candidates: Texts that were asked for; more are not taken.
        key: What must not be kept: a server knows it and may say it.

    Returns:
        The completion, or None where it is none.
    """
    try:
        given = json.loads(data)
        choices = given["choices"][:candidates]
        messages = [choice["message"] for choice in choices]
        contents = [message.get("content") for message in messages]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if not contents:
        return None
    texts = tuple(without(key, content) if isinstance(content, str) else "" for content in contents)
    finish = tuple(_label(choice.get("finish_reason"), key) for choice in choices)
    usage = _usage(given.get("usage"), key)
    return Completion(texts, finish, _label(given.get("model"), key), usage)


def _label(given: object, key: str) -> str:
    return one_line(without(key, given), 200) if isinstance(given, str) else ""


def without(key: str, text: str) -> str:
    """Take a key out of a text.

    Args:
        key: The key; empty where there is none.
        text: Anything.

    Returns:
        The text.
    """
    return text.replace(key, "[key]") if key else text


def _usage(given: object, key: str) -> Usage | None:
    """Tokens as the server counts them; None where it does not, or counts nonsense."""
    raw = _numbers(given, key)
    prompt, completion = raw.get("prompt_tokens"), raw.get("completion_tokens")
    if not isinstance(prompt, int) or not isinstance(completion, int):
        return None
    details = raw.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(prompt, cached if isinstance(cached, int) else 0, completion, raw)


def _numbers(given: object, key: str, deep: int = 2) -> dict[str, Any]:
    """The numbers of an object under plain names, whatever else stands in it."""
    kept: dict[str, Any] = {}
    if not isinstance(given, dict):
        return kept
    for name, value in list(given.items())[:40]:
        if not _NAME.fullmatch(name) or (key and key in name):
            continue
        if isinstance(value, dict) and deep > 1:
            kept[name] = _numbers(value, key, deep - 1)
        elif isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
            kept[name] = value
    return kept


def texts_of(record: Mapping[str, Any]) -> Completion:
    """Take a completion from its journal record.

    Args:
        record: From `record_of`.

    Returns:
        The completion.
    """
    texts, finish = tuple(record["texts"]), tuple(record["finish"])
    usage = _usage(record["usage"], "")
    return Completion(texts, finish, record["model"], usage)


def record_of(completion: Completion) -> dict[str, Sequence[str] | str | Mapping[str, Any] | None]:
    """Write a completion down.

    Args:
        completion: What came.

    Returns:
        JSON values.
    """
    usage = completion.usage
    return {
        "texts": list(completion.texts),
        "finish": list(completion.finish),
        "model": completion.model,
        "usage": dict(usage.raw) if usage else None,
    }
