"""What the templates see of a specification: things, references, rules, in an order that can be built."""

from __future__ import annotations

from dataclasses import dataclass

from qlp.blueprints.fastapi_crud.field_view import MAX_WHOLE, FieldView
from qlp.models import Entity, ProjectSpec, Rule


@dataclass(frozen=True)
class ParentView:
    """A reference to another thing."""

    entity: Entity
    required: bool
    counted: bool
    """The parent whose stock a rule lowers."""

    @property
    def column(self) -> str:
        return f"{self.entity.snake}_id"

    @property
    def path(self) -> str:
        return "/" + self.entity.plural.replace("_", "-")

    @property
    def declaration(self) -> str:
        return f"{self.column}: fields.RecordId" if self.required else f"{self.column}: fields.RecordId | None = None"

    @property
    def sql(self) -> str:
        need = " NOT NULL" if self.required else ""
        return f'"{self.column}" INTEGER{need} REFERENCES "{self.entity.plural}" (id)'


@dataclass(frozen=True)
class RuleView:
    """Creating `source` lowers `target.field` by `quantity`."""

    target: Entity
    field: str
    quantity: str
    largest: int

    @property
    def field_label(self) -> str:
        return self.field.replace("_", " ")

    @property
    def target_label(self) -> str:
        return self.target.snake.replace("_", " ")


@dataclass(frozen=True)
class EntityView:
    """One thing, and what refers to it."""

    entity: Entity
    fields: tuple[FieldView, ...]
    parents: tuple[ParentView, ...]
    rule: RuleView | None
    children: tuple[tuple[Entity, str], ...]
    """(entity, column) of required references to this thing."""
    referred: bool
    """Anything refers to it, required or not."""

    @property
    def name(self) -> str:
        return self.entity.name

    @property
    def snake(self) -> str:
        return self.entity.snake

    @property
    def plural(self) -> str:
        return self.entity.plural

    @property
    def label(self) -> str:
        return self.entity.snake.replace("_", " ")

    @property
    def labels(self) -> str:
        return self.entity.plural.replace("_", " ")

    @property
    def path(self) -> str:
        return "/" + self.entity.plural.replace("_", "-")

    @property
    def chosen(self) -> tuple[FieldView, ...]:
        """Fields with choices."""
        return tuple(f for f in self.fields if f.spec.choices)

    @property
    def columns(self) -> list[str]:
        return [*(f.name for f in self.fields), *(p.column for p in self.parents)]

    @property
    def fixed(self) -> frozenset[str]:
        """Columns that never change after creation: what a rule has booked."""
        if self.rule is None:
            return frozenset()
        return frozenset({self.rule.quantity, f"{self.rule.target.snake}_id"})

    @property
    def change_fields(self) -> tuple[FieldView, ...]:
        return tuple(f for f in self.fields if f.name not in self.fixed)

    @property
    def change_parents(self) -> tuple[ParentView, ...]:
        return tuple(p for p in self.parents if p.column not in self.fixed)

    @property
    def change_columns(self) -> list[str]:
        return [c for c in self.columns if c not in self.fixed]

    @property
    def replaceable(self) -> bool:
        return bool(self.change_columns)

    @property
    def money(self) -> tuple[FieldView, ...]:
        return tuple(f for f in self.fields if f.type == "decimal")

    @property
    def flags(self) -> tuple[FieldView, ...]:
        return tuple(f for f in self.fields if f.type == "bool")

    @property
    def required_parents(self) -> tuple[ParentView, ...]:
        return tuple(p for p in self.parents if p.required)

    @property
    def unique(self) -> tuple[FieldView, ...]:
        return tuple(f for f in self.fields if f.spec.unique)

    @property
    def counted_bodies(self) -> bool:
        """Its test bodies count, because a field is unique."""
        return any("number" in f.varied for f in self.unique)

    @property
    def schemas(self) -> list[str]:
        """Names of its schema classes that other modules import."""
        change = [f"{self.name}Change"] if self.rule and self.replaceable else []
        return [self.name, *change, f"{self.name}Input"]

    @property
    def statuses_create(self) -> list[int]:
        return [404] * bool(self.parents) + [409] * bool(self.unique or self.rule)

    @property
    def statuses_replace(self) -> list[int]:
        return [404] + [409] * bool([f for f in self.change_fields if f.spec.unique])

    @property
    def statuses_delete(self) -> list[int]:
        return [404] + [409] * bool(self.children or self.referred or self.rule)

    @property
    def article(self) -> str:
        return "an" if self.label[0] in "aeiou" else "a"

    def body(self, index: int = 1, ids: dict[str, int] | None = None) -> dict[str, object]:
        """A body that creates one; parents by id, 1 unless `ids` says another."""
        values: dict[str, object] = {f.name: f.sample(index) for f in self.fields}
        values |= {p.column: (ids or {}).get(p.entity.name, 1) for p in self.required_parents}
        return values

    def change(self, index: int = 1) -> dict[str, object]:
        return {name: value for name, value in self.body(index).items() if name not in self.fixed}


