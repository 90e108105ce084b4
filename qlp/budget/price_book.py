"""What a model costs here: the operator's own prices, then the public table, then the declared policy. Never $0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from qlp.budget.worst_case import Work
from qlp.config import OwnPrice, PriceSettings
from qlp.errors import InputError
from qlp.models import Usage
from qlp.providers.endpoint import Endpoint
from qlp.providers.prices import PricePolicy, Tokens, cost, cost_at
from qlp.store.events import utc_now

_MILLION = Decimal(1_000_000)
_TABLE_NAME = {"bedrock": "aws"}
"""Kind of a provider -> its name in the table, where they differ."""


class Connected(Protocol):
    """What the price of a connected model is looked up by."""

    @property
    def name(self) -> str: ...

    @property
    def endpoint(self) -> Endpoint: ...


class PriceBook:
    """All prices of an installation; own ones are read once."""

    def __init__(
        self,
        settings: PriceSettings = PriceSettings(),
        home: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Raises InputError for a price file that cannot be read."""
        self.settings = settings
        self.clock = clock
        listed = settings.own + (_read(settings.file, home) if settings.file else ())
        self._own: dict[str, list[OwnPrice]] = {}
        for price in sorted(listed, key=lambda p: p.since):
            self._own.setdefault(price.model, []).append(price)

    def of(self, name: str, *, base_url: str = "", kind: str = "", policy: PricePolicy = "table") -> BookPrice:
        """`name` is `provider:model`. The table is asked by `base_url`, without one by the provider's `kind`."""
        return BookPrice(self, name, base_url, kind, policy)

    def of_provider(self, provider: Connected) -> BookPrice:
        """Of a model that is connected (qlp/providers/kinds.py)."""
        endpoint = provider.endpoint
        return self.of(provider.name, base_url=endpoint.base_url, policy=endpoint.price)

    def own(self, name: str, at: datetime) -> OwnPrice | None:
        """The operator's price at that time. An adapter runs on its model's GPUs, at their price."""
        day = at.astimezone(UTC).date()
        for candidate in dict.fromkeys((name, name.partition("@")[0])):
            begun = [p for p in self._own.get(candidate, ()) if p.since <= day]
            if begun and (candidate == name or begun[-1].gpu_hour is not None):
                return begun[-1]
        return None


@dataclass(frozen=True)
class BookPrice:
    """Price of one model."""

    book: PriceBook
    name: str
    base_url: str
    kind: str
    policy: PricePolicy

    def worst(self, work: Work) -> Decimal | None:
        """Most that a call can cost, US dollars; None if nobody knows."""
        now = self.book.clock()
        own = self.book.own(self.name, now)
        if own is not None and own.gpu_hour is not None:
            return _gpu(own, work.seconds * own.gpus)
        plain = Tokens(input=work.input_tokens, output=work.output_tokens)
        ways = [plain, plain.model_copy(update={"reasoning": plain.output})]
        if work.writes_cache:
            ways += [w.model_copy(update={"cache_write": w.input}) for w in ways]
        # Prices change with the date, some with the hour: a call may be counted at its start or at its end.
        times = (now, now + timedelta(seconds=work.seconds))
        costs = [self.tokens(way, at=at) for way in ways for at in times]
        return None if None in costs else max(c for c in costs if c is not None)

    def charge(
        self, usage: Usage, *, seconds: float = 0.0, at: datetime | None = None, batch: bool = False
    ) -> Decimal | None:
        """What a call did cost, US dollars; None where neither price nor tokens are known.

        `seconds` is how long it took, for a self-hosted model that does not say how much of a GPU it used.
        """
        at = at or self.book.clock()
        own = self.book.own(self.name, at)
        if own is not None and own.gpu_hour is not None:
            return _gpu(own, usage.gpu_seconds or seconds * own.gpus)
        mine = own is not None or self.name in self.book.settings.same_as or batch
        if not mine and usage.cost_usd is not None:
            return usage.cost_usd
        uncounted = usage.uncounted or not usage.input_tokens or (not usage.output_tokens and usage.cost_usd is None)
        if uncounted and self.policy != "free":
            return None  # what the server did not count is not free
        tokens = Tokens(
            input=usage.input_tokens,
            output=usage.output_tokens,
            cached=usage.cached_tokens,
            cache_write=usage.cache_write_tokens,
            reasoning=usage.reasoning_tokens,
        )
        return self.tokens(tokens, at=at, batch=batch)

    def cost(self, *, input_tokens: int, output_tokens: int) -> Decimal | None:
        return self.tokens(Tokens(input=input_tokens, output=output_tokens))

    def tokens(self, tokens: Tokens, *, at: datetime | None = None, batch: bool = False) -> Decimal | None:
        """By tokens; None for a price that is unknown, or goes by GPU time."""
        at = at or self.book.clock()
        settings = self.book.settings
        name = settings.same_as.get(self.name, self.name)
        own = self.book.own(self.name, at) or self.book.own(name, at)
        if own is not None:
            return None if own.gpu_hour is not None else _own(own, tokens, batch)
        if self.policy == "free":
            return Decimal(0)
        found = None
        if name != self.name:
            provider, _, model = name.partition(":")
            found = cost_at(model, tokens, provider=_TABLE_NAME.get(provider, provider), at=at, batch=batch)
        elif self.policy == "table":
            model = name.partition(":")[2] or name
            if self.base_url:
                found = cost(model, tokens, base_url=self.base_url, at=at, batch=batch)
            elif self.kind:
                found = cost_at(model, tokens, provider=_TABLE_NAME.get(self.kind, self.kind), at=at, batch=batch)
        if found is None and settings.unknown == "ceiling":
            found = (tokens.input * settings.ceiling_input + tokens.output * settings.ceiling_output) / _MILLION
        return found


def _own(price: OwnPrice, tokens: Tokens, batch: bool) -> Decimal:
    inward, outward = price.input or Decimal(0), price.output or Decimal(0)
    cached = min(tokens.cached, tokens.input)
    written = min(tokens.cache_write, tokens.input - cached)
    thought = min(tokens.reasoning, tokens.output)
    whole = (
        (tokens.input - cached - written) * inward
        + cached * (inward if price.cached is None else price.cached)
        + written * (inward if price.cache_write is None else price.cache_write)
        + (tokens.output - thought) * outward
        + thought * (outward if price.reasoning is None else price.reasoning)
    )
    return whole * (price.batch if batch else 1) / _MILLION


def _gpu(price: OwnPrice, gpu_seconds: float) -> Decimal:
    assert price.gpu_hour is not None
    return price.gpu_hour * Decimal(str(gpu_seconds)) / 3600


def _read(file: Path, home: Path | None) -> tuple[OwnPrice, ...]:
    import yaml
    from pydantic import TypeAdapter, ValidationError

    path = file if home is None else home / file
    try:
        return TypeAdapter(tuple[OwnPrice, ...]).validate_python(yaml.safe_load(path.read_text("utf-8")) or ())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"prices.file: {path} cannot be read: {error}") from None
    except (yaml.YAMLError, ValidationError) as error:
        raise InputError(f"prices.file: {path} is no list of prices: {error}") from None
