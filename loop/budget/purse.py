"""Reserves at the worst case before anything is sent, settles after, and never goes over."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from itertools import count
from typing import Any, Protocol, TypeVar, runtime_checkable

from loop.budget.account import Account
from loop.budget.price import NANO, Price, Usage, price_of, usd
from loop.errors import LoopError
from loop.recipe import BudgetSection, PriceSection

Entry = dict[str, Any]


class OverBudget(LoopError):
    """A hard stop was reached; what was asked for would cross it. Nothing of it was sent."""

    exit_code = 3


class Unpriced(OverBudget):
    """There is a budget in USD, and nobody knows what something may cost."""

    exit_code = 2


@dataclass(frozen=True)
class Claim:
    """One attempt to be paid for."""

    id: str
    """Unique in the run."""
    role: str
    """teacher or judge."""
    model: str
    price: Price | None
    prompt: int
    """Most tokens of the prompt."""
    completion: int | None
    """Most tokens of all candidates together; None where no limit is sent."""

    @property
    def worst(self) -> int | None:
        """Nano-dollars that it costs at most; None where that is unknown."""
        if self.price is None or self.completion is None:
            return None
        return self.price.worst(self.prompt, self.completion)


class Purse:
    """The one place that says whether something may be paid for. Safe to use from any thread.

    Entries reach the disk in the order in which they were counted, whoever writes them: else a kill
    could leave a payment on disk without the settlement that had made room for it.
    """

    def __init__(
        self,
        limits: BudgetSection | None = None,
        prices: Mapping[str, PriceSection] | None = None,
        account: Account | None = None,
        write: Callable[[Sequence[Entry]], object] = lambda _: None,
    ) -> None:
        """Open a purse.

        Args:
            limits: The hard stops; none by default.
            prices: The recipe's prices.
            account: What was spent so far, from the ledger; nothing by default.
            write: Puts entries on disk before it returns: `Ledger.write`. Kept nowhere by default.
        """
        limits = limits or BudgetSection()
        self._limit = None if limits.usd is None else _floor(limits.usd * NANO)
        minutes = limits.people_minutes
        self._people = None if minutes is None else math.floor(minutes * 60)
        self._prices = prices or {}
        self.account = account or Account()
        self._write = write
        self._due: list[Entry] = []
        self._failure: OSError | None = None
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._numbers = count(1)

    @property
    def left(self) -> int | None:
        """Nano-dollars neither spent nor reserved; None without a limit."""
        if self._limit is None:
            return None
        return self._limit - self.account.spent - self.account.reserved

    @property
    def under_way(self) -> bool:
        """Whether a settlement may still free something."""
        return bool(self.account.open)

    def name(self, key: str) -> str:
        """Name an attempt, as none was named before in this run.

        Args:
            key: What is asked for.

        Returns:
            The key, the session and a number.
        """
        with self._lock:
            return f"{key}.{self.account.session}.{next(self._numbers)}"

    def price(self, model: str, base_url: str, max_tokens: int | None) -> Price | None:
        """Look a price up, before anything is sent.

        Args:
            model: As the recipe names it.
            base_url: Whose server it is.
            max_tokens: The limit that is sent, if any.

        Returns:
            The price, or None where it is unknown and nothing depends on it.

        Raises:
            Unpriced: There is a budget in USD, and no worst case could be reserved.
        """
        found = price_of(model, base_url, self._prices)
        if self._limit is not None and found is None:
            raise Unpriced(
                f"budget.usd is set and the price of {model} is unknown; write it as prices: "
                f"{{{model}: {{input: USD, output: USD}}}} per million tokens (0 where it is free)"
            )
        if self._limit is not None and max_tokens is None:
            raise Unpriced(
                f"budget.usd is set and {model} is asked without max_tokens, so that a reply may "
                "cost anything; set max_tokens"
            )
        return found

    def reserve(self, claim: Claim) -> Entry:
        """Put the worst case aside.

        Args:
            claim: What is to be paid for.

        Returns:
            The entry; nothing may be sent before `commit` has put it on disk.

        Raises:
            OverBudget: It does not fit. It may once what is under way has been settled.
        """
        worst = claim.worst
        with self._lock:
            left = self.left
            if left is not None and (worst is None or worst > left):
                raise OverBudget(
                    f"budget.usd: {usd(max(left, 0))} left, and the next call to {claim.model} may "
                    f"cost {usd(worst or 0)}; raise budget.usd to go on"
                )
            entry = {
                "event": "reserve",
                "claim": claim.id,
                "role": claim.role,
                "model": claim.model,
                "nano": worst,
            }
            self._enter(entry)
        return entry

    def commit(self) -> None:
        """Put on disk what was counted so far and is not there yet.

        Raises:
            OSError: This or an earlier entry cannot be written: nothing may be sent any more.
        """
        with self._writing:
            if self._failure is not None:
                raise self._failure
            with self._lock:
                due, self._due = self._due, []
            if not due:
                return
            try:
                self._write(due)
            except OSError as error:
                self._failure = error
                raise

    def _enter(self, entry: Entry) -> None:
        """Count an entry, which is then due to be written; the lock is held."""
        self.account.apply(entry)
        self._due.append(entry)

    def settle(
        self, claim: Claim, why: str, usage: Usage | None = None, model: str = "", owed: bool = True
    ) -> Entry:
        """Replace a reservation by what the attempt costs.

        Args:
            claim: What was reserved, in this session or by one that was killed.
            why: What became of it, in a few words of our own: they are counted.
            usage: Its tokens; None where the server did not say.
            model: The name the server answered with.
            owed: Without usage: whether the server may have billed it; its worst case then stands.

        Returns:
            The entry, which `commit` puts on disk.
        """
        nano = 0 if usage is None and not owed else claim.worst
        if usage is not None:
            nano = None if claim.price is None else claim.price.nano(usage)
        entry: Entry = {"event": "settle", "claim": claim.id, "nano": nano, "why": why}
        if usage is not None:
            price = claim.price.row if claim.price else None
            entry |= {"usage": dict(usage.raw), "model": model, "price": price}
        with self._lock:
            self._enter(entry)
        return entry

    def needs_price(self, what: str, nano: int | None) -> None:
        """Refuse what has no price where there is a budget, before anything is asked for.

        Args:
            what: Names it in the recipe's words.
            nano: Nano-dollars a delivery; None where that is unknown.

        Raises:
            Unpriced: There is a budget in USD, and the price is unknown.
        """
        if nano is None and self._limit is not None:
            raise Unpriced(
                f"budget.usd is set and the price of {what} is unknown; write usd_per_example "
                "beside it (0 where it is free)"
            )

    def room(self, nano: int | None, people_seconds: int = 0) -> int | None:
        """Count the deliveries at a fixed price that still fit.

        Args:
            nano: Nano-dollars each; None where the price is unknown.
            people_seconds: Of people's time that each is expected to take.

        Returns:
            How many; None without a limit on what they use.
        """
        with self._lock:
            fits: list[int] = []
            if nano and (left := self.left) is not None:
                fits.append(left // nano)
            if people_seconds and self._people is not None:
                fits.append((self._people - self.account.people_seconds) // people_seconds)
        return max(0, min(fits)) if fits else None

    def pay(self, claim: str, role: str, nano: int | None, people_seconds: int = 0) -> None:
        """Pay for a delivery at a fixed price, once; on disk when this returns.

        Args:
            claim: Names the delivery; one that was paid for is not paid for again.
            role: Who delivers.
            nano: Nano-dollars; None where the price is unknown. What is free is not written down.
            people_seconds: Of people's time.

        Raises:
            OverBudget: It does not fit.
        """
        if nano == 0 and not people_seconds:
            return
        with self._lock:
            if claim in self.account.paid:
                return
            if (left := self.left) is not None and (nano or 0) > left:
                raise OverBudget(
                    f"budget.usd: {usd(max(left, 0))} left, and the next delivery of {role} costs "
                    f"{usd(nano or 0)}; raise budget.usd to go on"
                )
            used = self.account.people_seconds
            if self._people is not None and used + people_seconds > self._people:
                raise OverBudget(
                    f"budget.people_minutes: {used / 60:.1f} of {self._people / 60:.1f} are used, "
                    f"and the next delivery of {role} took {people_seconds / 60:.1f}; raise "
                    "budget.people_minutes to go on"
                )
            entry: Entry = {"event": "pay", "claim": claim, "role": role, "nano": nano}
            if people_seconds:
                entry["people_seconds"] = people_seconds
            self._enter(entry)
        self.commit()


def _floor(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_FLOOR))


@runtime_checkable
class Paying(Protocol):
    """A teacher or judge whose calls cost money."""

    def paid_from(self, purse: Purse) -> None:
        """Have calls reserved and settled.

        Args:
            purse: The run's.
        """
        ...


One = TypeVar("One")


def paid_from(one: One, purse: Purse) -> One:
    """Hand a purse to whom it concerns.

    Args:
        one: A teacher or judge; one that is free is left alone.
        purse: The run's.

    Returns:
        The same.
    """
    if isinstance(one, Paying):
        one.paid_from(purse)
    return one
