"""The first messages of the shell agent, and the questions to its critic."""

from __future__ import annotations

from qlp.agents.prompts import data_tag, load
from qlp.agents.shell.critic import Review, read_review
from qlp.agents.task_prompt import fitting
from qlp.config import AgentSettings
from qlp.errors import BudgetExceededError, ProviderError
from qlp.models import Finding, Plan, Request, SourceFile, Task
from qlp.providers.protocol import ChatOptions, Message, Provider
from qlp.providers.reply import BAD_REPLY, usage_of

_FINDINGS = 30
_OUTPUT_CHARS = 6000


def agent_messages(
    request: Request,
    plan: Plan,
    task: Task,
    settings: AgentSettings,
    *,
    upstream: tuple[SourceFile, ...],
    present: tuple[str, ...] = (),
    findings: tuple[Finding, ...] = (),
    output: str = "",
    patterns: tuple[SourceFile, ...] = (),
) -> tuple[Message, ...]:
    """`present` are the task's own files that are in the workspace already."""
    shown, unshown = fitting(upstream)
    tail = output[-_OUTPUT_CHARS:]
    texts = [request.text, tail, *(f.message for f in findings), *(f.content for f in patterns)]
    return load("shell").render(
        request=request.text,
        task=task,
        contract=plan.contract,
        files=plan.files_of(task.id),
        upstream=shown,
        unshown=unshown,
        patterns=patterns,
        present=present,
        findings=findings[:_FINDINGS],
        output=tail,
        steps=settings.steps,
        command_s=settings.command_s,
        tag=data_tag(texts),
    )


class ModelCritic:
    """Implements `Critic` with one model call."""

    def __init__(self, provider: Provider, options: ChatOptions, request: Request, task: Task, key: str) -> None:
        self._provider = provider
        self._options = options
        self._request = request
        self._task = task
        self._key = key

    async def review(self, files: tuple[SourceFile, ...], summary: str, output: str) -> Review:
        """Raises ProviderError for an outage."""
        shown, unshown = fitting([f for f in files if f.encoding == "utf-8"])
        messages = load("critic").render(
            request=self._request.text,
            task=self._task,
            work=shown,
            unshown=unshown,
            summary=summary,
            output=output,
            tag=data_tag([self._request.text, summary, output, *(f.content for f in shown)]),
        )
        try:
            answer = await self._provider.complete(messages, self._options, idempotency_key=self._key)
        except ProviderError as error:
            if error.extra.get("reason") != BAD_REPLY:
                raise
            return Review(readable=False, usage=usage_of(error))
        except BudgetExceededError:
            return Review(readable=False)  # what is left is not enough for an opinion
        return read_review(answer.texts[0]).model_copy(update={"usage": answer.usage})
