"""Changes to files that exist, asked of a model: what the optimiser and the CI fixer have in common.

A proposal is nothing but that. Who asks for it must run the project before it keeps any of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from qlp.agents.fences import Malformed, oversized, parse_files, read_blocks
from qlp.agents.prompts import PromptName, data_tag, load
from qlp.agents.task_prompt import fitting
from qlp.agents.tiers import options_of
from qlp.config import ModelSettings
from qlp.errors import ProviderError
from qlp.models import ProjectLanguage, SourceFile, Usage
from qlp.models._base import Frozen
from qlp.providers.protocol import Provider
from qlp.providers.reply import BAD_REPLY, usage_of

_OUTPUT_CHARS = 12_000


class Proposal(Frozen):
    """`changes`: some files; `none`: the model sees nothing to change and says why; `malformed`: no usable answer."""

    outcome: Literal["changes", "none", "malformed"]
    changed: tuple[SourceFile, ...] = ()
    """Only files that were shown, each whole and other than before."""
    reason: str = ""
    prompt: str = ""
    model: str = ""
    usage: Usage = Usage()


async def propose(
    name: PromptName,
    files: Sequence[SourceFile],
    provider: Provider,
    *,
    settings: ModelSettings,
    language: ProjectLanguage,
    key: str,
    output: str,
    fixed: frozenset[str] = frozenset(),
    **context: object,
) -> Proposal:
    """`fixed` files are shown and cannot be changed. `output` is data, its end is shown.

    Raises ProviderError for an outage.
    """
    prompt = load(name)
    shown, unshown = fitting([f for f in files if f.encoding == "utf-8"])
    owned = [f.path for f in shown if f.path not in fixed]
    if not owned:
        return Proposal(outcome="none", reason="there is no text file that may be changed", prompt=prompt.ref)
    tail = output[-_OUTPUT_CHARS:]
    messages = prompt.render(
        files=shown,
        unshown=unshown,
        language=language,
        example=owned[0],
        output=tail,
        tag=data_tag([tail, *(f.content for f in shown)]),
        **context,
    )
    try:
        answer = await provider.complete(messages, options_of(settings), idempotency_key=key)
    except ProviderError as error:
        if error.extra.get("reason") != BAD_REPLY:
            raise
        return Proposal(outcome="malformed", reason=error.detail, prompt=prompt.ref, usage=usage_of(error))
    made = _read(answer.texts[0], shown, owned, settings.max_tokens)
    return made.model_copy(update={"prompt": prompt.ref, "model": answer.model, "usage": answer.usage})


def _read(text: str, shown: Sequence[SourceFile], owned: Sequence[str], max_tokens: int) -> Proposal:
    large = oversized(text, max_tokens)
    if large is None and not read_blocks(text):
        said = text.strip()[:500]
        return Proposal(outcome="none" if said else "malformed", reason=said or "the answer is empty")
    before = {f.path: f for f in shown}
    previous = {path: before[path].content for path in owned}
    parsed = large or parse_files(text, owned, previous=previous)
    if isinstance(parsed, Malformed):
        return Proposal(outcome="malformed", reason=f"{parsed.kind}: {parsed.detail}")
    changed = tuple(
        f.model_copy(update={"executable": before[f.path].executable})
        for f in parsed.files
        if f.content != before[f.path].content
    )
    return Proposal(outcome="changes" if changed else "none", changed=changed, reason=parsed.notes)
