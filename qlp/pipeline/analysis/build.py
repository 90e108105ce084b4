"""From the draft to entities and rules: names made unique, limits kept, everything filled in said aloud."""

from __future__ import annotations

from qlp.models import Entity, FieldSpec, ProjectKind, Relation, Rule
from qlp.pipeline.analysis.draft import Draft, Thing
from qlp.pipeline.analysis.fields import RawField, default_fields, to_spec
from qlp.pipeline.analysis.names import plural_snake
from qlp.pipeline.analysis.rules import quantity_of
from qlp.pipeline.analysis.text import ascii_words

MAX_ENTITIES = 12
MAX_FIELDS = 24


def build_entities(draft: Draft, kind: ProjectKind, grouped_by: list[str]) -> tuple[Entity, ...]:
    """Entities in the order of the request; relations without required cycles."""
    if len(draft.things) > MAX_ENTITIES:
        draft.unmet.append(f"more than {MAX_ENTITIES} kinds of things")
        for key in list(draft.things)[MAX_ENTITIES:]:
            del draft.things[key]
    draft.decrements = [r for r in draft.decrements if r[0] in draft.things and r[1] in draft.things]
    for source, _, _ in draft.decrements:
        quantity_of(draft.things[source])
    if kind == "data_pipeline" and len(draft.things) > 1:
        extra = list(draft.things)[1:]
        draft.unmet.append(f"more than one kind of record: {', '.join(extra)}")
    entities: list[Entity] = []
    for key, thing in draft.things.items():
        relations = _relations(draft, key)
        fields = _fields(
            draft, key, thing, kind, grouped_by if not entities else [], {_column(r.target) for r in relations}
        )
        plural = plural_snake(thing.words)
        if plural in {e.plural for e in entities}:
            plural += "_records"
        entities.append(Entity(name=key, plural=plural, fields=fields, relations=relations))
    return tuple(entities)


def build_rules(draft: Draft, entities: tuple[Entity, ...]) -> tuple[Rule, ...]:
    names = {e.name: e for e in entities}
    return tuple(
        Rule(kind="decrement", source=source, target=target, field=name)
        for source, target, name in draft.decrements
        if source in names and target in names and any(f.name == name and f.type == "int" for f in names[target].fields)
    )


def _column(target: str) -> str:
    return Entity(name=target, plural="", fields=()).snake + "_id"


def _fields(
    draft: Draft, key: str, thing: Thing, kind: ProjectKind, grouped_by: list[str], taken: set[str]
) -> tuple[FieldSpec, ...]:
    raws = list(thing.fields)
    described = [r for r in raws if r.words != ["quantity"] or thing.described]
    if not described and (not raws or not thing.described):
        named = {tuple(r.words) for r in raws}
        filled = [r for r in default_fields(thing.words) if tuple(r.words) not in named]
        # A rule's own quantity, or a stock that a rule needs, stands beside what such a thing usually has.
        if key not in {source for source, _, _ in draft.decrements}:
            raws = filled + raws
        draft.assumptions.append(f"{key} has no fields in the request: {', '.join(r.text for r in raws)} taken")
    elif not thing.described:
        named = {tuple(r.words) for r in raws}
        raws = [r for r in default_fields(thing.words) if tuple(r.words) not in named] + raws
        draft.assumptions.append(f"{key} has no fields in the request: {', '.join(r.text for r in raws)} taken")
    for name in grouped_by:
        if (
            name
            and not any("_".join(ascii_words(r.text)) == name for r in raws)
            and name not in {"month", "day", "year", "week"}
        ):
            raws.append(RawField(words=name.split("_")))
            draft.assumptions.append(f"{key} has a field {name}, because the request groups by it")
    specs: dict[str, FieldSpec] = {}
    notes: list[str] = []
    for raw in raws:
        if raw.optional and raw.required:
            draft.contradictions.append(f"field {raw.text} both required and optional")
        draft.unmet += raw.unclear
        own_id = raw.words == ["id"] or (raw.words[-1] == "id" and raw.words[:-1] == list(thing.words))
        if own_id and kind != "data_pipeline":
            draft.assumptions.append(f"the id of {key} is given by the program")
            continue
        spec, said = to_spec(raw)
        if spec is None:
            draft.unmet.append("a field whose name cannot be written in ASCII letters")
            continue
        if kind == "data_pipeline" and raw.words == ["id"]:
            spec = spec.model_copy(update={"name": "id", "type": "int", "minimum": None})
            said = []
        if spec.unique and (spec.type == "bool" or spec.choices):
            draft.unmet.append(f"unique {raw.text}, which has only a few values")
        if spec.minimum is not None and spec.maximum is not None and spec.minimum > spec.maximum:
            draft.contradictions.append(f"{raw.text} at least {spec.minimum:g} and at most {spec.maximum:g}")
        if spec.name not in taken and spec.name not in specs:
            specs[spec.name] = spec
            notes += said
    if len(specs) > MAX_FIELDS:
        draft.unmet.append(f"more than {MAX_FIELDS} fields of {key}")
    if notes:
        draft.assumptions.append(f"{key}: {'; '.join(notes)}")
    if not specs and not taken:
        specs["name"] = FieldSpec(name="name", type="str")
        draft.assumptions.append(f"{key} has no field of its own: name taken")
    return tuple(specs.values())[:MAX_FIELDS]


def _relations(draft: Draft, key: str) -> tuple[Relation, ...]:
    found = []
    for target, required in draft.things[key].parents.items():
        if target not in draft.things:
            continue
        if required and (target == key or _reaches(draft, target, key)):
            draft.things[key].parents[target] = required = False
            draft.assumptions.append(f"{key} may exist without its {target}, because each would need the other first")
        found.append(Relation(target=target, required=required))
    return tuple(found)


def _reaches(draft: Draft, start: str, goal: str) -> bool:
    """Whether `start` requires `goal`, directly or through others."""
    seen, stack = set(), [start]
    while stack:
        key = stack.pop()
        if key == goal:
            return True
        if key in seen or key not in draft.things:
            continue
        seen.add(key)
        stack += [t for t, required in draft.things[key].parents.items() if required]
    return False
