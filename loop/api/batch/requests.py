"""Requests of a batch: how each is put, what it may cost at most, and its line."""

from loop.api.batch.kept import Line
from loop.api.batch.lines import request_line
from loop.api.wire import FORMS, Ask, Form, body_of, most_tokens
from loop.example import digest_of
from loop.recipe import ApiSection

_LIMIT = "max_completion_tokens"
"""What the limit of tokens is called: OpenAI's newer models and vLLM know this name."""
_TOGETHER = " together"
"""Marks a manner in which all candidates are asked for at once."""


def manners(ask: Ask) -> list[str]:
    """Say in which ways something may be put to a server.

    Args:
        ask: What is asked.

    Returns:
        Names, best first: the form of the reply, and whether for all candidates at once.
    """
    forms: list[str] = list(FORMS) if ask.schema is not None else ["plain"]
    return [form + _TOGETHER for form in forms if ask.candidates > 1] + forms


def written(key: str, ask: Ask, manner: str, claim: str, api: ApiSection) -> tuple[Line, bytes]:
    """Write a request.

    Args:
        key: The journal's.
        ask: What is asked.
        manner: In which way.
        claim: Names the attempt.
        api: The model and its options.

    Returns:
        What is kept about it, and its line.
    """
    candidates = ask.candidates if manner.endswith(_TOGETHER) else 1
    named = manner.removesuffix(_TOGETHER)
    form: Form = next((each for each in FORMS if each == named), "text")
    options = {"max_tokens": api.max_tokens, "temperature": api.temperature}
    asked = Ask(ask.messages, ask.schema, candidates, ask.seed)
    body = body_of(asked, form, api.model, _LIMIT, options)
    longest = None if api.max_tokens is None else api.max_tokens * candidates
    worst = most_tokens(body, len(ask.messages)), longest
    custom_id = digest_of(key)
    return Line(custom_id, key, claim, worst, candidates, manner), request_line(custom_id, body)
