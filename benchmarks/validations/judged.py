"""Is it right? Stages that failed and should not, and stages that should have failed and did not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from qlp.blueprints.registry import by_name
from qlp.config import RunSettings
from qlp.models import InterfaceContract, Request, Severity, SourceFile, at_least
from qlp.models._base import Frozen
from qlp.pipeline.analyse import analyse
from qlp.pipeline.choose import choose_blueprint
from qlp.sandbox.protocol import SandboxBackend
from qlp.validation import infer_contract, validate_project
from tests.corpus import reader
from tests.support.requests import REQUESTS

Say = Callable[[str], None]
FAILS_FROM: Severity = "medium"


class Good(Frozen):
    """A correct program. Whatever fails a stage of it is a false alarm."""

    name: str
    language: str
    lines: int
    """Of all its text files."""
    failed: tuple[str, ...]
    errored: tuple[str, ...]
    passed: tuple[str, ...]
    alarms: tuple[str, ...]
    """Findings that fail a stage: rule and place."""
    remarks: int
    """Lesser findings."""


class Faulty(Frozen):
    language: str
    id: str
    stage: str
    failed: tuple[str, ...]
    errored: tuple[str, ...]
    rule_found: bool | None
    """Whether the expected rule was among the findings; None where none was named."""

    @property
    def found(self) -> bool:
        return self.stage in self.failed


async def good_programs(backend: SandboxBackend, languages: Sequence[str], say: Say) -> list[Good]:
    """The corpus' own, and the first project of every blueprint (of all languages, whatever was asked for)."""
    found = []
    for language in languages:
        files = reader.good(language)
        found.append(await _good(backend, f"corpus {language}", files, infer_contract(files), language))
        say(f"{found[-1].name}: failed {found[-1].failed}, errored {found[-1].errored}, {found[-1].alarms}")
    for name, files, contract in blueprint_projects():
        found.append(await _good(backend, f"blueprint {name}", files, contract, contract.language))
        say(f"{found[-1].name}: failed {found[-1].failed}, errored {found[-1].errored}, {found[-1].alarms}")
    return found


def blueprint_projects() -> Iterable[tuple[str, tuple[SourceFile, ...], InterfaceContract]]:
    for name, texts in REQUESTS.items():
        request = Request(text=texts[0])
        analysis = analyse(request)
        choice = choose_blueprint(request, analysis, RunSettings())
        if choice is None or choice.blueprint is None:
            raise SystemExit(f"no blueprint serves the request of {name}")
        blueprint = by_name(choice.blueprint)
        plan = blueprint.plan(analysis)
        files = tuple(f for task in plan.tasks for f in blueprint.render(analysis, plan, task.id))
        yield name, files, plan.contract


async def _good(
    backend: SandboxBackend, name: str, files: tuple[SourceFile, ...], contract: InterfaceContract, language: str
) -> Good:
    verdict = await validate_project(files, contract, backend)
    heavy = [f for f in verdict.findings if at_least(f.severity, FAILS_FROM)]
    return Good(
        name=name,
        language=language,
        lines=sum(f.content.count("\n") for f in files if f.encoding == "utf-8"),
        failed=tuple(s.stage for s in verdict.stages if s.status == "failed"),
        errored=tuple(f"{s.stage}: {s.reason}"[:300] for s in verdict.stages if s.status == "errored"),
        passed=tuple(s.stage for s in verdict.stages if s.status == "passed"),
        alarms=tuple(f"{f.rule} {f.file}:{f.line}" for f in heavy),
        remarks=len(verdict.findings) - len(heavy),
    )


async def faulty_programs(backend: SandboxBackend, languages: Sequence[str], step: int, say: Say) -> list[Faulty]:
    found = []
    for language in languages:
        contract = infer_contract(reader.good(language))
        for fault in reader.faults(language)[::step]:
            files = reader.faulty(language, fault)
            stages = dict.fromkeys(("syntax", fault.stage))
            verdict = await validate_project(files, contract, backend, stages=stages)
            begun = [s for s in verdict.stages if not any(f.rule == "blocked" for f in s.findings)]
            failed = tuple(s.stage for s in begun if s.status == "failed")
            rules = {f.rule for s in verdict.stages if s.stage == fault.stage for f in s.findings}
            found.append(
                Faulty(
                    language=language,
                    id=fault.id,
                    stage=fault.stage,
                    failed=failed,
                    errored=tuple(s.stage for s in verdict.stages if s.status == "errored"),
                    rule_found=fault.rule in rules if fault.rule else None,
                )
            )
            if not found[-1].found:
                say(f"missed: {language} {fault.id} ({fault.stage}), failed {failed}, errored {found[-1].errored}")
    return found


def scores(good: Sequence[Good], faults: Sequence[Faulty]) -> dict[str, dict[str, float]]:
    """By language and over all. Stage level: a true positive is the fault's own stage failing; a false positive is any
    stage of a correct program, or an earlier stage than the fault's, failing."""
    found = {}
    for language in [*sorted({f.language for f in faults}), "all"]:
        mine = [f for f in faults if language in ("all", f.language)]
        right = [g for g in good if language in ("all", g.language, g.name.removeprefix("corpus "))]
        true = sum(f.found for f in mine)
        false = sum(len(g.failed) for g in right) + sum(len(set(f.failed) - {f.stage}) for f in mine)
        lines = sum(g.lines for g in right)
        found[language] = {
            "faults": len(mine),
            "recall": round(true / len(mine), 4) if mine else 0.0,
            "precision": round(true / (true + false), 4) if true + false else 0.0,
            "good_lines": lines,
            "false_alarms_per_1000_lines": round(1000 * sum(len(g.alarms) for g in right) / lines, 3) if lines else 0.0,
        }
    return found
