"""How Ray is told to behave on one machine: loopback only, token auth, nothing sent home, small."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from qlp.config import Settings
from qlp.errors import QLPError

NAMESPACE = "qlp"

_SOCKET_TAIL = len("/session_2026-01-01_00-00-00_000000_0000000/sockets/plasma_store_0")
_SOCKET_LIMIT = 100
"""AF_UNIX paths end at 104 (macOS) or 108 (Linux) bytes."""


def environment(settings: Settings) -> dict[str, str]:
    """Variables for every Ray process of a local cluster, drivers included."""
    return {
        "QLP_HOME": str(settings.home),
        # Ray's switch for "single node": every listener binds loopback instead of all interfaces.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(_token(settings.home)),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "RAY_agent_register_timeout_ms": "120000",
        "RAY_raylet_start_wait_time_s": "120",
    }


def apply(settings: Settings) -> None:
    """To this process, before Ray is imported; what the user set stays. Raises QLPError when it is too late.

    Ray's C++ core reads its variables once, at import: with another mode than its server it would only time out.
    """
    if "ray" in sys.modules and "RAY_AUTH_MODE" not in os.environ:
        raise QLPError("`ray` was imported before the cluster's environment was set: set RAY_AUTH_MODE=token first")
    for name, value in environment(settings).items():
        if name in ("QLP_HOME", "RAY_AUTH_TOKEN_PATH") or name not in os.environ:
            os.environ[name] = value


def _token(home: Path) -> Path:
    """Ray's shared secret for this home, made once (mode 0600)."""
    file = home / "keys" / "ray_token"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = file.with_name(f"ray_token.{os.getpid()}")
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as out:
            out.write(secrets.token_hex(32))
        try:
            os.link(fresh, file)
        except FileExistsError:
            pass  # another process was first: its token counts
        finally:
            fresh.unlink()
    return file


class TempFolder:
    """A short-named folder for Ray's sockets and logs, gone when released, or swept when its owner is dead."""

    def __init__(self) -> None:
        base = _base()
        _sweep(base)
        self.path = Path(tempfile.mkdtemp(prefix="r", dir=base))
        self._fd = _lock(self.path)

    def release(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._fd)


def short_folder(home: Path, name: str) -> Path:
    """`home`/run/`name` if Ray's socket paths fit below it, else a folder in the system's temp folder."""
    folder = home / "run" / name
    # Ray makes its own folder writable for everybody: the one above must keep them out.
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o700)
    if len(str(folder)) + _SOCKET_TAIL > _SOCKET_LIMIT:
        import hashlib

        folder = _base() / ("h" + hashlib.sha256(str(home).encode()).hexdigest()[:8])
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _base() -> Path:
    # Not $TMPDIR, which is long on macOS and makes socket paths too long.
    base = Path("/tmp") / f"qlp-{os.getuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    if base.is_symlink() or base.stat().st_uid != os.getuid():
        raise PermissionError(f"{base} belongs to somebody else: remove it")
    return base


def _lock(folder: Path) -> int:
    fd = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    return fd


def _sweep(base: Path) -> None:
    """Remove folders whose owner was killed before it could."""
    for folder in base.glob("r*"):
        try:
            fd = os.open(folder / ".lock", os.O_RDWR)
        except FileNotFoundError:
            continue  # being made, or being removed
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(fd)
