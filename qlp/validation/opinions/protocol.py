"""What a reviewer is: a plug-in of the entry point group `qlp.opinions` that asks a model about a validated project."""

from __future__ import annotations

from typing import Protocol

from qlp.models import Finding, SourceFile, Usage, Verdict
from qlp.models._base import Frozen
from qlp.providers.protocol import Message
from qlp.validation.project import Project


class Reproduction(Frozen):
    """A test file that fails because of the defect, and text that its failure must print."""

    file: SourceFile
    expect: str


class Opinion(Frozen):
    """One finding of a model. It blocks nothing unless its reproduction is seen to fail as it says."""

    finding: Finding
    reproduction: Reproduction | None = None


class Model(Protocol):
    """The configured model under the caller's budget and deadline."""

    @property
    def name(self) -> str:
        """`provider:model`."""

    async def ask(self, messages: tuple[Message, ...], *, key: str) -> str:
        """The text of the answer. `key` is unique within the reviewer. Raises ProviderError, BudgetExceededError."""


class OpinionValidator(Protocol):
    """A reviewer. Its only side effects are calls of the model that it is given."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...

    async def review(self, project: Project, verdict: Verdict, requirements: str, model: Model) -> tuple[Opinion, ...]:
        """Raises UnreadableAnswerError, and what the model raises."""


class Opinions(Frozen):
    """What all reviewers said."""

    opinions: tuple[Opinion, ...] = ()
    skipped: dict[str, str] = {}
    """Reviewer -> why it said nothing."""
    usage: Usage = Usage()
