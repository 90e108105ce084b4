"""Hard budgets: reserve, then settle."""

from qlp.budget.guard import GuardedProvider, Price
from qlp.budget.ledger import Ledger

__all__ = ["GuardedProvider", "Ledger", "Price"]
