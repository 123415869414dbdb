"""What the tests of the model source share: rows, items, and a teacher behind a scripted server."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from loop.api import Client
from loop.budget import Purse
from loop.example import Example
from loop.fulfil.model import Model
from loop.fulfil.source import Delivery, Situation, Want
from loop.fulfil.waves import Decisions
from loop.recipe import ModelSource, PriceSection
from loop.records import Fulfilment, RequestItem
from tests.server import Answer, Script, Seen, Server, said, scripted

PRICES = {"m": PriceSection(input=Decimal(1), output=Decimal(1))}
NANO_PER_CALL = 15_000
"""What `said` bills, 10 and 5 tokens, at those prices."""


def example(text: str, category: str = "adding", **fields: Any) -> Example:
    return Example.model_validate(
        {"instruction": text, "output": "answer", "category": category, **fields}
    )


def item(count: int = 1, **fields: Any) -> RequestItem:
    given = {"id": "r01-001", "category": "adding", "tier": "simple", "format": "text", **fields}
    return RequestItem.model_validate(given | {"count": count})


def situation(
    training: tuple[Example, ...] = (),
    accepted: tuple[Example, ...] = (),
    pool: tuple[Example, ...] = (),
    history: tuple[Fulfilment, ...] = (),
) -> Situation:
    return Situation(1, training, pool, accepted, history)


def section(server: Server, **given: Any) -> ModelSource:
    api = {"model": "m", "base_url": server.url, "key_env": "", "attempts": 1, "timeout": 5}
    fields = {"name": "teacher", "ways": ["self_instruct"], "explore": 0, **given}
    return ModelSource.model_validate({**fields, "api": api})


def model(server: Server, folder: Path | None = None, seed: int = 7, **given: Any) -> Model:
    """The source; `made` in `given` goes to it and not into its section."""
    made = given.pop("made", {})
    chosen = section(server, **given)
    assert chosen.api is not None
    journal = None if folder is None else folder / "replies.jsonl"
    if folder is not None:
        made = {"decisions": Decisions(folder / "waves.jsonl"), **made}
    client = Client(chosen.api, Purse(prices=PRICES), "teacher", journal)
    return Model(chosen, client, seed, **made)


Says = Callable[[int, dict[str, Any], str], object]
"""(number of the request, schema of the reply, prompt) → one reply, or a list of candidates."""


@contextmanager
def teaching(says: Says) -> Iterator[Server]:
    def answer(number: int, seen: Seen) -> Answer:
        schema = seen.body["response_format"]["json_schema"]["schema"]
        given = says(number, schema, prompts_of(seen.body))
        replies = given if isinstance(given, list) else [given] * seen.body.get("n", 1)
        texts = [each if isinstance(each, str) else json.dumps(each) for each in replies]
        return said(*texts)

    script: Script = answer
    with scripted(script) as server:
        yield server


def prompts_of(body: dict[str, Any]) -> str:
    return "\n".join(message["content"] for message in body["messages"])


def prompts(server: Server) -> list[str]:
    return sorted(prompts_of(body) for body in server.bodies)


SUBJECTS = "apples bridges candles deserts engines forests gardens harbours islands jackets"


def new_task(number: int, schema: dict[str, Any] | None = None, prompt: str = "") -> dict[str, Any]:
    """A row unlike every other one."""
    word = SUBJECTS.split()[number % 10]
    text = f"{word} {number * 7919 % 1009} {word[::-1]} {number * 104729 % 997} {number}"
    return {"instruction": f"Tell {text}", "input": "", "output": f"About {text}."}


def delivered(
    source: Model, count: int = 1, attempt: int = 0, about: Situation | None = None, **fields: Any
) -> list[Delivery]:
    wants = [Want(item(count, **fields), count)]
    return list(source.deliver(wants, attempt, about or situation()))
