"""A validation against a person's way: the same tools one after the other in one shell, in the same image."""

from __future__ import annotations

import shlex
import statistics
import tempfile
import time
from pathlib import Path

from qlp.models import STAGES, SourceFile
from qlp.models._base import Frozen
from qlp.sandbox.protocol import Command, Limits, SandboxBackend
from qlp.validation import Check, Project, infer_contract, validate_project
from qlp.validation.groups import Group, make_groups
from qlp.validation.registry import main_toolchain, toolchains
from qlp.validation.verdict_store import VerdictStore


class Times(Frozen):
    """Seconds, medians of the rounds, which take turns."""

    files: int
    commands: int
    validated_s: float
    by_hand_s: float
    cached_s: float
    verified: bool

    @property
    def line(self) -> str:
        faster = self.by_hand_s / self.validated_s
        return (
            f"{self.files / self.validated_s:.1f} files/s, {faster:.2f}x as fast as by hand, "
            f"cache {self.validated_s / self.cached_s:.0f}x"
        )


async def measure(backend: SandboxBackend, files: tuple[SourceFile, ...], *, rounds: int) -> Times:
    contract = infer_contract(files)
    made = make_groups(Project(files, contract), main_toolchain(contract.language), toolchains(), STAGES)
    scripts = {group.profile: _script(group, files) for group in made.groups if group.works}
    ours: list[float] = []
    hand: list[float] = []
    cached: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        cache = VerdictStore(Path(folder) / "verdicts.db", max_bytes=100_000_000)
        first = await validate_project(files, contract, backend, cache=cache)  # the images' versions are known now
        await validate_project(files, contract, backend)  # and so does a process that keeps no cache
        for _ in range(rounds):
            began = time.perf_counter()
            verdict = await validate_project(files, contract, backend)
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            for group in made.groups:
                if group.works:
                    await _by_hand(backend, group, files, scripts[group.profile])
            hand.append(time.perf_counter() - began)
            began = time.perf_counter()
            again = await validate_project(files, contract, backend, cache=cache)
            cached.append(time.perf_counter() - began)
        cache.close()
    if again.cached_at is None:  # an errored verdict is never kept, so there is nothing to compare
        raise SystemExit(f"not cached: {[(s.stage, s.status, s.reason) for s in first.stages]}")
    return Times(
        files=len(files),
        commands=len(verdict.evidence),
        validated_s=statistics.median(ours),
        by_hand_s=statistics.median(hand),
        cached_s=statistics.median(cached),
        verified=verdict.verified,
    )


async def _by_hand(backend: SandboxBackend, group: Group, files: tuple[SourceFile, ...], script: str) -> None:
    """A person's sandbox is open and has the files as well, so that both are counted on this side too."""
    async with backend.open(group.profile, Limits()) as sandbox:
        await sandbox.put({f.path: f.data for f in files} | group.support)
        for check in _checks(group):
            if check.files:
                await sandbox.put(check.files)
        await sandbox.run(Command(argv=("sh", "-c", script), wall_s=300))


def _checks(group: Group) -> list[Check]:
    plans = [plan for p in group.planned for plan in p.stages.values() if isinstance(plan, tuple)]
    tests = group.tests if group.main and isinstance(group.tests, tuple) else ()
    return [check for plan in (*plans, tests) for check in plan]


def _script(group: Group, files: tuple[SourceFile, ...]) -> str:
    """Install, the reading tools, build, tests: what fails does not end it, as in a person's shell."""
    contract = infer_contract(files)
    lines = [_line(c.argv, c.env, ".") for c in contract.commands if group.main and c.purpose == "install"]
    tests = group.tests if group.main and isinstance(group.tests, tuple) else ()
    for check in _checks(group):
        if check in tests:
            continue
        lines.append(_line((*check.command.argv, *check.paths), check.command.env, check.command.cwd))
    lines += [_line(c.argv, c.env, ".") for c in contract.commands if group.main and c.purpose == "build"]
    lines += [_line((*c.command.argv, *c.paths), c.command.env, c.command.cwd) for c in tests]
    lines += [_line(c.argv, c.env, ".") for c in contract.commands if group.main and c.purpose == "run"]
    return "\n".join(lines)


def _line(argv: tuple[str, ...], env: dict[str, str], cwd: str) -> str:
    assigned = "".join(f"{name}={shlex.quote(value)} " for name, value in env.items())
    return f"(cd {shlex.quote(cwd)} && {assigned}{shlex.join(argv)}) >/dev/null 2>&1 </dev/null"
