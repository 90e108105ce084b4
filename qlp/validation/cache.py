"""Verdicts that were reached before, on the same content with the same tools and policy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from qlp.models import InterfaceContract, SourceFile, Stage, Verdict
from qlp.sandbox.protocol import Limits
from qlp.validation.flight import Flights
from qlp.validation.identity import VersionMemory
from qlp.validation.policy import Policy


@runtime_checkable
class VerdictCache(VersionMemory, Protocol):
    """Keeps verdicts by key, bounded; also what versions an image's tools have (identity.py)."""

    @property
    def flights(self) -> Flights:
        """Of the running event loop."""

    async def get(self, key: str) -> Verdict | None:
        """With `cached_at` set. None for what is not there, cannot be read or was damaged. Never raises."""

    async def put(self, key: str, verdict: Verdict) -> None:
        """What cannot be stored is left out. Never raises."""


def question(
    files: Sequence[SourceFile],
    digest: str,
    contract: InterfaceContract,
    policy: Policy,
    stages: Sequence[Stage],
    limits: Limits,
    *,
    owner: str,
) -> str:
    """Digest of all that a verdict depends on, except the tools. `owner`: the tenant whose answer it is, empty if it
    is everybody's."""
    record = {
        "content": digest,
        "executable": sorted(f.path for f in files if f.executable),
        "contract": contract.model_dump(mode="json"),
        "policy": policy.digest,
        "stages": list(stages),
        "limits": limits.model_dump(mode="json"),
        "owner": owner,
    }
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def key_of(question: str, toolchain_digest: str) -> str:
    return hashlib.sha256(f"{question} {toolchain_digest}".encode()).hexdigest()


def is_storable(verdict: Verdict) -> bool:
    """Only what would come out again: not what a busy or a broken machine may have caused."""
    return not any(s.status == "errored" for s in verdict.stages) and not any(
        e.timed_out or e.oom for e in verdict.evidence
    )
