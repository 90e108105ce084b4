import base64
import errno
import json
import struct

import pytest

from qlp.sandbox import seccomp

pytestmark = pytest.mark.unit

ALLOW = 0x7FFF0000
X86, ARM = 0xC000003E, 0xC00000B7


def evaluate(program: bytes, arch: int, number: int, arg0: int = 0) -> int:
    """The filter's verdict, by a small interpreter of classic BPF (the six instructions that are used)."""
    data = struct.pack("=IIQQ", number, arch, 0, arg0)
    code = [struct.unpack_from("=HBBI", program, i) for i in range(0, len(program), 8)]
    at = accumulator = 0
    while True:
        op, jt, jf, k = code[at]
        at += 1
        if op == 0x20:
            accumulator = struct.unpack_from("=I", data, k)[0]
        elif op == 0x06:
            return int(k)
        else:
            taken = {0x15: accumulator == k, 0x35: accumulator >= k, 0x25: accumulator > k, 0x45: bool(accumulator & k)}
            at += jt if taken[op] else jf


@pytest.mark.parametrize(("machine", "arch", "column"), [("x86_64", X86, 0), ("aarch64", ARM, 1)])
def test_the_filter_allows_exactly_the_list(machine: str, arch: int, column: int) -> None:
    program = seccomp.bpf_program(machine)
    policy = seccomp.policy()
    allowed = {pair[column] for pair in policy["allowed"].values()}
    conditional = {rule["numbers"][column] for rule in policy["conditional"].values()}
    for number in range(700):
        if number not in conditional:
            expected = ALLOW if number in allowed else 0x50000 | errno.EPERM
            assert evaluate(program, arch, number) == expected, number


@pytest.mark.parametrize(
    ("number", "arg", "verdict"),
    [
        (435, 0, 0x50000 | errno.ENOSYS),
        (56, 0x01200011, ALLOW),
        (56, 0x003D0F00, ALLOW),
        (56, 0x10000011, 0x50000 | errno.EPERM),
        (56, 0x00020011, 0x50000 | errno.EPERM),
        (41, 1, ALLOW),
        (41, 2, ALLOW),
        (41, 10, ALLOW),
        (41, 16, ALLOW),
        (41, 40, 0x50000 | errno.EPERM),
        (41, 17, 0x50000 | errno.EPERM),
        (135, 0, ALLOW),
        (135, 0xFFFFFFFF, ALLOW),
        (135, 0x0040000, 0x50000 | errno.EPERM),
        (302, 0, ALLOW),
        (302, 1, 0x50000 | errno.EPERM),
        (0x40000000, 0, 0x50000 | errno.EPERM),
    ],
)
def test_conditions_on_arguments(number: int, arg: int, verdict: int) -> None:
    assert evaluate(seccomp.bpf_program("x86_64"), X86, number, arg) == verdict


def test_another_architecture_is_killed() -> None:
    assert evaluate(seccomp.bpf_program("x86_64"), 0x40000003, 0) == 0x80000000
    with pytest.raises(KeyError):
        seccomp.bpf_program("riscv64")


def test_what_is_denied_is_not_allowed_anywhere() -> None:
    policy = seccomp.policy()
    denied = {name for names in policy["denied"].values() for name in names}
    assert not denied & (set(policy["allowed"]) | set(policy["conditional"]))
    profile = json.loads(seccomp.docker_profile())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    for rule in profile["syscalls"]:
        assert not denied & set(rule["names"])
    assert all(not arch["subArchitectures"] for arch in profile["archMap"])


def test_the_runner_may_do_more_than_the_commands_but_not_much() -> None:
    strict, wide = (seccomp.bpf_program("x86_64", namespaces=wide) for wide in (False, True))
    more = {n for n in range(700) if evaluate(wide, X86, n) == ALLOW} - {
        n for n in range(700) if evaluate(strict, X86, n) == ALLOW
    }
    assert more == {pair[0] for pair in seccomp.policy()["namespaces"].values()}
    assert evaluate(wide, X86, 56, 0x10000011) == ALLOW
    assert evaluate(wide, X86, 435) == 0x50000 | errno.ENOSYS
    for number, arg in ((41, 40), (101, 0), (272, 0), (308, 0), (425, 0)):
        assert evaluate(wide, X86, number, arg) != ALLOW
    rules = json.loads(seccomp.docker_profile(namespaces=True))["syscalls"]
    named = {name for rule in rules for name in rule["names"]}
    assert named - {name for rule in json.loads(seccomp.docker_profile())["syscalls"] for name in rule["names"]} == set(
        seccomp.policy()["namespaces"]
    )


def test_the_filters_for_the_runner_are_the_strict_ones() -> None:
    for machine, text in seccomp.filters().items():
        assert base64.b64decode(text) == seccomp.bpf_program(machine)
