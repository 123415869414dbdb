"""Completions, paid for and kept: reserve, send, keep, settle, and again where that can help."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeGuard

from loop.api.call import ApiError
from loop.api.commit import Commit
from loop.api.journal import Journal
from loop.api.wire import (
    FORMS,
    Ask,
    Completion,
    Form,
    body_of,
    completion_in,
    most_tokens,
    record_of,
    texts_of,
)
from loop.budget import Claim, Entry, OverBudget, Price, Purse
from loop.example import digest_of
from loop.recipe import ApiSection

_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses that another attempt may cure."""
_UNFIT = frozenset({400, 413, 422, 501})
"""Statuses for a form of reply that the server does not know, or a prompt that it does not take."""
_LONGEST_PAUSE = 60.0
"""Seconds; a server that asks for more is asked again all the same."""
_FREED = 0.02
"""Seconds between two looks whether a settlement made room in the budget."""


@dataclass(frozen=True)
class Sent:
    """What became of one attempt."""

    status: int
    """0 where no response came."""
    body: bytes = b""
    why: str = ""
    """Where no response came: a cause in words of our own, to be counted."""
    detail: str = ""
    """More about it, for a person."""
    wait: float | None = None
    """Seconds that the server asks for."""
    owed: bool = False
    """Without a response: whether the server may have answered and billed."""


class Sends(Protocol):
    """A connection to a server."""

    async def send(self, body: bytes, claim: str) -> Sent:
        """Make one attempt.

        Args:
            body: JSON.
            claim: Names the attempt.

        Returns:
            What became of it.
        """
        ...

    async def look(self) -> Sent:
        """Make a request that costs nothing.

        Returns:
            What became of it.
        """
        ...

    def told(self, text: str) -> str:
        """Make what a server says fit for a message.

        Args:
            text: Anything.

        Returns:
            One short line without the key.
        """
        ...


class Halt(Exception):
    """Nothing more is to be sent."""


@dataclass(frozen=True)
class Refused:
    """Why there is no completion for a prompt. Others may well get one."""

    problem: str
    status: int = 0
    passing: bool = False
    """Whether another time may help: every attempt failed."""


