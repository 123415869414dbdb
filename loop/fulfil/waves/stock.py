"""Replies that were paid for: which are delivered, which wait, and what each way still owes."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from loop.example import Example
from loop.fulfil.source import Delivery, Want
from loop.fulfil.waves.copies import Copies
from loop.records import RequestItem

COMMON = ""
"""Owes what no single way is to blame for."""


@dataclass(frozen=True)
class Held:
    """One candidate of a reply."""

    id: str
    """Of the delivery that it becomes."""
    item: RequestItem
    way: str
    raw: Any
    """An example's raw fields, or a text that is none."""

    @property
    def example(self) -> Example | None:
        """As far as it can be read as one."""
        try:
            return Example.model_validate(self.raw)
        except ValidationError:
            return None


class Stock:
    """Holds replies by request item. All that was paid is carried by what is delivered next."""

    def __init__(self, source: str, copies: Copies) -> None:
        """Begin with nothing.

        Args:
            source: Goes into each delivery.
            copies: Finds what repeats something.
        """
        self._source, self._copies = source, copies
        self._good: defaultdict[str, list[Held]] = defaultdict(list)
        self._bad: defaultdict[str, list[Held]] = defaultdict(list)
        """Misfits and copies of the latest wave: delivered where there is nothing better, so that
        they are counted with their reasons."""
        self._owed: Counter[str] = Counter()
        self._unpriced: set[str] = set()
        self.copied: defaultdict[str, list[str]] = defaultdict(list)
        """Category → instructions that repeated others."""

    def owe(self, way: str, nano: int | None) -> None:
        """Count what a reply cost.

        Args:
            way: That it was asked for in; `COMMON` for none.
            nano: Nano-dollars; None where that is unknown.
        """
        if nano is None:
            self._unpriced.add(way)
        else:
            self._owed[way] += nano

    def take(self, replies: Sequence[Held]) -> None:
        """Sort a wave's replies: what is new, and what repeats something or is no example.

        Args:
            replies: In the order of their calls.
        """
        self._bad.clear()
        rows = [each.example for each in replies]
        copied = self._copies.among(rows)
        for held, row, copy in zip(replies, rows, copied, strict=True):
            if copy and row is not None:
                self.copied[row.category].append(row.instruction)
            better = row is not None and not copy
            (self._good if better else self._bad)[held.item.id].append(held)

    def waiting(self, item: str) -> list[str]:
        """List the ways of the replies that wait for an item.

        Args:
            item: Its id.

        Returns:
            One way each.
        """
        return [held.way for held in self._good[item]]

    def deliver(self, wants: Sequence[Want]) -> Iterator[Delivery]:
        """Deliver what is wanted, as far as there is something.

        Args:
            wants: What is missing.

        Yields:
            Deliveries; together they carry all that was paid since the last ones.
        """
        chosen = [held for want in wants for held in self._chosen(want)]
        by_way = Counter(held.way for held in chosen)
        for held in chosen:
            unknown = {COMMON, held.way} & self._unpriced
            nano = self._part(held.way, by_way[held.way])
            nano += self._part(COMMON, by_way.total())
            by_way[held.way] -= 1
            given = (held.id, held.item.id, held.raw, self._source, held.way)
            yield Delivery(*given, nano=None if unknown else nano)

    def _chosen(self, want: Want) -> list[Held]:
        good, bad = self._good[want.item.id], self._bad[want.item.id]
        chosen, self._good[want.item.id] = good[: want.count], good[want.count :]
        return chosen + bad[: want.count - len(chosen)]

    def _part(self, way: str, bearers: int) -> int:
        """An even part of what is owed, in whole nano-dollars; the parts sum to the debt."""
        part = -(-self._owed[way] // bearers)
        self._owed[way] -= part
        return part
