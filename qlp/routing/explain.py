"""What would happen with a request, without anything being run: by a blueprint, or by which tier and model."""

from __future__ import annotations

from qlp.config import Settings
from qlp.models import Request
from qlp.models._base import Frozen
from qlp.pipeline.admit import admit
from qlp.pipeline.analyse import analyse
from qlp.pipeline.choose import choose_blueprint, choose_model
from qlp.pipeline.models import Models
from qlp.routing.decision import RouteDecision
from qlp.routing.features import Features, features_of
from qlp.routing.router import open_router
from qlp.store.engine import Database


class Route(Frozen):
    """`decision` is None where no model is asked at all."""

    object: str = "route"
    generator: str
    """`blueprint:<name>@<version>`, or `model:<provider:model>` of the first try."""
    tier: str
    model: str | None = None
    n: int = 0
    expected_cost_usd: float = 0.0
    expected_cost_per_success_usd: float = 0.0
    reasons: tuple[str, ...]
    features: Features
    decision: RouteDecision | None = None


async def explain_route(request: Request, settings: Settings, database: Database, *, tenant: str) -> Route:
    """Raises InputError, ContradictionError, NoGeneratorError, ProviderError, StorageError. Lists models, asks none."""
    request = admit(request, settings.runs, home=settings.home)
    analysis = analyse(request)
    choice = choose_blueprint(request, analysis, settings.runs)
    if choice is not None:
        served = f"{choice.blueprint} serves {choice.match:.0%} of the request: no model is asked, nothing is paid"
        return Route(
            generator=f"blueprint:{choice.blueprint}",
            tier="t0",
            reasons=(served, *choice.reasons),
            features=features_of(request, analysis),
        )
    models = Models(settings)
    available = await models.available()
    chosen = choose_model(request, analysis, settings.runs, model=available.default)  # refuses as a run would
    decision = await open_router(settings, models, database).explain(request, analysis, tenant=tenant)
    return Route(
        generator=f"model:{decision.model}",
        tier=decision.tier,
        model=decision.model,
        n=decision.n,
        expected_cost_usd=decision.chosen.cost_usd,
        expected_cost_per_success_usd=decision.chosen.cost_per_success.mean,
        reasons=(*chosen.reasons, *decision.reasons),
        features=decision.features,
        decision=decision,
    )
