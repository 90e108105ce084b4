from __future__ import annotations

from typing import Literal

from qlp.models._base import Frozen


class Isolation(Frozen):
    """Where a command ran: enough to say how far its result can be trusted."""

    backend: Literal["docker", "bubblewrap"]
    runtime: str
    """`runc`, `runsc`, ... or `bwrap 0.8.0`."""
    image: str
    """Image reference, or `host-toolchain` for a bubblewrap sandbox over the host's /usr."""
    image_digest: str
    """sha256 of the image, or of the toolchain's lock file."""
    network: Literal["none"] = "none"
    job_namespaces: bool = False
    """Whether each job gets fresh namespaces inside the sandbox; where false a sandbox serves one job."""
    memory_enforced: bool = True
    pids_enforced: bool = True


class Evidence(Frozen):
    """One command, and what became of it. A claim rests on these and on nothing else."""

    id: str
    stage: str
    argv: tuple[str, ...]
    input_digest: str
    """sha256 over the project's files (path, content) that the command saw."""
    exit_code: int | None
    """None when a signal ended it."""
    signal: int | None = None
    timed_out: bool = False
    oom: bool = False
    truncated: bool = False
    stdout_digest: str
    stderr_digest: str
    stdout: str
    """Decoded, cut to the output cap; the digest covers the same bytes."""
    stderr: str
    wall_s: float
    cpu_s: float
    max_rss_bytes: int
    tool: str = ""
    tool_version: str = ""
    isolation: Isolation

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and not self.timed_out and not self.oom
