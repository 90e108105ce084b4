"""Tiers T1 and T2: one model call that yields candidates for one task.

T1 is one shot: contract, task and upstream files. T2 repairs: besides these it sees the files of the failed try, the
findings and the real output of the failing command. Which tier is next is `loop.Escalation`'s decision; whether a
candidate is any good is decided by running it, which is not done here.
"""

from __future__ import annotations

from collections import Counter

from qlp.agents.fences import Malformed, ParsedFiles, parse_bare, parse_files
from qlp.agents.independence import for_tester
from qlp.agents.loop import MALFORMED_RULE
from qlp.agents.manifests import default_manifest, is_manifest
from qlp.agents.prompts import PromptName, data_tag, load
from qlp.config import ModelSettings
from qlp.errors import GenerationError, ProviderError
from qlp.models import Attempt, Finding, Plan, SourceFile, Task, TaskResult, Tier
from qlp.pipeline.runtime import TaskInput
from qlp.providers.protocol import ChatOptions, Completion, Message, Provider
from qlp.providers.reply import BAD_REPLY, usage_of

Candidates = tuple[tuple[SourceFile, ...], ...]

_ROLES: dict[str, PromptName] = {
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
NOT_VALIDATED = "awaiting validation"


async def attempt(
    task_input: TaskInput,
    upstream: tuple[TaskResult, ...],
    provider: Provider,
    *,
    settings: ModelSettings,
    tier: Tier,
    idempotency_key: str,
    feedback: tuple[Finding, ...] = (),
    previous_files: tuple[SourceFile, ...] = (),
    output: str = "",
    n: int = 1,
) -> tuple[Candidates, Attempt]:
    """One model call -> at most `n` different candidates, each with exactly the task's files, and its record.

    The record's outcome is `malformed` if no sample could be read, else `rejected` with the reason
    "awaiting validation": the caller makes it `accepted` when the evidence is there.
    Raises ProviderError for an outage or a refused request (an answer that is none is a malformed attempt), and
    GenerationError if a `bare` model is given a task of several files.
    """
    task = task_input.plan.task(task_input.task_id)
    bare = settings.prompt_style == "bare"
    repairs = tier == "t2"
    told = bool(output) or any(f.rule != MALFORMED_RULE for f in feedback)
    independent = None if task.kind != "test" else not (repairs and told)
    ref = ""
    if bare:
        messages = bare_messages(task_input)
    else:
        ref = load(_ROLES[task.kind]).ref
        messages = task_messages(
            task_input,
            upstream,
            feedback=feedback if repairs else (),
            previous_files=previous_files if repairs else (),
            output=output if repairs else "",
        )
    options = ChatOptions(
        n=n,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        timeout_s=settings.timeout_s,
        extra_body=settings.extra_body,
    )
    try:
        answer = await provider.complete(messages, options, idempotency_key=idempotency_key)
    except ProviderError as error:
        if error.extra.get("reason") != BAD_REPLY:
            raise
        return (), Attempt(
            tier=tier,
            model=provider.name,
            prompt=ref,
            outcome="malformed",
            reason=error.detail,
            usage=usage_of(error),
            independent=independent,
        )
    candidates, reason = read_candidates(answer, task_input.plan, task, bare=bare)
    record = Attempt(
        tier=tier,
        model=answer.model,
        prompt=ref,
        outcome="rejected" if candidates else "malformed",
        reason=reason,
        usage=answer.usage,
        independent=independent,
    )
    return candidates, record


def task_messages(
    task_input: TaskInput,
    upstream: tuple[TaskResult, ...],
    *,
    feedback: tuple[Finding, ...] = (),
    previous_files: tuple[SourceFile, ...] = (),
    output: str = "",
) -> tuple[Message, ...]:
    """System and user message of the role that fits the task's kind."""
    plan = task_input.plan
    task = plan.task(task_input.task_id)
    offered: tuple[SourceFile, ...] = ()
    if task.kind == "test":
        upstream, offered = for_tester(plan, upstream)
    shown, unshown = _fitting([f for result in upstream for f in result.files])
    tail = output[-_OUTPUT_CHARS:]
    text = task_input.request.text
    return load(_ROLES[task.kind]).render(
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
        tag=data_tag([text, tail, *(f.message for f in feedback), *(f.content for f in offered)]),
    )


def bare_messages(task_input: TaskInput) -> tuple[Message, ...]:
    """The request, the whole request and nothing but the request."""
    return (Message(role="user", content=task_input.request.text),)


def read_candidates(answer: Completion, plan: Plan, task: Task, *, bare: bool = False) -> tuple[Candidates, str]:
    """Different readable samples in their order, and what became of the others in one line."""
    candidates: list[tuple[SourceFile, ...]] = []
    notes: list[str] = []
    malformed: Counter[str] = Counter()
    details: dict[str, str] = {}
    repeated = 0
    for text, cut in zip(answer.texts, answer.cut, strict=True):
        parsed = _read(text, plan, task, bare=bare, cut=cut)
        if isinstance(parsed, Malformed):
            malformed[parsed.kind] += 1
            details.setdefault(parsed.kind, parsed.detail)
        elif parsed.files in candidates:
            repeated += 1
        else:
            candidates.append(parsed.files)
            notes += [parsed.notes] if parsed.notes and parsed.notes not in notes else []
    parts = [NOT_VALIDATED] if candidates else []
    parts += [f"{kind} x{count}: {details[kind]}" for kind, count in malformed.items()]
    parts += [f"{repeated} of {len(answer.texts)} samples repeat another"] if repeated else []
    return tuple(candidates), "; ".join([*parts, *notes])


def _read(text: str, plan: Plan, task: Task, *, bare: bool, cut: bool) -> ParsedFiles | Malformed:
    owned = [f.path for f in plan.files_of(task.id)]
    manifests = [path for path in owned if is_manifest(path)]
    if bare:
        sources = [path for path in owned if path not in manifests]
        if len(sources) != 1:
            raise GenerationError(
                f"task {task.id} owns {len(sources)} files; with models.prompt_style=bare a task can only have one"
            )
        parsed = parse_bare(text, sources[0], cut=cut)
    else:
        # A task of manifests alone is asked for them; one of code may leave them to their fixed form.
        optional = manifests if len(manifests) < len(owned) else []
        parsed = parse_files(text, owned, optional=optional)
    if isinstance(parsed, Malformed):
        if cut and parsed.kind in ("unclosed", "missing"):
            return parsed.model_copy(update={"detail": parsed.detail + "; the answer hit the token limit"})
        return parsed
    files = {f.path: f for f in parsed.files}
    for path in manifests:
        if path not in files:
            supplied = default_manifest(path, plan.contract, parsed.files)
            if supplied is None:
                return Malformed(kind="missing", detail=f"the answer lacks {path}")
            files[path] = supplied
    return parsed.model_copy(update={"files": tuple(files[path] for path in owned)})


def _fitting(files: list[SourceFile]) -> tuple[list[SourceFile], list[str]]:
    """Files that fit into the prompt, small ones first; their order is kept."""
    room = _UPSTREAM_CHARS
    fitting: set[str] = set()
    for file in sorted(files, key=lambda f: len(f.content)):
        if len(file.content) <= room:
            fitting.add(file.path)
            room -= len(file.content)
    return [f for f in files if f.path in fitting], [f.path for f in files if f.path not in fitting]
