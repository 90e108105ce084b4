"""Everything that a run found out becomes a signed capsule in the capsule store."""

from __future__ import annotations

from datetime import datetime

from qlp.capsule import assemble, write
from qlp.models import Analysis, Confidence, Request, SourceFile, TaskResult, Usage, Verdict
from qlp.models._base import Frozen
from qlp.pipeline.planning import Planned
from qlp.pipeline.runtime import Runtime
from qlp.pipeline.services import Services
from qlp.pipeline.timing import Timed, timed


class Packaged(Frozen):
    file: str
    digest: str


async def package_capsule(
    runtime: Runtime,
    services: Services,
    request: Request,
    analysis: Analysis,
    planned: Planned,
    results: dict[str, TaskResult],
    files: tuple[SourceFile, ...],
    verdict: Verdict,
    confidence: Confidence,
    usage: Usage,
    created_at: datetime,
) -> Timed[Packaged]:
    async def package() -> Packaged:
        contents = assemble(
            run_id=runtime.run_id,
            request=request,
            analysis=analysis,
            plan=planned.plan,
            planning=planned.attempts,
            results=tuple(results.values()),
            files=files,
            verdict=verdict,
            confidence=confidence,
            usage=usage,
            created_at=created_at,
        )
        path, digest = write(contents, services.signer, services.capsules)
        return Packaged(file=path.name, digest=digest)

    return await timed(runtime, "package", Packaged, package)
