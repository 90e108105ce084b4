"""Tests by an author who never saw the code, written to rank candidates where no test is given.

They rank and nothing else: a candidate is not accepted because it passes them, nor refused because it fails them, and
they do not go into the project. They run where everything generated runs, in the sandbox.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Sequence

from qlp.agents.commands import MANIFESTS, project_commands
from qlp.agents.consensus import Row
from qlp.agents.fences import Malformed, oversized, parse_files
from qlp.agents.independence import for_tester
from qlp.agents.prompts import data_tag, load
from qlp.agents.task_prompt import fitting
from qlp.agents.tiers import options_of
from qlp.errors import BudgetExceededError, ProviderError
from qlp.models import Finding, InterfaceContract, Language, ProjectCommand, SourceFile, Tier, Usage
from qlp.models._base import Frozen
from qlp.models.request import LANGUAGES
from qlp.pipeline.judging import together
from qlp.pipeline.task_context import TaskContext
from qlp.providers.reply import BAD_REPLY, usage_of

_NAMES: dict[str, str] = {
    "python": "test_cross_written.py",
    "javascript": "cross_written.test.mjs",
    "typescript": "cross_written.test.ts",
    "go": "cross_written_test.go",
}


class CrossTests(Frozen):
    """`file` None: they could not be had, `reason` says why."""

    file: SourceFile | None = None
    reason: str = ""
    usage: Usage = Usage()


class Ran(Frozen):
    """One candidate over all tests. `passed` counts; `failed` names."""

    passed: int = 0
    failed: tuple[str, ...] = ()


async def write_cross_tests(context: TaskContext, tier: Tier, key: str, count: int) -> CrossTests:
    """One model call. Raises ProviderError for an outage."""
    task = context.task
    contract = task.plan.contract
    if contract.language not in LANGUAGES:
        return CrossTests(reason=f"no test runner for {contract.language}")
    path = _path(context)
    settings = context.services.settings.models
    seen, _ = for_tester(task.plan, context.upstream)
    shown, unshown = fitting([f for result in seen for f in result.files])
    messages = load("cross-tests").render(
        request=task.request.text,
        task=task.plan.task(task.task_id),
        contract=contract,
        upstream=shown,
        unshown=unshown,
        count=count,
        path=path,
        tag=data_tag([task.request.text]),
    )
    provider = context.provider(tier, optional=True)
    try:
        answer = await provider.complete(messages, options_of(settings), idempotency_key=f"{key}:cross")
    except ProviderError as error:
        if error.extra.get("reason") != BAD_REPLY:
            raise
        return CrossTests(reason=error.detail, usage=usage_of(error))
    except BudgetExceededError as error:
        return CrossTests(reason=error.detail)
    text = answer.texts[0]
    parsed = oversized(text, settings.max_tokens) or parse_files(text, [path])
    if isinstance(parsed, Malformed):
        return CrossTests(reason=f"{parsed.kind}: {parsed.detail}", usage=answer.usage)
    return CrossTests(file=parsed.files[0], usage=answer.usage)


async def run_cross_tests(
    context: TaskContext, file: SourceFile, candidates: Sequence[tuple[SourceFile, ...]], names: Sequence[str]
) -> tuple[Ran, ...]:
    """One durable step a candidate, by these names. Raises SandboxError."""
    return tuple(await asyncio.gather(*(_run(context, file, c, n) for c, n in zip(candidates, names, strict=True))))


def rows(ran: Sequence[Ran], votes: Sequence[int]) -> tuple[Row, ...]:
    """The matrix. Passed tests have no names of their own in a verdict: they are those that others failed, and the
    ones that everybody passed, which tell nobody apart and only count."""
    names = sorted({name for r in ran for name in r.failed})
    total = max((r.passed + len(r.failed) for r in ran), default=0)
    common = max(0, total - len(names))
    made = []
    for one, count in zip(ran, votes, strict=True):
        if not one.passed:
            made.append(Row(passed=frozenset(), votes=count))
            continue
        passed = {n for n in names if n not in one.failed} | {f"passed by all {i}" for i in range(common)}
        made.append(Row(passed=frozenset(passed), votes=count))
    return tuple(made)


async def _run(context: TaskContext, file: SourceFile, candidate: tuple[SourceFile, ...], name: str) -> Ran:
    async def step() -> Ran:
        files = (*together(context, candidate), file)
        contract = _only_these(context.task.plan.contract, files, file.path)
        scope = f"run {context.task.run_id}"
        verdict = await context.services.validate(
            files, contract, stages=("syntax", "tests"), policy=context.task.request.policy, scope=scope
        )
        tests = verdict.stage("tests")
        if tests is None or tests.status in ("skipped", "errored"):
            return Ran()
        failed = tuple(sorted({_name(f) for f in tests.findings}))
        return Ran(passed=int(tests.facts.get("tests_passed", 0)), failed=failed)

    return await context.runtime.step(name, Ran, step)


def _only_these(contract: InterfaceContract, files: Sequence[SourceFile], path: str) -> InterfaceContract:
    """The contract of what is there already, tested by these tests alone."""
    paths = [f.path for f in files]
    language: Language = next(known for known in LANGUAGES if known == contract.language)
    wanted = [c for c in project_commands(language, paths, [path]) if c.purpose != "install"]
    if MANIFESTS[language] in paths:
        wanted += [c for c in contract.commands if c.purpose == "install"]
    if language == "python":  # pytest finds other tests, too: name the file
        wanted = [c for c in wanted if c.purpose != "test"]
        wanted.append(ProjectCommand(purpose="test", argv=("python3", "-m", "pytest", "-q", path)))
    return contract.model_copy(update={"commands": tuple(wanted)})


def _name(finding: Finding) -> str:
    return finding.message.splitlines()[0].split(": ", 1)[0][:200]


def _path(context: TaskContext) -> str:
    """Beside the code for Go, whose tests are of a package; else at the top."""
    contract = context.task.plan.contract
    name = _NAMES[contract.language]
    owned = [f.path for f in context.task.plan.files_of(context.task.task_id) if f.path.endswith(".go")]
    return posixpath.join(posixpath.dirname(owned[0]), name) if contract.language == "go" and owned else name
