"""The CI fixer: what to change so that a failed continuous integration job passes, without weakening what it checks."""

from __future__ import annotations

from collections.abc import Sequence

from qlp.agents.proposals import Proposal, propose
from qlp.config import ModelSettings
from qlp.models import InterfaceContract, SourceFile
from qlp.providers.protocol import Provider
from qlp.validation.test_files import is_test


async def propose_fix(
    job: str,
    log: str,
    files: Sequence[SourceFile],
    contract: InterfaceContract,
    provider: Provider,
    *,
    settings: ModelSettings,
    key: str,
) -> Proposal:
    """Tests are shown and cannot be changed: a job is not made green by bending them. The caller verifies the project
    with the proposal before it pushes anything. Raises ProviderError for an outage."""
    return await propose(
        "ci-fixer",
        files,
        provider,
        settings=settings,
        language=contract.language,
        key=key,
        output=log,
        fixed=contract.given | {f.path for f in files if is_test(f.path)},
        job=job,
    )
