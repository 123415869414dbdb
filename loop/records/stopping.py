"""How a run ends."""

from typing import Literal

from loop.records.base import Outcome, Record
from loop.records.curriculum import Yield
from loop.records.diagnosis import Weakness
from loop.records.evaluation import CategoryScore, GateRuling


class Decision(Record):
    """What the loop does after a round."""

    action: Literal["continue", "gate", "stop"]
    outcome: Outcome | None = None
    """Why it stops, where it does."""
    reason: str
    """One sentence for the report."""


class UnseenScore(Record):
    """A category's score on tasks from outside the seed's families. Never a target."""

    file: str
    """Stem of the file the tasks stand in."""
    category: str
    passed: int
    total: int


class Summary(Record):
    """The whole run, once it is closed."""

    name: str
    outcome: Outcome
    reason: str
    rounds: int
    shipped_round: int
    shipped_by: Literal["gate", "diagnose"]
    """gate: that round passed it. diagnose: best weighted diagnose score, hence optimistic."""
    shipped_because: str = ""
    """One sentence for the report."""
    adapter: str | None
    """Folder of the adapter to ship, relative to the run directory."""
    verdict_rule: Literal["bound", "point"]
    weakness: tuple[Weakness, ...]
    """One per round, round 0 first."""
    rulings: tuple[GateRuling, ...]
    final: tuple[CategoryScore, ...] = ()
    unseen: tuple[UnseenScore, ...] = ()
    fulfilments: tuple[dict[str, int], ...] = ()
    """Accepted examples per category and round."""
    yields: tuple[Yield, ...] = ()
    """What each source and way of asking gave over all rounds, and what it cost."""
