"""Batches on a server with OpenAI's Batch API: submitted once, whatever is killed, and polled."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from loop.api.batch.kept import Kept
from loop.api.batch.lines import Row, most_lines, rows_in
from loop.api.batch.runs import Outcome
from loop.api.call import ApiError
from loop.api.exchange import pause_before
from loop.console import line as say
from loop.recipe import ApiSection, BatchSection

if TYPE_CHECKING:
    from loop.api.batch.remote import Remote

_UNDER_WAY = frozenset({"validating", "in_progress", "finalizing", "cancelling"})
_SHOWN = 3
"""Problems of a refused batch that are named."""
Answer = TypeVar("Answer")


class Hosted:
    """Answers batches over HTTP."""

    def __init__(
        self,
        api: ApiSection,
        section: BatchSection,
        key: str,
        pause: Callable[[float], object],
    ) -> None:
        """Take the server; sends nothing yet.

        Args:
            api: The server.
            section: Whether it is waited for.
            key: Its key.
            pause: Waits so many seconds before another attempt.
        """
        self.waits = section.wait
        self._api, self._key, self._pause = api, key, pause
        self._opened: Remote | None = None
        self._said: dict[str, str] = {}

    def hand_over(self, batch: Kept) -> None:
        """Submit a batch, unless that was done before, by whatever process.

        Args:
            batch: Ready.
        """
        state = batch.state
        if state.batch:
            return
        if not state.file:
            state.file, state.uploaded = self._uploaded(batch)
            batch.save()
        state.batch = self._created(batch)
        batch.save()
        say(f"batch    | {batch.path.name} submitted as {state.batch}, {len(batch):,} requests")

    def outcome(self, batch: Kept) -> Outcome | None:
        """Look at a batch.

        Args:
            batch: Handed over.

        Returns:
            What it came to, or None where it has not ended.

        Raises:
            ApiError: The server cannot be reached, or says what is not known.
        """
        name = batch.state.batch
        given = self._looked_at(batch)
        status = str(given.get("status")).lower()[:40]
        if self._said.get(name) != status:
            say(f"batch    | {batch.path.name} is {self._remote.told(status)}{_progress(given)}")
            self._said[name] = status
        if status in _UNDER_WAY:
            return None
        files = [given.get("output_file_id"), given.get("error_file_id")]
        known = [file for file in files if isinstance(file, str) and file]

        def rows() -> Iterator[Row]:
            most = most_lines(len(batch))
            return chain.from_iterable(rows_in(self._remote.content(file, most)) for file in known)

        where = f"{self._api.base_url}: batch {name}"
        if status == "completed":
            return Outcome(rows, "missing", owed=True)
        if status == "expired":
            return Outcome(rows, "expired", owed=False)
        if status == "cancelled":
            fault = f"{where} was cancelled; start again to submit what it did not answer"
            return Outcome(rows, "cancelled", owed=False, fault=fault)
        if status == "failed":
            fault = f"{where} was refused: {self._problems(given)}; start again to submit it anew"
            return Outcome(rows, "refused", owed=False, fault=fault)
        raise ApiError(f"{where} has the unknown status {self._remote.told(status)}")

    def waiting(self, batches: Sequence[Kept]) -> str:
        """Word what is waited for.

        Args:
            batches: Not ended.

        Returns:
            One line.
        """
        named = ", ".join(f"{each.state.batch} ({len(each):,} requests)" for each in batches)
        return f"{self._api.base_url} has not answered {named} yet; start again later"

    def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def _remote(self) -> "Remote":
        if self._opened is None:
            from loop.api.batch.remote import Remote

            self._opened = Remote(self._api, self._key)
        return self._opened

    def _uploaded(self, batch: Kept) -> tuple[str, int]:
        """Upload a batch's requests, unless they are there."""
        name, size = f"{batch.state.tag}.jsonl", batch.requests.stat().st_size

        def upload(first: bool) -> tuple[str, int]:
            found = None if first and batch.fresh else self._remote.find_file(name, size)
            return found or self._remote.upload(batch.requests, name)

        return self._tried(upload)

    def _created(self, batch: Kept) -> str:
        """Submit a batch, unless it is there: what got no answer may have been done."""
        state = batch.state

        def create(first: bool) -> str:
            found = None
            if not (first and batch.fresh):
                found = self._remote.find_batch(state.file, state.tag, state.uploaded)
            return found or self._remote.create(state.file, state.tag)

        return self._tried(create)

    def _looked_at(self, batch: Kept) -> dict[str, Any]:
        name = batch.state.batch
        try:
            return self._tried(lambda _: self._remote.batch(name))
        except ApiError as error:
            if error.status != 404:
                raise
            raise ApiError(
                f"{self._api.base_url}: batch {name} is not known there; is this the key that it "
                f"was submitted with? Without {batch.path} it is submitted, and paid for, anew",
                404,
            ) from error

    def _tried(self, ask: Callable[[bool], Answer]) -> Answer:
        """Ask until there is an answer; told whether it is the first time."""
        from loop.api.batch.remote import Unanswered

        attempts = self._api.attempts
        for attempt in range(1, attempts + 1):
            try:
                return ask(attempt == 1)
            except Unanswered as error:
                problem = str(error)
            if attempt < attempts:
                self._pause(pause_before(attempt, None, 0.5))
        raise ApiError(
            f"{problem}, {attempts} times; start again when the server answers: what was submitted "
            "is found again"
        )

    def _problems(self, given: dict[str, Any]) -> str:
        errors = given.get("errors")
        data = errors.get("data") if isinstance(errors, dict) else None
        said = [
            self._remote.told(each.get("message"))
            for each in (data[:_SHOWN] if isinstance(data, list) else [])
            if isinstance(each, dict)
        ]
        return "; ".join(filter(None, said)) or "it does not say why"


def _progress(given: dict[str, Any]) -> str:
    counts = given.get("request_counts")
    if not isinstance(counts, dict):
        return ""
    done, total = counts.get("completed"), counts.get("total")
    return f", {done:,} of {total:,}" if isinstance(done, int) and isinstance(total, int) else ""
