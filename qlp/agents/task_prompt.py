"""The prompt of a task: its role's words, the contract, and as much of the other files as fits."""

from __future__ import annotations

from collections.abc import Sequence

from qlp.agents.independence import for_tester
from qlp.agents.prompts import Prompt, PromptName, data_tag, load
from qlp.models import Finding, SourceFile, TaskResult
from qlp.pipeline.runtime import TaskInput
from qlp.providers.protocol import Message

ROLES: dict[str, PromptName] = {
    "code": "implementer",
    "config": "implementer",
    "test": "tester",
    "docs": "documenter",
    "deployment": "documenter",
}
_UPSTREAM_CHARS = 120_000
"""Upstream files shown in a prompt; what does not fit is named without its content."""
_OUTPUT_CHARS = 6_000
"""End of the failing command's output that is fed back."""
_FINDINGS = 30


def task_messages(
    task_input: TaskInput,
    upstream: tuple[TaskResult, ...],
    *,
    feedback: tuple[Finding, ...] = (),
    previous_files: tuple[SourceFile, ...] = (),
    output: str = "",
    patterns: tuple[SourceFile, ...] = (),
    prompt: Prompt | None = None,
) -> tuple[Message, ...]:
    """System and user message of the role that fits the task's kind, or of the `prompt` given."""
    plan = task_input.plan
    task = plan.task(task_input.task_id)
    offered: tuple[SourceFile, ...] = ()
    if task.kind == "test":
        upstream, offered = for_tester(plan, upstream)
    shown, unshown = fitting([f for result in upstream for f in result.files])
    tail = output[-_OUTPUT_CHARS:]
    text = task_input.request.text
    return (prompt or load(ROLES[task.kind])).render(
        request=text,
        task=task,
        contract=plan.contract,
        files=plan.files_of(task.id),
        upstream=shown,
        unshown=unshown,
        offered=offered,
        previous=previous_files,
        findings=feedback[:_FINDINGS],
        output=tail,
        patterns=patterns,
        tag=data_tag([text, tail, *(f.message for f in feedback), *(f.content for f in (*offered, *patterns))]),
    )


def bare_messages(task_input: TaskInput) -> tuple[Message, ...]:
    """The request, the whole request and nothing but the request."""
    return (Message(role="user", content=task_input.request.text),)


def fitting(files: Sequence[SourceFile]) -> tuple[list[SourceFile], list[str]]:
    """Files that fit into the prompt, small ones first; their order is kept."""
    room = _UPSTREAM_CHARS
    fitting: set[str] = set()
    for file in sorted(files, key=lambda f: len(f.content)):
        if len(file.content) <= room:
            fitting.add(file.path)
            room -= len(file.content)
    return [f for f in files if f.path in fitting], [f.path for f in files if f.path not in fitting]