def key_of(section: ApiSection, what: str) -> str:
    """Read a server's key.

    Args:
        section: Names the environment variable.
        what: Whose server it is, for the error.

    Returns:
        The key; empty where the server wants none.

    Raises:
        ApiError: The variable is not set, or holds what no header can carry.
    """
    if not section.key_env:
        return ""
    key = os.environ.get(section.key_env, "")
    if not key:
        raise ApiError(
            f"the environment variable {section.key_env} is not set; set it to the key of the "
            f'{what}\'s server, or key_env to "" if it wants none'
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ApiError(f"the environment variable {section.key_env} holds no key: look at it")
    return key


class Exchange:
    """Sends what is asked to one server. Lives in one event loop."""

    def __init__(
        self,
        section: ApiSection,
        connection: Sends,
        key: str,
        purse: Purse,
        role: str,
        price: Price | None,
        journal: Journal | None,
        pause: Callable[[float], Awaitable[object]],
    ) -> None:
        """Take what it works with.

        Args:
            section: The server and how it is asked.
            connection: Sends bodies.
            key: Taken out of everything that comes back.
            purse: Pays.
            role: teacher or judge, for the ledger.
            price: What the model costs, if that is known.
            journal: Keeps completions; None keeps none.
            pause: Waits so many seconds before another attempt.
        """
        self._section, self._connection, self._key = section, connection, key
        self._purse, self._role, self._price = purse, role, price
        self._journal, self._pause = journal, pause
        # What others entered before in the same purse goes to disk before what is entered here.
        self._ledger: Commit[Entry] = Commit(lambda _: purse.commit())
        self._kept = Commit(journal.write) if journal is not None else None
        self._slots = asyncio.Semaphore(section.parallel)
        self._forms: tuple[Form, ...] = FORMS
        self._proven: set[Form] = set()
        self._limit = "max_tokens"
        self._one_at_a_time = False
        self._served = False

    async def complete(
        self, key: str, ask: Ask, halted: Callable[[], bool]
    ) -> Completion | Refused:
        """Get a completion; from the journal where it stands there.

        Args:
            key: The same for the same question in every session.
            ask: What is asked.
            halted: Whether nothing more is to be sent.

        Returns:
            The completion, or why there is none for this prompt.

        Raises:
            ApiError: The server refuses for good.
            OverBudget: It cannot be paid for.
            Halt: Nothing more is to be sent.
        """
        if self._journal is not None and (record := self._journal.find(key)) is not None:
            return texts_of(record)
        async with self._slots:
            return await self._negotiated(key, ask, halted)

    async def check(self) -> None:
        """See that the server is there and takes the key, for nothing.

        Raises:
            ApiError: It does not answer, or refuses the key.
        """
        sent = await self._connection.look()
        if sent.status in (401, 403):
            said = self._connection.told(sent.body.decode("utf-8", "replace"))
            raise self._lasting(sent.status, f"status {sent.status} ({said})")
        if not sent.status:
            raise ApiError(
                f"{self._section.base_url}: {sent.detail}; start the server, or correct base_url"
            )

    async def flush(self) -> None:
        """Wait until all that was written is on disk."""
        if self._kept is not None:
            await self._kept.flush()
        await self._ledger.flush()

    async def _negotiated(
        self, key: str, ask: Ask, halted: Callable[[], bool]
    ) -> Completion | Refused:
        """Ask in the best way that the server knows, and remember which that is."""
        if self._one_at_a_time:
            ask = replace(ask, candidates=1)
        got = await self._formed(key, ask, halted)
        if isinstance(got, Refused) and _wants_other_limit(got, self._limit):
            self._limit = "max_completion_tokens"
            got = await self._formed(key, ask, halted)
        if self._unfit(got) and ask.candidates > 1:
            self._one_at_a_time = True
            got = await self._formed(key, replace(ask, candidates=1), halted)
        if isinstance(got, Completion):
            self._served = True
        elif self._unfit(got):
            raise self._lasting(got.status, got.problem)
        return got

    def _unfit(self, got: Completion | Refused) -> TypeGuard[Refused]:
        """Whether the server has taken no prompt at all so far."""
        return isinstance(got, Refused) and not got.passing and not self._served

    async def _formed(self, key: str, ask: Ask, halted: Callable[[], bool]) -> Completion | Refused:
        """Ask for JSON in the best form that the server knows."""
        forms = self._forms if ask.schema is not None else ("text",)
        got: Completion | Refused = Refused("no form of reply")
        for place, form in enumerate(forms):
            got = await self._tried(key, ask, form, halted)
            if isinstance(got, Completion):
                self._proven.add(form)
                if ask.schema is not None and self._proven.isdisjoint(forms[:place]):
                    self._forms = forms[place:]
                return got
            if got.status not in _UNFIT or form in self._proven:
                break
        return got

    async def _tried(
        self, key: str, ask: Ask, form: Form, halted: Callable[[], bool]
    ) -> Completion | Refused:
        """Send until there is a completion, or no use in sending again."""
        section = self._section
        options = {"max_tokens": section.max_tokens, "temperature": section.temperature}
        body = body_of(ask, form, section.model, self._limit, options)
        problem = ""
        for attempt in range(1, section.attempts + 1):
            claim = self._claim(self._purse.name(key), ask, body)
            await self._reserved(claim, halted)
            sent = await self._connection.send(body, claim.id)
            if sent.status // 100 == 2:
                completion = completion_in(sent.body, ask.candidates, self._key)
                if completion is not None:
                    await self._keep(key, claim, completion)
                    return completion
            problem = self._failed(claim, sent)
            if (refused := self._for_good(sent, problem)) is not None:
                return refused
            if attempt < section.attempts:
                jitter = int(digest_of(claim.id)[:8], 16) / 2**32
                await self._pause(pause_before(attempt, sent.wait, jitter))
        return Refused(f"{problem}, {section.attempts} times", sent.status, passing=True)

    def _claim(self, claim: str, ask: Ask, body: bytes) -> Claim:
        longest = self._section.max_tokens
        completion = None if longest is None else longest * ask.candidates
        prompt = most_tokens(body, len(ask.messages))
        return Claim(claim, self._role, self._section.model, self._price, prompt, completion)

    async def _reserved(self, claim: Claim, halted: Callable[[], bool]) -> None:
        """Put the worst case aside, on disk before anything is sent."""
        while True:
            if halted():
                raise Halt
            try:
                entry = self._purse.reserve(claim)
                break
            except OverBudget:
                if not self._purse.under_way:
                    raise
            await asyncio.sleep(_FREED)
        await self._ledger.add(entry)

    async def _keep(self, key: str, claim: Claim, completion: Completion) -> None:
        """Keep first, settle then: a kill between the two is settled from what was kept."""
        if self._kept is not None:
            record = {"key": key, "claim": claim.id, "role": self._role, **record_of(completion)}
            await self._kept.add(record | {"worst": [claim.prompt, claim.completion]})
        why = "answered" if completion.usage else "answered without usage"
        entry = self._purse.settle(claim, why, completion.usage, completion.model)
        self._ledger.add(entry)

    def _failed(self, claim: Claim, sent: Sent) -> str:
        """Settle an attempt without a completion; what it died of."""
        if sent.status == 0:
            why, problem, owed = sent.why, sent.detail, sent.owed
        elif sent.status // 100 == 2:
            why, problem, owed = "unreadable", "its response is no chat completion", True
        else:
            said = self._connection.told(sent.body.decode("utf-8", "replace"))
            why, owed = f"status {sent.status}", False
            problem = f"{why} ({said})" if said else why
        self._ledger.add(self._purse.settle(claim, why, owed=owed))
        return problem

    def _for_good(self, sent: Sent, problem: str) -> Refused | None:
        """A refusal that another attempt at this prompt cannot cure; None where one may."""
        status = sent.status
        if status == 429 and b"insufficient_quota" in sent.body:
            raise self._lasting(status, problem)
        if status in _PASSING or status // 100 in (0, 2):
            return None
        if status in _UNFIT or (status == 403 and self._served):
            return Refused(problem, status)
        raise self._lasting(status, problem)

    def _lasting(self, status: int, problem: str) -> ApiError:
        section = self._section
        url = f"{section.base_url.rstrip('/')}/chat/completions"
        way = f"look at the options of {section.model}; null leaves max_tokens or temperature out"
        if status in (401, 403):
            named = section.key_env or "(none)"
            way = f"look at the key in the environment variable {named}"
        elif status in (402, 429):
            way = "the account behind the key has no credit left"
        elif 300 <= status < 400:
            way = "the server points elsewhere; write that address as base_url"
        elif status == 404:
            way = f"look at base_url, and whether the server knows {section.model}"
        return ApiError(f"{url}: {problem}; {way}", status)


def _wants_other_limit(refused: Refused, limit: str) -> bool:
    """OpenAI's reasoning models refuse `max_tokens` and name what they take instead."""
    return limit == "max_tokens" and "max_completion_tokens" in refused.problem


def pause_before(attempt: int, wait: float | None, jitter: float) -> float:
    """Say how long to wait before another attempt.

    Args:
        attempt: Attempts made so far.
        wait: Seconds that the server asks for, if it does.
        jitter: In [0, 1): spreads those that failed together.

    Returns:
        Seconds.
    """
    if wait is not None:
        return min(wait, _LONGEST_PAUSE)
    return float(min(_LONGEST_PAUSE, 2.0 ** (attempt - 1))) * (0.5 + jitter / 2)
