"""The optimiser: a change to a verified project is kept if it is verified too, and a benchmark is measurably faster.

Old and new run turn by turn in one sandbox. Kept only if the new one is faster in every round (a one-sided sign test:
five of five has p = 1/32) and the median ratio is worth the change.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence

from qlp.agents.proposals import Proposal, propose
from qlp.errors import InputError
from qlp.models import Plan, ProjectCommand, Request, SourceFile, Tier, Usage, Verdict
from qlp.models._base import Frozen
from qlp.pipeline.model_calls import SteppedProvider
from qlp.pipeline.runtime import Runtime
from qlp.pipeline.services import Services
from qlp.sandbox import limits_from
from qlp.sandbox.protocol import Command
from qlp.validation.registry import main_toolchain
from qlp.validation.test_files import is_test

ROUNDS = 5
WORTH = 0.95
"""Median of new over old, above which a change is not worth its risk."""
_WALL_S = 120.0
_OLD, _NEW = "old", "new"


class Measured(Frozen):
    """Seconds of each round; `failed` says which side did not end well, and how."""

    old_s: tuple[float, ...] = ()
    new_s: tuple[float, ...] = ()
    output: str = ""
    failed: str = ""

    @property
    def ratio(self) -> float | None:
        """Median of new over old, round by round; None if a round is missing."""
        if not self.new_s or len(self.old_s) != len(self.new_s) or min(self.old_s) <= 0:
            return None
        return statistics.median(n / o for n, o in zip(self.new_s, self.old_s, strict=True))


class Optimised(Frozen):
    files: tuple[SourceFile, ...]
    """The project: changed only if `kept`."""
    kept: bool
    reason: str
    measured: Measured = Measured()
    usage: Usage = Usage()


async def optimise(
    runtime: Runtime,
    services: Services,
    request: Request,
    plan: Plan,
    files: tuple[SourceFile, ...],
    benchmark: ProjectCommand,
    *,
    tier: Tier = "t2",
    name: str = "optimise",
) -> Optimised:
    """`files` are a verified project. Raises InputError if the benchmark does not run on them as they are,
    ProviderError, BudgetExceededError, SandboxError."""

    async def first() -> Measured:
        return await measure(services, plan, files, None, benchmark, rounds=1)

    base = await runtime.step(f"{name}:base", Measured, first)
    if base.failed:
        raise InputError(f"the benchmark does not run on the project as it is: {base.failed}")
    provider = SteppedProvider(runtime, services, request, tier, plan.generator.removeprefix("model:"))
    proposal: Proposal = await propose(
        "optimiser",
        files,
        provider,
        settings=services.settings.models,
        language=plan.contract.language,
        key=f"{runtime.run_id}:{name}",
        output=base.output,
        fixed=plan.contract.given | {f.path for f in files if is_test(f.path)},
        command=" ".join(benchmark.argv),
        seconds=f"{base.old_s[0]:.2f}",
    )
    if proposal.outcome != "changes":
        why = proposal.reason or proposal.outcome
        return Optimised(files=files, kept=False, reason=f"nothing was proposed: {why}", usage=proposal.usage)
    changed = {f.path: f for f in proposal.changed}
    new = tuple(changed.get(f.path, f) for f in files)

    async def verify() -> Verdict:
        return await services.validate(new, plan.contract, policy=request.policy)

    verdict = await runtime.step(f"{name}:verify", Verdict, verify)
    if not verdict.verified:
        return Optimised(files=files, kept=False, reason="the change is not verified", usage=proposal.usage)

    async def compare() -> Measured:
        return await measure(services, plan, files, new, benchmark, rounds=ROUNDS)

    measured = await runtime.step(f"{name}:measure", Measured, compare)
    kept, reason = decide(measured)
    return Optimised(files=new if kept else files, kept=kept, reason=reason, measured=measured, usage=proposal.usage)


def decide(measured: Measured) -> tuple[bool, str]:
    """Whether the measurement speaks for the change, and what it says."""
    if measured.failed:
        return False, f"the benchmark failed: {measured.failed}"
    ratio = measured.ratio
    if ratio is None or len(measured.new_s) < ROUNDS:
        return False, "too few rounds were measured"
    slower = sum(n >= o for n, o in zip(measured.new_s, measured.old_s, strict=True))
    said = f"{ratio:.2f} of the time before (median of {len(measured.new_s)} rounds, {slower} of them not faster)"
    return slower == 0 and ratio <= WORTH, said


async def measure(
    services: Services,
    plan: Plan,
    old: Sequence[SourceFile],
    new: Sequence[SourceFile] | None,
    benchmark: ProjectCommand,
    *,
    rounds: int,
) -> Measured:
    """Wall clock of the command in both versions of the project, turn by turn in one sandbox."""
    profile = plan.contract.profile or (await asyncio.to_thread(main_toolchain, plan.contract.language)).profile
    sides = {_OLD: old, **({_NEW: new} if new is not None else {})}
    install = plan.contract.command("install")
    seconds: dict[str, list[float]] = {_OLD: [], _NEW: []}
    output = ""
    async with services.sandbox.open(profile, limits_from(services.settings.sandbox)) as sandbox:
        for side, files in sides.items():
            names = frozenset(f"{side}/{f.path}" for f in files if f.executable)
            await sandbox.put({f"{side}/{f.path}": f.data for f in files}, executable=names)
            if install is not None:
                await sandbox.run(Command(argv=install.argv, cwd=side, env=dict(install.env), wall_s=_WALL_S))
        for _ in range(rounds):
            for side in sides:
                command = Command(argv=benchmark.argv, cwd=side, env=dict(benchmark.env), wall_s=_WALL_S)
                result = await sandbox.run(command)
                if not result.ok:
                    tail = (result.stdout + result.stderr)[-500:].decode("utf-8", "replace")
                    return Measured(failed=f"{side}: exit code {result.exit_code}: {tail}")
                seconds[side].append(result.wall_s)
                output = output or result.stdout[-4000:].decode("utf-8", "replace")
    return Measured(old_s=tuple(seconds[_OLD]), new_s=tuple(seconds[_NEW]), output=output)
