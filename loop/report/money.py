"""What a run spent, holds and may still spend, in a few lines. What is unknown stays unknown."""

from collections import Counter
from collections.abc import Sequence

from loop.budget import Account, Hours, usd
from loop.recipe import BudgetSection
from loop.report.text import plain


def money_lines(
    account: Account,
    limits: BudgetSection,
    rounds: Sequence[str],
    left: int,
    gpu: Hours,
    running: bool,
) -> list[str]:
    """Say where a run's money stands.

    Args:
        account: What its ledger comes to.
        limits: The recipe's `budget` section.
        rounds: Steps that were begun, in order.
        left: Rounds that may still follow.
        gpu: Time on accelerators.
        running: Whether a controller works on the run; else nothing is under way, and what looks
            like it was lost in flight.

    Returns:
        Lines of plain text; none where nothing costs anything and no limit is set.
    """
    if not running:
        account.apply({"event": "resume"})
    lines = []
    if account.spent or account.reserved or account.unpriced or limits.usd is not None:
        lines = [*_amounts(account, limits), *_parts(account)]
        if left:
            lines.append(_forecast(account, limits, rounds, left))
    if account.people_seconds or limits.people_minutes is not None:
        used = f"people: {account.people_seconds / 60:.1f} min"
        lines.append(used + _of(limits.people_minutes, "people_minutes"))
    if gpu.total or limits.gpu_hours is not None:
        lines.append(f"accelerator: {gpu.total:.2f} h" + _of(limits.gpu_hours, "gpu_hours"))
    return lines


def _of(limit: float | None, key: str) -> str:
    return "" if limit is None else f" of {limit:g} (budget.{key})"


def _amounts(account: Account, limits: BudgetSection) -> list[str]:
    first = f"money: {usd(account.spent)} spent"
    if account.reserved:
        first += f", {usd(account.reserved)} reserved by {len(account.open)} calls under way"
    if limits.usd is not None:
        nano = _nano_left(account, limits)
        # Amounts are shown rounded up; what is left must not be.
        first += f", {usd(nano - nano % 100_000)} left of {limits.usd} USD (budget.usd)"
    lines = [first]
    if account.stranded:
        lines.append(
            f"  lost in flight: {usd(account.lost)} of it for {len(account.stranded)} calls that "
            "were under way at a kill, or stand in batches not collected yet"
        )
    if account.unpriced:
        named = ", ".join(f"{plain(name, 40)} {n}" for name, n in account.unpriced.most_common())
        lines.append(f"  not in these amounts: what has no known price ({named})")
    return lines


def _parts(account: Account) -> list[str]:
    by_round = Counter[str]()
    for step, nano in account.spent_by_step.items():
        by_round[step.partition("/")[0] or "before any step"] += nano
    lines = []
    for what, amounts in (("role", account.spent_by_role), ("round", by_round)):
        named = ", ".join(f"{plain(name, 40)} {usd(n)}" for name, n in sorted(amounts.items()) if n)
        if named:
            lines.append(f"  by {what}: {named}")
    if account.tries:
        named = ", ".join(f"{plain(why, 40)} {n}" for why, n in account.tries.most_common())
        lines.append(f"  calls: {named}")
    return lines


def _forecast(account: Account, limits: BudgetSection, steps: Sequence[str], left: int) -> str:
    """What rounds cost so far, for each that may follow."""
    head = "  forecast, if later rounds cost what rounds did so far:"
    if account.unpriced:
        return f"{head} unknown, for not every price is known"
    by_round = Counter[str]()
    for step, nano in account.spent_by_step.items():
        by_round[step.partition("/")[0]] += nano
    begun = sorted({part for step in steps if (part := step.partition("/")[0])[:6] == "round-"})
    # The round under way is not yet what a round costs, unless there is no other.
    whole = begun[:-1] or begun
    each = sum(by_round[name] for name in whole) // max(len(whole), 1)
    if not each:
        return f"{head} unknown, for none is complete"
    more = f"{head} {usd(each * left)} more for {left} rounds at {usd(each)}"
    if limits.usd is None:
        return more
    enough = each * left <= _nano_left(account, limits)
    return more + ("" if enough else "; that is more than is left")


def _nano_left(account: Account, limits: BudgetSection) -> int:
    assert limits.usd is not None
    return max(0, int(limits.usd * 10**9) - account.spent - account.reserved)
