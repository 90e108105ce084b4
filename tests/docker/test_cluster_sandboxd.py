"""sandboxd beside a local cluster, with a sleeping process as the cluster's head."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.processes import birth_of
from cluster.sandboxd import Sandboxd, sandboxd_state, start_sandboxd, stop_sandboxd, through
from qlp.config import Settings
from qlp.errors import SandboxUnavailableError
from tests.support.platform import settings_for
from tests.support.sandboxd import docker_url

pytestmark = [pytest.mark.docker, pytest.mark.chaos]


@pytest.fixture
def head() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def started(settings: Settings, head: subprocess.Popen[bytes]) -> Sandboxd:
    daemon = start_sandboxd(settings, head=head.pid, log_file=settings.home / "log")
    if daemon is None:
        pytest.skip(f"no engine at {docker_url()}; run scripts/start-docker.sh")
    return daemon


def gone(daemon: Sandboxd) -> bool:
    for _ in range(300):
        if birth_of(daemon.pid) != daemon.started:
            return True
        time.sleep(0.1)
    return False


def test_it_serves_is_shown_and_is_ended(tmp_path: Path, head: subprocess.Popen[bytes]) -> None:
    settings = settings_for(tmp_path)
    daemon = started(settings, head)
    assert sandboxd_state(through(settings, daemon)) == "running"
    assert start_sandboxd(settings, head=head.pid, log_file=tmp_path / "log2") is None, "one is enough"
    stop_sandboxd(daemon)
    assert birth_of(daemon.pid) != daemon.started
    assert sandboxd_state(settings) is None
    state = sandboxd_state(through(settings, daemon))
    assert state is not None
    assert "no sandboxd answers" in state


def test_it_ends_with_a_head_that_was_killed(tmp_path: Path, head: subprocess.Popen[bytes]) -> None:
    daemon = started(settings_for(tmp_path), head)
    os.kill(head.pid, signal.SIGKILL)
    head.wait()
    assert gone(daemon)
    assert not Path(daemon.socket).exists()


def test_where_no_engine_answers_there_is_none(tmp_path: Path, head: subprocess.Popen[bytes]) -> None:
    settings = settings_for(tmp_path)
    sandbox = settings.sandbox.model_copy(update={"docker_host": f"unix://{tmp_path}/nobody.sock"})
    alone = settings.model_copy(update={"sandbox": sandbox})
    assert start_sandboxd(alone, head=head.pid, log_file=tmp_path / "log") is None
    assert sandboxd_state(through(alone, None)) is None


def test_one_that_cannot_start_says_why(tmp_path: Path, head: subprocess.Popen[bytes]) -> None:
    settings = settings_for(tmp_path)
    started_once = started(settings, head)
    stop_sandboxd(started_once)
    (tmp_path / "run" / "sandboxd.sock").write_text("in the way")
    with pytest.raises(SandboxUnavailableError, match="is not a socket"):
        start_sandboxd(settings, head=head.pid, log_file=tmp_path / "log")
