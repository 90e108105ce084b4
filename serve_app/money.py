"""What the routes of money call, built once per application."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request

from qlp.budget import BudgetStore, PriceBook
from qlp.budget.history import History
from qlp.budget.report import CostReports
from qlp.config import Settings
from qlp.pipeline.models import Models
from qlp.store import Database
from serve_app.auth import BackendDep


@dataclass(frozen=True)
class Money:
    settings: Settings
    reports: CostReports
    budgets: BudgetStore
    history: History

    @classmethod
    def open(cls, settings: Settings, database: Database) -> Money:
        return cls(settings, CostReports(database), BudgetStore(database, settings.budgets), History(database))

    @cached_property
    def models(self) -> Models:
        return Models(self.settings)

    @cached_property
    def prices(self) -> PriceBook:
        return PriceBook(self.settings.prices, self.settings.home)


def money_of(request: Request, backend: BackendDep) -> Money:
    money: Money | None = getattr(request.app.state, "money", None)
    if money is None:
        money = request.app.state.money = Money.open(backend.settings, backend.database)
    return money


MoneyDep = Annotated[Money, Depends(money_of)]
