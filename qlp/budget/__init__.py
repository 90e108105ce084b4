"""Money: what models cost, hard budgets by reserve-then-settle, estimates and reports."""

from qlp.budget.call import Call, Reservation, Spender
from qlp.budget.caps import Budget, BudgetStore
from qlp.budget.guard import GuardedProvider, Price
from qlp.budget.ledger import Ledger
from qlp.budget.price_book import BookPrice, PriceBook

__all__ = [
    "BookPrice",
    "Budget",
    "BudgetStore",
    "Call",
    "GuardedProvider",
    "Ledger",
    "Price",
    "PriceBook",
    "Reservation",
    "Spender",
]
