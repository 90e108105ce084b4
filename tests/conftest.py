"""One Ray cluster for the whole session; the folders below say what runs in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Ray's C++ core reads these once, when it is imported: before any test module can import it.
os.environ["RAY_AUTH_MODE"] = "token"
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
os.environ["RAY_memory_monitor_refresh_ms"] = "0"  # noqa: SIM112  other processes of the machine must not cost us our workers
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


@pytest.fixture(scope="session")
def ray_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("qlp-home")


@pytest.fixture(scope="session")
def ray_cluster(ray_home: Path) -> Iterator[str]:
    """A private cluster, on loopback; yields the namespace that the product uses."""
    from cluster.environment import NAMESPACE, TempFolder, apply
    from cluster.start_ray import start_ray
    from qlp.config import Settings

    before = os.environ.get("QLP_HOME")
    apply(Settings(home=ray_home))
    import ray

    folder = TempFolder()
    start_ray(folder, num_cpus=4, object_store_bytes=100 * 1024 * 1024)
    # The cluster has its copy; tests that run after this one want the machine's own home.
    if before is None:
        os.environ.pop("QLP_HOME", None)
    else:
        os.environ["QLP_HOME"] = before
    try:
        yield NAMESPACE
    finally:
        ray.shutdown()
        folder.release()
