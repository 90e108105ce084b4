"""The report that is shipped beside a model: everything held out, the goals, and what the features do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from qlp.confidence.features import Kind
from qlp.confidence.measure.metrics import Floats
from qlp.confidence.measure.report import ALL, Goal, Section, Single, Twins, sections, singles, twins
from qlp.confidence.model import ConfidenceModel, Part
from qlp.confidence.risk import threshold
from qlp.confidence.row import Row
from qlp.confidence.training.candidates import CANDIDATES, Candidate
from qlp.confidence.training.protocols import predict, protocols, with_labels, without_labels
from qlp.confidence.training.table import Table, table_of
from qlp.confidence.training.train import Compared, Recipe, Say, TrainedPart, without_static
from qlp.models._base import Frozen

STATIC = ("stage_style_clean", "stage_types_clean", "stage_security_clean", "code_length_log")
"""What is found without executing the code."""
GOAL_FEATURES = ("loads", "examples_pass_fraction", "examples_count_log", "agreement_same_model", "cluster_share_same",
                 "dissent_same")  # fmt: skip
"""Examples, and agreement with samples of the same model."""
TARGETS = (0.005, 0.01, 0.02, 0.05, 0.1)
_HUMANEVAL = "humaneval_python"
_TWINS = "humanevalpack_python"


class Held(Frozen):
    """Sections of one protocol: before any outcome of a generator is known, and after 100."""

    protocol: str
    meaning: str
    before: tuple[Section, ...]
    after: tuple[Section, ...]


class Subset(Frozen):
    """The same candidate with other features."""

    name: str
    meaning: str
    """What was held out."""
    features: tuple[str, ...]
    set: str
    rows: int
    auroc: float | None
    within_task: float | None
    skill: float | None
    ece: float


class Threshold(Frozen):
    target: float
    threshold: float | None
    coverage: float
    """Share of the held-out scores that reach it."""
    wrong: float | None
    """Share of wrong ones among these; it was chosen on the same scores."""


class KindReport(Frozen):
    kind: Kind
    candidate: str
    map: str
    compared: tuple[Compared, ...]
    held: tuple[Held, ...]
    subsets: tuple[Subset, ...]
    singles: tuple[Single, ...]
    twins: tuple[Twins, ...]
    effects: dict[str, float]
    """Mean absolute change of the log-odds by feature, over the training rows."""
    thresholds: tuple[Threshold, ...]


class ModelReport(Frozen):
    model: str
    rows: str
    """Digest of the rows that it was made from."""
    sets: dict[str, dict[str, object]]
    kinds: tuple[KindReport, ...]
    goals: tuple[Goal, ...]


def model_report(
    rows: Sequence[Row], model: ConfidenceModel, parts: dict[Kind, TrainedPart], recipe: Recipe, say: Say
) -> ModelReport:
    made = tuple(
        _kind_report(kind, table_of([r for r in rows if r.kind == kind]), trained, recipe, say)
        for kind, trained in parts.items()
    )
    sets = model.recipe["sets"]
    return ModelReport(
        model=model.label,
        rows=str(model.recipe["rows"]),
        sets=sets if isinstance(sets, dict) else {},
        kinds=made,
        goals=goals(made),
    )


def _kind_report(kind: Kind, whole: Table, trained: TrainedPart, recipe: Recipe, say: Say) -> KindReport:
    table = without_static(whole)
    candidate = next(c for c in CANDIDATES if c.name == trained.candidate)
    held, by_protocol = [], {}
    for protocol in protocols(table, recipe.folds, recipe.seed):
        say(f"  {kind}: {protocol.meaning}")
        common = predict(table, candidate, trained.map, protocol, recipe.seed).common[trained.map]
        spread = trained.part.spread
        before, after = without_labels(common, spread), with_labels(common, table, spread, recipe.seed)
        by_protocol[protocol.name] = common
        held.append(
            Held(
                protocol=protocol.name,
                meaning=protocol.meaning,
                before=tuple(sections(table, before, seed=recipe.seed)),
                after=tuple(sections(table, after, seed=recipe.seed)),
            )
        )
    strict = by_protocol["task_generator"]
    return KindReport(
        kind=kind,
        candidate=trained.candidate,
        map=trained.map,
        compared=trained.compared,
        held=tuple(held),
        subsets=tuple(_subsets(whole, candidate, trained.map, recipe)),
        singles=tuple(singles(table, strict)),
        twins=tuple(twins(table, strict)),
        effects=_effects(table, trained.part),
        thresholds=tuple(_thresholds(trained.part)),
    )


def _subsets(table: Table, candidate: Candidate, map_name: str, recipe: Recipe) -> list[Subset]:
    """What examples and agreement reach without the rest, what is reached without running anything, and what the text's
    own features would add on collections that the model did not know."""
    made: list[Subset] = []
    same = [n for n in GOAL_FEATURES if n in table.features]
    if "agreement_same_model" in same:
        part = table.only(same)
        part = part.take(~np.isnan(part.x[:, same.index("agreement_same_model")]))
        made += _subset("examples and same-model agreement", part, "task", candidate, map_name, recipe)
    if still := [n for n in STATIC if n in table.features]:
        made += _subset("static", table.only(still), "task", candidate, map_name, recipe)
        made += _subset("all and static", table, "set", candidate, map_name, recipe)
    return made


def _subset(
    name: str, part: Table, protocol: str, candidate: Candidate, map_name: str, recipe: Recipe
) -> Iterator[Subset]:
    chosen = next((p for p in protocols(part, recipe.folds, recipe.seed) if p.name == protocol), None)
    if chosen is None:
        return
    p = _probabilities(predict(part, candidate, map_name, chosen, recipe.seed).common[map_name])
    for section in sections(part, p, by_generator=False, seed=recipe.seed):
        yield Subset(
            name=name,
            meaning=chosen.meaning,
            features=part.features,
            set=section.set,
            rows=section.rows,
            auroc=section.auroc,
            within_task=section.within_task,
            skill=section.skill,
            ece=section.ece,
        )


def _probabilities(common: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-common)))


def _effects(table: Table, part: Part) -> dict[str, float]:
    chosen = np.random.default_rng(0).permutation(len(table))[:2000]
    totals = dict.fromkeys(table.features, 0.0)
    for i in chosen:
        effects = part.ensemble.contributions(table.rows[i].features)
        for name in totals:
            totals[name] += abs(effects.get(name, 0.0)) / len(chosen)
    return {name: round(v, 4) for name, v in sorted(totals.items(), key=lambda item: -item[1])}


def _thresholds(part: Part) -> list[Threshold]:
    held = part.scores.held
    made = []
    for target in TARGETS:
        level = threshold(part.scores, target)
        taken = [h for h in held if level is not None and h.score >= level]
        made.append(
            Threshold(
                target=target,
                threshold=level,
                coverage=round(len(taken) / len(held), 4),
                wrong=round(sum(1 - h.right for h in taken) / len(taken), 4) if taken else None,
            )
        )
    return made


def goals(kinds: Sequence[KindReport]) -> tuple[Goal, ...]:
    """The project's goals for functions (issue 4), measured or None."""
    function = next((k for k in kinds if k.kind == "function"), None)
    if function is None:
        return ()
    new_tasks = {s.set: s for h in function.held if h.protocol == "task" for s in h.before if s.generator == ALL}
    narrow = next((s for s in function.subsets if s.name.startswith("examples") and s.set == _HUMANEVAL), None)
    whole = new_tasks.get(_HUMANEVAL)
    told = next(
        (
            s
            for h in function.held
            if h.protocol == "task"
            for s in h.after
            if (s.set, s.generator) == (_HUMANEVAL, ALL)
        ),
        None,
    )
    strict = [s for h in function.held if h.protocol != "task" for s in h.after if s.generator == ALL and s.set != ALL]
    skills = [s.skill for s in strict if s.skill is not None]
    below = {t.set: t.below for t in function.twins}
    static = max((s.auroc or 0.0 for s in function.subsets if s.name == "static" and s.set != ALL), default=None)
    dominated = sum(s.dominated for s in function.singles)
    return (
        _goal("HumanEval, new tasks, examples and same-model agreement: AUROC", narrow.auroc if narrow else None, 0.93),
        _goal("the same: Brier skill", narrow.skill if narrow else None, 0.60),
        _goal("HumanEval, new tasks, all features: ECE, no outcomes", whole.ece if whole else None, 0.03, most=True),
        _goal("the same after 100 outcomes of each generator", told.ece if told else None, 0.03, most=True),
        _goal("least skill of a held-out set, 100 outcomes a generator", min(skills, default=None), 0.0),
        _goal("buggy twins below their fixed ones, each alone", below.get(_TWINS), 0.95),
        _goal("the same, beside samples of models", below.get(f"{_TWINS}_peers"), 0.95),
        _goal("share of single features whose risk-coverage curve is nowhere lower, beyond chance",
              dominated / len(function.singles) if function.singles else None, 1.0),
        _goal("static features alone, new tasks: largest AUROC (more is a leak)", static, 0.85, most=True),
    )  # fmt: skip


def _goal(name: str, measured: float | None, goal: float, *, most: bool = False) -> Goal:
    met = None if measured is None else (measured <= goal if most else measured >= goal)
    sign = "<=" if most else ">="
    return Goal(name=name, goal=f"{sign} {goal:g}", measured=None if measured is None else round(measured, 4), met=met)
