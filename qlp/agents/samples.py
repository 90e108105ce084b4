"""From a model's samples to candidates: each with exactly the task's files, or counted with what was wrong with it."""

from __future__ import annotations

from collections import Counter

from qlp.agents.fences import Malformed, ParsedFiles, oversized, parse_bare, parse_files
from qlp.agents.manifests import default_manifest, is_manifest
from qlp.errors import GenerationError
from qlp.models import Plan, SourceFile, Task
from qlp.providers.protocol import Completion

Candidates = tuple[tuple[SourceFile, ...], ...]
NOT_VALIDATED = "awaiting validation"


def read_samples(
    answer: Completion,
    plan: Plan,
    task: Task,
    *,
    bare: bool = False,
    previous: tuple[SourceFile, ...] = (),
    max_tokens: int = 8192,
) -> tuple[Candidates, tuple[int, ...], str]:
    """Different readable samples in their order, how often each came, and what became of the others in one line."""
    candidates: list[tuple[SourceFile, ...]] = []
    votes: list[int] = []
    notes: list[str] = []
    malformed: Counter[str] = Counter()
    details: dict[str, str] = {}
    for text, cut in zip(answer.texts, answer.cut, strict=True):
        parsed = oversized(text, max_tokens) or _read(text, plan, task, bare=bare, cut=cut, previous=previous)
        if isinstance(parsed, Malformed):
            malformed[parsed.kind] += 1
            details.setdefault(parsed.kind, parsed.detail)
        elif parsed.files in candidates:
            votes[candidates.index(parsed.files)] += 1
        else:
            candidates.append(parsed.files)
            votes.append(1)
            notes += [parsed.notes] if parsed.notes and parsed.notes not in notes else []
    repeated = sum(votes) - len(votes)
    parts = [NOT_VALIDATED] if candidates else []
    parts += [f"{kind} x{count}: {details[kind]}" for kind, count in malformed.items()]
    parts += [f"{repeated} of {len(answer.texts)} samples repeat another"] if repeated else []
    return tuple(candidates), tuple(votes), "; ".join([*parts, *notes])


def _read(
    text: str, plan: Plan, task: Task, *, bare: bool, cut: bool, previous: tuple[SourceFile, ...]
) -> ParsedFiles | Malformed:
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
        parsed = parse_files(text, owned, optional=optional, previous={f.path: f.content for f in previous})
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
