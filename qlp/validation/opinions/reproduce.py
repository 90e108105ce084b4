"""Runs the reproductions of opinions and believes what it sees: a failure as claimed, with the project alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from qlp.errors import SandboxError, StorageError
from qlp.models import LOCAL_TENANT, Evidence
from qlp.models._base import Frozen
from qlp.models.finding import SEVERITIES
from qlp.sandbox.protocol import Command, ExecResult, Limits, Sandbox, SandboxBackend
from qlp.validation.evidence import Recorder, digest_of
from qlp.validation.opinions.protocol import Opinion
from qlp.validation.opinions.runners import Runner, runner_of
from qlp.validation.project import Project
from qlp.validation.registry import main_toolchain

_WALL_S = 60.0
_INSTALL_S = 180.0
_MOST = 6
"""Reproductions that are tried, the worst findings first."""
# The evidence holds the test itself, so that the command alone shows the defect again.
_WRITE = 'mkdir -p "$(dirname "$1")" && printf %s "$2" > "$1" && shift 2 && exec "$@"'

Seen = Literal["confirmed", "refuted", "unproven"]


class Tried(Frozen):
    """An opinion after its reproduction: `confirmed` has evidence, `refuted` did not fail, `unproven` says neither."""

    opinion: Opinion
    seen: Seen = "unproven"
    why: str = ""
    evidence: Evidence | None = None


async def try_all(
    opinions: Sequence[Opinion],
    project: Project,
    backend: SandboxBackend,
    *,
    limits: Limits,
    tenant: str = LOCAL_TENANT,
) -> tuple[Tried, ...]:
    """One after the other, each in sandboxes of its own. What a sandbox's failure leaves open stays unproven."""
    runner = runner_of(project.contract.language)
    tried: list[Tried] = []
    digest = digest_of(project.files)
    for opinion in sorted(opinions, key=lambda o: -SEVERITIES.index(o.finding.severity)):
        running = sum(t.opinion.reproduction is not None for t in tried)
        if opinion.reproduction is None or runner is None or running >= _MOST:
            tried.append(Tried(opinion=opinion, why="no command shows it"))
            continue
        attempt = _Attempt(opinion, project, backend, runner, limits, tenant, digest, len(tried) + 1)
        try:
            tried.append(await attempt.run())
        except (SandboxError, StorageError) as error:
            tried.append(Tried(opinion=opinion, why=f"its reproduction could not be run: {error.detail}"))
    return tuple(tried)


class _Attempt:
    def __init__(
        self,
        opinion: Opinion,
        project: Project,
        backend: SandboxBackend,
        runner: Runner,
        limits: Limits,
        tenant: str,
        digest: str,
        number: int,
    ) -> None:
        assert opinion.reproduction is not None
        self._opinion = opinion
        self._test = opinion.reproduction.file
        self._expect = opinion.reproduction.expect
        self._project = project
        self._backend = backend
        self._runner = runner
        self._limits = limits
        self._tenant = tenant
        self._digest = digest
        self._number = number

    async def run(self) -> Tried:
        profile = self._project.contract.profile or main_toolchain(self._project.contract.language).profile
        argv = ("sh", "-c", _WRITE, "sh", self._test.path, self._test.content, *self._runner.command(self._test.path))
        command = Command(argv=argv, wall_s=_WALL_S)
        async with self._backend.open(profile, self._limits, tenant=self._tenant) as sandbox:
            await self._prepare(sandbox)
            result = await sandbox.run(command)
            recorder = Recorder(self._digest, sandbox.isolation, {})
        if result.ok:
            return Tried(opinion=self._opinion, seen="refuted", why="its reproduction passes")
        if not self._fails(result):
            return Tried(opinion=self._opinion, why="its reproduction does not fail as it says")
        async with self._backend.open(profile, self._limits, tenant=self._tenant) as sandbox:
            alone = await sandbox.run(command)
        if self._fails(alone):
            return Tried(opinion=self._opinion, why="its reproduction fails without the project too")
        proof = recorder.record("opinion", self._runner.tool, command, result)
        return Tried(
            opinion=self._opinion,
            seen="confirmed",
            evidence=proof.model_copy(update={"id": f"opinion-{self._number}"}),
        )

    def _fails(self, result: ExecResult) -> bool:
        text = (result.stdout + result.stderr).decode("utf-8", "replace")
        return self._runner.failed(result, self._test.path, self._project.paths) and self._expect in text

    async def _prepare(self, sandbox: Sandbox) -> None:
        files = self._project.files
        await sandbox.put({f.path: f.data for f in files}, executable=frozenset(f.path for f in files if f.executable))
        install = self._project.contract.command("install")
        if install is not None:
            await sandbox.run(Command(argv=install.argv, env=dict(install.env), wall_s=_INSTALL_S))
