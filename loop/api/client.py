"""What everything else uses: ask one thing, or stream many, from ordinary threads."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from loop.api.background import background
from loop.api.call import ApiError, Call, Message, Reply
from loop.api.exchange import Exchange, Halt, Refused, key_of
from loop.api.journal import Journal
from loop.api.structured import LONGEST, Misfit, again, read
from loop.api.wire import Ask, Completion, texts_of
from loop.budget import Claim, OverBudget, Purse
from loop.recipe import ApiSection

_AHEAD = 2
"""Calls handed to the event loop for each that may be under way, so that none waits for us."""
_IN_A_ROW = 10
"""Calls without an answer, one after the other, from which the server counts as gone."""


class Client:
    """One model behind one server. Safe to use from any thread but the event loop's own."""

    def __init__(
        self,
        section: ApiSection,
        purse: Purse | None = None,
        role: str = "teacher",
        journal: Path | None = None,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Check that the model may be asked; sends nothing yet.

        Args:
            section: The server and how it is asked.
            purse: Pays; an unlimited one that nothing is written for by default.
            role: teacher or judge, for the ledger.
            journal: File that completions are kept in; those found there are not asked for again.
            pause: Waits so many seconds before another attempt.

        Raises:
            ApiError: The environment variable of the key is not set.
            OverBudget: There is a budget in USD, and the model's price is unknown.
        """
        self.section = section
        self.name = section.model
        self._purse, self._role = purse or Purse(), role
        self._price = self._purse.price(section.model, section.base_url, section.max_tokens)
        self._key = key_of(section, role)
        self._pause = pause
        self._journal = Journal(journal, self._recover) if journal is not None else None
        self._lock = threading.Lock()
        self._exchange: Exchange | None = None
        self._connection: Any = None
        self._unanswered = 0

    def __repr__(self) -> str:
        """Name the model; never the key."""
        return f"Client({self.section.model} at {self.section.base_url})"

    def ask(self, call: Call) -> Reply:
        """Ask one thing.

        Args:
            call: What to ask.

        Returns:
            What came.

        Raises:
            ApiError: The server cannot be reached or refuses for good.
            OverBudget: It cannot be paid for.
        """
        return asyncio.run_coroutine_threadsafe(self._asked(call), background()).result()

    def stream(self, calls: Iterable[Call]) -> Iterator[Reply]:
        """Ask many things, as many at a time as the recipe says.

        Memory does not grow with their number: `calls` is drawn from as replies are taken.

        Args:
            calls: What to ask.

        Yields:
            Replies as they come, in no order. Where this ends early, what was sent is waited for
            and kept, and nothing more is sent.

        Raises:
            ApiError: The server cannot be reached or refuses for good.
            OverBudget: The rest cannot be paid for; what could was yielded.
        """
        arrived: SimpleQueue[Future[Reply]] = SimpleQueue()
        halt = threading.Event()
        waiting, under_way = iter(calls), 0
        failure: ApiError | OverBudget | None = None
        try:
            while True:
                while not halt.is_set() and under_way < _AHEAD * self.section.parallel:
                    if (call := next(waiting, None)) is None:
                        break
                    self._begin(call, halt).add_done_callback(arrived.put)
                    under_way += 1
                if not under_way:
                    break
                done = arrived.get()
                under_way -= 1
                try:
                    reply = done.result()
                except Halt:
                    continue
                except (ApiError, OverBudget) as error:
                    halt.set()
                    failure = failure or error
                    continue
                yield reply
        finally:
            halt.set()
            for _ in range(under_way):
                arrived.get()
            self._flush()
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Close the connections; the client opens them again where it is used again."""
        with self._lock:
            connection, self._exchange, self._connection = self._connection, None, None
        if connection is not None:
            asyncio.run_coroutine_threadsafe(connection.close(), background()).result()

    def _begin(self, call: Call, halt: threading.Event) -> "Future[Reply]":
        return asyncio.run_coroutine_threadsafe(self._replied(call, halt.is_set), background())

    def _flush(self) -> None:
        if self._exchange is not None:
            asyncio.run_coroutine_threadsafe(self._exchange.flush(), background()).result()

    def _opened(self) -> Exchange:
        """The exchange, made in the event loop that it lives in."""
        if self._exchange is None:
            from loop.api.connection import Connection

            self._connection = Connection(self.section, self._key)
            self._exchange = Exchange(
                self.section,
                self._connection,
                self._key,
                self._purse,
                self._role,
                self._price,
                self._journal,
                self._pause,
            )
        return self._exchange

    async def _asked(self, call: Call) -> Reply:
        try:
            return await self._replied(call, lambda: False)
        finally:
            await self._opened().flush()

    async def _replied(self, call: Call, halted: Callable[[], bool]) -> Reply:
        """One call: its candidates, and their repairs."""
        first = await self._completed(call, call.id, call.messages, call.candidates, halted)
        if isinstance(first, Refused):
            return Reply(call, problem=first.problem, passing=first.passing)
        texts, finish, used = list(first.texts), list(first.finish), [first]
        for number in range(len(texts), call.candidates):
            # The server gives fewer candidates at a time than it is asked for.
            more = await self._completed(call, f"{call.id}~{number}", call.messages, 1, halted)
            if isinstance(more, Refused):
                break
            texts += more.texts
            finish += more.finish
            used.append(more)
        if call.schema is None:
            nano = self._cost(used)
            return Reply(call, tuple(texts), (), tuple(finish), first.model, nano)
        return await self._fitting(call, texts, finish, used, halted)

    def _cost(self, completions: Iterable[Completion]) -> int | None:
        """Nano-dollars; None where the price or a completion's usage is unknown."""
        total = 0
        for each in completions:
            if self._price is None or each.usage is None:
                return None
            total += self._price.nano(each.usage)
        return total

    async def _fitting(
        self,
        call: Call,
        texts: list[str],
        finish: list[str],
        used: list[Completion],
        halted: Callable[[], bool],
    ) -> Reply:
        assert call.schema is not None
        values: list[Any] = []
        repaired = 0
        for number, text in enumerate(texts):
            value = read(text, call.schema)
            if isinstance(value, Misfit) and call.repair:
                said = Message("assistant", text[:LONGEST])
                asked = (*call.messages, said, Message("user", again(value.problem)))
                more = await self._completed(call, f"{call.id}~{number}r", asked, 1, halted)
                if isinstance(more, Completion):
                    used.append(more)
                    value = read(more.texts[0], call.schema)
                    if not isinstance(value, Misfit):
                        texts[number], finish[number] = more.texts[0], more.finish[0]
                        repaired += 1
            values.append(None if isinstance(value, Misfit) else value)
        model, nano = used[0].model, self._cost(used)
        return Reply(call, tuple(texts), tuple(values), tuple(finish), model, nano, repaired)

    async def _completed(
        self,
        call: Call,
        key: str,
        messages: tuple[Message, ...],
        candidates: int,
        halted: Callable[[], bool],
    ) -> Completion | Refused:
        ask = Ask(messages, call.schema, candidates, call.seed)
        got = await self._opened().complete(key, ask, halted)
        if isinstance(got, Refused) and got.passing:
            self._unanswered += 1
            if self._unanswered >= _IN_A_ROW:
                raise ApiError(
                    f"{self.section.base_url}: {got.problem}, for {_IN_A_ROW} prompts in a row; "
                    "start again when the server answers, replies already given are not asked "
                    "for twice; or lower parallel, or raise timeout",
                    got.status,
                )
        else:
            self._unanswered = 0
        return got

    def _recover(self, record: Mapping[str, Any]) -> None:
        """Settle what was kept before a kill and not settled any more."""
        claim = record["claim"]
        if claim not in self._purse.account.stranded:
            return
        prompt, completion = record["worst"]
        held = Claim(claim, record["role"], self.section.model, self._price, prompt, completion)
        kept = texts_of(record)
        why = "answered" if kept.usage else "answered without usage"
        self._purse.write([self._purse.settle(held, why, kept.usage, kept.model)])
