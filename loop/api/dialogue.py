"""What one call comes to: its candidates and their repairs, however they are asked for."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from loop.api.call import Call, Message, Reply
from loop.api.exchange import Refused
from loop.api.structured import LONGEST, Misfit, again, read
from loop.api.wire import Ask, Completion
from loop.budget import Price

Given = Completion | Refused


def dialogue(
    call: Call, price: Price | None
) -> Generator[dict[str, Ask], Mapping[str, Given], Reply]:
    """Say what to ask for a call until its reply is there.

    What it gives is asked for by the journal's key, all of it at once where that is possible; what
    came of each is sent back.

    Args:
        call: What is to be asked.
        price: What the model costs, if that is known.

    Returns:
        The reply.
    """
    came = yield {call.id: Ask(call.messages, call.schema, call.candidates, call.seed)}
    first = came[call.id]
    if isinstance(first, Refused):
        return Reply(call, problem=first.problem, passing=first.passing)
    texts, finish, used = list(first.texts), list(first.finish), [first]
    if len(texts) < call.candidates:
        # The server gives fewer candidates at a time than it is asked for.
        came = yield {
            f"{call.id}~{number}": Ask(call.messages, call.schema, 1, _further(call, number))
            for number in range(len(texts), call.candidates)
        }
        for more in came.values():
            if isinstance(more, Completion):
                texts += more.texts
                finish += more.finish
                used.append(more)
    if call.schema is None:
        return Reply(call, tuple(texts), (), tuple(finish), first.model, cost(used, price))
    values: list[Any] = [read(text, call.schema) for text in texts]
    asks = {
        number: Ask((*call.messages, *_repair(text, value)), call.schema, 1, call.seed)
        for number, (text, value) in enumerate(zip(texts, values, strict=True))
        if isinstance(value, Misfit) and call.repair
    }
    repaired = 0
    if asks:
        came = yield {f"{call.id}~{number}r": ask for number, ask in asks.items()}
        for number in asks:
            more = came[f"{call.id}~{number}r"]
            if isinstance(more, Refused):
                continue
            used.append(more)
            value = read(more.texts[0], call.schema)
            if not isinstance(value, Misfit):
                texts[number], finish[number], values[number] = more.texts[0], more.finish[0], value
                repaired += 1
    fitting = tuple(None if isinstance(value, Misfit) else value for value in values)
    nano = cost(used, price)
    return Reply(call, tuple(texts), fitting, tuple(finish), first.model, nano, repaired)


def _further(call: Call, number: int) -> int | None:
    """With the first one's seed many servers would say the same again."""
    return None if call.seed is None else call.seed + number


def _repair(text: str, value: Misfit) -> tuple[Message, Message]:
    return Message("assistant", text[:LONGEST]), Message("user", again(value.problem))


def cost(completions: Sequence[Completion], price: Price | None) -> int | None:
    """Add up what completions cost.

    Args:
        completions: Any.
        price: What the model costs, if that is known.

    Returns:
        Nano-dollars; None where the price is unknown, or a completion's usage unless it is free.
    """
    if price is None:
        return None
    known = [price.nano(each.usage) for each in completions if each.usage is not None]
    if len(known) < len(completions) and price.worst(1, 1):
        return None
    return sum(known)
