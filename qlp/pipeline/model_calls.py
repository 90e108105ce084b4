"""Model calls as durable steps: a replay reads a finished answer back instead of paying for it again."""

from __future__ import annotations

from qlp.errors import BudgetExceededError
from qlp.models import Request, Tier
from qlp.pipeline.runtime import Runtime
from qlp.pipeline.services import Services
from qlp.providers.protocol import ChatOptions, Completion, Message


class SteppedProvider:
    """The model of a tier; each call is one step, named by its idempotency key.

    A used-up budget pauses a durable run, unless the call is `optional`: then BudgetExceededError is the caller's.
    """

    def __init__(
        self,
        runtime: Runtime,
        services: Services,
        request: Request,
        tier: Tier,
        name: str,
        *,
        optional: bool = False,
        model: str | None = None,
    ) -> None:
        """`model`: an experiment's, in the place of the tier's."""
        self._runtime = runtime
        self._services = services
        self._request = request
        self._tier = tier
        self.name = name
        self._optional = optional
        self._model = model

    async def complete(
        self, messages: tuple[Message, ...], options: ChatOptions, *, idempotency_key: str
    ) -> Completion:
        async def call() -> Completion:
            provider = await self._services.guarded(self._tier, self._request, self._runtime.run_id, model=self._model)
            try:
                return await provider.complete(messages, options, idempotency_key=idempotency_key)
            except BudgetExceededError as error:
                if self._optional:
                    error.extra["optional"] = True
                raise

        return await self._runtime.step(f"model:{idempotency_key}", Completion, call)
