"""One Ray cluster for the whole session; folders below say what runs in it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
IMPORTABLE = (ROOT, ROOT / "tests" / "ray")
"""Where the cluster's processes find the code under test and the fake pipeline."""


@pytest.fixture(scope="session")
def ray_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("qlp-home")


@pytest.fixture(scope="session")
def ray_cluster(ray_home: Path) -> Iterator[str]:
    """A private cluster, on loopback; yields the namespace that the product uses."""
    from cluster.environment import NAMESPACE, TempFolder, apply
    from qlp.config import Settings

    before = dict(os.environ)
    paths = [str(path) for path in IMPORTABLE]
    for path in paths:
        if path not in sys.path:
            sys.path.insert(0, path)
    os.environ["PYTHONPATH"] = os.pathsep.join([*paths, *filter(None, [before.get("PYTHONPATH")])])
    os.environ["RAY_memory_monitor_refresh_ms"] = "0"  # other workers of the machine must not cost us ours
    apply(Settings(home=ray_home))
    import ray

    folder = TempFolder()
    ray.init(
        address="local",
        namespace=NAMESPACE,
        num_cpus=4,
        num_gpus=0,
        include_dashboard=False,
        object_store_memory=100 * 1024 * 1024,
        log_to_driver=bool(os.environ.get("QLP_DEBUG")),
        logging_level=logging.ERROR,
        configure_logging=False,
        _temp_dir=str(folder.path),
    )
    try:
        yield NAMESPACE
    finally:
        ray.shutdown()
        folder.release()
        os.environ.clear()
        os.environ.update(before)
