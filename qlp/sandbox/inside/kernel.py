"""System calls that Python's `os` lacks, by ctypes: prepared once, so that a job costs a few instructions each."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
from collections.abc import Iterable

PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
_PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 22, 24, 38
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63

NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096

# Numbers of asm/unistd.h: x86_64 has its own, everything later shares the generic table.
_CLONE, _CAPSET, _CLOSE_RANGE = (56, 126, 436) if os.uname().machine == "x86_64" else (220, 91, 436)

_libc = ctypes.CDLL(None, use_errno=True)
_with_gil = ctypes.PyDLL(None, use_errno=True)
_clone = _with_gil.syscall
_clone.argtypes = [ctypes.c_long] * 6
_clone.restype = ctypes.c_long
_mount = _libc.mount
_mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
_close_range = _libc["syscall"]
_close_range.argtypes = [ctypes.c_long, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint]
_FD_MAX = 0xFFFFFFFF
_capset = _libc["syscall"]
_capset.argtypes = [ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_capabilities = ctypes.create_string_buffer(bytes(ctypes.c_uint32(_CAPABILITY_VERSION_3)) + bytes(4), 8)
_none = ctypes.create_string_buffer(24)


def prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def fork_into(namespaces: int) -> int:
    """fork(2) whose child starts in new namespaces: 0 in the child. Only for a process with one thread.

    In one step rather than fork, unshare and fork again, and without what `os.fork` does in the child for the sake of
    threads, which there are none of: both cost more than the namespaces themselves.
    """
    pid = int(_clone(_CLONE, namespaces | signal.SIGCHLD, 0, 0, 0, 0))
    if pid < 0:
        error = ctypes.get_errno()
        raise OSError(error, "clone into new namespaces: " + os.strerror(error))
    return pid


def mount(source: bytes | None, target: bytes, kind: bytes | None, flags: int, options: bytes | None = None) -> None:
    if _mount(source, target, kind, flags, options) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"mount {target.decode()}: {os.strerror(error)}")


def close_all_but(keep: Iterable[int]) -> None:
    """Close every descriptor of this process but `keep`."""
    low = 0
    for fd in sorted(keep):
        if fd > low:
            _close_between(low, fd - 1)
        low = fd + 1
    _close_between(low, _FD_MAX)


def _close_between(low: int, high: int) -> None:
    if _close_range(_CLOSE_RANGE, low, high, 0) != 0:  # older than Linux 5.9
        os.closerange(low, min(high, resource.getrlimit(resource.RLIMIT_NOFILE)[0]) + 1)


def drop_capabilities() -> None:
    """All of them, for good: permitted, effective, inheritable, ambient (with permitted) and bounding."""
    for capability in range(_LAST_CAPABILITY + 1):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            if ctypes.get_errno() == errno.EINVAL:
                break  # past the kernel's last one
            raise OSError(ctypes.get_errno(), "drop from the bounding set")
    if _capset(_CAPSET, _capabilities, _none) != 0:
        raise OSError(ctypes.get_errno(), "capset")


class Filter:
    """A system call filter in the form the kernel takes: `struct sock_fprog` over `struct sock_filter[]`."""

    class _Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    def __init__(self, code: bytes) -> None:
        self._code = ctypes.create_string_buffer(code, len(code))
        self._program = self._Program(len(code) // 8, ctypes.addressof(self._code))

    def install(self) -> None:
        """For this process and whatever it forks or executes, for good."""
        prctl(_PR_SET_NO_NEW_PRIVS, 1)
        if _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(self._program), 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "seccomp filter")
