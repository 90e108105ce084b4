"""Memory: private, shared, in files, in kernel objects."""

from __future__ import annotations

from tests.hostile.program import Differs, Program, gvisor
from tests.hostile.verdict import Expected

_OOM = Expected(ends=("oom",))

PROGRAMS = (
    Program(
        id="touch_bomb",
        item="touch bomb",
        tries="touch more and more memory",
        source="""
verdict(begun="yes")
kept = []
while True: kept.append(b"1" * 4_000_000)
""",
        expected=Expected(ends=("oom",), facts={"begun": "yes"}),
        needs="memory",
        modes=("job", "fork", "session"),
        differs=(
            gvisor(
                Expected(ends=("oom", "lost")),
                "the memory of a gVisor sandbox is one process of the host: the kernel ends all of it, and the caller gets a typed error",
            ),
        ),
    ),
    Program(
        id="forked_touch_bomb",
        item="forked bomb",
        tries="twelve children that together take more memory than there is",
        source="""
for _ in range(12):
    if os.fork() == 0:
        kept = b"1" * 40_000_000
        time.sleep(30)
dead = 0
for _ in range(12):
    _, status = os.wait()
    if os.WIFSIGNALED(status):
        dead += 1
        break
verdict(killed=dead)
sys.exit(3)
""",
        expected=Expected(ends=("oom",), facts={"killed": "[1-9].*"}),
        needs="memory",
        differs=(
            gvisor(
                Expected(ends=("oom", "lost")),
                "the memory of a gVisor sandbox is one process of the host: the kernel ends all of it, and the caller gets a typed error",
            ),
        ),
    ),
    Program(
        id="hidden_memory",
        item="touch bomb",
        tries="fill memory that belongs to no process (memfd), so that the kernel looks for another victim: the runner",
        source="""
score = outcome(lambda: open("/proc/self/oom_score_adj", "w").write("0"))
verdict(begun="yes", score=score)
kept = []
block = b"1" * 1_000_000
while True:
    fd = os.memfd_create("hidden")
    kept.append(fd)
    for _ in range(8): os.write(fd, block)
""",
        expected=Expected(ends=("oom",), facts={"begun": "yes"}),
        differs=(
            gvisor(
                Expected(ends=("oom", "lost")),
                "the memory of a gVisor sandbox is one process of the host: the kernel ends all of it, and the caller gets a typed error",
            ),
            Differs(
                where="session",
                expected=Expected(ends=("oom", "lost")),
                why="a session's command may lower its own out-of-memory score again (the /proc of jobs is read-only), "
                "so the kernel may choose the runner: the session is lost and says so, and nobody else's",
            ),
        ),
        needs="memory",
    ),
    Program(
        id="stack_recursion_shell",
        item="stack recursion",
        tries="a shell function that calls itself",
        argv=("dash", "-c", "f() { f; }; f"),
        # Some builds of dash have a guard of their own (exit 2).
        expected=Expected(ends=("signal 11", "exit 2")),
    ),
    Program(
        id="stack_recursion_native",
        item="stack recursion",
        tries="native frames without end (a C callback that calls itself)",
        source="""
sys.setrecursionlimit(1 << 30)
kind = ctypes.CFUNCTYPE(ctypes.c_int)
def again(): return callback()
callback = kind(again)
verdict(begun="yes")
callback()
""",
        expected=Expected(ends=("signal 11", "signal 6"), facts={"begun": "yes"}),
        modes=("job", "fork", "session"),
    ),
    Program(
        id="core_dump",
        item="core dumps",
        tries="raise the limit of core files and crash",
        source="""
import resource
def lift():
    try: resource.setrlimit(resource.RLIMIT_CORE, (1 << 30, 1 << 30))
    except ValueError as e: raise OSError(errno.EPERM, str(e))
raised = outcome(lift)
pid = os.fork()
if not pid: os.abort()
_, status = os.waitpid(pid, 0)
verdict(raised=raised, signal=os.WTERMSIG(status), dumped=os.WCOREDUMP(status), files=len([f for f in os.listdir(".") if "core" in f]))
""",
        expected=Expected(ends=("exit 0",), facts={"raised": "EPERM", "signal": "6", "dumped": "False", "files": "0"}),
    ),
    Program(
        id="ipc_leftovers",
        item="SysV/mq leftovers",
        tries="leave shared memory, a semaphore, a message queue and a POSIX queue behind",
        source="""
def made(number): return "OK" if number >= 0 else errno.errorcode[ctypes.get_errno()]
KEY, CREATE = 0x514C50, 0o1666
facts = dict(shm=made(_libc.shmget(KEY, 1 << 20, CREATE)), sem=made(_libc.semget(KEY, 4, CREATE)), msg=made(_libc.msgget(KEY, CREATE)))
number = 240 if platform.machine() == "x86_64" else 180
facts["mq"] = made(_libc.syscall(ctypes.c_long(number), b"qlp-hostile", ctypes.c_long(os.O_CREAT | os.O_RDWR), ctypes.c_long(0o666), None))
open("/dev/shm/qlp-hostile", "w").write("left")
open("/tmp/qlp-hostile", "w").write("left")
verdict(**facts)
""",
        expected=Expected(ends=("exit 0",), facts={"shm": "OK", "sem": "OK", "msg": "OK", "mq": "OK"}),
        modes=("job", "fork"),
    ),
)