@dataclass(frozen=True)
class ProjectView:
    """Everything that a template may print."""

    spec: ProjectSpec
    entities: tuple[EntityView, ...]
    """Parents before their children."""

    @property
    def auth(self) -> bool:
        return self.spec.auth == "api_key"

    @property
    def types(self) -> frozenset[str]:
        """Field types in use; a field with choices needs none."""
        return frozenset(f.type for e in self.entities for f in e.fields if not f.spec.choices)

    @property
    def sorted(self) -> tuple[EntityView, ...]:
        return tuple(sorted(self.entities, key=lambda e: e.snake))

    def entity(self, name: str) -> EntityView:
        return next(e for e in self.entities if e.name == name)

    @property
    def rules(self) -> tuple[EntityView, ...]:
        return tuple(e for e in self.entities if e.rule)

    @property
    def roots(self) -> tuple[EntityView, ...]:
        """Things that need no other thing first."""
        return tuple(e for e in self.entities if not e.required_parents and e.fields)


def view(spec: ProjectSpec) -> ProjectView:
    by_name = {e.name: e for e in spec.entities}
    rules = {r.source: r for r in spec.rules}
    counted = {(r.target, r.field) for r in spec.rules}
    views = {e.name: _entity(e, by_name, rules.get(e.name), counted, spec) for e in spec.entities}
    return ProjectView(spec=spec, entities=tuple(views[name] for name in _parents_first(spec)))


def _entity(
    entity: Entity, by_name: dict[str, Entity], rule: Rule | None, counted: set[tuple[str, str]], spec: ProjectSpec
) -> EntityView:
    fields = tuple(
        FieldView(spec=f, owner=entity.name, counted=(entity.name, f.name) in counted) for f in entity.fields
    )
    parents = tuple(
        ParentView(entity=by_name[r.target], required=r.required, counted=bool(rule and rule.target == r.target))
        for r in entity.relations
        if r.target in by_name
    )
    booked = None
    if rule:
        stock = next(f for f in by_name[rule.target].fields if f.name == rule.field)
        largest = int(stock.maximum) if stock.maximum is not None else MAX_WHOLE
        booked = RuleView(target=by_name[rule.target], field=rule.field, quantity=rule.quantity_field, largest=largest)
    children = tuple(
        (other, f"{entity.snake}_id")
        for other in spec.entities
        if any(r.target == entity.name and r.required for r in other.relations)
    )
    referred = any(r.target == entity.name for other in spec.entities for r in other.relations)
    return EntityView(entity=entity, fields=fields, parents=parents, rule=booked, children=children, referred=referred)


def _parents_first(spec: ProjectSpec) -> list[str]:
    """Topological order over required relations, stable; the analysis guarantees that there is no cycle."""
    names = [e.name for e in spec.entities]
    needs = {e.name: {r.target for r in e.relations if r.required and r.target in names} for e in spec.entities}
    order: list[str] = []
    while len(order) < len(names):
        ready = [n for n in names if n not in order and needs[n] <= set(order)]
        if not ready:
            raise ValueError(f"things that require each other: {sorted(set(names) - set(order))}")
        order += ready
    return order
