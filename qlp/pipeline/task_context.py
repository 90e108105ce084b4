"""What the flow of one task works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qlp.agents.prompts import Prompt
from qlp.models import Attempt, Finding, SourceFile, TaskResult, Tier
from qlp.models.plan import TaskKind
from qlp.pipeline.model_calls import SteppedProvider
from qlp.pipeline.runtime import Runtime, TaskInput
from qlp.pipeline.services import Services


@dataclass(frozen=True)
class TaskContext:
    runtime: Runtime
    services: Services
    task: TaskInput
    upstream: tuple[TaskResult, ...]
    ladder: tuple[Tier, ...] = ()
    """Tiers to climb, as routing decided; empty: the request's tier, or t1 upwards."""
    n: int | None = None
    """Candidates of one attempt, as routing decided; None: `models.n`."""
    models: Mapping[Tier, str] = field(default_factory=dict)
    """Models of an experiment in the place of a tier's."""
    prompt: Prompt | None = None
    """An experiment's in the place of the role's."""

    @property
    def kind(self) -> TaskKind:
        return self.task.plan.task(self.task.task_id).kind

    @property
    def given(self) -> tuple[SourceFile, ...]:
        """The other tasks' files, as far as this task may see them."""
        return tuple(f for result in self.upstream for f in result.files)

    def key(self, number: int) -> str:
        """Of one attempt: unique within the run."""
        return f"{self.task.run_id}:{self.task.round}:{self.task.task_id}:{number}"

    def provider(self, tier: Tier, *, optional: bool = False) -> SteppedProvider:
        """`optional`: a call that the task can do without when the budget is used up."""
        name = self.task.plan.generator.removeprefix("model:")
        model = self.models.get(tier)
        request = self.task.request
        return SteppedProvider(self.runtime, self.services, request, tier, name, optional=optional, model=model)


@dataclass(frozen=True)
class Before:
    """What the last attempt left behind: its files, what was found, and what the failing commands printed."""

    files: tuple[SourceFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    output: str = ""


@dataclass(frozen=True)
class Tried:
    """One attempt at a task, whatever its tier."""

    records: tuple[Attempt, ...]
    accepted: bool
    files: tuple[SourceFile, ...] = ()
    """The chosen candidate's, or the best of those that failed; empty if no answer could be read."""
    findings: tuple[Finding, ...] = ()
    output: str = ""
    signals: dict[str, float | None] | None = None

    @property
    def reason(self) -> str:
        return self.records[-1].reason
