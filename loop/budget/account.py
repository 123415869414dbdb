"""Totals of a ledger's money entries, kept as they are written and as they are read again."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MONEY = frozenset({"reserve", "settle", "pay"})
"""Events of entries that are counted here; there may be very many."""


@dataclass(frozen=True)
class Reserved:
    """What one attempt may cost."""

    role: str
    model: str
    nano: int | None
    """None where the price is unknown."""
    step: str


class Account:
    """What was spent and what is reserved. In memory: totals and open reservations only."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.session = 0
        """How often the run was started or resumed: reservations of an earlier one are lost."""
        self.open: dict[str, Reserved] = {}
        """Under way, by claim."""
        self.stranded: dict[str, Reserved] = {}
        """Under way when an earlier session ended: nobody knows what became of them."""
        self.by_role: Counter[str] = Counter()
        """Nano-dollars settled."""
        self.by_step: Counter[str] = Counter()
        """Nano-dollars settled, by the step that was under way."""
        self.tries: Counter[str] = Counter()
        """Settled attempts by what became of them."""
        self.unpriced: Counter[str] = Counter()
        """Settled attempts whose price is unknown, by model."""
        self.people_seconds = 0
        """Of people's time that deliveries took."""
        self.paid: set[str] = set()
        """Deliveries that were paid at a fixed price, by claim."""
        self._step = ""
        self._reserved = 0
        self._stranded = 0

    @property
    def spent(self) -> int:
        """Nano-dollars settled, and the reservations of attempts that an earlier session left."""
        return self.by_role.total() + self._stranded

    @property
    def spent_by_role(self) -> Counter[str]:
        """The same, by who was paid."""
        lost = Counter[str]()
        for each in self.stranded.values():
            lost[each.role] += each.nano or 0
        return self.by_role + lost

    @property
    def spent_by_step(self) -> Counter[str]:
        """The same, by the step that was under way."""
        lost = Counter[str]()
        for each in self.stranded.values():
            lost[each.step] += each.nano or 0
        return self.by_step + lost

    @property
    def reserved(self) -> int:
        """Nano-dollars that what is under way may cost."""
        return self._reserved

    @property
    def lost(self) -> int:
        """Nano-dollars, of those spent, for attempts that an earlier session left."""
        return self._stranded

    def apply(self, entry: Mapping[str, Any]) -> bool:
        """Count an entry.

        Args:
            entry: Of a ledger; of any kind.

        Returns:
            Whether it is a money entry.

        Raises:
            KeyError: It lacks a field, or settles what was never reserved.
        """
        event = entry["event"]
        if event == "reserve":
            self._reserve(entry)
        elif event == "settle":
            self._settle(entry)
        elif event == "pay":
            self._pay(entry)
        elif event in ("start", "resume"):
            self.session += 1
            self.stranded |= self.open
            self._stranded += self._reserved
            self.open, self._reserved = {}, 0
        elif event == "stage_start":
            self._step = str(entry.get("step", ""))
        return event in MONEY

    def leave(self, claims: Iterable[str]) -> None:
        """Let reservations be settled by a later session: nothing that is under way frees them.

        Args:
            claims: Attempts whose outcome is not waited for now; unknown ones are passed over.
        """
        for claim in claims:
            if (held := self.open.pop(claim, None)) is not None:
                self.stranded[claim] = held
                self._reserved -= held.nano or 0
                self._stranded += held.nano or 0

    def _reserve(self, entry: Mapping[str, Any]) -> None:
        nano = entry["nano"]
        self.open[entry["claim"]] = Reserved(entry["role"], entry["model"], nano, self._step)
        self._reserved += nano or 0

    def _pay(self, entry: Mapping[str, Any]) -> None:
        role, nano = entry["role"], entry["nano"]
        self.paid.add(entry["claim"])
        if nano is None:
            self.unpriced[role] += 1
        else:
            self.by_role[role] += nano
            self.by_step[self._step] += nano
        self.people_seconds += entry.get("people_seconds", 0)

    def _settle(self, entry: Mapping[str, Any]) -> None:
        claim, nano = entry["claim"], entry["nano"]
        if claim in self.open:
            held = self.open.pop(claim)
            self._reserved -= held.nano or 0
        else:
            held = self.stranded.pop(claim)
            self._stranded -= held.nano or 0
        self.tries[entry["why"]] += 1
        if nano is None:
            self.unpriced[held.model] += 1
        else:
            self.by_role[held.role] += nano
            self.by_step[held.step] += nano
