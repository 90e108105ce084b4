"""Turns a command's result into evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from qlp.models import Evidence, Isolation, SourceFile
from qlp.sandbox.protocol import Command, ExecResult


def digest_of(files: Iterable[SourceFile]) -> str:
    """sha256 over path and content of every file, sorted by path: `sha256:<hex>`."""
    total = hashlib.sha256()
    for file in sorted(files, key=lambda f: f.path):
        for part in (file.path.encode(), file.data):
            total.update(len(part).to_bytes(8, "big"))
            total.update(part)
    return f"sha256:{total.hexdigest()}"


class Recorder:
    """Numbers and writes down the commands of one validation."""

    def __init__(
        self, input_digest: str, isolation: Isolation, versions: Mapping[str, str], *, label: str = ""
    ) -> None:
        """`label` tells the ids of several sandboxes of one validation apart."""
        self._label = f"{label}-" if label else ""
        self._input_digest = input_digest
        self._isolation = isolation
        self._versions = versions
        self._count: dict[str, int] = {}

    def record(self, stage: str, tool: str, command: Command, result: ExecResult) -> Evidence:
        number = self._count[stage] = self._count.get(stage, 0) + 1
        return Evidence(
            id=f"{stage}-{self._label}{number}",
            stage=stage,
            argv=command.argv,
            input_digest=self._input_digest,
            exit_code=result.exit_code,
            signal=result.signal,
            timed_out=result.timed_out,
            oom=result.oom,
            truncated=result.truncated,
            stdout_digest=f"sha256:{hashlib.sha256(result.stdout).hexdigest()}",
            stderr_digest=f"sha256:{hashlib.sha256(result.stderr).hexdigest()}",
            stdout=result.stdout.decode("utf-8", "replace"),
            stderr=result.stderr.decode("utf-8", "replace"),
            wall_s=round(result.wall_s, 4),
            cpu_s=round(result.cpu_s, 4),
            max_rss_bytes=result.max_rss_bytes,
            tool=tool,
            tool_version=self._versions.get(tool, ""),
            isolation=self._isolation,
        )
