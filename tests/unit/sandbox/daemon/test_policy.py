import math

import pytest

from qlp.config import SandboxSettings
from qlp.errors import InputError, OverloadedError
from qlp.sandbox import Limits, limits_from
from qlp.sandbox.daemon.policy import Policy

pytestmark = pytest.mark.unit

SETTINGS = SandboxSettings(memory_mb=512, pids=64, cpus=1.5, disk_mb=100, runtimes=("runc", "runsc"))


def policy() -> Policy:
    return Policy.of(SETTINGS)


def test_the_ceilings_themselves_are_allowed() -> None:
    policy().check(limits_from(SETTINGS).model_copy(update={"disk_mb": 100}), None)
    policy().check(Limits(memory_mb=1, pids=1, cpus=0.01, disk_mb=1), "runsc")


@pytest.mark.parametrize(
    "change",
    [
        {"memory_mb": 513},
        {"memory_mb": 0},
        {"memory_mb": -1},
        {"pids": 65},
        {"pids": 0},
        {"cpus": 1.51},
        {"cpus": math.inf},
        {"cpus": math.nan},
        {"cpus": -1.0},
        {"disk_mb": 101},
        {"wall_s": math.nan},
        {"wall_s": 0.0},
        {"output_bytes": -1},
        {"file_mb": 0},
        {"inodes": 0},
    ],
)
def test_limits_over_the_ceiling_or_out_of_their_senses_are_refused(change: dict[str, float]) -> None:
    fine = {"memory_mb": 256, "pids": 32, "cpus": 1.0, "disk_mb": 32}
    with pytest.raises(InputError, match=next(iter(change))):
        policy().check(Limits(**{**fine, **change}), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("runtime", ["kata", "", "runc ", "../runc"])
def test_runtimes_are_those_of_the_settings(runtime: str) -> None:
    with pytest.raises(InputError, match="QLP_SANDBOX__RUNTIMES: runc, runsc"):
        policy().check(Limits(memory_mb=256, pids=32, cpus=1.0, disk_mb=32), runtime)


def test_room_is_bounded_and_enough_for_pool_and_sessions() -> None:
    most = policy().most_open
    assert most >= SETTINGS.keep + SETTINGS.sessions
    policy().check_room(most - 1)
    with pytest.raises(OverloadedError):
        policy().check_room(most)
