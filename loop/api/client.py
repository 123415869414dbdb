"""What everything else uses: ask one thing, or stream many, from ordinary threads."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from loop.api.background import background
from loop.api.call import ApiError, Call, Reply
from loop.api.dialogue import dialogue
from loop.api.exchange import Exchange, Halt, Refused, key_of
from loop.api.journal import Journal
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
        connect: Callable[[ApiSection, str], Any] | None = None,
    ) -> None:
        """Check that the model may be asked; sends nothing yet.

        Args:
            section: The server and how it is asked.
            purse: Pays; an unlimited one that nothing is written for by default.
            role: teacher or judge, for the ledger.
            journal: File that completions are kept in; those found there are not asked for again.
            pause: Waits so many seconds before another attempt.
            connect: Makes the connection when something is first sent; the SDK's by default.

        Raises:
            ApiError: The environment variable of the key is not set.
            Unpriced: There is a budget in USD, and the model's price is unknown.
        """
        self.section = section
        self.name = section.model
        self._purse, self._role = purse or Purse(), role
        self._price = self._purse.price(section.model, section.base_url, section.max_tokens)
        self._key = key_of(section, role)
        self._pause, self._connect = pause, connect
        self._journal = Journal(journal, self._recover) if journal is not None else None
        self._lock = threading.Lock()
        self._exchange: Exchange | None = None
        self._connection: Any = None
        self._unanswered = 0

    def __repr__(self) -> str:
        """Name the model; never the key."""
        return f"Client({self.section.model} at {self.section.base_url})"

    def check(self) -> None:
        """See that the server is there and takes the key; asks nothing that costs.

        Raises:
            ApiError: It does not answer, or refuses the key.
        """
        asyncio.run_coroutine_threadsafe(self._checked(), background()).result()

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

    def kept(self, key: str) -> str | None:
        """Look up the first text of a reply, without asking.

        Args:
            key: The call's id.

        Returns:
            The text, or None where no reply is kept.
        """
        record = self._journal.find(key) if self._journal is not None else None
        return None if record is None else texts_of(record).texts[0]

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

            self._connection = (self._connect or Connection)(self.section, self._key)
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

    async def _checked(self) -> None:
        await self._opened().check()

    async def _asked(self, call: Call) -> Reply:
        try:
            return await self._replied(call, lambda: False)
        finally:
            await self._opened().flush()

    async def _replied(self, call: Call, halted: Callable[[], bool]) -> Reply:
        """One call: its candidates, and their repairs."""
        turns = dialogue(call, self._price)
        asks = next(turns)
        while True:
            came = {key: await self._completed(key, ask, halted) for key, ask in asks.items()}
            try:
                asks = turns.send(came)
            except StopIteration as end:
                reply: Reply = end.value
                return reply

    async def _completed(
        self, key: str, ask: Ask, halted: Callable[[], bool]
    ) -> Completion | Refused:
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
        self._purse.settle(held, why, kept.usage, kept.model)
        self._purse.commit()
