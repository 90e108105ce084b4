from __future__ import annotations

from typing import Literal

from pydantic import Field

from qlp.models._base import Frozen
from qlp.models.request import ProjectLanguage
from qlp.models.spec import ProjectKind

TaskKind = Literal["code", "test", "docs", "deployment", "config"]
CommandPurpose = Literal["install", "build", "test", "start", "run"]


USER_TESTS = "user-tests"
"""Id of the pseudo-task that owns the tests given with the request: run as they are, never rewritten or criticised."""


class ContractFile(Frozen):
    """A file of the project, owned by exactly one task."""

    path: str
    task: str
    purpose: str = ""


class PublicName(Frozen):
    """A name that other files may import: the contract check looks for it after the task."""

    file: str
    name: str
    kind: Literal["function", "class", "constant", "type"] = "function"
    signature: str = ""


class Route(Frozen):
    """One HTTP operation that the project promises; smoke requests are taken from it."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """With `{id}` parameters."""
    status: int = 200
    """Status of a successful answer."""
    body: dict[str, object] | None = None
    """An example body that succeeds (after the routes that precede this one)."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers that a smoke request needs, such as a key."""


class ProjectCommand(Frozen):
    """How the project is installed, built, tested, started or run, in its own folder, without a shell."""

    purpose: CommandPurpose
    argv: tuple[str, ...]
    env: dict[str, str] = Field(default_factory=dict)
    expect_stdout: str = ""
    """For `run`: text that must be part of standard output."""


class InterfaceContract(Frozen):
    """What every task sees and every check holds: files, names, routes, commands."""

    project: str
    kind: ProjectKind
    language: ProjectLanguage
    profile: str | None = None
    """Sandbox profile to build, test and run in (an operator's own image); None means the language's."""
    framework: str | None = None
    files: tuple[ContractFile, ...]
    names: tuple[PublicName, ...] = ()
    routes: tuple[Route, ...] = ()
    commands: tuple[ProjectCommand, ...] = ()
    port: int | None = None
    """Port on which `start` listens, inside the sandbox."""
    health: str = "/health"
    """Path of the readiness probe when there is a port."""
    notes: str = ""
    """Free text for the agents: rules, error behaviour, limits."""

    @property
    def given(self) -> frozenset[str]:
        """Paths that came with the request."""
        return frozenset(f.path for f in self.files if f.task == USER_TESTS)

    def command(self, purpose: CommandPurpose) -> ProjectCommand | None:
        return next((c for c in self.commands if c.purpose == purpose), None)


class Task(Frozen):
    """One unit of work for one agent."""

    id: str
    kind: TaskKind
    title: str
    instructions: str = ""
    complexity: Literal["trivial", "simple", "medium", "complex", "meta"] = "simple"
    depends_on: tuple[str, ...] = ()


class Plan(Frozen):
    """A DAG of tasks and the contract they share. `generator` names who can execute it."""

    schema_version: Literal[1] = 1
    generator: str
    """`blueprint:<name>@<version>` or `model:<provider:model>`."""
    tasks: tuple[Task, ...]
    contract: InterfaceContract
    assumptions: tuple[str, ...] = ()

    def files_of(self, task: str) -> tuple[ContractFile, ...]:
        return tuple(f for f in self.contract.files if f.task == task)

    def task(self, task_id: str) -> Task:
        return next(t for t in self.tasks if t.id == task_id)
