"""A local cluster that outlives the command that starts it: head, workers, sandbox manager, HTTP API."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from actors.worker_args import PipelineNames
from cluster.deploy import deploy, workers_of
from cluster.environment import NAMESPACE, apply, environment, short_folder
from cluster.first_key import first_key, write_private
from cluster.processes import birth_of, members_of
from cluster.sandboxd import Sandboxd, sandboxd_state, start_sandboxd, stop_sandboxd, through
from cluster.start_ray import ATTEMPTS
from qlp.config import Settings
from qlp.errors import ConflictError, QLPError
from qlp.models._base import Frozen

log = logging.getLogger(__name__)

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 15.0
OBJECT_STORE_BYTES = 100 * 1024 * 1024
"""Requests, files and verdicts are small; large results go through the file system."""


class LocalCluster(Frozen):
    """What `up` started; kept in $QLP_HOME/run/cluster.json."""

    address: str
    """Ray's, host:port."""
    pid: int
    """Head of the process group of all that was started."""
    started: str
    """Start time of that process, as the kernel tells it: a pid alone may be somebody else's by now."""
    temp: str
    url: str | None
    workers: tuple[str, ...]
    sandboxd: Sandboxd | None = None
    """None where no container engine answers, or another sandboxd is used."""


class Upped(Frozen):
    cluster: LocalCluster
    api_key: str | None
    """The first key, shown once; None if there was one before."""


def up(settings: Settings, serve: bool = True, *, pipeline: PipelineNames | None = None) -> Upped:
    """Start everything and wait until it is ready. Raises ConflictError if a cluster runs already, QLPError."""
    running = current(settings.home)
    if running is not None:
        raise ConflictError(f"a cluster runs already at {running.url or running.address}", url=running.url)
    if serve:
        _check_port(settings.server.host, settings.server.port)
    apply(settings)
    stop_sandboxd(_last_sandboxd(settings.home))  # of a head that was killed: it ends by itself, but when?
    cluster = _start_head_patiently(settings, serve)
    try:
        daemon = start_sandboxd(settings, head=cluster.pid, log_file=Path(cluster.temp) / "sandboxd.log")
        cluster = cluster.model_copy(update={"sandboxd": daemon})
        write_private(_state_file(settings.home), cluster.model_dump_json())
        with _connected(cluster.address):
            deploy(through(settings, daemon), cluster.workers, serve=serve, pipeline=pipeline)
        key = first_key(settings, cluster.url) if serve else None
    except BaseException:
        _end(cluster)
        stop_sandboxd(cluster.sandboxd)
        _state_file(settings.home).unlink(missing_ok=True)
        raise
    return Upped(cluster=cluster, api_key=key)


def down(settings: Settings) -> bool:
    """End what `up` started, and nothing else. False if nothing ran."""
    cluster = current(settings.home)
    if cluster is None:
        stop_sandboxd(_last_sandboxd(settings.home))
        _forget(settings.home)
        return False
    apply(settings)
    _drain(cluster)
    _end(cluster)
    stop_sandboxd(cluster.sandboxd)  # last: it removes what the others left
    _forget(settings.home)
    return True


def current(home: Path) -> LocalCluster | None:
    """The cluster of this home, if its head process lives."""
    cluster = _written(home)
    return cluster if cluster and birth_of(cluster.pid) == cluster.started else None


def _written(home: Path) -> LocalCluster | None:
    try:
        return LocalCluster.model_validate_json(_state_file(home).read_text("utf-8"))
    except FileNotFoundError:
        return None


def _last_sandboxd(home: Path) -> Sandboxd | None:
    cluster = _written(home)
    return cluster.sandboxd if cluster else None


