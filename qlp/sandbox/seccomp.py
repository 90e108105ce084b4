"""The system call policy of sandboxed programs: one list (data/syscalls.json), rendered for each backend.

An allow-list: a call that is not on it, one of a later kernel included, fails with EPERM. Docker gets the list as
its JSON profile; bubblewrap and the runner get a classic BPF program (seccomp(2), linux/bpf_common.h).

There are two layers. The sandbox as a whole gets the list with `namespaces`: what the runner needs, on top, to make
the namespaces of a job. The runner puts the strict list on every command before it is executed.
"""

from __future__ import annotations

import base64
import errno
import functools
import hashlib
import json
import platform
import struct
from importlib.resources import files
from typing import Any

_LOAD, _JEQ, _JGE, _JGT, _JSET, _RET = 0x20, 0x15, 0x35, 0x25, 0x45, 0x06  # BPF_LD|W|ABS, BPF_JMP|..|K, BPF_RET|K
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_ARCHES = ("x86_64", "aarch64")
"""Order of the numbers in the data file."""
_OFFSET_NR, _OFFSET_ARCH, _OFFSET_ARG0 = 0, 4, 16
_X32_BIT = 0x40000000


@functools.cache
def policy() -> dict[str, Any]:
    text = files("qlp.sandbox").joinpath("data", "syscalls.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def digest() -> str:
    """sha256 of the policy; a change of it is a change of the isolation."""
    return hashlib.sha256(json.dumps(policy(), sort_keys=True).encode()).hexdigest()


@functools.cache
def filters() -> dict[str, str]:
    """The strict list as BPF for every architecture we know, in base64: the runner picks its own."""
    return {arch: base64.b64encode(bpf_program(arch)).decode() for arch in _ARCHES}


@functools.cache
def docker_profile(*, namespaces: bool = False) -> str:
    """The profile as the text that `--security-opt seccomp=` takes over the API; `namespaces`: for the runner."""
    conditional = policy()["conditional"]

    def rule(names: list[str], action: str = "SCMP_ACT_ALLOW", **extra: object) -> dict[str, object]:
        return {"names": names, "action": action, **extra}

    def when(value: int, op: str, value_two: int = 0) -> list[dict[str, object]]:
        return [{"index": 0, "value": value, "valueTwo": value_two, "op": op}]

    rules = [
        rule(sorted(policy()["allowed"])),
        rule(["clone3"], "SCMP_ACT_ERRNO", errnoRet=errno.ENOSYS),
        rule(["clone"])
        if namespaces
        else rule(["clone"], args=when(conditional["clone"]["forbidden_flags"], "SCMP_CMP_MASKED_EQ")),
    ]
    if namespaces:
        rules.append(rule(sorted(policy()["namespaces"])))
    rules += [rule(["socket"], args=when(family, "SCMP_CMP_EQ")) for family in conditional["socket"]["families"]]
    for name in ("personality", "prlimit64"):
        rules += [rule([name], args=when(v, "SCMP_CMP_EQ")) for v in conditional[name]["values"]]
    profile = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": errno.EPERM,
        # No sub-architectures: 32-bit and x32 calls have other numbers and would pass around the list.
        "archMap": [{"architecture": f"SCMP_ARCH_{arch.upper()}", "subArchitectures": []} for arch in _ARCHES],
        "syscalls": rules,
    }
    return json.dumps(profile)


def bpf_program(machine: str | None = None, *, namespaces: bool = False) -> bytes:
    """The policy as `struct sock_filter[]`; `namespaces`: for the runner. KeyError for an unknown architecture."""
    arch = machine or platform.machine()
    column = _ARCHES.index(arch) if arch in _ARCHES else -1
    if column < 0:
        raise KeyError(arch)
    data = policy()
    conditional = data["conditional"]
    code: list[tuple[int, int, int, int]] = []

    def emit(op: int, jt: int, jf: int, k: int) -> None:
        code.append((op, jt, jf, k))

    def deny(error: int = errno.EPERM) -> None:
        emit(_RET, 0, 0, _ERRNO | error)

    emit(_LOAD, 0, 0, _OFFSET_ARCH)
    emit(_JEQ, 1, 0, data["audit_arch"][arch])
    emit(_RET, 0, 0, _KILL)
    emit(_LOAD, 0, 0, _OFFSET_NR)
    emit(_JGE, 0, 1, _X32_BIT)
    deny()
    emit(_JEQ, 0, 1, conditional["clone3"]["numbers"][column])
    deny(errno.ENOSYS)
    allowed = list(data["allowed"].values())
    if namespaces:
        allowed += [*data["namespaces"].values(), conditional["clone"]["numbers"]]
    else:
        emit(_JEQ, 0, 4, conditional["clone"]["numbers"][column])
        emit(_LOAD, 0, 0, _OFFSET_ARG0)
        emit(_JSET, 0, 1, conditional["clone"]["forbidden_flags"])
        deny()
        emit(_RET, 0, 0, _ALLOW)
    for name, key in (("socket", "families"), ("personality", "values"), ("prlimit64", "values")):
        values = conditional[name][key]
        emit(_JEQ, 0, len(values) + 3, conditional[name]["numbers"][column])
        emit(_LOAD, 0, 0, _OFFSET_ARG0)
        for i, value in enumerate(values):
            emit(_JEQ, len(values) - i, 0, value)
        deny()
        emit(_RET, 0, 0, _ALLOW)
    ranges = _ranges(sorted(pair[column] for pair in allowed if pair[column] >= 0))
    for i, (low, high) in enumerate(ranges):
        left = len(ranges) - i - 1
        emit(_JGE, 0, 2 * left + 1, low)  # below this range and above the one before: denied
        emit(_JGT, 0, 2 * left + 1, high)  # inside: allowed
    deny()
    emit(_RET, 0, 0, _ALLOW)
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _ranges(numbers: list[int]) -> list[tuple[int, int]]:
    """[1, 2, 3, 7] -> [(1, 3), (7, 7)]."""
    out: list[tuple[int, int]] = []
    for n in numbers:
        if out and out[-1][1] == n - 1:
            out[-1] = (out[-1][0], n)
        else:
            out.append((n, n))
    return out
