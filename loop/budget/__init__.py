"""What was spent, what is reserved, what is left. Whole nano-dollars; nothing is rounded down."""

from loop.budget.account import Account
from loop.budget.price import NANO, Price, Usage, usd
from loop.budget.purse import Claim, Entry, OverBudget, Purse, Unpriced, paid_from
from loop.budget.stops import Hours, exhausted, runs_a_model

__all__ = [
    "NANO",
    "Account",
    "Claim",
    "Entry",
    "Hours",
    "OverBudget",
    "Price",
    "Purse",
    "Unpriced",
    "Usage",
    "exhausted",
    "paid_from",
    "runs_a_model",
    "usd",
]
