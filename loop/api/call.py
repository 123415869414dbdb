"""What is asked of a model, and what comes back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from loop.errors import LoopError


class ApiError(LoopError):
    """A server cannot be reached or refuses for good. What a model answers is data, not an error.

    Attributes:
        status: The server's status; 0 where none came.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        """Keep the status.

        Args:
            message: What a person reads: server, cause, remedy.
            status: The server's status; 0 where none came.
        """
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Message:
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Call:
    """One thing to ask."""

    id: str
    """Unique for what is asked, and the same again after a kill: a reply that stands in the
    journal under it is never asked for again."""
    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None
    """JSON schema of the reply, where it is to be JSON."""
    candidates: int = 1
    """Replies wanted."""
    seed: int | None = None
    """Sent along; many servers then answer the same again."""
    repair: bool = True
    """Ask once more for a candidate that does not follow the schema."""


@dataclass(frozen=True)
class Reply:
    """What came of a call."""

    call: Call
    texts: tuple[str, ...] = ()
    """As they came, one per candidate; fewer than were wanted where the server gave fewer."""
    values: tuple[Any, ...] = ()
    """One per text: what follows the schema, or None; empty where no schema was given."""
    finish: tuple[str, ...] = ()
    """Why each text ends, as the server says: stop, length."""
    model: str = ""
    """The name the server answered with."""
    nano: int | None = 0
    """Nano-dollars that its texts and repairs cost; None where that is unknown. What failed
    attempts cost stands in the ledger only."""
    repaired: int = 0
    """Candidates that follow the schema only since they were asked for again."""
    problem: str = ""
    """Why there is no text: every attempt failed, or the server takes every prompt but this."""
    passing: bool = False
    """With a problem: whether another time may help."""


class Asks(Protocol):
    """A model that can be asked: behind a server, as an offline batch, or in this process."""

    name: str
    """The model, as it goes into an example's source."""

    def stream(self, calls: Iterable[Call]) -> Iterator[Reply]:
        """Ask many things; a reply that was paid for before is not asked for again.

        Args:
            calls: What to ask.

        Returns:
            Replies as they come, in no order.

        Raises:
            ApiError: The model cannot be reached or refuses for good.
            OverBudget: The rest cannot be paid for; what could was yielded.
        """
        ...

    def close(self) -> None:
        """Give back what it holds: connections, memory, a process. It may be asked again."""
        ...
