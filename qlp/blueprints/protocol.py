"""What a blueprint is: a parameterised project that the platform can make with no model at all."""

from __future__ import annotations

from typing import Protocol

from qlp.models import Analysis, Plan, SourceFile
from qlp.models._base import Frozen


class Match(Frozen):
    """How well a blueprint serves a request: 0 not at all, 1 everything that was asked."""

    blueprint: str
    score: float
    reasons: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """What the request asks and this blueprint cannot do."""


class Blueprint(Protocol):
    """Deterministic: the same analysis always gives the same plan and the same files."""

    name: str
    """kebab-case, such as `fastapi-crud`."""
    version: str
    title: str
    """One line for `qlp models` and for refusals."""
    example: str
    """A request that it serves fully."""

    def match(self, analysis: Analysis) -> Match:
        """Pure and fast; never raises."""

    def plan(self, analysis: Analysis) -> Plan:
        """The DAG and the interface contract: code, test, docs, config and deployment tasks."""

    def render(self, analysis: Analysis, plan: Plan, task_id: str) -> tuple[SourceFile, ...]:
        """Exactly the files that the contract gives to this task."""
