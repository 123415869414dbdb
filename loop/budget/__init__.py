"""What was spent, what is reserved, what is left. Whole nano-dollars; nothing is rounded down."""

from loop.budget.account import Account
from loop.budget.price import NANO, Price, Usage, usd
from loop.budget.purse import Claim, OverBudget, Purse, paid_from

__all__ = ["NANO", "Account", "Claim", "OverBudget", "Price", "Purse", "Usage", "paid_from", "usd"]
