"""What a job sees as its file system: mounts made in its own mount namespace, on top of the sandbox's read-only root.

Worked out once, when the runner is configured; a job only makes the calls.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from fcntl import ioctl
from typing import Any, Optional

from qlp.sandbox.inside import kernel

Mount = tuple[Optional[bytes], bytes, Optional[bytes], int, Optional[bytes]]  # noqa: UP045  evaluated on Python 3.9

_EMPTY = b"/sys"
"""An empty read-only tmpfs goes here: no view of the machine and of control groups; shown again wherever a folder of
/proc is to be empty."""
_HIDDEN_FOLDERS = ("acpi", "asound", "scsi")
_HIDDEN_FILES = ("kcore", "keys", "latency_stats", "sched_debug", "timer_list", "timer_stats")
"""What container engines mask, as far as it could be read at all."""
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
_FLAGS = {"nosuid": kernel.MS_NOSUID, "nodev": kernel.MS_NODEV, "noexec": kernel.MS_NOEXEC}
_ATIME = {"noatime": 1024, "nodiratime": 2048, "relatime": 1 << 21}


def mounts(root: str, sizes: dict[str, Any], hidden: list[str]) -> list[Mount]:
    """In order. `sizes`: `workspace`, `tmp`, `shm` in bytes, `inodes` of each; `hidden`: files that no job sees."""
    plain = kernel.MS_NOSUID | kernel.MS_NODEV
    bare = plain | kernel.MS_NOEXEC
    made: list[Mount] = []
    if os.path.isdir(_EMPTY):
        made.append((b"none", _EMPTY, b"tmpfs", bare | kernel.MS_RDONLY, b"size=4k,nr_inodes=2,mode=0555"))
    # Read-only, with everything in it: sysctls, sysrq-trigger, oom_score_adj.
    made.append((b"proc", b"/proc", b"proc", bare | kernel.MS_RDONLY, None))
    made += [(b"/dev/null", f"/proc/{n}".encode(), None, kernel.MS_BIND, None) for n in _readable(_HIDDEN_FILES)]
    if os.path.isdir(_EMPTY):
        made += [(_EMPTY, f"/proc/{n}".encode(), None, kernel.MS_BIND, None) for n in _readable(_HIDDEN_FOLDERS)]
    made += [(b"/dev/null", os.fsencode(path), None, kernel.MS_BIND, None) for path in hidden if _visible(path)]
    own = {root: ("workspace", "0755"), "/tmp": ("tmp", "1777"), "/dev/shm": ("shm", "1777")}
    for folder, (name, mode) in own.items():
        if os.path.isdir(folder):
            options = f"size={sizes[name]},nr_inodes={sizes['inodes']},mode={mode}"
            made.append((b"none", folder.encode(), b"tmpfs", plain, options.encode()))
    if os.path.isdir("/dev/mqueue"):
        made.append((b"mqueue", b"/dev/mqueue", b"mqueue", bare, None))
    if os.path.isdir("/dev/pts"):
        terminals = b"newinstance,ptmxmode=0666,mode=0620"
        made.append((b"devpts", b"/dev/pts", b"devpts", kernel.MS_NOSUID | kernel.MS_NOEXEC, terminals))
    made += _others_read_only({*own, "/proc", "/sys", "/dev/mqueue", "/dev/pts"})
    return made


def _readable(names: tuple[str, ...]) -> list[str]:
    """Those that could be read at all: what is root's alone needs no mask."""
    return [name for name in names if os.access(f"/proc/{name}", os.R_OK)]


def _visible(path: str) -> bool:
    return not path.startswith(_EMPTY.decode() + "/") and os.path.exists(path)


def _others_read_only(covered: set[str]) -> list[Mount]:
    """Whatever else of the sandbox could be written to (a volume of the image), so that no job can leave a thing."""
    made: list[Mount] = []
    with open("/proc/self/mountinfo") as file:
        for line in file:
            fields = line.split(" ")
            place = fields[4].encode().decode("unicode_escape")
            options = fields[5].split(",")
            inside = any(place == c or place.startswith(c + "/") for c in covered)
            if inside or "ro" in options or not os.path.isdir(place) or not os.access(place, os.W_OK):
                continue
            flags = kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY
            for option in options:  # a mount of another user namespace keeps its flags: they are locked
                flags |= _FLAGS.get(option, 0) | _ATIME.get(option, 0)
            made.append((None, os.fsencode(place), None, flags, None))
    return made


def enter(user: int, group: int, planned: list[Mount]) -> None:
    """From inside new namespaces: map the user to itself, make the mounts, bring the loopback up. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):  # gVisor asks for no such promise
        write("/proc/self/setgroups", b"deny")
    write("/proc/self/uid_map", b"%d %d 1" % (user, user))
    write("/proc/self/gid_map", b"%d %d 1" % (group, group))
    for source, target, kind, flags, options in planned:
        kernel.mount(source, target, kind, flags, options)
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as handle:
        ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP))


def write(path: str, data: bytes) -> None:
    """To a file of /proc, which takes its whole value in one call."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, data)
    finally:
        os.close(fd)
