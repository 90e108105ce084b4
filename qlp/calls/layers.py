"""The layers around the models of a tier, put together in the one right order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qlp.calls.breaker_board import BreakerBoard, BreakerShared
from qlp.calls.cached import CachedResponses
from qlp.calls.fallbacks import FallbackChain
from qlp.calls.limiter import Bucket, RateLimiter, bucket_of
from qlp.calls.rate_limit import RateLimited
from qlp.calls.response_store import ResponseStore, open_response_cache
from qlp.calls.state import calls_database
from qlp.config import Settings
from qlp.models import Usage
from qlp.providers.breaker import Breakers
from qlp.providers.kinds import ModelProvider
from qlp.providers.protocol import Provider, StreamingProvider
from qlp.store.engine import Database

AnyProvider = Provider | StreamingProvider


@dataclass(frozen=True)
class CallLayers:
    """What all model calls of a process share. `breakers` are those that the providers feed."""

    settings: Settings
    limiter: RateLimiter
    board: BreakerBoard
    breakers: Breakers
    store: ResponseStore | None

    @classmethod
    def open(cls, settings: Settings, database: Database, breakers: Breakers) -> CallLayers:
        """`database` is that of the runs. Raises StorageError."""
        shared = calls_database(database, settings.home)
        return cls(
            settings=settings,
            limiter=RateLimiter(shared, queue=settings.calls.queue),
            board=BreakerBoard(shared),
            breakers=breakers,
            store=open_response_cache(settings),
        )

    def bucket(self, model: ModelProvider) -> Bucket:
        """Where the requests and tokens of this model and key are counted."""
        source = self.settings.providers.get(model.name.partition(":")[0])
        return bucket_of(
            model.name,
            model.endpoint.base_url,
            model.endpoint.secret,
            rpm=source.rpm if source else None,
            tpm=source.tpm if source else None,
        )

    def around_model(
        self, model: ModelProvider, guard: Callable[[AnyProvider, ModelProvider], AnyProvider]
    ) -> AnyProvider:
        """Rate limit, budget (`guard(limited, model)` wraps it), shared breaker. An open breaker reserves no money and
        takes no place in the line."""
        bucket = self.bucket(model)
        guarded = guard(RateLimited(model, bucket, self.limiter), model)
        url = model.endpoint.base_url
        return BreakerShared(guarded, self.breakers.of(url, model.model), self.board, endpoint=url)

    def around_tier(
        self,
        models: Sequence[ModelProvider],
        *,
        tenant: str,
        guard: Callable[[AnyProvider, ModelProvider], AnyProvider],
        hedge_after_s: float | None = None,
        cache: bool = True,
    ) -> AnyProvider:
        """The tier's model and its fallbacks as one provider, answers of the cache first."""
        free = {model.name for model in models if model.endpoint.price == "free"}

        def aborted(link: Provider) -> Usage:
            return Usage(calls=1) if link.name in free else Usage(calls=1, cost_usd=None)

        links = [self.around_model(model, guard) for model in models]
        chain = FallbackChain(links, hedge_after_s=hedge_after_s, aborted=aborted)
        mode = self.settings.calls.cache
        if self.store is None or mode == "off" or not cache:
            return chain
        address = " ".join(f"{model.name}@{model.endpoint.base_url}" for model in models)
        return CachedResponses(chain, self.store, tenant=tenant, address=address, mode=mode)

    def close(self) -> None:
        if self.store is not None:
            self.store.close()
