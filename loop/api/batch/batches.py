"""A model that is asked in offline batches: plan, reserve, hand over, collect, and what is left."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from loop.api.batch.collect import Collector
from loop.api.batch.kept import Kept, Line, Shelf
from loop.api.batch.lines import Result
from loop.api.batch.price import batch_price
from loop.api.batch.requests import manners, written
from loop.api.batch.runs import Interrupted, Outcome, Runs
from loop.api.call import ApiError, Call, Reply
from loop.api.dialogue import Given, dialogue
from loop.api.exchange import Refused, key_of, pause_before
from loop.api.journal import Journal
from loop.api.wire import Ask, texts_of
from loop.budget import Claim, OverBudget, Purse
from loop.console import line as say
from loop.errors import Waiting
from loop.recipe import ApiSection, BatchSection


class Batches:
    """One model, asked in batches. One stream at a time."""

    def __init__(
        self,
        api: ApiSection,
        section: BatchSection,
        journal: Path,
        purse: Purse | None = None,
        role: str = "teacher",
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Find what earlier sessions left; sends nothing yet.

        Args:
            api: The model.
            section: How it is asked in batches.
            journal: File that completions are kept in; batches are kept in a folder beside it.
            purse: Pays; an unlimited one that nothing is written for by default.
            role: teacher or judge, for the ledger.
            pause: Waits so many seconds between two looks.

        Raises:
            ApiError: The environment variable of the key is not set.
            Unpriced: There is a budget in USD, and the model's price is unknown.
        """
        self.name = api.model
        self._api, self._section, self._role, self._pause = api, section, role, pause
        self._purse = purse or Purse()
        self._price = batch_price(api, section, self._purse)
        key = key_of(api, role) if section.mode == "openai" else ""
        folder = journal.with_suffix(".batches")
        self._journal = Journal(journal, self._recover)
        self._failed = Journal(folder / "failed.jsonl", self._recover)
        self._shelf = Shelf(folder)
        self._collector = Collector(
            self._journal, self._failed, self._purse, role, self._claim, key
        )
        self._runs = _runs(api, section, key, pause)
        self._forget_unsent()

    def __repr__(self) -> str:
        """Name the model; never the key."""
        return f"Batches({self.name})"

    def stream(self, calls: Iterable[Call]) -> Iterator[Reply]:
        """Ask many things; replies come batch by batch. All calls are held in memory.

        Args:
            calls: What to ask.

        Yields:
            Replies, in no order.

        Raises:
            ApiError: The server cannot be reached or refuses for good.
            OverBudget: The rest cannot be paid for; what could was yielded.
            Waiting: Batches have not ended; the same calls go on from there.
        """
        pending = list(calls)
        while pending:
            needs: dict[str, Ask] = {}
            later: list[Call] = []
            for call in pending:
                reply = self._reply(call, needs)
                if reply is None:
                    later.append(call)
                else:
                    yield reply
            pending = later
            if pending:
                # What follows from results is asked for once all of them are there: in one batch.
                asked = [each for each in self._shelf.open if not each.keys.isdisjoint(needs)]
                self._finish(asked or self._plan(needs))

    def close(self) -> None:
        """Close the connections; they are opened again where they are needed."""
        self._runs.close()

    def _reply(self, call: Call, needs: dict[str, Ask]) -> Reply | None:
        """The reply, where all that it needs has come; else what it needs is added."""
        talk = dialogue(call, self._price)
        asks = next(talk)
        while True:
            came = {key: self._given(key, ask) for key, ask in asks.items()}
            missing = {key: ask for key, ask in asks.items() if came[key] is None}
            if missing:
                needs |= missing
                return None
            try:
                asks = talk.send({key: given for key, given in came.items() if given is not None})
            except StopIteration as done:
                reply: Reply = done.value
                return reply

    def _given(self, key: str, ask: Ask) -> Given | None:
        """What is known about a request; None where it is to be asked for."""
        if (record := self._journal.find(key)) is not None:
            return texts_of(record)
        if (failure := self._failed.find(key)) is None:
            return None
        problem, status = failure["problem"], failure["status"]
        if failure["passing"]:
            tries = failure["tries"]
            if tries < self._api.attempts:
                return None
            return Refused(f"{problem}, {tries} times", status, passing=True)
        if failure["manner"] in self._shelf.proven:
            return Refused(problem, status)
        if self._manner(ask) is not None:
            return None
        raise ApiError(
            f"{self.name} took no request in any form: {problem}; look at the options of "
            f"{self.name}, then delete {self._failed.path} to ask again",
            status,
        )

    def _manner(self, ask: Ask) -> str | None:
        """How to put a request: the best way that was not refused so far; None where all were."""
        refused = self._shelf.refused
        return next((manner for manner in manners(ask) if manner not in refused), None)

    def _plan(self, needs: Mapping[str, Ask]) -> list[Kept]:
        """Reserve for as much as can be paid for, and put it on disk in batches."""
        batches: list[Kept] = []
        lines: dict[str, Line] = {}
        requests: list[bytes] = []
        size, section = 0, self._section
        short: OverBudget | None = None
        for key, ask in needs.items():
            manner = self._manner(ask) or manners(ask)[-1]
            line, request = written(key, ask, manner, self._purse.name(key), self._api)
            full = len(lines) == section.max_lines or size + len(request) > section.max_bytes
            if lines and full:
                batches.append(self._ready(lines, requests))
                lines, requests, size = {}, [], 0
            try:
                self._purse.reserve(self._claim(line))
            except OverBudget as error:
                short = error
                break
            lines[line.custom_id] = line
            requests.append(request)
            size += len(request)
        if lines:
            batches.append(self._ready(lines, requests))
        if short is not None and not batches:
            raise short
        return batches

    def _ready(self, lines: Mapping[str, Line], requests: Iterable[bytes]) -> Kept:
        """Plan first, reserve then: what the ledger holds money for can be found again."""
        batch = self._shelf.plan(lines, requests)
        self._purse.commit()
        batch.state.stage = "ready"
        batch.save()
        return batch

    def _finish(self, batches: list[Kept]) -> None:
        """Have batches answered and take in what came."""
        for batch in batches:
            self._runs.hand_over(batch)
        while True:
            left: list[Kept] = []
            for batch in batches:
                outcome = self._runs.outcome(batch)
                if outcome is None:
                    left.append(batch)
                else:
                    self._take(batch, outcome)
            if not left:
                return
            if not self._runs.waits:
                claims = (line.claim for batch in left for line in batch.lines.values())
                self._purse.account.leave(claims)
                raise Waiting(self._runs.waiting(left))
            self._pause(self._section.poll_seconds)
            batches = left

    def _take(self, batch: Kept, outcome: Outcome) -> None:
        attempts = self._api.attempts
        for attempt in range(1, attempts + 1):
            try:
                tally = self._collector.collect(batch, outcome)
                break
            except Interrupted as error:
                if attempt == attempts:
                    raise ApiError(
                        f"{error}, {attempts} times; nothing is lost: start again when the server "
                        "answers"
                    ) from error
                self._pause(pause_before(attempt, None, 0.5))
        state = batch.state
        state.stage, state.counts = "done", dict(tally.counts)
        state.proven, state.unfit = sorted(tally.proven), sorted(tally.unfit)
        batch.save()
        say(f"batch    | {batch.path.name} of {self.name}: {tally}")
        if outcome.fault:
            raise ApiError(outcome.fault)

    def _claim(self, line: Line) -> Claim:
        prompt, completion = line.worst
        return Claim(line.claim, self._role, self.name, self._price, prompt, completion)

    def _forget_unsent(self) -> None:
        """Free what was reserved for batches that were never handed over."""
        unsent = [batch for batch in self._shelf.batches if batch.state.stage == "planned"]
        never = Result("", None, "never sent")
        for line in chain.from_iterable(batch.lines.values() for batch in unsent):
            self._collector.settle(line, never)
        self._purse.commit()
        for batch in unsent:
            self._shelf.drop(batch)

    def _recover(self, record: Mapping[str, Any]) -> None:
        """Settle what was kept before a kill and not settled any more."""
        claim = record["claim"]
        if claim not in self._purse.account.stranded:
            return
        prompt, completion = record["worst"]
        held = Claim(claim, record["role"], self.name, self._price, prompt, completion)
        if "texts" not in record:
            self._purse.settle(held, record["why"], owed=record["owed"])
        else:
            kept = texts_of(record)
            why = "answered" if kept.usage else "answered without usage"
            self._purse.settle(held, why, kept.usage, kept.model)


def _runs(
    api: ApiSection, section: BatchSection, key: str, pause: Callable[[float], object]
) -> Runs:
    if section.mode == "file":
        from loop.api.batch.local import Local

        return Local(api, section)
    from loop.api.batch.hosted import Hosted

    return Hosted(api, section, key, pause)
