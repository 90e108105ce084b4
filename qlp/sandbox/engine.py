"""Finding the container engine. The docker SDK is imported here and only when it is needed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qlp.config import SandboxSettings
from qlp.errors import SandboxUnavailableError

if TYPE_CHECKING:
    from docker import DockerClient

REMEDY = (
    "start an engine: scripts/start-docker.sh (root, Debian/Ubuntu), or any Docker or Podman whose socket you name in "
    "QLP_SANDBOX__DOCKER_HOST"
)
_DEFAULT_SOCKET = Path("/var/run/docker.sock")
_PODMAN = Path("podman") / "podman.sock"
_TIMEOUT_S = 30


def engine_url(settings: SandboxSettings, home: Path) -> str:
    """Settings, then DOCKER_HOST, then the default socket, the engine of scripts/start-docker.sh, Podman's sockets."""
    if settings.docker_host:
        return settings.docker_host
    if from_env := os.environ.get("DOCKER_HOST"):
        return from_env
    for socket in (_DEFAULT_SOCKET, home / "docker" / "docker.sock", *_podman_sockets()):
        try:
            if socket.is_socket():
                return f"unix://{socket}"
        except OSError:  # in a folder that we may not enter
            continue
    return f"unix://{_DEFAULT_SOCKET}"


def _podman_sockets() -> list[Path]:
    """Of the user's Podman service, then of the machine's."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return [*([Path(runtime) / _PODMAN] if runtime else []), Path("/run") / _PODMAN]


def tls_config() -> Any:
    """The SDK's TLSConfig from DOCKER_CERT_PATH and DOCKER_TLS_VERIFY, or None."""
    if not os.environ.get("DOCKER_TLS_VERIFY"):
        return None
    from docker.tls import TLSConfig

    folder = Path(os.environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
    return TLSConfig(
        client_cert=(str(folder / "cert.pem"), str(folder / "key.pem")), ca_cert=str(folder / "ca.pem"), verify=True
    )


def connect(url: str, *, timeout_s: float = _TIMEOUT_S) -> DockerClient:
    """A client whose calls time out. Blocking. Raises SandboxUnavailableError if nothing answers at `url`."""
    if url.startswith("ssh://"):
        raise SandboxUnavailableError(f"{url}: ssh engines are not supported; forward the socket with ssh -L", url=url)
    if url.startswith("unix://") and not Path(url.removeprefix("unix://")).is_socket():
        raise SandboxUnavailableError(f"no container engine at {url}; {REMEDY}", url=url)
    import requests
    from docker import DockerClient
    from docker.errors import DockerException

    try:
        client = DockerClient(base_url=url, tls=tls_config() or False, timeout=int(timeout_s), version="auto")
        client.ping()
    except (DockerException, requests.exceptions.RequestException, OSError) as error:
        raise SandboxUnavailableError(f"the container engine at {url} does not answer ({error}); {REMEDY}") from error
    return client
