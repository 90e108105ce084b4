"""Runs one command over files in a sandbox of its own, and brings back what it changed.

Each command gets a fresh sandbox with exactly the recorded files: live and replayed, a command sees the same (decision
0013). The list of files comes from a script of ours that runs after the command, when nothing of it is left; its output
is read with suspicion all the same.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

from qlp.agents.paths import clean_path
from qlp.agents.shell.observed import Observed, middle_cut
from qlp.models import LOCAL_TENANT, ProjectCommand, SourceFile
from qlp.sandbox.protocol import Command, ExecResult, Limits, Sandbox, SandboxBackend

FILE_BYTES = 524_288
"""Largest file that is kept."""
_FILES = 200
"""Changed files kept of one command."""
_ALL_BYTES = 1_048_576
"""Of the files that one command changed: each step is a row of the store."""
_INSTALL_S = 180.0
_COLLECT_S = 30.0
_OUTPUT_BYTES = 8_388_608
_IGNORED = (
    ".home", ".git", ".qlp", ".cache", ".venv", "venv", "node_modules", "__pycache__", ".pytest_cache", ".mypy_cache",
    ".ruff_cache", ".hypothesis",
)  # fmt: skip
_SCRIPT = """
import base64, hashlib, json, os, stat, sys
asked = json.load(sys.stdin)
known, seen, changed, notes, room = asked["known"], [], [], [], asked["bytes"]
for folder, folders, names in os.walk("."):
    folders[:] = sorted(f for f in folders if f not in asked["ignored"])
    for name in sorted(names):
        path = os.path.join(folder, name)[2:]
        try:
            found = os.lstat(path)
            if not stat.S_ISREG(found.st_mode):
                continue
            seen.append(path)
            if found.st_size > asked["file"]:
                if path not in known:
                    notes.append(path + ": too large to be kept")
                continue
            data = open(path, "rb").read()
        except (OSError, ValueError):
            continue
        mark = hashlib.sha256(data).hexdigest() + ("x" if found.st_mode & 0o100 else "")
        if known.get(path) == mark:
            continue
        room -= len(data)
        if room < 0 or len(changed) >= asked["most"]:
            notes.append(path + ": not kept, the command changed too much")
            continue
        changed.append([path, base64.b64encode(data).decode(), bool(found.st_mode & 0o100)])
print(json.dumps({"changed": changed, "gone": [p for p in known if p not in seen], "notes": notes[:20]}))
"""


async def observe(
    backend: SandboxBackend,
    profile: str,
    limits: Limits,
    files: Mapping[str, SourceFile],
    command: str,
    *,
    wall_s: float,
    output_chars: int,
    install: ProjectCommand | None = None,
    tenant: str = LOCAL_TENANT,
) -> Observed:
    """`install` runs first where the sandbox needs it. Raises SandboxError; a command that fails is an observation."""
    room = limits.model_copy(update={"output_bytes": _OUTPUT_BYTES})
    async with backend.open(profile, room, tenant=tenant) as sandbox:
        await sandbox.put({p: f.data for p, f in files.items()}, executable=_executable(files))
        if install is not None:
            await sandbox.run(Command(argv=install.argv, env=dict(install.env), wall_s=_INSTALL_S))
        # `sh` starts bash where the image has it: both read the same simple commands.
        result = await sandbox.run(
            Command(argv=("sh", "-c", _BASH, "sh", command), env={"TERM": "dumb", "PAGER": "cat"}, wall_s=wall_s)
        )
        changed, deleted, notes = await _changes(sandbox, files)
    return Observed(
        exit_code=result.exit_code,
        output=middle_cut(_text(result), output_chars),
        timed_out=result.timed_out,
        oom=result.oom,
        changed=changed,
        deleted=deleted,
        notes=notes,
        ended_at=time.time(),
    )


_BASH = 'if command -v bash >/dev/null 2>&1; then exec bash -c "$1"; else exec sh -c "$1"; fi'


def _text(result: ExecResult) -> str:
    parts = [stream.decode("utf-8", "replace") for stream in (result.stdout, result.stderr)]
    return "\n".join(p.rstrip("\n") for p in parts if p.strip())


def _executable(files: Mapping[str, SourceFile]) -> frozenset[str]:
    return frozenset(path for path, f in files.items() if f.executable)


async def _changes(
    sandbox: Sandbox, files: Mapping[str, SourceFile]
) -> tuple[tuple[SourceFile, ...], tuple[str, ...], tuple[str, ...]]:
    known = {p: hashlib.sha256(f.data).hexdigest() + ("x" if f.executable else "") for p, f in files.items()}
    asked = {"known": known, "ignored": _IGNORED, "file": FILE_BYTES, "bytes": _ALL_BYTES, "most": _FILES}
    command = Command(argv=("python3", "-I", "-c", _SCRIPT), stdin=json.dumps(asked).encode(), wall_s=_COLLECT_S)
    result = await sandbox.run(command)
    try:
        report: dict[str, Any] = json.loads(result.stdout)
        gone, notes = [str(p) for p in report["gone"]], [str(n)[:200] for n in report["notes"]]
        changed: list[SourceFile] = []
        for path, data, executable in report["changed"][:_FILES]:
            if clean_path(str(path)) == path:
                changed.append(SourceFile.of(path, base64.b64decode(data), executable=bool(executable)))
            else:
                notes.append(f"{str(path)[:100]!r} was not kept: names hold letters, digits and _@()[]+.,=- only")
    except (ValueError, KeyError, TypeError, RecursionError):
        return (), (), ("what the command changed could not be read, so the files are as before it",)
    deleted = tuple(p for p in gone if p in files and not set(p.split("/")) & set(_IGNORED))
    return tuple(changed), deleted, tuple(notes)
