"""Ways out through the kernel: files of /proc and /sys, system calls, setuid programs."""

from __future__ import annotations

from tests.hostile.program import Program, gvisor
from tests.hostile.verdict import Expected

_ALL = ("job", "fork", "session")
_SHUT = "EACCES|EPERM|EROFS|ENOENT|ENXIO|HIDDEN"


def _refused(*names: str, **others: str) -> Expected:
    return Expected(ends=("exit 0",), facts={**dict.fromkeys(names, "EPERM"), **others})


PROGRAMS = (
    Program(
        id="other_processes_files",
        item="/proc/1/mem and fds",
        tries="read memory, environment, root folder and descriptors of process 1 and of every other process",
        source="""
got = []
pids = [p for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()]
for p in pids:
    for name in ("mem", "environ", "auxv", "maps"):
        try:
            with open("/proc/%s/%s" % (p, name), "rb", buffering=0) as file:
                if name == "mem" or file.read(1): got.append(p + "/" + name)
        except OSError: pass
    for name in ("fd", "root", "cwd", "task/%s/fd" % p, "map_files"):
        if outcome(os.listdir, "/proc/%s/%s" % (p, name)) == "OK": got.append(p + "/" + name)
verdict(seen="yes" if "1" in pids else "no", got=",".join(got) or "none", mem1=opened("/proc/1/mem"), fd1=outcome(os.listdir, "/proc/1/fd"))
""",
        expected=Expected(
            ends=("exit 0",), facts={"seen": "yes", "got": "none", "mem1": "EACCES|EPERM", "fd1": "EACCES|EPERM"}
        ),
        modes=_ALL,
        control="namespaces",
        control_facts=("got", "mem1", "fd1"),
        differs=(
            gvisor(
                Expected(ends=("exit 0",), facts={"mem1": "EACCES|EPERM|EIO"}),
                "gVisor does not know that the runner is undumpable; the sandbox is used once, so a program could only forge its own result",
            ),
        ),
    ),
    Program(
        id="limit_relatives",
        item="signals to pid 1",
        tries="change limits and out-of-memory scores of process 1 and of its parent",
        source="""
import resource
facts = {}
for name, pid in (("init", 1), ("parent", os.getppid())):
    facts[name + "_score"] = opened("/proc/%d/oom_score_adj" % pid, os.O_WRONLY)
    try: facts[name + "_limits"] = outcome(resource.prlimit, pid, resource.RLIMIT_NOFILE, (8, 8))
    except ValueError: facts[name + "_limits"] = "EPERM"
verdict(**facts)
""",
        expected=Expected(
            ends=("exit 0",),
            facts={"init_score": _SHUT, "init_limits": "EPERM", "parent_score": _SHUT, "parent_limits": "EPERM"},
        ),
        modes=_ALL,
        control="namespaces",
        control_facts=("init_limits", "parent_limits"),
    ),
    Program(
        id="machine_files",
        item="sysrq, core_pattern",
        tries="open the switches of the machine for writing: sysrq, core_pattern, modprobe, binfmt_misc, devices",
        source="""
W = os.O_WRONLY
verdict(sysrq=opened("/proc/sysrq-trigger", W), core_pattern=opened("/proc/sys/kernel/core_pattern", W),
        modprobe=opened("/proc/sys/kernel/modprobe", W), overcommit=opened("/proc/sys/vm/overcommit_memory", W),
        drop_caches=opened("/proc/sys/vm/drop_caches", W), forward=opened("/proc/sys/net/ipv4/ip_forward", W),
        hostname=opened("/proc/sys/kernel/hostname", W))
""",
        expected=Expected(
            ends=("exit 0",),
            facts=dict.fromkeys(
                (
                    "sysrq",
                    "core_pattern",
                    "modprobe",
                    "overcommit",
                    "drop_caches",
                    "forward",
                    "hostname",
                ),
                _SHUT,
            ),
        ),
        modes=_ALL,
        control="root",
        control_facts=("core_pattern", "overcommit", "drop_caches", "hostname"),
    ),
    Program(
        id="kernel_memory",
        item="kcore",
        tries="read the kernel's memory and log, and devices of the machine",
        source="""
import stat
def made(*node):
    said = outcome(os.mknod, *node)
    return said if said != "OK" else opened(node[0])
def addresses():
    try: return "hidden" if set(open("/proc/kallsyms").read(16)) <= {"0"} else "shown"
    except OSError: return "hidden"
usual = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}
devices = []
for at, folders, names in os.walk("/dev"):
    if at == "/dev": folders[:] = [f for f in folders if f not in ("pts", "shm", "mqueue", "fd")]
    for name in names:
        try: mode = os.lstat(at + "/" + name).st_mode
        except OSError: continue
        if (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)) and name not in usual and opened(at + "/" + name) == "OK": devices.append(name)
verdict(kcore=opened("/proc/kcore"), kmsg=opened("/dev/kmsg"), prockmsg=opened("/proc/kmsg"), mem=opened("/dev/mem"),
        kallsyms=addresses(),
        devices=",".join(devices) or "none", made=made("/tmp/mem", stat.S_IFCHR | 0o600, os.makedev(1, 1)),
        block=made("/tmp/disk", stat.S_IFBLK | 0o600, os.makedev(8, 0)))
""",
        expected=Expected(
            ends=("exit 0",),
            facts={
                **dict.fromkeys(("kcore", "kmsg", "prockmsg", "mem"), _SHUT),
                "devices": "none",
                "kallsyms": "hidden",
                "made": "EPERM",
                "block": "EPERM",
            },
        ),
        differs=(
            gvisor(
                Expected(
                    ends=("exit 0",),
                    facts={
                        **dict.fromkeys(("kcore", "kmsg", "prockmsg", "mem"), _SHUT),
                        "kallsyms": "hidden",
                        "made": "EPERM|ENXIO|ENODEV|EACCES",
                        "block": "EPERM|ENXIO|ENODEV|EACCES",
                    },
                ),
                "gVisor has devices of its own (fuse, tun) and takes any node: neither is a device of the machine",
            ),
        ),
    ),
    Program(
        id="control_groups",
        item="cgroup files",
        tries="raise its own limits, leave its control group, plant a release agent",
        source="""
writable, made = [], "none"
for at, folders, names in os.walk("/sys/fs/cgroup"):
    if at.count("/") > 8: folders[:] = []
    for name in names:
        if opened(at + "/" + name, os.O_WRONLY) == "OK": writable.append(name)
    if outcome(os.mkdir, at + "/qlp-hostile") == "OK": made = at
verdict(writable=",".join(writable[:5]) or "none", made=made, sys=opened("/sys/kernel/uevent_helper", os.O_WRONLY))
""",
        expected=Expected(ends=("exit 0",), facts={"writable": "none", "made": "none", "sys": _SHUT}),
    ),
    Program(
        id="namespaces",
        item="unshare/clone3",
        tries="make namespaces in which it would be root",
        source="""
facts = {}
for name, flag in (("user", 0x10000000), ("mount", 0x20000), ("pid", 0x20000000), ("net", 0x40000000),
                   ("ipc", 0x8000000), ("uts", 0x4000000), ("cgroup", 0x2000000), ("time", 0x80)):
    facts[name] = syscall(272, 97, flag)
facts["clone_user"] = syscall(56, 220, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)
facts["clone3"] = syscall(435, 435, struct.pack("=8Q", 0x10000000, 0, 0, 0, signal.SIGCHLD, 0, 0, 0), 64)
fd = os.open("/proc/self/ns/uts" if os.path.exists("/proc/self/ns/uts") else "/proc/self", os.O_RDONLY)
facts["setns"] = syscall(308, 268, fd, 0)
verdict(**facts)
""",
        expected=_refused(
            "user", "mount", "pid", "net", "ipc", "uts", "cgroup", "time", "clone_user", "setns", clone3="ENOSYS"
        ),
        modes=_ALL,
        control="namespaces",
    ),
    Program(
        id="mounts",
        item="mount",
        tries="mount, unmount, remount the root writable, by the old and the new calls",
        source="""
HERE = -100
verdict(mount=syscall(165, 40, b"none", b"/tmp", b"tmpfs", 0, 0), bind=syscall(165, 40, b"/", b"/tmp", 0, 4096, 0),
        umount=syscall(166, 39, b"/tmp", 2), remount=syscall(165, 40, 0, b"/", 0, 32 | 4096, 0),
        pivot=syscall(155, 41, b"/tmp", b"/tmp"), chroot=syscall(161, 51, b"/tmp"),
        open_tree=syscall(428, 428, HERE, b"/tmp", 1), move_mount=syscall(429, 429, HERE, b"/tmp", HERE, b"/tmp", 0),
        fsopen=syscall(430, 430, b"tmpfs", 0), fsmount=syscall(432, 432, 0, 0, 0), fspick=syscall(433, 433, HERE, b"/tmp", 0),
        setattr=syscall(442, 442, HERE, b"/tmp", 0, bytes(32), 32))
""",
        expected=_refused(
            "mount",
            "bind",
            "umount",
            "remount",
            "pivot",
            "chroot",
            "open_tree",
            "move_mount",
            "fsopen",
            "fsmount",
            "fspick",
            "setattr",
        ),
        modes=_ALL,
        control="namespaces",
        # The others are refused in the control too: there is nothing of that kind to unmount or to move.
        control_facts=("mount", "bind", "pivot", "chroot", "open_tree", "fsopen", "fsmount", "setattr"),
    ),
    Program(
        id="kernel_interfaces",
        item="bpf/keyctl/perf/userfaultfd/io_uring",
        tries="reach large kernel interfaces that no program under test needs",
        source="""
verdict(bpf=syscall(321, 280, 0, struct.pack("=IIII", 2, 4, 4, 1) + bytes(56), 72),
        perf=syscall(298, 241, struct.pack("=IIQ", 1, 112, 0) + bytes(96), 0, -1, -1, 0),
        userfaultfd=syscall(323, 282, 0), keyctl=syscall(250, 219, 0, -2, 1),
        add_key=syscall(248, 217, b"user", b"qlp-hostile", b"x", 1, -2), request_key=syscall(249, 218, b"user", b"none", 0, 0),
        io_uring_setup=syscall(425, 425, 1, bytes(120)), io_uring_enter=syscall(426, 426, 9999, 0, 0, 0, 0, 0),
        io_uring_register=syscall(427, 427, 9999, 0, 0, 0), fanotify=syscall(300, 262, 0, 0), memfd_secret=syscall(447, 447, 0),
        kcmp=syscall(312, 272, os.getpid(), os.getpid(), 0, 0, 0), unknown=syscall(999, 999))
""",
        expected=_refused(
            "bpf",
            "perf",
            "userfaultfd",
            "keyctl",
            "add_key",
            "request_key",
            "io_uring_setup",
            "io_uring_enter",
            "io_uring_register",
            "fanotify",
            "memfd_secret",
            "kcmp",
            "unknown",
        ),
        modes=_ALL,
        control="root",
    ),
    Program(
        id="trace_others",
        item="ptrace",
        tries="trace and read other processes",
        source="""
child = os.fork()
if not child: time.sleep(30)
try: pidfd = os.pidfd_open(child)
except OSError: pidfd = -1
verdict(traceme=syscall(101, 117, 0, 0, 0, 0), attach=syscall(101, 117, 16, child, 0, 0), seize=syscall(101, 117, 0x4206, child, 0, 0),
        readv=syscall(310, 270, child, 0, 0, 0, 0, 0), writev=syscall(311, 271, child, 0, 0, 0, 0, 0),
        getfd=syscall(438, 438, pidfd, 0, 0), madvise=syscall(440, 440, 0, 0, 0, 0, 0))
os.kill(child, 9)
""",
        expected=_refused("traceme", "attach", "seize", "readv", "writev", "getfd", "madvise"),
        modes=_ALL,
        control="namespaces",
    ),
    Program(
        id="machine_calls",
        item="sysrq",
        tries="rename, reboot and reclock the machine, load modules and kernels",
        source="""
verdict(sethostname=syscall(170, 161, b"owned", 5), setdomainname=syscall(171, 162, b"owned", 5),
        settimeofday=syscall(164, 170, 0, 0), clock_settime=syscall(227, 112, 99, 0), syslog=syscall(103, 116, 10, 0, 0),
        reboot=syscall(169, 142, 0, 0, 0, 0), init_module=syscall(175, 105, b"", 0, b""), finit_module=syscall(313, 273, -1, b"", 0),
        kexec=syscall(246, 104, 0, 0, 0, 0xDEAD0000), swapon=syscall(167, 224, b"/nonexistent", 0),
        by_handle=syscall(304, 265, -100, struct.pack("=Ii", 8, 1) + bytes(8), 0))
""",
        expected=_refused(
            "sethostname",
            "setdomainname",
            "settimeofday",
            "clock_settime",
            "syslog",
            "reboot",
            "init_module",
            "finit_module",
            "kexec",
            "swapon",
            "by_handle",
        ),
        modes=_ALL,
        control="root",
        # Renaming the machine is no harmless control; `namespaces` in tests/contract shows it with a name of its own.
        control_facts=(
            "clock_settime",
            "syslog",
            "reboot",
            "init_module",
            "finit_module",
            "kexec",
            "swapon",
            "by_handle",
        ),
    ),
    Program(
        id="become_root",
        item="setuid binaries",
        tries="become root by system call, by file capabilities and by setuid programs",
        source="""
import shutil, stat, subprocess
setuid = []
for folder in ("/bin", "/usr/bin", "/usr/sbin", "/usr/lib/openssh", "/usr/local/bin"):
    if os.path.isdir(folder):
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            try:
                if os.lstat(path).st_mode & (stat.S_ISUID | stat.S_ISGID) and stat.S_ISREG(os.lstat(path).st_mode): setuid.append(path)
            except OSError: pass
raised = []
for path in setuid:
    # The dynamic linker shows the auxiliary vector only of programs that gained nothing by being executed.
    try:
        shown = subprocess.run([path, "--version"], env={"LD_SHOW_AUXV": "1"}, stdin=subprocess.DEVNULL, capture_output=True, timeout=0.4)
        if b"AT_SECURE:            0" not in shown.stdout.replace(b"\\t", b" "): raised.append(os.path.basename(path))
    except (OSError, subprocess.TimeoutExpired): pass
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
shutil.copy(sys.executable, "mine")
verdict(setuid=len(setuid), raised=",".join(raised) or "none", setuid0=outcome(os.setuid, 0), setgid0=outcome(os.setgid, 0),
        groups=outcome(os.setgroups, [0]), effective=int(status["CapEff"], 16), permitted=int(status["CapPrm"], 16),
        bounding=int(status["CapBnd"], 16), ambient=int(status.get("CapAmb", "0"), 16), no_new_privs=status.get("NoNewPrivs", "?"), seccomp=status.get("Seccomp", "?"),
        chown=outcome(os.chown, "mine", 0, 0), uid="root" if os.getuid() == 0 else "other")
""",
        expected=Expected(
            ends=("exit 0",),
            facts={
                "raised": "none",
                "setuid0": "EPERM|EINVAL",
                "setgid0": "EPERM|EINVAL",
                "groups": "EPERM|EINVAL",
                "effective": "0",
                "permitted": "0",
                "ambient": "0",
                "no_new_privs": "1",
                "seccomp": "2",
                "chown": "EPERM|EINVAL",
                "uid": "other",
            },
        ),
        differs=(
            gvisor(
                Expected(
                    ends=("exit 0",),
                    facts={
                        "raised": "none",
                        "setuid0": "EPERM|EINVAL",
                        "effective": "0",
                        "permitted": "0",
                        "uid": "other",
                    },
                ),
                "older gVisor does not show no_new_privs and the filter in /proc/self/status",
            ),
        ),
        modes=_ALL,
    ),
)
