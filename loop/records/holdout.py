"""The frozen holdout, whole. Who steers the loop or writes to teachers gets a `Split` instead."""

from collections import Counter
from typing import Annotated

from pydantic import Field

from loop.example import Example
from loop.records.base import Lines, Record
from loop.records.data import Rejected, Split
from loop.records.evaluation import GateRuling

BEFORE = -1
"""Round of a look that an earlier run took."""


class Carried(Record):
    """The holdout of an earlier run, and what is known of it."""

    run: str
    """Which run: `<recipe's name>@<hash of its holdout>`."""
    diagnose: Annotated[tuple[Example, ...], Lines("diagnose.jsonl")]
    gate: Annotated[tuple[Example, ...], Lines("gate.jsonl")]
    final: Annotated[tuple[Example, ...], Lines("final.jsonl")]
    retired: Annotated[tuple[Example, ...], Lines("retired.jsonl")]
    set_aside: Annotated[tuple[Rejected, ...], Lines("set_aside.jsonl")]
    rulings: tuple[GateRuling, ...] = ()
    """Looks that its gate has had, oldest first."""
    seen: dict[str, str] = Field(default_factory=dict)
    """Category → the run that opened its final items."""

    @property
    def items(self) -> tuple[Example, ...]:
        """All that may never be trained on."""
        return (*self.diagnose, *self.gate, *self.final, *self.retired)


class Holdout(Record):
    """The three roles and what is left to train on. Drawn once, then frozen."""

    diagnose: Annotated[tuple[Example, ...], Lines("diagnose.jsonl")]
    gate: Annotated[tuple[Example, ...], Lines("gate.jsonl")]
    final: Annotated[tuple[Example, ...], Lines("final.jsonl")]
    pool: Annotated[tuple[Example, ...], Lines("pool.jsonl")]
    """The training side: what is carried on, round 1's seed dose, the free pool."""
    retired: Annotated[tuple[Example, ...], Lines("retired.jsonl")] = ()
    """Items of earlier runs that fresh ones replace; not measured any more, never trained on."""
    set_aside: Annotated[tuple[Rejected, ...], Lines("set_aside.jsonl")] = ()
    """Training-side rows that are the same task as a holdout row; never trained on."""
    carried: int = 0
    """How many rows of the pool, its first ones, an earlier run trained on or accepted."""
    unused: int = 0
    """How many, its last ones, are of an earlier run's training side and were never used."""
    rulings: tuple[GateRuling, ...] = ()
    """Looks that earlier runs took at this gate, oldest first; their round is -1."""
    seen: dict[str, str] = Field(default_factory=dict)
    """Category → the earlier run that opened its final items."""
    notes: tuple[str, ...] = ()
    """What a reader must know: floors that won over the share, the share reached."""

    @property
    def items(self) -> tuple[Example, ...]:
        """All that may never be trained on."""
        return (*self.diagnose, *self.gate, *self.final, *self.retired)

    @property
    def split(self) -> Split:
        """What the loop may see of it."""
        return Split(
            diagnose=self.diagnose,
            pool=self.pool,
            carried=self.carried,
            unused=self.unused,
            rulings=self.rulings,
            gate=dict(Counter(item.category for item in self.gate)),
            final=dict(Counter(item.category for item in self.final)),
            set_aside=len(self.set_aside),
            notes=self.notes,
        )
