"""What is there: asked of a sandbox before and after a hostile program, from a fresh job and from the session around jobs.

Both answers must be the same afterwards, except for numbers that no program is to blame for.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from qlp.sandbox import Command, Sandbox
from qlp.sandbox.protocol import Job
from tests.hostile.program import PRELUDE

_SETTLES_S = 3.0
"""How long the runner may take to make ready again what it keeps ready (a prewarmed interpreter)."""

CENSUS = (
    PRELUDE
    + """
import json, resource
def names(folder):
    try: return sorted(n for n in os.listdir(folder) if n not in (".home", "census.py"))
    except OSError as e: return errno.errorcode[e.errno]
def processes():
    found = []
    for p in os.listdir("/proc"):
        if not p.isdigit() or int(p) in (os.getpid(), os.getppid()): continue
        try:
            state = open("/proc/%s/stat" % p).read().rpartition(")")[2].split()[0]
            found.append(open("/proc/%s/cmdline" % p).read().replace("\\0", " ").strip()[:60] + (" " + state if state in "ZT" else ""))
        except OSError: pass
    return sorted(found)
def queues(name):
    try: return len(open("/proc/sysvipc/" + name).read().splitlines()) - 1
    except OSError: return 0
def abstract():
    with socket.socket(socket.AF_UNIX) as s: s.connect("\\0qlp-hostile-left")
number = 240 if platform.machine() == "x86_64" else 180
queue = _libc.syscall(ctypes.c_long(number), b"qlp-hostile", ctypes.c_long(0), ctypes.c_long(0), None)
print(json.dumps({
    "workspace": names("."), "tmp": names("/tmp"), "shm": names("/dev/shm"), "processes": processes(),
    "ipc": [queues(n) for n in ("shm", "sem", "msg")], "queue": "left" if queue >= 0 else "none",
    "abstract": outcome(abstract), "ports": len(open("/proc/net/tcp").read().splitlines()) - 1,
    "host": socket.gethostname(), "who": [os.getuid(), os.getgid(), len(os.getgroups())], "umask": os.umask(0o22), "cwd": os.getcwd(),
    "limits": {n: resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n.startswith("RLIMIT_") and n != "RLIMIT_NPROC"},
    "mask": [l for l in open("/proc/self/status").read().splitlines() if l.startswith(("SigBlk", "SigIgn", "Cap", "NoNew", "Seccomp:"))],
    "mounts": len(open("/proc/self/mountinfo").read().splitlines()), "nice": os.nice(0), "descriptors": len(os.listdir("/proc/self/fd")),
    "room": [os.statvfs(f).f_bavail * os.statvfs(f).f_bsize >> 16 for f in (".", "/tmp", "/dev/shm")],
    "inodes": [os.statvfs(f).f_favail >> 3 for f in (".", "/tmp", "/dev/shm")],
}))
"""
)
CLEAN = Command(
    argv=("find", "/workspace", "/tmp", "/dev/shm", "-mindepth", "1", "!", "-path", "/workspace/.home*", "-delete"),
    wall_s=15,
)
"""Takes away what a session's command may leave in its own session."""


async def census(box: Sandbox, *, fork: bool = False) -> dict[str, Any]:
    """From inside a fresh job (`job`, and `fork` if asked for) and from the session around it (`session`).

    Raises AssertionError when a program as harmless as this one does not run.
    """
    found: dict[str, Any] = {}
    command = Command(argv=("python3", "census.py"), wall_s=15)
    for name in ("job", "fork") if fork else ("job",):
        ran = await box.job(Job(files={"census.py": CENSUS.encode()}, commands=(command,), fork=name == "fork"))
        assert ran.last.ok, f"the next {name} did not run: {ran.last}"
        found[name] = json.loads(ran.last.stdout)
    result = await box.run(Command(argv=("python3", "-c", CENSUS), wall_s=15))
    assert result.ok, f"the next command of the session did not run: {result}"
    found["session"] = json.loads(result.stdout)
    return found


def differences(before: Any, after: Any, at: str = "") -> list[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        return [d for key in before for d in differences(before[key], after.get(key), f"{at}.{key}".lstrip("."))]
    return [] if before == after else [f"{at}: {before} before, {after} after"]


async def settled(box: Sandbox, before: dict[str, Any], *, fork: bool = False) -> list[str]:
    """What is not as it was; empty once everything is. `fork` asks a fork mode job as well."""
    before = {name: found for name, found in before.items() if fork or name != "fork"}
    ends = time.monotonic() + _SETTLES_S
    while True:
        left = differences(before, await census(box, fork=fork))
        if not left or time.monotonic() > ends:
            return left
        await asyncio.sleep(0.1)
