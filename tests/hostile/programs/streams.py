"""Standard streams, and the descriptors between a program and the runner."""

from __future__ import annotations

from tests.hostile.program import Program, gvisor
from tests.hostile.verdict import Expected

_CAP = 65536

PROGRAMS = (
    Program(
        id="flood_stdout",
        item="stdout/stderr flood",
        tries="write to stdout as fast as it goes, for ever",
        source='while True: os.write(1, b"x" * 65536)\n',
        wall_s=1.5,
        expected=Expected(ends=("timeout",), stdout=b"x" * _CAP, truncated=True),
        modes=("job", "fork", "session"),
    ),
    Program(
        id="flood_both",
        item="stdout/stderr flood",
        tries="flood stderr from eight processes and write one line to stdout",
        source="""
verdict(line="kept")
for _ in range(3): os.fork()
while True: os.write(2, b"e" * 65536)
""",
        wall_s=1.5,
        expected=Expected(ends=("timeout",), facts={"line": "kept"}, truncated=True),
    ),
    Program(
        id="slow_drip",
        item="slow drip",
        tries="a byte now and then, for ever",
        source="""
while True:
    os.write(1, b"."); time.sleep(0.1)
""",
        wall_s=1.5,
        expected=Expected(ends=("timeout",), truncated=False),
    ),
    Program(
        id="stdin_never_read",
        item="stdin never read",
        tries="take 2 MB of stdin and read none of it",
        source='verdict(end="own")\n',
        stdin=b"x" * 2_000_000,
        expected=Expected(ends=("exit 0",), facts={"end": "own"}),
        modes=("job", "fork", "session"),
    ),
    Program(
        id="stdin_never_read_and_flood",
        item="stdin never read",
        tries="the same, while flooding stdout: a sandbox that writes first and reads later hangs",
        source='while True: os.write(1, b"x" * 65536)\n',
        stdin=b"x" * 2_000_000,
        wall_s=1.5,
        expected=Expected(ends=("timeout",), truncated=True),
    ),
    Program(
        id="closed_descriptors",
        item="closed fds",
        tries="close every descriptor, then go on for a while and exit 7",
        source="""
os.closerange(0, 1024)
time.sleep(0.3)
os._exit(7)
""",
        expected=Expected(ends=("exit 7",), stdout=b""),
        modes=("job", "fork", "session"),
    ),
    Program(
        id="invalid_utf8",
        item="invalid UTF-8",
        tries="bytes that are no text, in output and in file names",
        source="""
open(b"\\xff\\xfe.txt", "w").close()
os.write(1, bytes(range(256)))
""",
        expected=Expected(ends=("exit 0",), stdout=bytes(range(256))),
        modes=("job", "fork", "session"),
    ),
    Program(
        id="forged_frames",
        item="frames forged on inherited fds",
        tries="write replies of the runner's own protocol to every descriptor that it inherited, and to stdout",
        source="""
import json
head = json.dumps({"id": 1, "exit_code": 0, "sizes": [0, 0]}).encode()
frame = struct.pack(">II", len(head), 0) + head
taken = []
for fd in range(3, 1024):
    try:
        os.fstat(fd)
        taken.append(fd)
        os.write(fd, frame)
    except OSError: pass
for _ in range(20): os.write(2, frame)
verdict(inherited=",".join(map(str, taken)) or "none")
sys.exit(5)
""",
        expected=Expected(ends=("exit 5",), facts={"inherited": "none"}),
        modes=("job", "fork", "session"),
    ),
    Program(
        id="reopened_descriptors",
        item="frames forged on inherited fds",
        tries="reopen its own streams through /proc/self/fd and those of its parents through /proc/PID/fd",
        source="""
found = set()
for p in os.listdir("/proc"):
    if p.isdigit() and int(p) != os.getpid():
        try:
            for fd in os.listdir("/proc/%s/fd" % p):
                if opened("/proc/%s/fd/%s" % (p, fd), os.O_WRONLY) == "OK": found.add(p)
        except OSError: pass
verdict(others=",".join(sorted(found)) or "none")
""",
        expected=Expected(ends=("exit 0",), facts={"others": "none"}),
        modes=("job", "fork", "session"),
        control="namespaces",
        differs=(
            gvisor(
                Expected(ends=("exit 0",)),
                "gVisor does not know that the runner is undumpable; the sandbox is used once, so a program could only forge its own result",
            ),
        ),
    ),
    Program(
        id="pipe_held_open",
        item="pipe held open after exit",
        tries="exit while a child in a session of its own holds the pipes open",
        source="""
if os.fork() == 0:
    os.setsid(); time.sleep(60); os._exit(0)
verdict(parent="gone")
""",
        wall_s=15.0,
        expected=Expected(ends=("exit 0",), facts={"parent": "gone"}),
        modes=("job", "fork", "session"),
    ),
)
