"""Tier T3 in the pipeline: model calls and commands of the shell agent as durable steps, its files judged like any.

Nothing of the agent's state is stored but what its steps answered. After a crash the flow runs again from its start,
reads the finished steps back, and with them the workspace is what it was (decision 0013).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from qlp.agents.manifests import default_manifest, is_manifest
from qlp.agents.prompts import load
from qlp.agents.samples import NOT_VALIDATED
from qlp.agents.shell import Bounds, Observed, ShellRun, Workspace, run_agent
from qlp.agents.shell.collect import observe
from qlp.agents.shell.prompt import ModelCritic, agent_messages
from qlp.agents.tiers import options_of
from qlp.models import Attempt, InterfaceContract, ProjectCommand, SourceFile
from qlp.pipeline.judging import judge
from qlp.pipeline.task_context import Before, TaskContext, Tried
from qlp.pipeline.timing import clock
from qlp.sandbox import limits_from
from qlp.validation.registry import main_toolchain


class SteppedShell:
    """Implements `Shell`: each command is one step, which records what it changed."""

    def __init__(self, context: TaskContext, key: str) -> None:
        self._context = context
        self._key = key

    async def run(self, command: str, workspace: Workspace, step: int) -> Observed:
        services = self._context.services
        settings = services.settings.agents
        contract = self._context.task.plan.contract
        files = workspace.files

        async def run() -> Observed:
            profile = contract.profile or (await asyncio.to_thread(main_toolchain, contract.language)).profile
            return await observe(
                services.sandbox,
                profile,
                limits_from(services.settings.sandbox),
                files,
                command,
                wall_s=settings.command_s,
                output_chars=settings.output_chars,
                install=_install(contract, files),
            )

        return await self._context.runtime.step(f"shell:{self._key}:{step}", Observed, run)


def _install(contract: InterfaceContract, files: Mapping[str, SourceFile]) -> ProjectCommand | None:
    """Python's packages are all in the image; elsewhere there is nothing to install before there is a manifest."""
    there = contract.language != "python" and any(is_manifest(path) for path in files)
    return contract.command("install") if there else None


async def work_in_shell(
    context: TaskContext, number: int, before: Before, patterns: tuple[SourceFile, ...] = ()
) -> Tried:
    """One attempt: the agent works until it is done or a bound is reached; then what it left is judged by running it.

    Raises ProviderError, BudgetExceededError, SandboxError.
    """
    task, settings = context.task, context.services.settings
    planned = task.plan.task(task.task_id)
    key = context.key(number)
    own = tuple(f.path for f in task.plan.files_of(task.task_id))
    workspace = Workspace(context.given, own, before.files)
    options = options_of(settings.models)
    critic = None
    if settings.agents.critic is not None:
        provider = context.provider(settings.agents.critic, optional=True)
        critic = ModelCritic(provider, options, task.request, planned, f"{key}:critic")
    agents = settings.agents
    run = await run_agent(
        agent_messages(
            task.request,
            task.plan,
            planned,
            agents,
            upstream=context.given,
            present=tuple(f.path for f in before.files),
            findings=before.findings,
            output=before.output,
            patterns=patterns,
        ),
        workspace,
        model=context.provider("t3"),
        shell=SteppedShell(context, key),
        options=options,
        bounds=Bounds(steps=agents.steps, wall_s=agents.wall_s, max_cost_usd=agents.max_cost_usd),
        key=key,
        began=await clock(context.runtime, f"shell:{key}"),
        critic=critic,
    )
    return await _judged(context, number, workspace, _record(run))


def _record(run: ShellRun) -> Attempt:
    return Attempt(
        tier="t3",
        model=run.model,
        prompt=load("shell").ref,
        outcome="rejected",
        reason=f"{NOT_VALIDATED}; {run.reason}",
        steps=run.steps,
        usage=run.usage,
    )


async def _judged(context: TaskContext, number: int, workspace: Workspace, record: Attempt) -> Tried:
    """The agent's word counts for nothing here, nor does the critic's."""
    plan, task_id = context.task.plan, context.task.task_id
    files = {f.path: f for f in workspace.own}
    for path in workspace.missing:
        if is_manifest(path) and (supplied := default_manifest(path, plan.contract, files.values())) is not None:
            files[path] = supplied
    missing = [f.path for f in plan.files_of(task_id) if f.path not in files]
    if missing:
        gone = record.model_copy(update={"outcome": "malformed", "reason": f"{record.reason}; missing: {missing}"})
        return Tried((gone,), accepted=False)
    made = tuple(files[f.path] for f in plan.files_of(task_id))
    one = await judge(context, made, f"check:{number}")
    said = record.reason.removeprefix(f"{NOT_VALIDATED}; ")
    if one.accepted:
        won = record.model_copy(update={"outcome": "accepted", "reason": said, "passing": 1})
        return Tried((won,), accepted=True, files=made, findings=one.findings)
    found = "; ".join(f.message.splitlines()[0] for f in one.findings[:3])
    lost = record.model_copy(update={"reason": f"{found}; {said}"})
    return Tried((lost,), accepted=False, files=made, findings=one.findings, output=one.output)
