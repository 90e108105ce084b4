"""Runs candidates on inputs, inside the sandbox (Python 3.11, standard library only). Started by probing/session.py.

`python3 probe_driver.py BATCH.json` prints one JSON line per candidate as soon as it is done. Each candidate runs in
a process of its own, which alone holds the writing end of a pipe: it can write nonsense about itself, but nothing
about another candidate, and what an example expects is never sent in here. The driver trusts nothing that it reads.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from typing import Any

import probe_python  # type: ignore[import-not-found]  # beside it in the sandbox

Table = dict[str, Any]
_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36
_PIPE = 3
_RECORD_BYTES = 200_000
_NOISE_BYTES = 4_000_000
"""What one process may write before it is taken for a flood."""


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        batch = json.load(file)
    libc = ctypes.CDLL(None)
    # not dumpable: a candidate has our uid, and must not open our files or memory through /proc
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    out = os.dup(1)
    os.set_inheritable(out, False)
    for candidate in batch["candidates"]:
        task = batch["tasks"][candidate["task"]]
        report = run(candidate, task, batch["limits"])
        report["id"] = candidate["id"]
        write(out, (json.dumps(report, separators=(",", ":")) + "\n").encode())
        clean(batch["alone"])


def run(candidate: Table, task: Table, limits: Table) -> Table:
    """{"load": status, "calls": [outcome or None]}; None: not tried, because too many calls hung before."""
    count = len(task["calls"])
    calls: list[Table | None] = [None] * count
    load, start, hung = "", 0, 0
    while start < count or not load:
        ended, load_now, done, why = attempt(candidate, task, start, limits, calls)
        load = load or load_now
        if load != "ok" or ended:
            break
        if done < count:
            calls[done] = {"x": why}
        start = done + 1
        hung += 1
        if hung >= limits["hangs"] or start >= count:
            break
    return {"load": load or "killed", "calls": calls}


def attempt(
    candidate: Table, task: Table, start: int, limits: Table, calls: list[Table | None]
) -> tuple[bool, str, int, str]:
    """One process: (whether it came to its end, load status, index of the first call without an outcome, why)."""
    read, sent = os.pipe()
    ready, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            os.close(go)
            os.read(ready, 1)  # the limits of a process group are set before it runs
            become_candidate(candidate, task, start, limits, sent)
        finally:
            os._exit(99)
    os.close(sent)
    os.close(ready)
    os.write(go, b"g")
    os.close(go)
    try:
        return listen(read, start, limits, calls, len(task["calls"]))
    finally:
        os.close(read)
        kill_group(pid)


def listen(read: int, start: int, limits: Table, calls: list[Table | None], count: int) -> tuple[bool, str, int, str]:
    load, done, buffer, total = "", start, b"", 0
    wall = limits["load_wall_s"]
    deadline = time.monotonic() + wall
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([read], [], [], left)[0]:
            return False, load or "timeout", done, "timeout"
        piece = os.read(read, 65536)
        total += len(piece)
        if not piece:
            return False, load or "killed", done, "killed"
        if total > _NOISE_BYTES:
            return False, load or "killed", done, "flood"
        buffer += piece
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            record = parse(line)
            if record is None:
                return False, load or "killed", done, "forged"
            if "load" in record:
                load = str(record["load"])[:80]
                if load != "ok":
                    return True, load, done, ""
            elif record.get("end"):
                return True, load, done, ""
            elif load and record.get("n") == done and done < count:
                calls[done] = {k: record[k] for k in ("o", "e", "x", "m", "d") if k in record}
                done += 1
            else:
                return False, load or "killed", done, "forged"
            deadline = time.monotonic() + limits["call_wall_s"]
        if len(buffer) > _RECORD_BYTES:
            return False, load or "killed", done, "flood"


def parse(line: bytes) -> Table | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def become_candidate(candidate: Table, task: Table, start: int, limits: Table, sent: int) -> None:
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(sent, _PIPE) if sent != _PIPE else None
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.set_inheritable(_PIPE, True)
    os.closerange(_PIPE + 1, 512)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    cpu = int(limits["cpu_s"])
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    if task["language"] == "python":
        memory = limits["memory_mb"] << 20
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        probe_python.serve(candidate["code"], task, start, limits, _PIPE)
        return
    work = {"code": candidate["code"], "entry": task["entry"], "calls": task["calls"], "repeat": task["repeat"],
            "start": start, "call_s": limits["call_s"], "slow": limits["slow"]}  # fmt: skip
    folder = f"c{os.getpid()}"
    os.mkdir(folder)
    os.chdir(folder)
    with open("work.json", "w", encoding="utf-8") as file:
        json.dump(work, file)
    argv = ["node", f"--max-old-space-size={limits['memory_mb'] // 2}", "--no-warnings", "../probe_node.mjs"]
    os.execvp(argv[0], argv)


def kill_group(pid: int) -> None:
    for send in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            send(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def clean(alone: bool) -> None:
    """End whatever candidates left running. In a process namespace of our own everything else may go."""
    if alone:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(-1, signal.SIGKILL)  # never reaches the sender, nor process 1
    while True:
        try:
            if os.waitpid(-1, 0 if alone else os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


if __name__ == "__main__":
    main(sys.argv[1])
