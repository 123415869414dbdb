"""Pays for verdicts: each person's word on a row once."""

from collections.abc import Sequence

from loop.budget import NANO, OverBudget, Purse
from loop.example import digest_of
from loop.recipe import ReviewSection
from loop.records import RowVerdict


def check_review(section: ReviewSection, purse: Purse) -> None:
    """Refuse a review without a price where there is a budget, before anything is asked for.

    Args:
        section: The recipe's `review` section.
        purse: Pays.

    Raises:
        OverBudget: There is a budget in USD, and a verdict's price is unknown.
    """
    if section.usd_per_row is None and purse.left is not None:
        raise OverBudget(
            "budget.usd is set and review.usd_per_row is not; write what a verdict costs "
            "(0 where it is free)"
        )


def price_of(section: ReviewSection) -> int | None:
    """Say what one verdict costs.

    Args:
        section: The recipe's `review` section.

    Returns:
        Nano-dollars; None where that is unknown.
    """
    return None if section.usd_per_row is None else int(section.usd_per_row * NANO)


def seconds_of(verdict: RowVerdict, section: ReviewSection) -> int:
    """Say how long a verdict took.

    Args:
        verdict: May say so itself.
        section: Says it for those that do not.

    Returns:
        Whole seconds of the person's time.
    """
    if verdict.seconds is not None:
        return verdict.seconds
    return round(60 * section.minutes_per_row)


def paid(
    given: Sequence[RowVerdict], section: ReviewSection, purse: Purse
) -> tuple[tuple[RowVerdict, ...], OverBudget | None]:
    """Pay for verdicts in the order in which they came.

    Args:
        given: All there are; what was paid for before is not paid for again, and neither is another
            word of the same person on the same row.
        section: What one costs.
        purse: Pays.

    Returns:
        Those that are paid, and why the others are not.
    """
    for number, verdict in enumerate(given):
        claim = f"review/{verdict.row}/{digest_of(verdict.author)}"
        seconds = seconds_of(verdict, section)
        try:
            purse.pay(claim, "reviewer", price_of(section), people_seconds=seconds)
        except OverBudget as error:
            return tuple(given[:number]), error
    return tuple(given), None
