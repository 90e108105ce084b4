"""Disk, inodes, names and sizes."""

from __future__ import annotations

from tests.hostile.program import Differs, Program, gvisor
from tests.hostile.verdict import Expected

_FILL = """
def fill(folder):
    block, written = b"x" * (1 << 20), 0
    for n in range(1000):
        try:
            with open("%s/fill%d" % (folder, n), "wb", buffering=0) as file:
                for _ in range(4):
                    got = file.write(block)
                    written += got
                    if got < len(block): file.write(block)
        except OSError as e:
            return errno.errorcode[e.errno], written >> 20
    return "OK", written >> 20
"""

PROGRAMS = (
    Program(
        id="fill_workspace",
        item="tmpfs and shm fill",
        tries="write to the workspace until it is full",
        source=_FILL + 'end, mib = fill(".")\nverdict(end=end, mib=mib)\n',
        expected=Expected(ends=("exit 0",), facts={"end": "ENOSPC"}, at_most={"mib": 24}),
        modes=("job", "fork", "session"),
    ),
    Program(
        id="fill_tmp",
        item="tmpfs and shm fill",
        tries="write to /tmp until it is full",
        source=_FILL + 'end, mib = fill("/tmp")\nverdict(end=end, mib=mib)\n',
        expected=Expected(ends=("exit 0",), facts={"end": "ENOSPC"}, at_most={"mib": 128}),
    ),
    Program(
        id="fill_shm",
        item="tmpfs and shm fill",
        tries="write to /dev/shm until it is full",
        source=_FILL + 'end, mib = fill("/dev/shm")\nverdict(end=end, mib=mib)\n',
        expected=Expected(ends=("exit 0",), facts={"end": "ENOSPC"}, at_most={"mib": 64}),
    ),
    Program(
        id="write_elsewhere",
        item="tmpfs and shm fill",
        tries="write everywhere else",
        source="""
places = set()
mounts = {line.split()[4] for line in open("/proc/self/mountinfo")}
for at, folders, _ in os.walk("/"):
    if at.count("/") > 3: folders[:] = [f for f in folders if any(m.startswith(at + "/" + f) for m in mounts)]
    if at in ("/proc", "/sys", "/workspace", "/tmp", "/dev/shm", "/dev/mqueue"):
        folders[:] = []
        continue
    try:
        open(at + "/qlp-hostile", "w").close()
        places.add(at)
    except OSError: pass
verdict(writable=",".join(sorted(places)) or "none")
""",
        expected=Expected(ends=("exit 0",), facts={"writable": "none"}),
    ),
    Program(
        id="inode_bomb",
        item="inode bomb",
        tries="make empty files until there are no inodes",
        source="""
end, n = "OK", 0
try:
    while n < 12000:
        os.close(os.open("f%d" % n, os.O_CREAT | os.O_WRONLY)); n += 1
except OSError as e: end = errno.errorcode[e.errno]
verdict(end=end, files=n)
""",
        expected=Expected(ends=("exit 0",), facts={"end": "ENOSPC"}, at_most={"files": 4096}),
        differs=(
            gvisor(
                Expected(ends=("exit 0",), facts={"files": "12000"}),
                "gVisor's tmpfs has no limit of inodes; files count against the memory of the sandbox, which is used once",
            ),
            Differs(
                where="bubblewrap session",
                expected=Expected(ends=("exit 0",), facts={"files": "12000"}),
                why="bwrap makes tmpfs with a size and without a number of inodes, so in a session files without content "
                "are bounded by the memory of the control group alone; jobs make their own tmpfs and have the limit",
            ),
        ),
    ),
    Program(
        id="deep_folders",
        item="deep directories",
        tries="3,000 folders inside each other, far beyond the longest path",
        source="""
depth = 0
try:
    for depth in range(3000):
        os.mkdir("d" * 50); os.chdir("d" * 50)
except OSError as e: verdict(end=errno.errorcode[e.errno])
verdict(depth=depth)
""",
        expected=Expected(ends=("exit 0",), facts={"depth": "2999"}),
    ),
    Program(
        id="sparse_terabyte",
        item="sparse 1 TB",
        tries="a file of 1 TB that takes no room, by truncate, by seek and by fallocate",
        source="""
file = open("sparse", "wb", buffering=0)
verdict(truncate=outcome(file.truncate, 1 << 40),
        seek=outcome(lambda: (file.seek(1 << 40), file.write(b"x"))),
        fallocate=outcome(os.posix_fallocate, file.fileno(), 0, 1 << 40))
""",
        expected=Expected(ends=("exit 0",), facts={"truncate": "EFBIG", "seek": "EFBIG", "fallocate": "EFBIG|ENOSPC"}),
    ),
)