def status(settings: Settings) -> dict[str, str]:
    """Part -> `running`, or what is wrong; empty if no cluster runs."""
    cluster = current(settings.home)
    if cluster is None:
        return {}
    parts = {"head": "running"}
    if (state := sandboxd_state(through(settings, cluster.sandboxd))) is not None:
        parts["sandboxd"] = state
    if cluster.url is None:
        return parts
    import httpx

    try:
        checks = httpx.get(f"{cluster.url}/readyz", timeout=15, trust_env=False).json()["checks"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        return {**parts, "http": f"{cluster.url} does not answer ({type(error).__name__})"}
    return {**parts, "http": "running", **{k: "running" if v == "ready" else v for k, v in checks.items()}}


def _start_head_patiently(settings: Settings, serve: bool) -> LocalCluster:
    """Ray's own limit for the start of a node is fixed at 30 s: a busy machine gets more attempts."""
    for left in reversed(range(ATTEMPTS)):
        cluster = _start_head(settings, serve)
        try:
            _wait_for_head(cluster)
            return cluster
        except BaseException as error:
            _end(cluster)
            _state_file(settings.home).unlink(missing_ok=True)
            if not left or not isinstance(error, QLPError):
                raise
            log.info("trying again: %s", error)
    raise AssertionError("unreachable")


def _start_head(settings: Settings, serve: bool) -> LocalCluster:
    temp = short_folder(settings.home, "ray")
    port, client, metrics, agent = _free_ports(4)
    output = (temp / "head.log").open("wb")
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--disable-usage-stats"]
    command += ["--node-ip-address=127.0.0.1", f"--port={port}", f"--ray-client-server-port={client}"]
    command += [f"--metrics-export-port={metrics}", f"--dashboard-agent-listen-port={agent}"]
    command += [
        "--min-worker-port=0",
        "--max-worker-port=0",
        "--include-dashboard=false",
        "--no-monitor",
        '--resources={"sandbox": 1}',
    ]
    command += ["--include-log-monitor=false", f"--temp-dir={temp}", f"--object-store-memory={OBJECT_STORE_BYTES}"]
    with output:
        head = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment(settings), "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            start_new_session=True,
        )
    server = settings.server
    cluster = LocalCluster(
        address=f"127.0.0.1:{port}",
        pid=head.pid,
        started=birth_of(head.pid) or "",
        temp=str(temp),
        url=f"http://{server.host}:{server.port}" if serve else None,
        workers=workers_of(settings),
    )
    write_private(_state_file(settings.home), cluster.model_dump_json())
    return cluster


def _drain(cluster: LocalCluster) -> None:
    """Ask first: Serve finishes its requests, workers close their sandboxes. What does not answer is ended anyway."""
    import ray

    from actors.sandbox_manager import manager_handles

    try:
        with _connected(cluster.address):
            if cluster.url is not None:
                from ray import serve

                shutdown: Any = serve.shutdown
                shutdown()
            workers: list[Any] = [ray.get_actor(name, NAMESPACE) for name in cluster.workers]
            _wait_for([worker.drain.remote() for worker in workers])
            managers = manager_handles(NAMESPACE)
            _wait_for([manager.drain.remote() for manager in managers])
            # Actors outlive their raylet for a while: they are ended before it is.
            for actor in (*workers, *managers):
                ray.kill(actor)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, QLPError, ray.exceptions.RayError) as error:
        log.warning("the cluster was not drained: %s", error)


def _wait_for(drains: list[Any]) -> None:
    import ray

    if drains:
        ray.wait(drains, num_returns=len(drains), timeout=STOP_TIMEOUT_S)


@contextlib.contextmanager
def _connected(address: str) -> Iterator[None]:
    import ray

    ray.init(
        address=address,
        namespace=NAMESPACE,
        log_to_driver=False,
        logging_level=logging.ERROR,
        configure_logging=False,
    )
    try:
        yield
    finally:
        ray.shutdown()


def _end(cluster: LocalCluster) -> None:
    """SIGTERM to the head, which ends its children; SIGKILL to what is left of its session."""
    if birth_of(cluster.pid) == cluster.started:
        os.kill(cluster.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while (left := members_of(cluster.pid)) and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(cluster.pid, os.WNOHANG)  # only where this process started it
        time.sleep(0.1)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(cluster.temp, ignore_errors=True)


def _forget(home: Path) -> None:
    for name in ("cluster.json", "client.json"):
        (home / "run" / name).unlink(missing_ok=True)


def _state_file(home: Path) -> Path:
    return home / "run" / "cluster.json"


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConflictError(
                f"{host}:{port} is taken ({error.strerror}): stop what listens there or set QLP_SERVER__PORT"
            ) from error


def _wait_for_head(cluster: LocalCluster) -> None:
    log_file = Path(cluster.temp) / "head.log"
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and birth_of(cluster.pid) == cluster.started:
        if "Ray runtime started" in log_file.read_text("utf-8", "replace"):
            return
        time.sleep(0.1)
    tail = "\n".join(log_file.read_text("utf-8", "replace").splitlines()[-8:])
    raise QLPError(f"Ray's head did not start at {cluster.address}:\n{tail}")
