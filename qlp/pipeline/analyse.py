"""What a request asks for, understood without a model. Deterministic, linear in the text, never raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from qlp.models import Analysis, Entity, ProjectKind, ProjectSpec, Request
from qlp.pipeline.analysis import commands as verbs
from qlp.pipeline.analysis import wishes
from qlp.pipeline.analysis.build import build_entities, build_rules
from qlp.pipeline.analysis.draft import Draft
from qlp.pipeline.analysis.links import LinkFinder
from qlp.pipeline.analysis.lists import ListReader
from qlp.pipeline.analysis.rules import RuleFinder
from qlp.pipeline.analysis.stack import Stack, choose_kind, choose_language, read_stack
from qlp.pipeline.analysis.text import MAX_CHARS, clean, tokenise
from qlp.pipeline.analysis.things import ThingFinder
from qlp.pipeline.analysis.title import project_name, summary

FindFunctions = Callable[[tuple[str, ...], str], tuple[str, ...]]
"""(normalised words, text) -> ids of catalogue functions that the text names."""

MAX_WORDS = 2_000
"""Words kept for matching."""


def catalogue_functions(words: tuple[str, ...], text: str) -> tuple[str, ...]:
    """The function catalogue's own search, imported when it is needed."""
    from qlp.blueprints.functions import find

    return find(words, text)


def analyse(request: Request, find_functions: FindFunctions = catalogue_functions) -> Analysis:
    """Kind, stack, things, fields, relations and rules of a request; what is not understood ends in `unmet`."""
    text = clean(request.text)
    tokens = tokenise(text)
    lows = tuple(t.low for t in tokens)
    words = tuple(t.low for t in tokens if t.word)
    stack = read_stack(tokens, lows)
    kind, also, said = choose_kind(lows, stack)
    functions: tuple[str, ...] = ()
    if kind in {"function", "unknown"} or (kind == "library" and "implement" in words):
        functions = find_functions(words, text)
        if functions and kind == "unknown":
            kind = "function"
    draft = Draft(tokens)
    draft.used |= stack.used
    if len(request.text) > MAX_CHARS:
        draft.unmet.append(f"text beyond the first {MAX_CHARS} characters")
    draft.unmet += [f"also asks for {other}" for other in also]
    language, framework, chosen, clashes = choose_language(stack, kind, request.language)
    draft.assumptions += chosen
    draft.contradictions += clashes
    draft.contradictions += wishes.contradictions(words, lows)
    draft.contradictions += wishes.opposites(lows)
    draft.unmet += [f"language: {name}" for name in stack.other_languages]
    draft.unmet += [f"framework: {name}" for name in stack.other_frameworks]
    reader = ListReader(tokens)
    entities: tuple[Entity, ...] = ()
    asked: tuple[str, ...] = ()
    if kind in {"rest_api", "cli", "data_pipeline"}:
        ThingFinder(draft, reader, kind).find()
        RuleFinder(draft, reader).find()
        LinkFinder(draft, reader, kind).find()
        asked = _commands(kind, draft, reader)
        entities = build_entities(draft, kind, verbs.group_fields(kind, asked))
    elif kind == "library":
        asked = verbs.library_functions(draft, reader)
        ThingFinder(draft, reader, kind).find()
        draft.things = {key: thing for key, thing in draft.things.items() if thing.described}
        if draft.things:
            RuleFinder(draft, reader).find()
            LinkFinder(draft, reader, kind).find()
            entities = build_entities(draft, kind, [])
    name = project_name(draft, reader, kind, functions)
    draft.used |= said if kind not in {"function", "library"} else set()
    auth = _auth(draft, lows, kind)
    wishes.features(draft, lows, kind)
    if kind == "rest_api":
        wishes.leftovers(draft, tokens, allowed=1)
    spec = ProjectSpec(
        name=name,
        kind=kind,
        language=language,
        framework=framework,
        summary=summary(text),
        entities=entities,
        rules=build_rules(draft, entities),
        auth=auth,
        commands=asked,
        functions=tuple(functions),
        input_format=_input_format(words) if kind == "data_pipeline" else None,
    )
    return Analysis(
        spec=spec,
        unmet=_distinct(draft.unmet),
        contradictions=_distinct(draft.contradictions),
        assumptions=_distinct(draft.assumptions),
        complexity=_complexity(spec, stack),
        words=words[:MAX_WORDS],
    )


def _commands(kind: ProjectKind, draft: Draft, reader: ListReader) -> tuple[str, ...]:
    if kind == "cli":
        return verbs.cli_commands(draft, reader)
    return verbs.reports(draft, reader) if kind == "data_pipeline" else ()


def _auth(draft: Draft, lows: tuple[str, ...], kind: ProjectKind) -> Literal["none", "api_key"]:
    if kind != "rest_api":
        return "none"
    key, general = wishes.auth(lows, draft.used)
    if general and not key:
        draft.assumptions.append("authentication taken as one API key in the header X-API-Key")
    return "api_key" if key or general else "none"


def _input_format(words: tuple[str, ...]) -> Literal["csv", "json"]:
    for word in words:
        if word == "csv":
            return "csv"
        if word in {"json", "jsonl", "ndjson"}:
            return "json"
    return "csv"


def _distinct(items: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))[: wishes.MAX_NOTES]


def _complexity(spec: ProjectSpec, stack: Stack) -> Literal["trivial", "simple", "medium", "complex", "meta"]:
    weight = len(spec.entities) + len(spec.rules) + sum(len(e.relations) for e in spec.entities) + (spec.auth != "none")
    if spec.kind == "function":
        return "trivial" if len(spec.functions) <= 1 else "simple"
    if weight <= 2:
        return "simple"
    return "medium" if weight <= 6 else "complex"
