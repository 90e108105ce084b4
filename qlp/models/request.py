from __future__ import annotations

from decimal import Decimal
from typing import Literal, get_args

from pydantic import Field

from qlp.models._base import Frozen

Language = Literal["python", "javascript", "typescript", "go"]
"""Languages in which projects are planned and written."""

LANGUAGES: tuple[Language, ...] = get_args(Language)

ProjectLanguage = Literal[
    "python", "javascript", "typescript", "go", "java", "rust", "c", "c++", "c#", "ruby", "php", "perl", "lua", "bash",
    "sql", "html", "css", "terraform", "yaml", "dockerfile", "other",
]  # fmt: skip
"""Languages in which projects are validated; `other` has a syntax tree, the generic scans and the user's commands."""

PROJECT_LANGUAGES: tuple[ProjectLanguage, ...] = get_args(ProjectLanguage)

Tier = Literal["t0", "t1", "t2", "t3"]
"""t0 blueprints, t1 one shot of a model, t2 generate-execute-repair with a model, t3 an agent with a shell."""


class Request(Frozen):
    """What a user asks for."""

    schema_version: Literal[1] = 1
    text: str
    """The wish in plain language."""
    language: Language | None = None
    """Forces the language; None lets the analysis choose."""
    tests: dict[str, str] = Field(default_factory=dict)
    """Tests given by the user, path -> content; they are run as they are and never rewritten."""
    tier: Tier | None = None
    """Forces a tier; None lets routing choose the cheapest that can serve."""
    max_cost_usd: Decimal | None = Field(default=None, ge=0)
    """Hard cap on model cost of the run, in US dollars; None means the settings' cap."""
    deadline_s: float | None = Field(default=None, gt=0, le=86_400)
    """Wall-clock limit of the whole run, in seconds."""
    policy: str | None = None
    """Validation policy by name (prototype, development, production, critical); None takes the settings'."""
