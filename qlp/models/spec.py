from __future__ import annotations

from typing import Literal

from pydantic import Field

from qlp.models._base import Frozen
from qlp.models.request import Language

ProjectKind = Literal["rest_api", "cli", "library", "data_pipeline", "function", "unknown"]

FieldType = Literal["str", "text", "int", "decimal", "float", "bool", "date", "datetime", "email", "url", "uuid"]
"""`decimal` is money (two digits after the point); `text` is a long string."""


class FieldSpec(Frozen):
    """One attribute of an entity."""

    name: str
    """snake_case."""
    type: FieldType
    required: bool = True
    unique: bool = False
    minimum: float | None = None
    """Smallest allowed number (0 for prices and stocks)."""
    maximum: float | None = None
    """Largest allowed number, when the request names one (rating from 1 to 5)."""
    choices: tuple[str, ...] = ()


class Relation(Frozen):
    """`entity` belongs to `target`: it carries `<target>_id`."""

    target: str
    required: bool = True


class Entity(Frozen):
    """A thing that the project stores, such as Book."""

    name: str
    """PascalCase singular: Book."""
    plural: str
    """snake_case plural: books."""
    fields: tuple[FieldSpec, ...]
    relations: tuple[Relation, ...] = ()

    @property
    def snake(self) -> str:
        """Book -> book, OrderLine -> order_line."""
        return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(self.name))


class Rule(Frozen):
    """A business rule between entities.

    `decrement`: creating `source` (an order) with `quantity` lowers `target.field` (a stock), refused
    when it would fall below zero.
    """

    kind: Literal["decrement"]
    source: str
    target: str
    field: str
    quantity_field: str = "quantity"


class ProjectSpec(Frozen):
    """What the analysis understood of a request; the blueprints' only input."""

    name: str
    """kebab-case project name: bookstore-api."""
    kind: ProjectKind
    language: Language
    framework: str | None = None
    """`fastapi`, `express`, `net/http`, ... as asked or chosen; None where the kind has none."""
    summary: str
    """One sentence, from the request."""
    entities: tuple[Entity, ...] = ()
    rules: tuple[Rule, ...] = ()
    auth: Literal["none", "api_key"] = "none"
    commands: tuple[str, ...] = ()
    """Names of sub-commands asked of a CLI tool, of functions asked of a library."""
    functions: tuple[str, ...] = ()
    """Names of catalogue functions asked for (kind `function`)."""
    input_format: Literal["csv", "json"] | None = None
    """Input of a data pipeline."""


class Analysis(Frozen):
    """What the platform understood of a request, and what it could not."""

    spec: ProjectSpec
    unmet: tuple[str, ...] = ()
    """Wishes that were recognised but that no blueprint can serve (named frameworks, languages, features)."""
    contradictions: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    """What was filled in because the request did not say it; shown to the user."""
    complexity: Literal["trivial", "simple", "medium", "complex", "meta"] = "simple"
    words: tuple[str, ...] = Field(default=(), repr=False)
    """Normalised words of the request, for matching."""
