"""What a request would cost, without making it: the same first steps as a run, then history instead of calls."""

from __future__ import annotations

from qlp.budget import Budget, PriceBook
from qlp.budget.estimate import Estimate, estimate, nothing
from qlp.budget.history import History, likeness_of
from qlp.config import Settings
from qlp.errors import ProviderError
from qlp.models import Request
from qlp.pipeline.admit import admit
from qlp.pipeline.analyse import analyse
from qlp.pipeline.choose import choose_blueprint, choose_model
from qlp.pipeline.models import Models


async def forecast(
    request: Request,
    settings: Settings,
    models: Models,
    history: History,
    prices: PriceBook,
    *,
    tenant: str,
    budgets: tuple[Budget, ...] = (),
) -> Estimate:
    """Raises what the run itself would be refused with: InputError, ContradictionError, NoGeneratorError."""
    request = admit(request, settings.runs, home=settings.home)
    analysis = analyse(request)
    cap = request.max_cost_usd if request.max_cost_usd is not None else settings.runs.max_cost_usd
    choice = choose_blueprint(request, analysis, settings.runs)
    if choice is not None:
        return nothing(f"blueprint:{choice.blueprint}", cap, budgets)
    like = likeness_of(request, analysis)
    try:
        available = await models.available()
        choose_model(request, analysis, settings.runs, model=available.default)  # raises what the run would
        provider, _ = await models.provider(request.tier or "t1")
        price = prices.of_provider(provider)
    except ProviderError as error:
        guess = await estimate(history, tenant, like, generator="model:unknown", price=None, cap=cap, budgets=budgets)
        told = f"the model did not answer ({error.detail})"
        return guess.model_copy(update={"assumptions": (*guess.assumptions, told)})
    return await estimate(
        history, tenant, like, generator=f"model:{provider.name}", price=price, cap=cap, budgets=budgets
    )
