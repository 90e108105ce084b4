"""docs/sandbox-hostile.md says what the suite holds, and the suite holds every attack that the sandbox promises."""

from __future__ import annotations

import pytest

from tests.hostile.document import PATH, render
from tests.hostile.programs import PROGRAMS

pytestmark = pytest.mark.unit

# The promise, word by word; artefacts, cancelling and disconnecting have tests of their own.
PROMISED = (
    "fork bomb", "thread bomb", "double-forked daemon", "respawn against the killer", "zombies", "all signals ignored",
    "SIGSTOP to everyone", "kill(-1)", "signals to pid 1", "CPU on all cores", "touch bomb", "forked bomb", "tmpfs and shm fill",
    "inode bomb", "deep directories", "sparse 1 TB", "core dumps", "SysV/mq leftovers", "stack recursion", "stdout/stderr flood",
    "slow drip", "stdin never read", "closed fds", "invalid UTF-8", "frames forged on inherited fds", "pipe held open after exit",
    "/proc/1/mem and fds", "sysrq", "core_pattern", "kcore", "cgroup files", "unshare", "mount", "clone3", "bpf", "keyctl", "perf",
    "userfaultfd", "io_uring", "ptrace", "setuid binaries", "AF_INET", "NETLINK", "VSOCK", "metadata IP", "abstract sockets",
    '#include "/dev/zero"', "template recursion", "OOM in the compiler", "huge argv",
)  # fmt: skip


def test_the_document_is_written_from_the_programs() -> None:
    assert PATH.read_text() == render(), "run: python -m tests.hostile.document"


def test_every_promised_attack_has_a_program() -> None:
    items = {
        item for program in PROGRAMS for item in (program.item, *program.item.split("/"), *program.item.split(", "))
    }
    assert [promise for promise in PROMISED if promise not in items] == []


def test_what_differs_says_where_and_why() -> None:
    for program in PROGRAMS:
        for other in program.differs:
            target, _, mode = other.where.rpartition(" ")
            assert mode in ("job", "fork", "session", "docker", "bubblewrap", "runsc")
            assert target in ("", "docker", "bubblewrap", "runsc")
            assert len(other.why) > 20
