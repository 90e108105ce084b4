"""Ray in the process tree of this command."""

from __future__ import annotations

import logging
import os

from cluster.environment import NAMESPACE, TempFolder
from qlp.errors import QLPError

log = logging.getLogger(__name__)

ATTEMPTS = 3


def start_ray(
    folder: TempFolder,
    *,
    num_cpus: int,
    object_store_bytes: int,
    num_gpus: int = 0,
    labels: dict[str, str] | None = None,
) -> None:
    """A head with nothing but what actors need. Raises QLPError.

    Ray gives its own node 30 s to start (fixed in ray/_private/node.py) and then gives up, which a busy or small
    machine needs more than once; files are in the page cache by then.
    """
    import ray

    for left in reversed(range(ATTEMPTS)):
        try:
            ray.init(
                address="local",
                namespace=NAMESPACE,
                num_cpus=num_cpus,
                num_gpus=num_gpus,
                labels=labels,
                resources={"sandbox": 1},
                include_dashboard=False,
                object_store_memory=object_store_bytes,
                log_to_driver=bool(os.environ.get("QLP_DEBUG")),
                logging_level=logging.ERROR,
                configure_logging=False,
                _temp_dir=str(folder.path),
            )
            return
        except Exception as error:
            # Ray raises a bare Exception here; whatever it is, what was started must go before the next attempt.
            ray.shutdown()
            if not left:
                raise QLPError(f"the private Ray cluster did not start: {error}") from error
            log.info("Ray did not start, trying again: %s", error)
