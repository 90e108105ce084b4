"""The model card: the report in words and Markdown tables, written beside the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qlp.confidence.measure.report import ALL, Section
from qlp.confidence.model import ConfidenceModel
from qlp.confidence.training.reported import KindReport, ModelReport

_INTENDED = """\
P(a result is right) from executed evidence, for results of QLP's pipeline. With a policy it decides whether a result is
accepted, reviewed or rejected; it never makes anything verified. Not for judging people, and not for code that was not
run. How it is made, used and limited: docs/confidence.md."""


def card(model: ConfidenceModel, report: ModelReport, digest: str) -> str:
    parts = [
        f"# {model.label}",
        f"Trained {model.trained_on}. File {digest}; rows {report.rows}. Written by `qlp confidence train --full`.",
        _INTENDED,
        "## Goals",
        _table(("goal", "wanted", "measured", "met"), _goals(report)),
        "## Training rows",
        _table(("set", "rows", "tasks", "generators", "languages", "right"), _sets(report)),
    ]
    for kind in report.kinds:
        parts += _kind(kind)
    return "\n\n".join(parts) + "\n"


def _kind(kind: KindReport) -> Iterator[str]:
    yield f"## {kind.kind}: {kind.candidate}, {kind.map}"
    yield "Candidates, held out by task and generator, means over collections:"
    yield _table(
        ("model", "map", "log loss", "after 100 outcomes", "skill", "after 100", "AUROC in task", ""),
        [
            (c.candidate, c.map, f"{c.log_loss:.4f}", f"{c.log_loss_labelled:.4f}", _n(c.skill), _n(c.skill_labelled),
             _n(c.within_task), "chosen" if c.chosen else "")
            for c in kind.compared
        ],
    )  # fmt: skip
    for held in kind.held:
        yield f"Held out: {held.meaning}. First while no outcome of a generator is known, then after 100 of each."
        yield _table(_HEAD, [*_rows(held.before, "0"), *_rows(held.after, "100")])
    yield "Share of wrong ones among the most confident share (new tasks of new generators, no outcomes):"
    strict = next((h for h in kind.held if h.protocol == "task_generator"), kind.held[0])
    whole = [s for s in strict.before if s.generator == ALL]
    coverages = list(whole[0].risk) if whole else []
    yield _table(("set", *coverages), [(s.set, *(_n(s.risk[c]) for c in coverages)) for s in whole])
    yield "Features, mean absolute effect on the log-odds:"
    yield _table(("feature", "effect"), [(name, f"{effect:.3f}") for name, effect in kind.effects.items()])
    yield "The same model with other features:"
    yield _table(
        ("features", "held out", "set", "rows", "AUROC", "in task", "skill", "ECE"),
        [
            (s.name, s.meaning, s.set, str(s.rows), _n(s.auroc), _n(s.within_task), _n(s.skill), f"{s.ece:.3f}")
            for s in kind.subsets
        ],
    )
    yield "Accepted at a promised share of wrong ones (on the scores that the threshold came from):"
    yield _table(
        ("promised", "threshold", "accepts", "wrong"),
        [(f"{t.target:.1%}", _n(t.threshold), f"{t.coverage:.0%}", _n(t.wrong)) for t in kind.thresholds],
    )
    if kind.twins:
        yield "Buggy programs beside their fixed twins:"
        yield _table(
            ("set", "pairs", "buggy below fixed", "ties"),
            [(t.set, str(t.pairs), f"{t.below:.1%}", f"{t.ties:.1%}") for t in kind.twins],
        )


_HEAD = ("set", "outcomes", "rows", "right", "AUROC", "in task", "in model", "skill", "ECE", "90 %")


def _rows(sections: Sequence[Section], outcomes: str) -> list[tuple[str, ...]]:
    return [
        (s.set, outcomes, str(s.rows), f"{s.right:.2f}", _n(s.auroc), _n(s.within_task), _n(s.within_model),
         _n(s.skill), f"{s.ece:.3f}", f"{s.ece_low:.3f} to {s.ece_high:.3f}")
        for s in sections
        if s.generator == ALL
    ]  # fmt: skip


def _goals(report: ModelReport) -> list[tuple[str, ...]]:
    met = {True: "yes", False: "no", None: "not measured"}
    return [(g.name, g.goal, _n(g.measured), met[g.met]) for g in report.goals]


def _sets(report: ModelReport) -> list[tuple[str, ...]]:
    made: list[tuple[str, ...]] = []
    for name, about in report.sets.items():
        languages = about["languages"]
        spoken = ", ".join(map(str, languages)) if isinstance(languages, list) else ""
        numbers = (str(about["rows"]), str(about["tasks"]), str(about["generators"]))
        made.append((name, *numbers, spoken, f"{about['right']}"))
    return made


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _n(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
