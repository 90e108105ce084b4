"""Bombs, daemons, and programs that will not die or want others to."""

from __future__ import annotations

from tests.hostile.program import Differs, Program, gvisor
from tests.hostile.verdict import Expected

_GVISOR_BOMB = (
    "gVisor's own kernel is one process of the host with a thread for each inside: it meets the container's limit as a whole, "
    "so the sandbox may be lost, with a typed error; it is used once"
)
_GVISOR_ONE = (
    "without namespaces of their own inside gVisor a job and the runner are one user in one pid namespace, and process 1 can "
    "be signalled: the sandbox may be lost, with a typed error; it is used once"
)
_GVISOR_ODD = "older releases end a process whose session leader is gone by SIGHUP; the sandbox is used once"
_ENDLESS = Expected(ends=("timeout",))
_EVERY = ("job", "fork", "session")

PROGRAMS = (
    Program(
        id="fork_bomb",
        item="fork bomb",
        tries="fork children that stay, until the kernel refuses",
        source="""
n = 0
while True:
    try: pid = os.fork()
    except OSError as e:
        verdict(children=n, refused=errno.errorcode[e.errno])
        break
    if not pid: time.sleep(60)
    n += 1
time.sleep(60)
""",
        wall_s=1.5,
        expected=Expected(ends=("timeout",), facts={"refused": "EAGAIN"}, at_most={"children": 64}),
        needs="pids",
        modes=_EVERY,
        differs=(gvisor(Expected(ends=("timeout", "exit 1", "exit 254", "lost")), _GVISOR_BOMB),),
    ),
    Program(
        id="fork_bomb_exponential",
        item="fork bomb",
        tries="every child forks for ever and takes no refusal",
        source="""
while True:
    try: os.fork()
    except OSError: pass
""",
        wall_s=1.5,
        expected=_ENDLESS,
        needs="pids",
        modes=_EVERY,
        differs=(gvisor(Expected(ends=("timeout", "exit 1", "exit 254", "lost")), _GVISOR_BOMB),),
    ),
    Program(
        id="fork_bomb_shell",
        item="fork bomb",
        tries="the classic one-liner of the shell",
        argv=("bash", "-c", ":(){ :|:& };:; sleep 60"),
        wall_s=1.5,
        expected=Expected(ends=("timeout", "exit 254", "exit 1")),
        needs="pids",
        differs=(gvisor(Expected(ends=("timeout", "exit 1", "exit 254", "lost")), _GVISOR_BOMB),),
    ),
    Program(
        id="thread_bomb",
        item="thread bomb",
        tries="threads that sleep, until the kernel refuses",
        source="""
import threading
n = 0
try:
    while n < 2000:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        n += 1
    verdict(threads=n, refused="no")
except RuntimeError:
    verdict(threads=n, refused="yes")
os._exit(0)
""",
        expected=Expected(ends=("exit 0",), facts={"refused": "yes"}, at_most={"threads": 64}),
        needs="pids",
        modes=_EVERY,
        differs=(gvisor(Expected(ends=("exit 0", "lost")), _GVISOR_BOMB),),
    ),
    Program(
        id="daemon",
        item="double-forked daemon",
        tries="leave a daemon in a session of its own behind that writes a file and holds a socket",
        source="""
r, w = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork(): os._exit(0)
    s = socket.socket(socket.AF_UNIX); s.bind("\\0qlp-hostile-left"); s.listen()
    for fd in (0, 1, 2): os.close(fd)
    os.write(w, b"up")
    while True:
        time.sleep(0.02)
        open("/tmp/beat", "w").write(str(time.monotonic()))
os.wait()
verdict(daemon=os.read(r, 2).decode())
""",
        expected=Expected(ends=("exit 0",), facts={"daemon": "up"}),
        modes=_EVERY,
    ),
    Program(
        id="respawn",
        item="respawn against the killer",
        tries="four chains of processes that replace themselves faster than one can list them",
        source="""
for _ in range(2): os.fork()
end = time.time() + 20
while time.time() < end:
    try:
        if os.fork(): os._exit(0)
    except OSError: pass
""",
        wall_s=3.0,
        expected=Expected(ends=("exit 0",)),
        modes=_EVERY,
    ),
    Program(
        id="respawn_until_deadline",
        item="respawn against the killer",
        tries="the same, while the first process stays until it is killed",
        source="""
if os.fork() == 0:
    while True:
        try:
            if os.fork(): os._exit(0)
        except OSError: pass
verdict(chain="begun")
time.sleep(60)
""",
        wall_s=1.5,
        expected=Expected(ends=("timeout",), facts={"chain": "begun"}),
        differs=(gvisor(Expected(ends=("timeout", "signal 1", "lost")), _GVISOR_ODD),),
    ),
    Program(
        id="zombies",
        item="zombies",
        tries="children that end and are never waited for, and grandchildren that lose their parents",
        source="""
for n in range(20):
    if os.fork() == 0:
        if n % 2 and os.fork() == 0: time.sleep(0.05)
        os._exit(0)
time.sleep(0.15)
dead = 0
for p in os.listdir("/proc"):
    try: dead += p.isdigit() and open("/proc/%s/stat" % p).read().rpartition(")")[2].split()[0] == "Z"
    except OSError: pass
verdict(zombies="some" if dead else "none")
""",
        expected=Expected(ends=("exit 0",), facts={"zombies": "some"}),
        modes=_EVERY,
        differs=(gvisor(Expected(ends=("exit 0", "signal 1", "lost")), _GVISOR_ODD),),
    ),
    Program(
        id="ignore_signals",
        item="all signals ignored",
        tries="ignore and block every signal in several processes and stay",
        source="""
ignored = 0
for n in range(1, 65):
    try: signal.signal(n, signal.SIG_IGN); ignored += 1
    except (OSError, ValueError): pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
verdict(ignored=ignored)
os.fork(); os.setsid() if os.getpid() != os.getsid(0) and os.getpid() != os.getpgid(0) else None; os.fork()
while True: time.sleep(1)
""",
        wall_s=1.5,
        expected=Expected(ends=("timeout",), facts={"ignored": "[56]."}),
        modes=_EVERY,
    ),
    Program(
        id="stop_everyone",
        item="SIGSTOP to everyone",
        tries="stop every process that can be signalled, supervisors included, and then itself",
        source="""
verdict(sent=outcome(os.kill, -1, signal.SIGSTOP))
os.kill(os.getppid(), signal.SIGSTOP)
os.kill(os.getpid(), signal.SIGSTOP)
time.sleep(60)
""",
        wall_s=1.5,
        expected=_ENDLESS,
        modes=_EVERY,
    ),
    Program(
        id="kill_everyone",
        item="kill(-1)",
        tries="kill every process that can be signalled, then show that a child was hit",
        source="""
pid = os.fork()
if not pid: time.sleep(60)
os.kill(-1, signal.SIGKILL)
_, status = os.waitpid(pid, 0)
verdict(child=os.WTERMSIG(status))
""",
        expected=Expected(ends=("exit 0",), facts={"child": "9"}),
        differs=(
            gvisor(Expected(ends=("exit 0", "signal 9", "lost")), _GVISOR_ONE),
            Differs(
                where="session",
                expected=Expected(ends=("exit 0", "signal 9")),
                why="commands of one session are one user in one pid namespace and may kill each other, and the "
                "process that watches them; the session goes on",
            ),
        ),
        modes=_EVERY,
    ),
    Program(
        id="kill_parent",
        item="kill(-1)",
        tries="kill its parent by every signal",
        source="""
for n in range(1, 65):
    try: os.kill(os.getppid(), n)
    except OSError: pass
time.sleep(0.2)
verdict(still="here")
""",
        expected=Expected(ends=("exit 0",), facts={"still": "here"}),
        differs=(
            gvisor(Expected(ends=("exit 0", "signal 9", "lost")), _GVISOR_ONE),
            Differs(
                where="session",
                expected=Expected(ends=("exit 0", "signal 9")),
                why="the parent is the process that watches the command, of the same user: without it the command "
                "is killed; the session goes on",
            ),
        ),
        modes=_EVERY,
    ),
    Program(
        id="signal_init",
        item="signals to pid 1",
        tries="send process 1 every signal",
        source="""
for n in range(1, 65):
    try: os.kill(1, n)
    except OSError: pass
time.sleep(0.1)
verdict(still="here")
""",
        expected=Expected(ends=("exit 0",), facts={"still": "here"}),
        modes=_EVERY,
        differs=(gvisor(Expected(ends=("exit 0", "lost")), _GVISOR_ONE),),
    ),
    Program(
        id="spin_all_cores",
        item="CPU on all cores",
        tries="compute for ever in eight processes",
        source="""
for _ in range(3): os.fork()
while True: pass
""",
        wall_s=1.5,
        expected=_ENDLESS,
        modes=_EVERY,
    ),
    Program(
        id="nice",
        item="CPU on all cores",
        tries="take priority over others: negative nice value, real-time scheduling",
        source="""
verdict(nice=outcome(os.setpriority, os.PRIO_PROCESS, 0, -10),
        realtime=outcome(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(10)))
""",
        expected=Expected(ends=("exit 0",), facts={"nice": "EACCES|EPERM", "realtime": "EPERM"}),
        control="root",
        differs=(
            gvisor(
                Expected(ends=("exit 0",), facts={"realtime": "EPERM|EINVAL"}),
                "gVisor takes a nice value and does nothing with it",
            ),
        ),
    ),
    Program(
        id="huge_argv",
        item="huge argv",
        tries="start with an argument that the kernel does not take",
        argv=("echo", "x" * 300_000),
        expected=Expected(ends=("exit 126",)),
    ),
    Program(
        id="many_arguments",
        item="huge argv",
        tries="start with 100,000 arguments",
        argv=("sh", "-c", "echo VERDICT count=$#", "sh", *["x"] * 100_000),
        expected=Expected(ends=("exit 0",), facts={"count": "100000"}),
    ),
    Program(
        id="huge_exec",
        item="huge argv",
        tries="exec with 100 MB of arguments and environment from inside",
        source="""
big = ["x" * 100000] * 1000
verdict(argv=outcome(os.execv, "/bin/true", big), env=outcome(os.execve, "/bin/true", ["true"], {"A%d" % i: b for i, b in enumerate(big)}))
""",
        expected=Expected(ends=("exit 0",), facts={"argv": "E2BIG|ENAMETOOLONG", "env": "E2BIG|ENAMETOOLONG"}),
    ),
)
