"""Results of a batch, each kept, then settled, once: cut short and begun again it costs nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from loop.api.batch.kept import Kept, Line
from loop.api.batch.lines import Result, most_lines, result_in
from loop.api.batch.runs import Outcome
from loop.api.journal import Journal
from loop.api.structured import one_line
from loop.api.wire import record_of, without
from loop.budget import Claim, Purse

_TOGETHER = 256
"""Results that are put on disk with one fsync."""
_SHOWN = 3
"""Foreign ids that are named."""

ClaimOf = Callable[[Line], Claim]


@dataclass
class Tally:
    """What results came to."""

    counts: Counter[str] = field(default_factory=Counter)
    proven: set[str] = field(default_factory=set)
    """Manners that got a completion."""
    unfit: set[str] = field(default_factory=set)
    """Manners that some request was refused in for good."""
    foreign: list[str] = field(default_factory=list)
    """The first few ids that were never asked for."""

    def __str__(self) -> str:
        """One line for a person."""
        named = f" ({', '.join(self.foreign)})" if self.foreign else ""
        parts = (f"{count:,} {why}" for why, count in self.counts.most_common())
        return ", ".join(parts) + named


class Collector:
    """Writes results into the journal, what failed beside it, and both into the ledger."""

    def __init__(
        self,
        journal: Journal,
        failed: Journal,
        purse: Purse,
        role: str,
        claim_of: ClaimOf,
        key: str,
    ) -> None:
        """Take what it writes to.

        Args:
            journal: Keeps completions.
            failed: Keeps what became of requests without one; the last record of a key stands.
            purse: Settles.
            role: teacher or judge, for the ledger.
            claim_of: What was reserved for a request.
            key: Taken out of everything that comes back.
        """
        self._journal, self._failed = journal, failed
        self._purse, self._role, self._claim_of, self._key = purse, role, claim_of, key

    def collect(self, batch: Kept, outcome: Outcome) -> Tally:
        """Take in all results of a batch. May be called again after it was cut short.

        Args:
            batch: The batch.
            outcome: What it came to.

        Returns:
            Counts.

        Raises:
            Interrupted: Results could not be read to their end.
        """
        tally, left = Tally(), dict(batch.lines)
        came: list[tuple[Line, Result]] = []
        candidates = max(line.candidates for line in left.values())
        for row in islice(outcome.rows(), most_lines(len(batch))):
            result = result_in(row, candidates, self._key)
            line = left.pop(result.custom_id, None)
            if line is None:
                _misplaced(tally, result, batch, self._key)
                continue
            came.append((line, _cut(result, line)))
            if len(came) == _TOGETHER:
                self._keep(tally, came, counted=True)
                came = []
        self._keep(tally, came, counted=True)
        # A line that cannot be told from the others may have been the answer to any of these.
        owed = outcome.owed or tally.counts["unreadable without id"] > 0
        missing = Result("", None, outcome.unanswered, outcome.unanswered, owed=owed)
        self._keep(tally, [(line, missing) for line in left.values()], counted=not outcome.fault)
        return tally

    def _keep(self, tally: Tally, came: list[tuple[Line, Result]], counted: bool) -> None:
        """Keep first, settle then: a kill between the two is settled from what was kept."""
        kept: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for line, result in came:
            tally.counts[result.why] += 1
            base: dict[str, Any] = {"key": line.key, "claim": line.claim, "role": self._role}
            base["worst"] = list(line.worst)
            if result.completion is not None:
                tally.proven.add(line.manner)
                if line.key not in self._journal:
                    kept.append(base | record_of(result.completion))
            elif counted:
                if not result.passing:
                    tally.unfit.add(line.manner)
                before = self._failed.find(line.key) or {"claim": "", "tries": 0}
                if before["claim"] != line.claim:
                    failed.append(base | _failure(line, result, before["tries"] + 1))
        if kept:
            self._journal.write(kept)
        if failed:
            self._failed.write(failed)
        for line, result in came:
            self.settle(line, result)
        self._purse.commit()

    def settle(self, line: Line, result: Result) -> None:
        """Settle a request, unless that was done before.

        Args:
            line: The request.
            result: What became of it.
        """
        account = self._purse.account
        if line.claim not in account.open and line.claim not in account.stranded:
            return
        completion, why = result.completion, result.why
        if completion is None:
            self._purse.settle(self._claim_of(line), why, owed=result.owed)
            return
        why = why if completion.usage else "answered without usage"
        self._purse.settle(self._claim_of(line), why, completion.usage, completion.model)


def _misplaced(tally: Tally, result: Result, batch: Kept, key: str) -> None:
    """Count a line that answers none of the requests that are still open."""
    if not result.custom_id:
        tally.counts["unreadable without id"] += 1
    elif result.custom_id in batch.lines:
        tally.counts["given twice"] += 1
    else:
        tally.counts["never asked for"] += 1
        if len(tally.foreign) < _SHOWN:
            tally.foreign.append(one_line(without(key, result.custom_id), 64))


def _cut(result: Result, line: Line) -> Result:
    """More texts than were asked for are not taken."""
    completion = result.completion
    if completion is None or len(completion.texts) <= line.candidates:
        return result
    texts, finish = completion.texts[: line.candidates], completion.finish[: line.candidates]
    return replace(result, completion=replace(completion, texts=texts, finish=finish))


def _failure(line: Line, result: Result, tries: int) -> dict[str, Any]:
    return {
        "manner": line.manner,
        "tries": tries,
        "why": result.why,
        "problem": result.detail,
        "status": result.status,
        "passing": result.passing,
        "owed": result.owed,
    }
