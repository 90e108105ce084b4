"""The blueprint over the catalogue: from the ids that a request names to a complete small project."""

from __future__ import annotations

from typing import get_args

from qlp.blueprints.functions import go_project, javascript_project, python_project
from qlp.blueprints.functions.catalogue import LANGUAGES, CatalogueLanguage, catalogue
from qlp.blueprints.functions.coverage import unexplained
from qlp.blueprints.functions.finding import find
from qlp.blueprints.functions.project import Layout, Project, make_project
from qlp.blueprints.protocol import Match
from qlp.errors import PlanError
from qlp.models import (
    Analysis,
    ContractFile,
    InterfaceContract,
    Plan,
    PublicName,
    SourceFile,
    Task,
)

PENALTY = 0.3
"""Taken off for each wish that cannot be served: one is enough to fall below the threshold of 0.75."""
_LAYOUTS = {"python": python_project.layout, "javascript": javascript_project.layout, "go": go_project.layout}


class FunctionCatalogue:
    """Functions and classes by name, each with tests; see `qlp.blueprints.functions.catalogue`."""

    name = "functions"
    version = "1"
    title = "Well-known functions and classes with property-style tests, in Python, JavaScript or Go"
    example = "Write a Python function that checks if a string is a palindrome, and an LRU cache class"

    def match(self, analysis: Analysis) -> Match:
        """1.0 when every wish is an entry of the catalogue and nothing else is asked."""
        spec = analysis.spec
        if spec.kind not in ("function", "library"):
            return Match(blueprint=self.name, score=0.0, reasons=(), missing=(f"project kind {spec.kind}",))
        known = tuple(f for f in _named(analysis) if f in catalogue())
        if not known:
            return Match(blueprint=self.name, score=0.0, reasons=(), missing=("a function of the catalogue",))
        missing = list(_missing(analysis, known))
        return Match(
            blueprint=self.name,
            score=round(max(0.0, 1.0 - PENALTY * len(missing)), 2),
            reasons=tuple(f"{catalogue()[f].kind} {f}: {catalogue()[f].title}" for f in known),
            missing=tuple(missing),
        )

    def plan(self, analysis: Analysis) -> Plan:
        """Raises PlanError for functions or languages that the catalogue does not have."""
        project, layout = _project(analysis)
        titles = [entry.title for entry in project.entries]
        tasks = (
            Task(id="code", kind="code", title=f"Modules: {', '.join(titles)}", complexity="trivial"),
            Task(id="test", kind="test", title="Property-style tests", complexity="trivial", depends_on=("code",)),
            Task(id="docs", kind="docs", title="README with examples", complexity="trivial", depends_on=("code",)),
            Task(id="config", kind="config", title="Manifest", complexity="trivial"),
            Task(
                id="deployment",
                kind="deployment",
                title="Dockerfile and CI workflow",
                complexity="trivial",
                depends_on=("config",),
            ),
        )
        names = tuple(
            PublicName(file=layout.modules[entry.id], name=n.name, kind=n.kind, signature=n.signature)
            for entry in project.entries
            for n in entry.names[project.language]
        )
        return Plan(
            generator=f"blueprint:{self.name}@{self.version}",
            tasks=tasks,
            contract=InterfaceContract(
                project=project.name,
                kind=analysis.spec.kind,
                language=project.language,
                files=tuple(ContractFile(path=f.path, task=f.task, purpose=f.purpose) for f in layout.files),
                names=names,
                commands=layout.commands,
                notes="\n".join(f"{entry.id}: {entry.summary}" for entry in project.entries),
            ),
            assumptions=analysis.assumptions,
        )

    def render(self, analysis: Analysis, plan: Plan, task_id: str) -> tuple[SourceFile, ...]:
        """Raises PlanError for a task that the plan does not have."""
        _, layout = _project(analysis)
        if task_id not in {file.task for file in layout.files}:
            raise PlanError(f"{self.name} has no task {task_id!r}", task=task_id)
        return tuple(SourceFile(path=f.path, content=f.text()) for f in layout.files if f.task == task_id)


def _project(analysis: Analysis) -> tuple[Project, Layout]:
    spec = analysis.spec
    named = _named(analysis)
    unknown = [f for f in named if f not in catalogue()]
    if unknown or not named:
        raise PlanError("not in the function catalogue", functions=unknown)
    language = _served(spec.language)
    if language is None:
        raise PlanError(f"the function catalogue has no {spec.language}", language=spec.language)
    entries = tuple(catalogue()[f] for f in dict.fromkeys(named))
    project = make_project(spec.name, language, entries)
    return project, _LAYOUTS[language](project)


def _named(analysis: Analysis) -> tuple[str, ...]:
    """The functions that were asked for. The analysis of a library lists commands instead: its words tell."""
    spec = analysis.spec
    if spec.kind == "library" and not spec.functions:
        return find(analysis.words, "")
    return spec.functions


def _served(language: str) -> CatalogueLanguage | None:
    return next((known for known in get_args(CatalogueLanguage) if known == language), None)


def _missing(analysis: Analysis, known: tuple[str, ...]) -> dict[str, None]:
    """What was asked and cannot be served, each once."""
    spec = analysis.spec
    missing = dict.fromkeys([*analysis.unmet, *analysis.contradictions])
    if spec.language not in LANGUAGES:
        missing[f"language {spec.language}"] = None
    if spec.framework is not None:
        missing[f"framework {spec.framework}"] = None
    if spec.auth != "none":
        missing["authentication (there is no server to protect)"] = None
    for function in _named(analysis):
        if function not in known:
            missing[f"function {function}"] = None
    if spec.kind == "library":
        for entity in spec.entities:
            missing[f"entity {entity.name}"] = None
        for command in spec.commands:
            if not set(find((), command)) & set(known):
                missing[f"function {command}"] = None
    left = unexplained(analysis.words, known)
    if left:
        missing[f"what these words ask: {', '.join(left)}"] = None
    return missing
